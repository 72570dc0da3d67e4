/**
 * Calls a user's process window function: its context, its collector, and its state per key and per window.
 *
 * In:    one firing of a window (key and namespace are current), or the end of a window.
 * Out:   what the function emits, stamped with the time that the operator gives.
 * State: what the function declared, bound here: `state` per key, `windowState` per key and window.
 *
 * Shared by the window operators: it runs per firing, not per record. Context and collector are one object each, overwritten for every call.
 */
import type { MetricGroup } from "../../metrics/registry.ts";
import type { KeyedDescriptor, StateDeclarations, StateHandles } from "../../state/descriptors.ts";
import type { KeyedState } from "../../state/keyed-state.ts";
import type { Clock, TimeMs } from "../../time/clock.ts";
import { MillraceError } from "../../util/errors.ts";
import type { Collector, OutputTag, TaskInfo } from "../contracts/functions.ts";
import type { OperatorServices, Output } from "../operator.ts";
import { GLOBAL_WINDOW } from "./assigners.ts";
import type { TimeWindow } from "./assigners.ts";
import type { ProcessWindowContext, ProcessWindowFunction } from "./functions.ts";

interface Clearable {
  clear(): void;
}

class WindowCallContext<K, O> implements ProcessWindowContext<K>, Collector<O> {
  readonly task: TaskInfo;
  readonly metrics: MetricGroup;
  readonly state: StateHandles<StateDeclarations>;
  readonly windowState: StateHandles<StateDeclarations>;
  window: TimeWindow;
  timestampMs: TimeMs;
  readonly #services: OperatorServices<O>;
  readonly #output: Output<O>;
  readonly #keyedState: KeyedState;
  readonly #clock: Clock;
  readonly #eventTime: { readonly watermarkMs: TimeMs };

  constructor(
    services: OperatorServices<O>,
    eventTime: { readonly watermarkMs: TimeMs },
    states: { readonly state: StateHandles<StateDeclarations>; readonly windowState: StateHandles<StateDeclarations> },
  ) {
    this.task = services.task;
    this.metrics = services.metrics;
    this.state = states.state;
    this.windowState = states.windowState;
    this.window = GLOBAL_WINDOW;
    this.timestampMs = -Infinity;
    this.#services = services;
    this.#output = services.output;
    this.#keyedState = services.keyedState;
    this.#clock = services.clock;
    this.#eventTime = eventTime;
  }

  get key(): K {
    return this.#keyedState.getCurrentKey() as K; // set by the operator from its key selector
  }

  get currentWatermarkMs(): TimeMs {
    return Math.max(this.#eventTime.watermarkMs, this.#keyedState.restoredWatermarkMs());
  }

  processingTimeMs(): TimeMs {
    return this.#clock.nowMs();
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#services.sideOutput(tag.id)?.processRecord(value as never, this.timestampMs); // side outputs are untyped; the tag is not
  }

  collect(value: O): void {
    this.#output.processRecord(value, this.timestampMs);
  }
}

export class ProcessCall<K, O> {
  readonly #fn: ProcessWindowFunction<K, never, O>;
  readonly #context: WindowCallContext<K, O>;
  readonly #windowState: readonly Clearable[];

  constructor(
    services: OperatorServices<O>,
    fn: ProcessWindowFunction<K, never, O>,
    eventTime: { readonly watermarkMs: TimeMs },
  ) {
    const state = bindAll(services.keyedState, fn.state ?? {}, { prefix: "", namespaced: false });
    const windowState = bindAll(services.keyedState, fn.windowState ?? {}, {
      prefix: "window-state:",
      namespaced: true,
    });
    this.#fn = fn;
    this.#context = new WindowCallContext(services, eventTime, { state, windowState });
    this.#windowState = Object.values(windowState) as Clearable[]; // every handle can be cleared
  }

  /** One firing. */
  call(window: TimeWindow, timestampMs: TimeMs, elements: Iterable<unknown>): void {
    const context = this.#context;
    context.window = window;
    context.timestampMs = timestampMs;
    this.#fn.process(context, elements as Iterable<never>, context); // what the function's type asked for when the graph was built
  }

  /** The window's life is over. */
  clear(window: TimeWindow, timestampMs: TimeMs): void {
    if (this.#fn.clear !== undefined) {
      this.#context.window = window;
      this.#context.timestampMs = timestampMs;
      this.#fn.clear(this.#context);
    }
    for (const handle of this.#windowState) handle.clear();
  }
}

export interface BindAllOptions {
  readonly prefix: string;
  readonly namespaced: boolean;
}

/** Binds declarations under prefixed names, so that functions, triggers and the operator itself cannot collide. */
export function bindAll(
  keyedState: KeyedState,
  declarations: StateDeclarations,
  options: BindAllOptions,
): StateHandles<StateDeclarations> {
  const handles: Record<string, unknown> = {};
  for (const [name, declaration] of Object.entries(declarations)) {
    if (declaration.kind === "operator-list") {
      throw new MillraceError(
        "MR1216",
        `state "${name}" of a window is an operator list: declare value, list, map, reducing or aggregating instead`,
      );
    }
    const { namespaced } = options;
    handles[name] = keyedState.bind(options.prefix + name, declaration as KeyedDescriptor, { namespaced }); // the kind was just checked
  }
  return handles as StateHandles<StateDeclarations>; // one handle per declaration, of its kind
}
