/**
 * A hop between two operators that counts what passes; used only where `metrics.operator-records` asks for it. A file of its own that is copied per
 * position (see `copies.ts`), so that the hop is inlined at least.
 */
import type { Counter } from "../metrics/registry.ts";
import type { Output } from "../operators/operator.ts";
import type { TimeMs } from "../time/clock.ts";

class CountingOutput implements Output<unknown> {
  readonly #output: Output<unknown>;
  readonly #counter: Counter;

  constructor(output: Output<unknown>, counter: Counter) {
    this.#output = output;
    this.#counter = counter;
  }

  /** Hot. */
  processRecord(value: unknown, timestampMs: TimeMs): void {
    this.#counter.count++;
    this.#output.processRecord(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#output.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#output.processIdle(idle);
  }
}

export function createCountingOutput(output: Output<unknown>, counter: Counter): Output<unknown> {
  return new CountingOutput(output, counter);
}
