/**
 * What happened in a simulation, as lines of text in their order: for people, for comparing two runs, and for checkers.
 *
 * In:   notes of all parts. Out: the lines; what checkers listen for. State: the lines, as many as are kept; a checksum over all of them.
 */
import { crc32 } from "../../core/util/checksum.ts";

/** What checkers look at. Plain data. */
export type SimNote =
  | { readonly kind: "fault"; readonly fault: string; readonly about: string }
  | { readonly kind: "phase"; readonly token: number; readonly phase: string }
  | { readonly kind: "failure"; readonly token: number; readonly cause: string }
  | { readonly kind: "deployed"; readonly token: number; readonly attempt: number; readonly slots: string }
  | { readonly kind: "message"; readonly from: string; readonly to: string; readonly what: string }
  | { readonly kind: "storage"; readonly process: string; readonly what: string; readonly path: string }
  | { readonly kind: "completed"; readonly checkpointId: number; readonly directory: string }
  | { readonly kind: "commit"; readonly id: string; readonly checkpointId: number; readonly count: number }
  | { readonly kind: "control"; readonly what: string };

/** Lines that are kept for people: the last of a run say what went wrong. */
const KEPT = 20_000;

export class History {
  readonly #now: () => number;
  #lines: string[] = [];
  #count = 0;
  #checksum = 0;
  readonly #encoder = new TextEncoder();

  /** `now`: true time in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(note: SimNote): void {
    const { kind, ...about } = note;
    const line = `${this.#now().toFixed(3)} ${kind} ${Object.values(about).join(" ")}`;
    this.#count += 1;
    this.#checksum = (Math.imul(this.#checksum, 31) + crc32(this.#encoder.encode(line))) >>> 0;
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT) this.#lines = this.#lines.slice(-KEPT);
  }

  /** Equal for two runs with the same history. */
  get digest(): string {
    return `${this.#count} ${this.#checksum.toString(16)}`;
  }

  lines(): readonly string[] {
    return this.#lines;
  }
}
