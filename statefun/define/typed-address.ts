/**
 * Addresses and egresses that know what may be sent to them. At run time they are the plain data of `address.ts`; everything else is for the compiler.
 *
 * `M` maps each kind of message to what the function gets, `R` to what may come from outside, which differs where a schema changes what it checks.
 */
import { memberOf } from "../../core/api/refuse.ts";
import { described, MillraceError } from "../../core/util/errors.ts";
import { requireTypeName } from "../address.ts";
import type { Address, TypeName } from "../address.ts";
import type { EgressTarget } from "./function-context.ts";
import type { FunctionType } from "./function-type.ts";

/** Kinds of messages with the type of each. */
export type Messages = Readonly<Record<string, unknown>>;

declare const ANYTHING: unique symbol;

/** The messages of functions that take whatever comes: any kind, or none. */
export interface Anything {
  readonly [ANYTHING]: true;
  readonly [kind: string]: unknown;
}

/** The kinds of `M` that can be written down. */
export type KindOf<M> = keyof M & string;

/** Whoever takes messages takes no less than all of their type: so an address may be given where fewer kinds are asked for, but not where less is sent. */
type Takes<M> = { readonly [K in keyof M]: (value: M[K]) => void };

/** An address with the messages that its function accepts. An address without them, such as `ctx.caller`, takes any. */
export interface TypedAddress<M = Messages, R = M> extends Address {
  readonly __messages?: Takes<M>; // both carry types only; never set
  readonly __fromOutside?: Takes<R>;
}

/** An egress with the type of its values. */
export interface TypedEgress<in T> extends EgressTarget {
  readonly __value?: (value: T) => void; // carries the type only; never set
}

/** A function as those see it who send to it. `fn`, `external` make them. */
export interface FunctionReference<M, R = M> {
  readonly type: TypeName;
  /** The instance of that id. Instances need not be made. */
  at(id: string): TypedAddress<M, R>;
  /** Whether an address, such as that of the caller, is one of this function. */
  is(address: Address | undefined): address is TypedAddress<M, R>;
}

/** The typed address of a function's instances: `AddressFor<typeof greeter>`, for fields of messages and state. */
export type AddressFor<F> = F extends FunctionReference<infer M, infer R> ? TypedAddress<M, R> : never;

/**
 * The address of one instance, by the name of its type: for types that only the running program knows.
 *
 * Shape:  `TypedAddress`; `addressOf<typeof greeter>(...)` says whose messages it takes, otherwise it takes any.
 * Errors: `MR9001` the type is no name; `MR9002` the id is no text.
 * Source: `new Address(type, id)` of Flink's Stateful Functions.
 *
 * @example
 * const address = addressOf("apache/greeter", "ann");
 * console.log(address.type, address.id);
 */
export function addressOf<F extends FunctionReference<unknown> = FunctionReference<Messages>>(
  functionType: TypeName | FunctionType,
  id: string,
): AddressFor<F> {
  const name = typeof functionType === "string" ? functionType : memberOf(functionType, "typeName");
  return address(requireTypeName(name, "function"), id) as AddressFor<F>; // the type argument is the caller's word
}

/**
 * A function that is written elsewhere, with the messages it accepts: what `fn` returns, without the code.
 *
 * Shape:  `FunctionReference`; `.at(id)` is an address.
 * Errors: `MR9001` the type is no name.
 * Source: own.
 *
 * @example
 * const stock = external<{ reserve: { readonly amount: number } }>("shop/stock");
 * const buyer = fn("shop/buyer", {
 *   accepts: { buy: type<string>() },
 *   handle: {
 *     buy(ctx, item) {
 *       ctx.send(stock.at(item), "reserve", { amount: 1 });
 *     },
 *   },
 * });
 * console.log(buyer.type);
 */
export function external<M extends object>(functionType: TypeName): FunctionReference<M> {
  return reference<M, M>(functionType);
}

export function reference<M, R>(functionType: TypeName): FunctionReference<M, R> {
  const name = requireTypeName(functionType, "function");
  return {
    type: name,
    at: (id) => address(name, id),
    is: (candidate): candidate is TypedAddress<M, R> => candidate?.type === name,
  };
}

/** For callers without a type checker, and for what came as JSON. Hot: looks at what the two are, and no further. */
export function requireAddress(given: Address): Address {
  if (typeof given?.type === "string" && typeof given.id === "string") return given;
  return address(requireTypeName(given?.type, "function"), given?.id);
}

function address(name: TypeName, id: unknown): Address {
  if (typeof id === "string") return { type: name, id };
  const sentence = `the id of an address of ${name} is text, not ${described(id)}: write String(...) around it`;
  throw new MillraceError("MR9002", sentence, { retryable: false });
}
