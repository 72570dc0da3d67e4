/**
 * Wrong use of the API, found while the graph is built. Building it again would find the same, so no restart helps.
 *
 * The `require…` checks are for callers without a type checker, and for types that were cast.
 */
import { MillraceError } from "../util/errors.ts";
import type { ErrorCode } from "../util/errors.ts";

export function refuse(code: ErrorCode, sentence: string): never {
  throw new MillraceError(code, sentence, { retryable: false });
}

export function requireText(text: string, what: string): string {
  if (typeof text === "string" && text.trim() !== "") return text;
  return refuse("MR1053", `${what}() takes text that is not empty`);
}

/** Sources and sinks are told by what they can make. */
export function requireMethod(value: unknown, method: string, what: string): void {
  if (typeof memberOf(value, method) !== "function") refuse("MR1065", `${what}, an object with ${method}()`);
}

export function requireFunction(value: unknown, caller: string, what: string): void {
  if (typeof value !== "function") refuse("MR1064", `${caller}() takes ${what}, which is a function`);
}

/** For what may be a function, an object with a method of the caller's name, or a class of such. */
export function requireCallable(value: unknown, caller: string): void {
  if (typeof value === "function" || typeof memberOf(value, caller) === "function") return;
  refuse("MR1064", `${caller}() takes a function, or an object or class with a method ${caller}()`);
}

export function memberOf(subject: unknown, name: string): unknown {
  if (typeof subject !== "object" || subject === null) return undefined;
  return (subject as Readonly<Record<string, unknown>>)[name]; // any object can be read by name
}
