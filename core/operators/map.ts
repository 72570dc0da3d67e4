/**
 * The operator behind `stream.map(fn)`: one record out for each record in.
 *
 * In:    records of one input.
 * Out:   what `fn` returns, with the timestamp of the record; watermarks as they come.
 * State: none.
 */
import type { TimeMs } from "../time/clock.ts";
import type { MapFunction } from "./contracts/functions.ts";
import type { Input, Operator, OperatorServices, Output } from "./operator.ts";

export interface MapOptions<I, O> {
  readonly map: MapFunction<I, O>;
}

class MapOperator<I, O> implements Operator, Input<I> {
  readonly inputs: readonly Input<never>[];
  readonly #map: (value: I) => O;
  readonly #output: Output<O>;

  constructor(services: OperatorServices<O>, options: MapOptions<I, O>) {
    const { map } = options;
    this.inputs = [this];
    this.#map = typeof map === "function" ? map : (value) => map.map(value);
    this.#output = services.output;
  }

  /** Hot. */
  processRecord(value: I, timestampMs: TimeMs): void {
    this.#output.processRecord(this.#map(value), timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#output.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#output.processIdle(idle);
  }
}

export function createOperator<I, O>(services: OperatorServices<O>, options: MapOptions<I, O>): Operator {
  return new MapOperator(services, options);
}
