/** `routable`: a message with its address, for streams that go to functions. */
import { ANY_KIND, fromOutside } from "../envelope.ts";
import type { Envelope } from "../envelope.ts";
import { requireAddress } from "../define/typed-address.ts";
import type { Anything, KindOf, Messages, TypedAddress } from "../define/typed-address.ts";

/** A message with its address. Plain data; made by {@link routable}. */
export type Routable = Envelope;

/**
 * Gives a message its address.
 *
 * Shape:  `Routable`; a stream of such is what `statefun(env).from(...)` takes.
 * Errors: `MR9001` the type is no text; `MR9002` the id is none, such as a number out of JSON. The message is checked where it arrives; what does not fit parks its address (`MR9010`), and a type
 *         that nobody has bound is an unknown function (`MR9030`).
 * Source: `RoutableMessageBuilder` of Flink's Stateful Functions.
 *
 * @example
 * const counter = fn("docs/counter", { accepts: { add: type<number>() }, handle: { add: () => undefined } });
 * numbers.map((n) => routable(counter.at("all"), "add", n)).discard();
 */
export function routable<R = Messages, K extends KindOf<R> = KindOf<R>>(
  to: TypedAddress<unknown, R>,
  kind: K,
  message: R[K],
): Routable;
export function routable(to: TypedAddress<unknown, Anything>, message: unknown): Routable;
export function routable(to: TypedAddress<unknown, unknown>, ...rest: readonly unknown[]): Routable {
  const [kind, message] = rest.length < 2 ? [ANY_KIND, rest[0]] : [rest[0] as string, rest[1]]; // as the overloads say
  return fromOutside(requireAddress(to), kind, message);
}
