/**
 * The operator behind `stream.process(fn)` on a stream without a key.
 *
 * In:    records of one input.
 * Out:   what `fn` emits, on the main output and on side outputs, with the timestamp of the record; watermarks as they come.
 * State: the operator lists that `fn` declares, and the watermark.
 */
import type { MetricGroup } from "../metrics/registry.ts";
import type { StateDeclarations, StateHandles } from "../state/descriptors.ts";
import type { Clock, TimeMs } from "../time/clock.ts";
import type { Collector, OutputTag, ProcessContext, ProcessFunction, TaskInfo } from "./contracts/functions.ts";
import { bindDeclaredState } from "./declared-state.ts";
import { NO_TIMESTAMP } from "./operator.ts";
import type { Input, Operator, OperatorServices, Output } from "./operator.ts";

export interface ProcessOptions<I, O> {
  readonly process: ProcessFunction<I, O>;
}

class ProcessCollector<O> implements Collector<O> {
  /** Of the record at hand. */
  timestampMs: TimeMs = NO_TIMESTAMP;
  readonly #output: Output<O>;

  constructor(output: Output<O>) {
    this.#output = output;
  }

  collect(value: O): void {
    this.#output.processRecord(value, this.timestampMs);
  }
}

/** One per operator, the same for every record. */
class Context<O> implements ProcessContext {
  readonly state: StateHandles<StateDeclarations>;
  readonly task: TaskInfo;
  readonly metrics: MetricGroup;
  currentWatermarkMs: TimeMs;
  readonly #collector: ProcessCollector<O>;
  readonly #clock: Clock;
  readonly #sideOutput: (tagId: string) => Output<unknown> | undefined;

  constructor(services: OperatorServices<O>, state: StateHandles<StateDeclarations>, collector: ProcessCollector<O>) {
    this.state = state;
    this.task = services.task;
    this.metrics = services.metrics;
    this.currentWatermarkMs = services.restoredWatermarkMs;
    this.#collector = collector;
    this.#clock = services.clock;
    this.#sideOutput = (tagId) => services.sideOutput(tagId);
  }

  get timestampMs(): TimeMs {
    return this.#collector.timestampMs;
  }

  processingTimeMs(): TimeMs {
    return this.#clock.nowMs();
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#sideOutput(tag.id)?.processRecord(value, this.#collector.timestampMs);
  }
}

class ProcessOperator<I, O> implements Operator, Input<I> {
  readonly inputs: readonly Input<never>[];
  readonly #fn: ProcessFunction<I, O>;
  readonly #context: Context<O>;
  readonly #collector: ProcessCollector<O>;
  readonly #output: Output<O>;

  constructor(services: OperatorServices<O>, options: ProcessOptions<I, O>) {
    this.inputs = [this];
    this.#fn = options.process;
    this.#collector = new ProcessCollector(services.output);
    this.#context = new Context(
      services,
      bindDeclaredState(services, options.process.state, "unkeyed"),
      this.#collector,
    );
    this.#output = services.output;
  }

  get watermarkMs(): TimeMs {
    return this.#context.currentWatermarkMs;
  }

  /** Hot. */
  processRecord(value: I, timestampMs: TimeMs): void {
    this.#collector.timestampMs = timestampMs;
    this.#fn.processElement(value, this.#context, this.#collector);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#context.currentWatermarkMs = watermarkMs;
    this.#output.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#output.processIdle(idle);
  }
}

export function createOperator<I, O>(services: OperatorServices<O>, options: ProcessOptions<I, O>): Operator {
  return new ProcessOperator(services, options);
}
