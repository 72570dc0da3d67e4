/**
 * The operator behind `first.connect(second).process(fn)` on streams without a key.
 *
 * In:    records of two inputs, in whatever order they come.
 * Out:   what `fn` emits, on the main output and on side outputs, with the timestamp of the record; the watermark of both inputs together.
 * State: the operator lists that `fn` declares, and the watermark.
 */
import type { MetricGroup } from "../metrics/registry.ts";
import type { StateDeclarations, StateHandles } from "../state/descriptors.ts";
import type { Clock, TimeMs } from "../time/clock.ts";
import type { CombinedTarget } from "../time/combined-output.ts";
import type { CoProcessFunction, Collector, OutputTag, ProcessContext, TaskInfo } from "./contracts/functions.ts";
import { bindDeclaredState } from "./declared-state.ts";
import { NO_TIMESTAMP } from "./operator.ts";
import type { Input, Operator, OperatorServices, Output } from "./operator.ts";
import { TwoInputTime } from "./two-inputs.ts";

export interface CoProcessOptions<A, B, O> {
  readonly process: CoProcessFunction<A, B, O>;
}

class CoProcessCollector<O> implements Collector<O> {
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
  readonly #collector: CoProcessCollector<O>;
  readonly #clock: Clock;
  readonly #sideOutput: (tagId: string) => Output<unknown> | undefined;

  constructor(services: OperatorServices<O>, state: StateHandles<StateDeclarations>, collector: CoProcessCollector<O>) {
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

class FirstInput<A, B, O> implements Input<A> {
  readonly #operator: CoProcessOperator<A, B, O>;

  constructor(operator: CoProcessOperator<A, B, O>) {
    this.#operator = operator;
  }

  processRecord(value: A, timestampMs: TimeMs): void {
    this.#operator.processFirst(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#operator.time.processWatermark(0, watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#operator.time.processIdle(0, idle);
  }
}

class SecondInput<A, B, O> implements Input<B> {
  readonly #operator: CoProcessOperator<A, B, O>;

  constructor(operator: CoProcessOperator<A, B, O>) {
    this.#operator = operator;
  }

  processRecord(value: B, timestampMs: TimeMs): void {
    this.#operator.processSecond(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#operator.time.processWatermark(1, watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#operator.time.processIdle(1, idle);
  }
}

class CoProcessOperator<A, B, O> implements Operator, CombinedTarget {
  readonly inputs: readonly Input<never>[];
  readonly time: TwoInputTime;
  readonly #fn: CoProcessFunction<A, B, O>;
  readonly #context: Context<O>;
  readonly #collector: CoProcessCollector<O>;
  readonly #output: Output<O>;

  constructor(services: OperatorServices<O>, options: CoProcessOptions<A, B, O>) {
    this.inputs = [new FirstInput(this), new SecondInput(this)];
    this.time = new TwoInputTime(services.restoredWatermarkMs, this);
    this.#fn = options.process;
    this.#collector = new CoProcessCollector(services.output);
    this.#context = new Context(
      services,
      bindDeclaredState(services, options.process.state, "unkeyed"),
      this.#collector,
    );
    this.#output = services.output;
    services.execute(() => this.time.start());
  }

  get watermarkMs(): TimeMs {
    return this.#context.currentWatermarkMs;
  }

  /** Hot. */
  processFirst(value: A, timestampMs: TimeMs): void {
    this.#collector.timestampMs = timestampMs;
    this.#fn.processElement1(value, this.#context, this.#collector);
  }

  /** Hot. */
  processSecond(value: B, timestampMs: TimeMs): void {
    this.#collector.timestampMs = timestampMs;
    this.#fn.processElement2(value, this.#context, this.#collector);
  }

  onWatermark(watermarkMs: TimeMs): void {
    this.#context.currentWatermarkMs = watermarkMs;
    this.#output.processWatermark(watermarkMs);
  }

  onIdle(idle: boolean): void {
    this.#output.processIdle(idle);
  }

  endInput(input: number): void {
    this.time.finish(input);
  }
}

export function createOperator<A, B, O>(services: OperatorServices<O>, options: CoProcessOptions<A, B, O>): Operator {
  return new CoProcessOperator(services, options);
}
