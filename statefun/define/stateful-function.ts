/**
 * Functions as objects with `invoke(context, input)`, as in the original, and what they are given. Types only; `provided-function.ts` makes a definition of
 * what a provider returns.
 */
import type { MetricGroup } from "../../core/metrics/registry.ts";
import type { Duration } from "../../core/util/duration.ts";
import type { Address } from "../address.ts";
import type { FunctionType } from "./function-type.ts";
import type { TypedEgress } from "./typed-address.ts";

/** A function that takes whatever comes. Its state are its own fields, made by `PersistedValue.of` and its like. */
export interface StatefulFunction {
  /** One turn. A promise parks the address until it settles; meanwhile other addresses run in another object of the provider. */
  invoke(context: Context, input: unknown): void | Promise<void>;
}

/** Makes function objects: a function, a class, or an object as in the original. Called more than once, so without side effects. */
export type StatefulFunctionProvider =
  | ((type: FunctionType) => StatefulFunction)
  | (new () => StatefulFunction)
  | { functionOfType(type: FunctionType): StatefulFunction };

/** What `invoke` is given, for its turn only. */
export interface Context {
  self(): Address;
  /** Undefined: the message came from outside. */
  caller(): Address | undefined;
  /** Which of its messages the sender meant, where it said so; empty otherwise. */
  kind(): string;
  send<T>(egress: TypedEgress<T>, value: NoInfer<T>): void;
  send(to: Address, message: unknown): void;
  send(type: FunctionType, id: string, message: unknown): void;
  /** After a while by the clock. With a token it can be cancelled; what waits under the same token is replaced. */
  sendAfter(delay: Duration, to: Address, message: unknown, token?: string): void;
  sendAfter(delay: Duration, type: FunctionType, id: string, message: unknown): void;
  /** True: it will never arrive. False: it has been sent, or there was none. */
  cancelDelayedMessage(token: string): boolean;
  /** To the caller; throws `MR9022` where there is none. */
  reply(message: unknown): void;
  /** Runs something outside of the turn; how it came out arrives as an `AsyncOperationResult`. */
  registerAsyncOperation(metadata: unknown, run: () => Promise<unknown>): void;
  metrics(): MetricGroup;
}
