/**
 * What a handler of `fn` is given: {@link FunctionContext} with the types of the function that was declared, and of those it sends to. Types only.
 *
 * `M` is what the function itself accepts, `S` its state.
 */
import type { MetricGroup } from "../../core/metrics/registry.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import type { Duration } from "../../core/util/duration.ts";
import type { Address } from "../address.ts";
import type { AsyncResult, DelayedOptions } from "./function-context.ts";
import type { StateView } from "./state-specs.ts";
import type { Anything, KindOf, Messages, TypedAddress, TypedEgress } from "./typed-address.ts";

/** The kinds under which the outcome of an async operation may arrive, and what it is made of. */
type MetadataOf<R> = [R] extends [AsyncResult<infer X, infer _T>] ? X : never;
type ResultOf<R> = [R] extends [AsyncResult<infer _X, infer T>] ? T : never;

export interface TurnContext<M = Messages, S = object> {
  readonly self: TypedAddress<M>;
  /** Undefined: the message came from outside. It takes any message; `greeter.is(ctx.caller)` tells whose address it is. */
  readonly caller: Address | undefined;
  /** A property per declared state. */
  readonly state: StateView<S>;
  readonly metrics: MetricGroup;
  /** Never goes back for an address, except that a job that goes on after it was drained begins time anew. Ends where nothing more will come: +Infinity. */
  readonly currentWatermarkMs: TimeMs;
  /** By the task's clock. */
  processingTimeMs(): TimeMs;

  /** To a function: its address, the kind of message, the message. Leaves when the turn ends well. */
  send<T = Messages, K extends KindOf<T> = KindOf<T>>(to: TypedAddress<T, unknown>, kind: K, value: T[K]): void;
  /** To an egress. */
  send<T>(to: TypedEgress<T>, value: NoInfer<T>): void;
  /** To a function that takes whatever comes. */
  send(to: TypedAddress<Anything, unknown>, value: unknown): void;
  /** To the caller; throws `MR9022` where there is none. Unchecked: to have it checked, send to an address that `is` made sure of. */
  reply(kind: string, value: unknown): void;
  reply(value: unknown): void;
  /** After a while by the clock. Returns the token for `cancel`. */
  sendAfter<T = Messages, K extends KindOf<T> = KindOf<T>>(
    delay: Duration,
    to: TypedAddress<T, unknown>,
    kind: K,
    value: T[K],
    options?: DelayedOptions,
  ): string;
  /** Once the watermark has reached that time. Returns the token for `cancel`. */
  sendAt<T = Messages, K extends KindOf<T> = KindOf<T>>(
    timeMs: TimeMs,
    to: TypedAddress<T, unknown>,
    kind: K,
    value: T[K],
    options?: DelayedOptions,
  ): string;
  /** Takes back a delayed message of this address. True: it will never arrive. False: it has been sent, or there was none. */
  cancel(token: string): boolean;
  /**
   * Runs something outside of the turn. How it came out arrives at this address as the message `kind`, which the function accepts as an `AsyncResult` of
   * the same metadata and value. The turn does not wait and the address is not parked; what is registered is saved with the turn.
   */
  async<K extends KindOf<M>>(kind: K, metadata: MetadataOf<M[K]>, run: () => Promise<ResultOf<M[K]>>): void;
}
