/**
 * What has left the functions under test: through egresses, and to functions that are not here.
 *
 * State: lists, from which `rewind` takes back what came after a mark, whatever was forgotten meanwhile.
 */
import type { Address } from "../../statefun/address.ts";

/** A message to a function that is not under test. */
export interface SentMessage {
  readonly from: Address;
  readonly to: Address;
  /** Empty: to a function that takes whatever comes. */
  readonly kind: string;
  readonly value: unknown;
}

/** How much had left at some moment. */
export interface RecordingsMark {
  readonly egress: number;
  readonly sent: number;
}

export class FunctionRecordings {
  readonly egress: (readonly [name: string, value: unknown])[] = [];
  readonly sent: SentMessage[] = [];
  #forgotten: RecordingsMark = { egress: 0, sent: 0 };

  mark(): RecordingsMark {
    const { egress, sent } = this.#forgotten;
    return { egress: egress + this.egress.length, sent: sent + this.sent.length };
  }

  /** What came after the mark has not. */
  rewind(mark: RecordingsMark): void {
    const { egress, sent } = this.#forgotten;
    this.egress.splice(Math.max(0, mark.egress - egress));
    this.sent.splice(Math.max(0, mark.sent - sent));
    this.#forgotten = { egress: Math.min(egress, mark.egress), sent: Math.min(sent, mark.sent) };
  }

  clear(): void {
    this.#forgotten = this.mark();
    this.egress.length = 0;
    this.sent.length = 0;
  }
}
