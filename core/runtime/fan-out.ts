/** Outputs that are neither one operator nor one edge: several consumers of the same records, or none. */
import type { Output } from "../operators/operator.ts";
import type { TimeMs } from "../time/clock.ts";

/** Each consumer gets the same value, not a copy. */
export class FanOut implements Output<unknown> {
  readonly #outputs: readonly Output<unknown>[];

  constructor(outputs: readonly Output<unknown>[]) {
    this.#outputs = outputs;
  }

  processRecord(value: unknown, timestampMs: TimeMs): void {
    for (const output of this.#outputs) output.processRecord(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    for (const output of this.#outputs) output.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    for (const output of this.#outputs) output.processIdle(idle);
  }
}

/** Nobody reads. */
export class NoOutput implements Output<unknown> {
  processRecord(): void {}
  processWatermark(): void {}
  processIdle(): void {}
}

export function outputTo(outputs: readonly Output<unknown>[]): Output<unknown> {
  const [first] = outputs;
  if (first === undefined) return new NoOutput();
  return outputs.length === 1 ? first : new FanOut(outputs);
}

/** The main output of an operator that has side outputs: records go to the main output only, time goes to all. */
export class MainOutput implements Output<unknown> {
  readonly #main: Output<unknown>;
  readonly #sides: readonly Output<unknown>[];

  constructor(main: Output<unknown>, sides: readonly Output<unknown>[]) {
    this.#main = main;
    this.#sides = sides;
  }

  processRecord(value: unknown, timestampMs: TimeMs): void {
    this.#main.processRecord(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#main.processWatermark(watermarkMs);
    for (const side of this.#sides) side.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#main.processIdle(idle);
    for (const side of this.#sides) side.processIdle(idle);
  }
}
