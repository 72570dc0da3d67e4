/**
 * The operator behind `stream.flatMap(fn)`: any number of records out for each record in.
 *
 * In:    records of one input.
 * Out:   what `fn` collects, or the elements of the iterable that it returns, with the timestamp of the record. An iterable is pulled only while
 *        downstream takes more; until it ends, the barrier, the watermark and whatever else comes after its record wait behind it.
 * State: none. What is half pulled could not be saved, which is why a barrier waits for it (`atomic`).
 */
import type { TimeMs } from "../time/clock.ts";
import type { Collector, FlatMapFunction } from "./contracts/functions.ts";
import { described, MillraceError } from "../util/errors.ts";
import { NO_TIMESTAMP } from "./operator.ts";
import type { Availability, Input, Operator, OperatorServices, Output, Pending } from "./operator.ts";

export interface FlatMapOptions<I, O> {
  readonly flatMap: FlatMapFunction<I, O>;
}

class FlatMapCollector<O> implements Collector<O> {
  timestampMs: TimeMs = NO_TIMESTAMP;
  readonly #output: Output<O>;

  constructor(output: Output<O>) {
    this.#output = output;
  }

  collect(value: O): void {
    this.#output.processRecord(value, this.timestampMs);
  }
}

/** What came while an iterable was half pulled, in order. Rare: only callers that overdraw call then. */
type Waiting<I> =
  | { readonly kind: "record"; readonly value: I; readonly timestampMs: TimeMs }
  | { readonly kind: "watermark"; readonly watermarkMs: TimeMs }
  | { readonly kind: "idle"; readonly idle: boolean };

class FlatMapOperator<I, O> implements Operator, Input<I> {
  readonly inputs: readonly Input<never>[];
  pending: Pending = "none";
  readonly #flatMap: (value: I, out: Collector<O>) => Iterable<O> | void;
  readonly #collector: FlatMapCollector<O>;
  readonly #output: Output<O>;
  readonly #availability: Availability;
  #iterator: Iterator<O> | undefined = undefined;
  readonly #waiting: Waiting<I>[] = [];

  constructor(services: OperatorServices<O>, options: FlatMapOptions<I, O>) {
    const { flatMap } = options;
    this.inputs = [this];
    this.#flatMap = typeof flatMap === "function" ? flatMap : (value, out) => flatMap.flatMap(value, out);
    this.#collector = new FlatMapCollector(services.output);
    this.#output = services.output;
    this.#availability = services.availability;
  }

  /** Hot. */
  processRecord(value: I, timestampMs: TimeMs): void {
    if (this.pending !== "none") return this.#wait({ kind: "record", value, timestampMs });
    this.#collector.timestampMs = timestampMs;
    const iterable = this.#flatMap(value, this.#collector);
    if (iterable !== undefined) this.#pull(iteratorOf(iterable));
  }

  processWatermark(watermarkMs: TimeMs): void {
    if (this.pending === "none") this.#output.processWatermark(watermarkMs);
    else this.#wait({ kind: "watermark", watermarkMs });
  }

  processIdle(idle: boolean): void {
    if (this.pending === "none") this.#output.processIdle(idle);
    else this.#wait({ kind: "idle", idle });
  }

  /** The iterable first, then what came behind it. */
  resume(): void {
    this.pending = "none";
    if (this.#iterator !== undefined) this.#pull(this.#iterator);
    while (this.pending === "none" && this.#waiting.length > 0) {
      if (this.#availability.busy) this.#stop();
      else this.#take(this.#waiting.shift());
    }
  }

  close(): void {
    this.#iterator?.return?.();
  }

  /** Hot for functions that return iterables: one element at a time, until there is none or downstream is full. */
  #pull(iterator: Iterator<O>): void {
    const { timestampMs } = this.#collector;
    this.#iterator = iterator;
    while (!this.#availability.busy) {
      const step = iterator.next();
      if (step.done === true) {
        this.#iterator = undefined;
        return;
      }
      this.#output.processRecord(step.value, timestampMs);
    }
    this.#stop();
  }

  #stop(): void {
    this.pending = "atomic";
    this.#availability.interrupted();
  }

  #wait(waiting: Waiting<I>): void {
    this.#waiting.push(waiting);
    this.#availability.interrupted();
  }

  #take(waiting: Waiting<I> | undefined): void {
    if (waiting?.kind === "record") this.processRecord(waiting.value, waiting.timestampMs);
    else if (waiting?.kind === "watermark") this.#output.processWatermark(waiting.watermarkMs);
    else if (waiting?.kind === "idle") this.#output.processIdle(waiting.idle);
  }
}

function iteratorOf<O>(returned: Iterable<O>): Iterator<O> {
  const given: Partial<Iterable<O>> | null = returned; // only its type says that it is one
  if (typeof given?.[Symbol.iterator] === "function") return returned[Symbol.iterator]();
  throw new MillraceError(
    "MR3026",
    `flatMap returned ${described(returned)}, which is no iterable: return an array or a generator, or nothing, and collect`,
    { retryable: false },
  );
}

export function createOperator<I, O>(services: OperatorServices<O>, options: FlatMapOptions<I, O>): Operator {
  return new FlatMapOperator(services, options);
}
