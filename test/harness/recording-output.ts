/** Outputs that write down, in one log, what an operator emits; and the availability that they make up when they are full. */
import type { Availability, Output } from "../../core/operators/operator.ts";
import type { TimeMs } from "../../core/time/clock.ts";

/** An entry of `OperatorHarness.log`. */
export type Recorded =
  | { readonly kind: "record"; readonly value: unknown; readonly timestampMs: TimeMs }
  | { readonly kind: "side"; readonly tag: string; readonly value: unknown; readonly timestampMs: TimeMs }
  | { readonly kind: "watermark"; readonly watermarkMs: TimeMs }
  | { readonly kind: "idle"; readonly idle: boolean };

/** As the task's: reasons to wait are counted, an interruption lasts until the call stack is left. */
export class HarnessAvailability implements Availability {
  #reasons = 0;
  #interrupted = false;

  /** Nothing more may be emitted now. */
  get busy(): boolean {
    return this.#reasons > 0 || this.#interrupted;
  }

  /** Something outside the operator holds it back. */
  get blocked(): boolean {
    return this.#reasons > 0;
  }

  block(): void {
    this.#reasons++;
  }

  unblock(): void {
    if (this.#reasons === 0) throw new Error("unblock without block");
    this.#reasons--;
  }

  interrupted(): void {
    this.#interrupted = true;
  }

  /** The call stack was left. */
  clearInterruption(): void {
    this.#interrupted = false;
  }
}

/**
 * An output that writes down what it gets, in the log it is given. It takes the records for which there is room, then blocks (and goes on recording, as
 * outputs must) until `makeRoom`. Made by `OperatorHarness`.
 *
 * Shape:  `Output<unknown>`; everything ends up in `log`, as `Recorded`, in the order of emission.
 * Source: Flink's `MockOutput`.
 */
export class RecordingOutput implements Output<unknown> {
  readonly log: Recorded[];
  readonly #availability: HarnessAvailability;
  #room = Infinity;
  #full = false;

  constructor(log: Recorded[], availability: HarnessAvailability) {
    this.log = log;
    this.#availability = availability;
  }

  /** Writes it down, and blocks if there is no more room. */
  processRecord(value: unknown, timestampMs: TimeMs): void {
    this.log.push({ kind: "record", value, timestampMs });
    this.#took();
  }

  /** Writes it down. */
  processWatermark(watermarkMs: TimeMs): void {
    this.log.push({ kind: "watermark", watermarkMs });
  }

  /** Writes it down. */
  processIdle(idle: boolean): void {
    this.log.push({ kind: "idle", idle });
  }

  /** Room for so many records from now on; 0 blocks at once. */
  makeRoom(records: number): void {
    this.#room = records;
    const full = records <= 0;
    if (full === this.#full) return;
    this.#full = full;
    if (full) this.#availability.block();
    else this.#availability.unblock();
  }

  /** One side output; counts for the room as well. */
  side(tag: string): Output<unknown> {
    return {
      processRecord: (value, timestampMs) => {
        this.log.push({ kind: "side", tag, value, timestampMs });
        this.#took();
      },
      processWatermark: () => undefined,
      processIdle: () => undefined,
    };
  }

  #took(): void {
    this.#room--;
    if (this.#room <= 0 && !this.#full) {
      this.#full = true;
      this.#availability.block();
    }
  }
}
