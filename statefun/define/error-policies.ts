/** What a function says about messages whose handler throws: `onError` of `fn`. */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { toPositiveMs } from "../../core/util/duration.ts";
import type { Duration } from "../../core/util/duration.ts";
import { described } from "../../core/util/errors.ts";
import type { Address, TypeName } from "../address.ts";
import type { ErrorPolicy } from "./function-definition.ts";
import type { TypedEgress } from "./typed-address.ts";

/** What comes out of the egress of `deadLetter`: the message with its addresses, and the error of its handler. */
export interface DeadLetter {
  /** To whom it was sent. */
  readonly address: Address;
  /** By whom; undefined: it came from outside. */
  readonly caller: Address | undefined;
  readonly kind: string;
  readonly value: unknown;
  readonly error: {
    /** Of errors that have one, such as `MR9010` of a message that does not fit its schema. */
    readonly code?: string;
    readonly name: string;
    readonly message: string;
    readonly stack: string;
    readonly timeMs: number;
  };
}

/** In full, or by its word. */
export type OnError = ErrorPolicy | "quarantine" | "fail-job";

export interface RetryOptions {
  /** How often it is tried again. Default: 3. */
  readonly attempts?: number;
  /** Before the first new attempt; each further one waits twice as long. Default: `"100ms"`. */
  readonly initialDelay?: Duration;
  /** Default: `"1min"`. */
  readonly maxDelay?: Duration;
  /** What holds when all attempts failed. Default: `"quarantine"`. */
  readonly otherwise?: Exclude<OnError, { readonly kind: "retry" }>;
}

/**
 * A message whose handler throws goes to an egress, with the error; its turn is rolled back and the address goes on.
 *
 * Shape:  for `onError` of `fn`.
 * Errors: `MR9014` not an egress. The egress must be one of the application, or the application is refused (`MR9041`).
 * Source: own.
 *
 * @example
 * const failures = egress("docs/failures", type<DeadLetter>());
 * const strict = fn("docs/strict", {
 *   accepts: { add: type<number>() },
 *   onError: deadLetter(failures),
 *   handle: {
 *     add(_ctx, amount) {
 *       if (amount < 0) throw new Error("less than nothing");
 *     },
 *   },
 * });
 * console.log(strict.type);
 */
export function deadLetter(egress: TypedEgress<DeadLetter>): Extract<ErrorPolicy, { readonly kind: "dead-letter" }> {
  const name = memberOf(egress, "egress");
  if (typeof name !== "string") return refuse("MR9014", "deadLetter() takes an egress, made with egress(name, type)");
  return Object.freeze({ kind: "dead-letter", egress: egress.egress });
}

/**
 * A message whose handler throws is tried again after a while, its address waiting and all others going on.
 *
 * Shape:  for `onError` of `fn`.
 * Units:  delays in ms, or text such as `"1s"`. Defaults: 3 attempts, the first after 100 ms, each further one after twice the time, at most 1 minute.
 * State:  the message and the count of its attempts, saved with the address.
 * Errors: `MR9014` the attempts are no whole number of 1 or more, or `otherwise` is no policy; `MR1001`, `MR1002` not a delay.
 * Source: own.
 *
 * @example
 * const patient = fn("docs/patient", {
 *   accepts: { add: type<number>() },
 *   onError: retry({ attempts: 5, initialDelay: "1s", otherwise: "fail-job" }),
 *   handle: {
 *     add(ctx, amount) {
 *       if (amount > ctx.processingTimeMs()) throw new Error("not yet");
 *     },
 *   },
 * });
 * console.log(patient.type);
 */
export function retry(options: RetryOptions = {}): Extract<ErrorPolicy, { readonly kind: "retry" }> {
  const { attempts = 3, initialDelay = 100, maxDelay = "1min" } = options;
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    refuse("MR9014", `attempts of retry() is a whole number of 1 or more, not ${described(attempts)}`);
  const then = policyOf(options.otherwise);
  if (then.kind === "retry")
    refuse("MR9014", "otherwise of retry() is what holds when all attempts failed: not another retry()");
  const initialDelayMs = toPositiveMs(initialDelay, "initialDelay of retry()");
  const maxDelayMs = Math.max(initialDelayMs, toPositiveMs(maxDelay, "maxDelay of retry()"));
  // oxlint-disable-next-line unicorn/no-thenable -- it is no function, so that nobody takes the policy for a promise
  return Object.freeze({ kind: "retry", attempts, initialDelayMs, maxDelayMs, then });
}

/** The policy of a function that says so, or says nothing. */
export function policyOf(onError: OnError | undefined): ErrorPolicy {
  if (onError === undefined) return { kind: "quarantine" };
  const kind: unknown = typeof onError === "string" ? onError : memberOf(onError, "kind");
  if (kind === "quarantine" || kind === "fail-job") return { kind };
  if ((kind === "dead-letter" || kind === "retry") && typeof onError === "object") return onError;
  const sentence = `${described(onError)} is no policy: write "quarantine", "fail-job", deadLetter(egress) or retry({ attempts })`;
  return refuse("MR9014", sentence);
}

/** The egresses that a policy writes to, so that an application can be checked for them. */
export function egressesOf(policy: ErrorPolicy): readonly TypeName[] {
  if (policy.kind === "dead-letter") return [policy.egress];
  return policy.kind === "retry" ? egressesOf(policy.then) : [];
}
