/**
 * Calls a trigger: its context, its state per key and window, and its timers.
 *
 * In:    a window made current by `enter`. Out: what the trigger decides.
 * State: what the trigger declared, bound here under `trigger:<name>`; timers under the window's namespace.
 *
 * Shared by the operators with triggers; one per operator, overwritten for every window.
 */
import type { StateDeclarations, StateHandles } from "../../state/descriptors.ts";
import type { ListState, ReducingState, ValueState } from "../../state/handles.ts";
import type { KeyedState, Namespace } from "../../state/keyed-state.ts";
import type { InternalTimers } from "../../state/timers.ts";
import type { Clock, TimeMs } from "../../time/clock.ts";
import type { OperatorServices } from "../operator.ts";
import { GLOBAL_WINDOW } from "./assigners.ts";
import type { TimeWindow } from "./assigners.ts";
import { bindAll } from "./process-call.ts";
import type { Trigger, TriggerContext } from "./trigger.ts";

/** A state whose handle can be merged into that of another window. */
type TriggerState =
  | { readonly kind: "reducing"; readonly handle: ReducingState<unknown>; readonly gathered: unknown[] }
  | { readonly kind: "list"; readonly handle: ListState<unknown>; readonly gathered: unknown[] }
  | { readonly kind: "value"; readonly handle: ValueState<unknown>; readonly gathered: unknown[] };

export class TriggerCall<T> implements TriggerContext {
  readonly trigger: Trigger<T>;
  readonly state: StateHandles<StateDeclarations>;
  readonly #states: readonly TriggerState[];
  readonly #keyedState: KeyedState;
  readonly #timers: InternalTimers;
  readonly #clock: Clock;
  readonly #eventTime: { readonly watermarkMs: TimeMs };
  readonly #restored: boolean;
  #window: TimeWindow = GLOBAL_WINDOW;
  #namespace: Namespace = 0;
  /** The operator's own timer, in its domain, which the trigger cannot delete. */
  #cleanupEventMs: TimeMs = Infinity;
  #cleanupProcessingMs: TimeMs = Infinity;

  constructor(
    services: OperatorServices<never>,
    trigger: Trigger<T>,
    parts: { readonly timers: InternalTimers; readonly eventTime: { readonly watermarkMs: TimeMs } },
  ) {
    const declared = trigger.state ?? {};
    this.trigger = trigger;
    this.state = bindAll(services.keyedState, declared, { prefix: "trigger:", namespaced: true });
    const handles = this.state as Readonly<Record<string, unknown>>; // by name, to pair them with their kinds
    this.#states = Object.entries(declared).map(
      ([name, { kind }]) => ({ kind, handle: handles[name], gathered: [] }) as unknown as TriggerState, // `bindAll` made the handle from the kind
    );
    this.#keyedState = services.keyedState;
    this.#timers = parts.timers;
    this.#clock = services.clock;
    this.#eventTime = parts.eventTime;
    this.#restored = services.restored;
  }

  /** Makes a window of the current key current, also for namespaced state. */
  enter(
    window: TimeWindow,
    namespace: Namespace,
    cleanup: { readonly eventMs: TimeMs; readonly processingMs: TimeMs },
  ): void {
    this.#keyedState.setCurrentNamespace(namespace);
    this.#window = window;
    this.#namespace = namespace;
    this.#cleanupEventMs = cleanup.eventMs;
    this.#cleanupProcessingMs = cleanup.processingMs;
  }

  /** The window is over, or becomes part of another one. */
  clear(): void {
    this.trigger.clear?.(this.#window, this);
    for (const { handle } of this.#states) handle.clear();
  }

  /** Keeps what the trigger remembers of the current window, until `release` gives it to another one. */
  gather(): void {
    for (const { kind, handle, gathered } of this.#states) {
      if (kind === "list") gathered.push(...handle.get());
      else gathered.push(kind === "value" ? handle.value() : handle.get());
    }
  }

  release(): void {
    for (const { kind, handle, gathered } of this.#states) {
      const values = gathered.splice(0).filter((value) => value !== undefined);
      if (kind === "value" && values.length > 0) handle.update(values[0]);
      if (kind === "list") handle.addAll(values);
      if (kind === "reducing") for (const value of values) handle.add(value);
    }
  }

  get currentWatermarkMs(): TimeMs {
    const { watermarkMs } = this.#eventTime;
    return this.#restored ? Math.max(watermarkMs, this.#keyedState.restoredWatermarkMs()) : watermarkMs;
  }

  processingTimeMs(): TimeMs {
    return this.#clock.nowMs();
  }

  registerEventTime(timeMs: TimeMs): void {
    this.#timers.registerEvent(this.#namespace, timeMs);
  }

  registerProcessingTime(timeMs: TimeMs): void {
    this.#timers.registerProcessing(this.#namespace, timeMs);
  }

  deleteEventTime(timeMs: TimeMs): void {
    if (timeMs !== this.#cleanupEventMs) this.#timers.deleteEvent(this.#namespace, timeMs);
  }

  deleteProcessingTime(timeMs: TimeMs): void {
    if (timeMs !== this.#cleanupProcessingMs) this.#timers.deleteProcessing(this.#namespace, timeMs);
  }
}
