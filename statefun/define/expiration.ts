/** `ttl`: how long state lives after it was last touched. */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { toPositiveMs } from "../../core/util/duration.ts";
import type { Duration } from "../../core/util/duration.ts";
import { described } from "../../core/util/errors.ts";
import type { Expiration } from "./function-definition.ts";

export interface ExpirationOptions {
  /** Which clock counts: the machine's, or the watermark. Default: `"processing"`. */
  readonly time?: "processing" | "event";
}

/**
 * How long a value, an element of a buffer or an entry of a table lives.
 *
 * Units:  durations in ms, or text such as `"30m"`. Default of a state: kept for ever.
 * Errors: `MR1001`, `MR1002` no duration above zero; `MR9013` a time that does not exist.
 * Source: `Expiration` of Flink's Stateful Functions, which knows processing time only.
 *
 * @example
 * const cart = fn("shop/cart", {
 *   accepts: { add: type<string>() },
 *   state: { items: buffer<string>({ expire: ttl.afterAccess("30m") }) },
 *   handle: {
 *     add(ctx, item) {
 *       ctx.state.items.push(item);
 *     },
 *   },
 * });
 * console.log(cart.type);
 */
export const ttl: {
  /** From the last write on. */
  afterWrite(after: Duration, options?: ExpirationOptions): Expiration;
  /** From the last read or write on. */
  afterAccess(after: Duration, options?: ExpirationOptions): Expiration;
} = {
  afterWrite: (after, options = {}) => expiration(after, "write", options),
  afterAccess: (after, options = {}) => expiration(after, "read-and-write", options),
};

function expiration(after: Duration, refresh: Expiration["refresh"], options: ExpirationOptions): Expiration {
  return checkedExpiration({ after, refresh, time: options.time ?? "processing" });
}

/** Refused where it is written, and not when the first task begins. */
export function checkedExpiration(expire: Expiration): Expiration {
  const { after, refresh, time } = expire;
  const isOne =
    memberOf(expire, "after") !== undefined &&
    ["write", "read-and-write"].includes(refresh) &&
    ["processing", "event"].includes(time);
  if (!isOne) {
    refuse(
      "MR9013",
      `${described(expire)} is no expiration: write ttl.afterWrite("30m") or ttl.afterAccess("30m"), with { time: "processing" } or { time: "event" }`,
    );
  }
  toPositiveMs(after, "the ttl of a state");
  return Object.freeze({ after, refresh, time });
}
