/**
 * What a handler is given, without the types that `fn` adds: those narrow `state` and `send` to what was declared.
 *
 * One turn only: using it afterwards throws `MR9020`. State writes, sends, delayed sends and egress of a turn take effect together when it returns, or not at all.
 */
import type { MetricGroup } from "../../core/metrics/registry.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import type { Duration } from "../../core/util/duration.ts";
import type { Address, TypeName } from "../address.ts";

/** What an egress is to a sender. */
export interface EgressTarget {
  readonly egress: TypeName;
}

export interface DelayedOptions {
  /** Names the message, within the sending address, for `cancel`. Default: one is made. */
  readonly token?: string;
  /** What if a message of that token still waits. Default: `"replace"`. */
  readonly onDuplicate?: "replace" | "keep" | "error";
}

/** How a durable async operation came out. `unknown`: the job was restored while it ran, and whether it happened cannot be told. */
export type AsyncResult<M, T> =
  | { readonly status: "success"; readonly metadata: M; readonly value: T }
  | {
      readonly status: "failure";
      readonly metadata: M;
      readonly error: { readonly name: string; readonly message: string };
    }
  | { readonly status: "unknown"; readonly metadata: M };

export interface FunctionContext {
  readonly self: Address;
  /** Undefined: the message came from outside. */
  readonly caller: Address | undefined;
  /** A property per declared state. Undeclared ones throw `MR9021`. */
  readonly state: Record<string, unknown>;
  readonly metrics: MetricGroup;
  /** By the task's clock. */
  processingTimeMs(): TimeMs;
  readonly currentWatermarkMs: TimeMs;

  /** To a function: its address, the kind of message, the message. To an egress: the egress and the value. To a function that takes anything: address and value. */
  send(to: Address, kind: string, value: unknown): void;
  send(to: Address | EgressTarget, value: unknown): void;
  /** To the caller; throws `MR9022` where there is none. */
  reply(kind: string, value: unknown): void;
  reply(value: unknown): void;
  /** After a while by the clock. Returns the token. */
  sendAfter(delay: Duration, to: Address, kind: string, value: unknown, options?: DelayedOptions): string;
  /** Once the watermark has reached that time. */
  sendAt(timeMs: TimeMs, to: Address, kind: string, value: unknown, options?: DelayedOptions): string;
  /** Takes back a delayed message of this address. True: it will never arrive. False: it has been sent, or there was none. */
  cancel(token: string): boolean;
  /**
   * Runs something outside of the turn; how it came out arrives as the message `kind` (an {@link AsyncResult}) at this address. The turn does not wait and the
   * address is not parked. What is registered is saved with the turn.
   */
  async(kind: string, metadata: unknown, run: () => Promise<unknown>): void;
}
