/**
 * The operator behind `stream.keyBy(...).process(fn)`: calls `fn` once per record and once per due timer, always with one key's state in view.
 *
 * In:    records and watermarks of one input, already routed to this subtask by key group.
 * Out:   what `fn` emits, with the time of the record or timer at hand; each watermark after the timers that it makes due.
 * State: all of it lives behind `services.keyedState` and the timers; fields here are overwritten with each record.
 */
import type { MetricGroup } from "../metrics/registry.ts";
import type { StateDeclarations, StateHandles } from "../state/descriptors.ts";
import type { KeyedState } from "../state/keyed-state.ts";
import { NO_NAMESPACE } from "../state/timers.ts";
import type { InternalTimers, TimerTarget } from "../state/timers.ts";
import type { Clock, TimeMs } from "../time/clock.ts";
import { MillraceError } from "../util/errors.ts";
import type {
  Collector,
  KeyedProcessFunction,
  OnTimerContext,
  OutputTag,
  TaskInfo,
  TimerService,
} from "./contracts/functions.ts";
import { bindDeclaredState } from "./declared-state.ts";
import { EventTime } from "./event-time.ts";
import { NO_TIMESTAMP } from "./operator.ts";
import type { Input, Operator, OperatorServices, Output, Pending } from "./operator.ts";

export interface KeyedProcessOptions<K, I, O> {
  readonly process: KeyedProcessFunction<K, I, O>;
  readonly keyOf: (value: I) => K;
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

class KeyedProcessOperator<K, I, O> implements Operator, Input<I>, TimerTarget {
  readonly inputs: readonly Input<never>[];
  readonly #fn: KeyedProcessFunction<K, I, O>;
  readonly #keyOf: (value: I) => K;
  readonly #keyedState: KeyedState;
  readonly #collector: KeyedCollector<O>;
  readonly #context: KeyedContext<K, O>;
  readonly #eventTime: EventTime;

  constructor(services: OperatorServices<O>, options: KeyedProcessOptions<K, I, O>) {
    const timers = services.timers("process", this);
    this.inputs = [this];
    this.#fn = options.process;
    this.#keyOf = options.keyOf;
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
  processRecord(value: I, timestampMs: TimeMs): void {
    this.#keyedState.setCurrentKey(this.#keyOf(value));
    this.#collector.timestampMs = timestampMs;
    this.#fn.processElement(value, this.#context, this.#collector);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#eventTime.advance(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#eventTime.processIdle(idle);
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

export function createOperator<K, I, O>(
  services: OperatorServices<O>,
  options: KeyedProcessOptions<K, I, O>,
): Operator {
  return new KeyedProcessOperator(services, options);
}
