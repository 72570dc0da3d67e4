/**
 * The operator behind `first.connect(second).keyBy(...).process(fn)`: two inputs that share the state and the timers of each key.
 *
 * In:    records and watermarks of two inputs, already routed to this subtask by key group; in whatever order they come.
 * Out:   what `fn` emits, with the time of the record or timer at hand; each watermark of both inputs together, after the timers that it makes due.
 * State: all of it lives behind `services.keyedState` and the timers; fields here are overwritten with each record.
 */
import type { MetricGroup } from "../metrics/registry.ts";
import type { StateDeclarations, StateHandles } from "../state/descriptors.ts";
import type { KeyedState } from "../state/keyed-state.ts";
import { NO_NAMESPACE } from "../state/timers.ts";
import type { InternalTimers, TimerTarget } from "../state/timers.ts";
import type { Clock, TimeMs } from "../time/clock.ts";
import type { CombinedTarget } from "../time/combined-output.ts";
import { MillraceError } from "../util/errors.ts";
import type {
  Collector,
  KeyedCoProcessFunction,
  OnTimerContext,
  OutputTag,
  TaskInfo,
  TimerService,
} from "./contracts/functions.ts";
import { bindDeclaredState } from "./declared-state.ts";
import { EventTime } from "./event-time.ts";
import { NO_TIMESTAMP } from "./operator.ts";
import type { Input, Operator, OperatorServices, Output, Pending } from "./operator.ts";
import { TwoInputTime } from "./two-inputs.ts";

export interface KeyedCoProcessOptions<K, A, B, O> {
  readonly process: KeyedCoProcessFunction<K, A, B, O>;
  readonly keyOf1: (value: A) => K;
  readonly keyOf2: (value: B) => K;
}

class KeyedCollector<O> implements Collector<O> {
  /** Of the record or timer at hand. */
  timestampMs: TimeMs = NO_TIMESTAMP;
  readonly #output: Output<O>;

  constructor(output: Output<O>) {
    this.#output = output;
  }

  collect(value: O): void {
    this.#output.processRecord(value, this.timestampMs);
  }
}

/** Timers of the current key, without namespaces. */
class KeyTimers implements TimerService {
  readonly #timers: InternalTimers;

  constructor(timers: InternalTimers) {
    this.#timers = timers;
  }

  registerEventTime(timeMs: TimeMs): void {
    this.#timers.registerEvent(NO_NAMESPACE, checkTime(timeMs));
  }

  registerProcessingTime(timeMs: TimeMs): void {
    this.#timers.registerProcessing(NO_NAMESPACE, checkTime(timeMs));
  }

  deleteEventTime(timeMs: TimeMs): void {
    this.#timers.deleteEvent(NO_NAMESPACE, timeMs);
  }

  deleteProcessingTime(timeMs: TimeMs): void {
    this.#timers.deleteProcessing(NO_NAMESPACE, timeMs);
  }
}

/** NaN and undefined would never fire and never go. */
function checkTime(timeMs: TimeMs): TimeMs {
  if (typeof timeMs === "number" && timeMs >= -Infinity) return timeMs;
  throw new MillraceError("MR3022", `a timer needs a time in ms since the epoch, but got ${String(timeMs)}`);
}

/** One per operator, the same for every record and timer. */
class KeyedContext<K, O> implements OnTimerContext<K> {
  readonly state: StateHandles<StateDeclarations>;
  readonly timers: TimerService;
  readonly task: TaskInfo;
  readonly metrics: MetricGroup;
  timeDomain: "event" | "processing" = "event";
  readonly #collector: KeyedCollector<O>;
  readonly #keyedState: KeyedState;
  readonly #eventTime: EventTime;
  readonly #clock: Clock;
  readonly #sideOutput: (tagId: string) => Output<unknown> | undefined;

  constructor(services: OperatorServices<O>, parts: ContextParts<O>) {
    this.state = parts.state;
    this.timers = parts.timers;
    this.task = services.task;
    this.metrics = services.metrics;
    this.#collector = parts.collector;
    this.#keyedState = services.keyedState;
    this.#eventTime = parts.eventTime;
    this.#clock = services.clock;
    this.#sideOutput = (tagId) => services.sideOutput(tagId);
  }

  get key(): K {
    return this.#keyedState.getCurrentKey() as K; // set by `keyOf`, or by the timers
  }

  get timestampMs(): TimeMs {
    return this.#collector.timestampMs;
  }

  get currentWatermarkMs(): TimeMs {
    return Math.max(this.#eventTime.watermarkMs, this.#keyedState.restoredWatermarkMs());
  }

  processingTimeMs(): TimeMs {
    return this.#clock.nowMs();
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#sideOutput(tag.id)?.processRecord(value, this.#collector.timestampMs);
  }
}

interface ContextParts<O> {
  readonly state: StateHandles<StateDeclarations>;
  readonly timers: TimerService;
  readonly collector: KeyedCollector<O>;
  readonly eventTime: EventTime;
}

class FirstInput<K, A, B, O> implements Input<A> {
  readonly #operator: KeyedCoProcessOperator<K, A, B, O>;

  constructor(operator: KeyedCoProcessOperator<K, A, B, O>) {
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

class SecondInput<K, A, B, O> implements Input<B> {
  readonly #operator: KeyedCoProcessOperator<K, A, B, O>;

  constructor(operator: KeyedCoProcessOperator<K, A, B, O>) {
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

class KeyedCoProcessOperator<K, A, B, O> implements Operator, CombinedTarget, TimerTarget {
  readonly inputs: readonly Input<never>[];
  readonly time: TwoInputTime;
  readonly #fn: KeyedCoProcessFunction<K, A, B, O>;
  readonly #keyOf1: (value: A) => K;
  readonly #keyOf2: (value: B) => K;
  readonly #keyedState: KeyedState;
  readonly #collector: KeyedCollector<O>;
  readonly #context: KeyedContext<K, O>;
  readonly #eventTime: EventTime;

  constructor(services: OperatorServices<O>, options: KeyedCoProcessOptions<K, A, B, O>) {
    const timers = services.timers("process", this);
    this.inputs = [new FirstInput(this), new SecondInput(this)];
    this.time = new TwoInputTime(services.restoredWatermarkMs, this);
    this.#fn = options.process;
    this.#keyOf1 = options.keyOf1;
    this.#keyOf2 = options.keyOf2;
    this.#keyedState = services.keyedState;
    this.#collector = new KeyedCollector(services.output);
    this.#eventTime = new EventTime(services, timers);
    this.#context = new KeyedContext(services, {
      state: bindDeclaredState(services, options.process.state, "keyed"),
      timers: new KeyTimers(timers),
      collector: this.#collector,
      eventTime: this.#eventTime,
    });
  }

  get pending(): Pending {
    return this.#eventTime.pending;
  }

  get watermarkMs(): TimeMs {
    return this.#eventTime.watermarkMs;
  }

  /** Hot. */
  processFirst(value: A, timestampMs: TimeMs): void {
    this.#keyedState.setCurrentKey(this.#keyOf1(value));
    this.#collector.timestampMs = timestampMs;
    this.#fn.processElement1(value, this.#context, this.#collector);
  }

  /** Hot. */
  processSecond(value: B, timestampMs: TimeMs): void {
    this.#keyedState.setCurrentKey(this.#keyOf2(value));
    this.#collector.timestampMs = timestampMs;
    this.#fn.processElement2(value, this.#context, this.#collector);
  }

  onWatermark(watermarkMs: TimeMs): void {
    this.#eventTime.advance(watermarkMs);
  }

  onIdle(idle: boolean): void {
    this.#eventTime.processIdle(idle);
  }

  endInput(input: number): void {
    this.time.finish(input);
  }

  resume(): void {
    this.#eventTime.resume();
  }

  onEventTimer(timeMs: TimeMs): void {
    this.#fire(timeMs, "event");
  }

  onProcessingTimer(timeMs: TimeMs): void {
    this.#fire(timeMs, "processing");
  }

  #fire(timeMs: TimeMs, timeDomain: "event" | "processing"): void {
    if (this.#fn.onTimer === undefined) {
      throw new MillraceError(
        "MR3023",
        "a timer fired, but the process function has no onTimer: add one, or register no timers",
      );
    }
    this.#context.timeDomain = timeDomain;
    this.#collector.timestampMs = timeMs;
    this.#fn.onTimer(timeMs, this.#context, this.#collector);
  }
}

export function createOperator<K, A, B, O>(
  services: OperatorServices<O>,
  options: KeyedCoProcessOptions<K, A, B, O>,
): Operator {
  return new KeyedCoProcessOperator(services, options);
}
