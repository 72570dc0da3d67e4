/** Targets: which function gets the messages of a topic, and as which kind of message. The id comes with each record. */
import { memberOf } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import { nearest } from "../../core/util/nearest.ts";
import { isTypeName } from "../address.ts";
import type { TypeName } from "../address.ts";
import { FunctionType } from "../define/function-type.ts";
import type { Anything, FunctionReference, KindOf } from "../define/typed-address.ts";
import { ANY_KIND } from "../envelope.ts";
import { wrongOption } from "./errors.ts";

/** Made by {@link target}. */
export interface KafkaTarget<in T> {
  readonly to: TypeName;
  readonly kind: string;
  readonly __takes?: (value: T) => void; // carries the type only; never set
}

/**
 * Names a function and the kind of message that it gets.
 *
 * Shape:  `KafkaTarget<T>`, for the topics of `kafkaIngress`; `T` is what the function accepts of that kind. A function that takes whatever comes, or a `FunctionType`, needs no kind.
 * Errors: `MR9080` not a function, or it does not accept that kind.
 * Source: `targets` of the ingress of Kafka in the modules of Flink's Stateful Functions.
 *
 * @example
 * const greeter = fn("docs/greeter", { accepts: { greet: type<string>() }, handle: { greet: () => undefined } });
 * console.log(target(greeter, "greet").to); // docs/greeter
 */
export function target<R, K extends KindOf<R>>(to: FunctionReference<unknown, R>, kind: K): KafkaTarget<R[K]>;
export function target(to: FunctionReference<unknown, Anything> | FunctionType): KafkaTarget<unknown>;
export function target(to: FunctionReference<unknown, unknown> | FunctionType, kind?: string): KafkaTarget<never> {
  const name = to instanceof FunctionType ? to.typeName : memberOf(to, "type");
  if (!isTypeName(name)) throw wrongOption(`target() takes a function, made with fn or external, not ${described(to)}`);
  if (kind !== undefined && (typeof kind !== "string" || kind === ""))
    throw wrongOption(`the kind of target() to ${name} is text, such as "greet", not ${described(kind)}`);
  refuseUnaccepted(name, kind, memberOf(memberOf(to, "definition"), "accepts"));
  return { to: name, kind: kind ?? ANY_KIND };
}

/** Functions that are written elsewhere do not say what they accept; those that take whatever comes have no list. */
function refuseUnaccepted(name: TypeName, kind: string | undefined, accepts: unknown): void {
  if (!(accepts instanceof Map) || accepts.has(kind)) return;
  const kinds = [...(accepts as ReadonlyMap<string, unknown>).keys()]; // made by fn
  if (kind === undefined)
    throw wrongOption(`target() needs the kind of message that ${name} gets: ${kinds.join(", ")}`);
  const suggestion = nearest(kind, kinds);
  const hint = suggestion === undefined ? `it accepts ${kinds.join(", ")}` : `did you mean "${suggestion}"?`;
  throw wrongOption(`target() sends "${kind}" to ${name}, which does not accept it: ${hint}`);
}
