/** Targets: which function gets a message, and as which kind. The id comes with each message. */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import { nearest } from "../../core/util/nearest.ts";
import { isTypeName } from "../address.ts";
import type { TypeName } from "../address.ts";
import { FunctionType } from "../define/function-type.ts";
import type { Anything, FunctionReference, KindOf } from "../define/typed-address.ts";
import { ANY_KIND } from "../envelope.ts";

/** Made by {@link target}. */
export interface Target<in T> {
  readonly to: TypeName;
  readonly kind: string;
  readonly __takes?: (value: T) => void; // carries the type only; never set
}

/**
 * Names a function and the kind of message that it gets.
 *
 * Shape:  `Target<T>`, for routers by key and the topics of `kafkaIngress`; `T` is what the function accepts of that kind. A function that takes whatever comes, or a `FunctionType`, needs no kind.
 * Errors: `MR9042` not a function, or it does not accept that kind.
 * Source: `targets` of the ingress of Kafka in the modules of Flink's Stateful Functions.
 *
 * @example
 * const greeter = fn("docs/greeter", { accepts: { greet: type<string>() }, handle: { greet: () => undefined } });
 * console.log(target(greeter, "greet").to); // docs/greeter
 */
export function target<R, K extends KindOf<R>>(to: FunctionReference<unknown, R>, kind: K): Target<R[K]>;
export function target(to: FunctionReference<unknown, Anything> | FunctionType): Target<unknown>;
export function target(to: FunctionReference<unknown, unknown> | FunctionType, kind?: string): Target<never> {
  const name = to instanceof FunctionType ? to.typeName : memberOf(to, "type");
  if (!isTypeName(name)) refuse("MR9042", `target() takes a function, made with fn or external, not ${described(to)}`);
  if (kind !== undefined && (typeof kind !== "string" || kind === ""))
    refuse("MR9042", `the kind of target() to ${name} is text, such as "greet", not ${described(kind)}`);
  refuseUnaccepted(name, kind, memberOf(memberOf(to, "definition"), "accepts"));
  return { to: name, kind: kind ?? ANY_KIND };
}

/** Functions that are written elsewhere do not say what they accept; those that take whatever comes have no list. */
function refuseUnaccepted(name: TypeName, kind: string | undefined, accepts: unknown): void {
  if (!(accepts instanceof Map) || accepts.has(kind)) return;
  const kinds = [...(accepts as ReadonlyMap<string, unknown>).keys()]; // made by fn
  if (kind === undefined) refuse("MR9042", `target() needs the kind of message that ${name} gets: ${kinds.join(", ")}`);
  const suggestion = nearest(kind, kinds);
  const hint = suggestion === undefined ? `it accepts ${kinds.join(", ")}` : `did you mean "${suggestion}"?`;
  refuse("MR9042", `target() sends "${kind}" to ${name}, which does not accept it: ${hint}`);
}

/** One or several of them; undefined if anything else is there, or nothing. */
export function targetsIn(given: unknown): readonly Target<never>[] | undefined {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const isTarget = (one: unknown): boolean =>
    isTypeName(memberOf(one, "to")) && typeof memberOf(one, "kind") === "string";
  return list.length > 0 && list.every(isTarget) ? (list as readonly Target<never>[]) : undefined; // just seen
}
