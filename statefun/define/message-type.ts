/**
 * What a message, a state, an ingress or an egress is made of: a schema, which checks and may change what comes from outside, or a plain type, which only
 * the compiler sees.
 *
 * Decided: a message is checked once, where it comes in from outside (an ingress, a router, a stream); from function to function it travels unchecked, in
 * the form that the schema made of it. So what comes from outside has the schema's input type, and what functions send each other has its output type.
 */
import { memberOf } from "../../core/api/refuse.ts";
import { isAsync, isStandardSchema, issuesInWords } from "../../core/types/standard-schema.ts";
import type { StandardIssue, StandardSchema } from "../../core/types/standard-schema.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { Check } from "./function-definition.ts";

/** Made by {@link type}. */
export interface PlainType<T> {
  readonly plain: true;
  readonly __value?: T; // carries the type only; never set
}

export type MessageType = StandardSchema | PlainType<unknown>;

/** What a function gets, and what other functions send it. */
export type OutputOf<M> = M extends PlainType<infer T> ? T : M extends StandardSchema<infer _I, infer O> ? O : never;

/** What comes from outside, before the schema has seen it. */
export type InputOf<M> = M extends PlainType<infer T> ? T : M extends StandardSchema<infer I, infer _O> ? I : never;

const PLAIN: PlainType<never> = Object.freeze({ plain: true });

/**
 * A type without a schema: the compiler checks it, the program does not.
 *
 * Shape:  `PlainType<T>`, wherever a schema may stand.
 * Cost:   none; nothing is checked while the job runs, so keep it to values that your own code made.
 * Errors: none.
 * Source: own.
 *
 * @example
 * const counter = fn("docs/counter", {
 *   accepts: { add: type<number>() },
 *   state: { total: value({ default: 0 }) },
 *   handle: {
 *     add(ctx, amount) {
 *       ctx.state.total += amount;
 *     },
 *   },
 * });
 * console.log(counter.at("ann").id);
 */
export function type<T>(): PlainType<T> {
  return PLAIN;
}

export function isMessageType(value: unknown): value is MessageType {
  return memberOf(value, "plain") === true || isStandardSchema(value);
}

/** The check behind a schema; undefined for plain types. `what` begins the sentence of its error, such as `message "greet" of apache/greeter`. */
export function checkOf(messageType: MessageType | undefined, what: string): Check | undefined {
  if (messageType === undefined || !isStandardSchema(messageType)) return undefined;
  const standard = messageType["~standard"];
  return (value) => {
    const result = standard.validate(value);
    if (isAsync(result)) throw asyncSchema(what);
    if (result.issues !== undefined) throw refused(what, result.issues);
    return result.value;
  };
}

function asyncSchema(what: string): MillraceError {
  const sentence = `${what} has a schema that checks asynchronously, and the way of a message has no place to wait: take the asynchronous parts out of the schema`;
  return new MillraceError("MR9011", sentence, { retryable: false });
}

function refused(what: string, issues: readonly StandardIssue[]): MillraceError {
  const sentence = `${what} does not fit its schema: ${issuesInWords(issues)}`;
  return new MillraceError("MR9010", sentence, { retryable: false });
}
