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

export function requireStrategy(strategy: unknown, caller: string): void {
  if (typeof memberOf(strategy, "createGenerator") !== "function")
    refuse("MR1065", `${caller}() takes a WatermarkStrategy, such as WatermarkStrategy.noWatermarks()`);
  refuseAsync(memberOf(strategy, "timestampAssigner"), "timestampAssigner");
}

/** Returns the id of the tag. */
export function requireTag(tag: unknown, caller: string): string {
  const id = memberOf(tag, "id");
  return typeof id === "string"
    ? id
    : refuse("MR1065", `${caller}() takes an OutputTag, made with new OutputTag("name")`);
}

export function requireFunction(value: unknown, caller: string, what: string): void {
  if (typeof value !== "function") refuse("MR1064", `${caller}() takes ${what}, which is a function`);
  refuseAsync(value, caller);
}

/** For what may be a function, an object with a method of the caller's name, or a class of such. */
export function requireCallable(value: unknown, caller: string): void {
  const method = memberOf(value, caller);
  if (typeof value !== "function" && typeof method !== "function")
    refuse("MR1064", `${caller}() takes a function, or an object or class with a method ${caller}()`);
  refuseAsync(method ?? memberOf(memberOf(value, "prototype"), caller) ?? value, caller);
}

/** Nothing waits for its promise: what it emits later would go out under another record's key and time, and what it throws would be lost. */
export function refuseAsync(method: unknown, name: string): void {
  if (!Object.prototype.toString.call(method).startsWith("[object Async")) return;
  refuse(
    "MR1068",
    `${name}() is async, but the way of a record has no place to wait: return the result, not a promise`,
  );
}

export function memberOf(subject: unknown, name: string): unknown {
  if ((typeof subject !== "object" && typeof subject !== "function") || subject === null) return undefined;
  return (subject as Readonly<Record<string, unknown>>)[name]; // any object can be read by name
}
