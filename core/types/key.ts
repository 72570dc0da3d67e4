/**
 * Keys are compared by value. Numbers, text, bigint and booleans stand for themselves; tuples (arrays) and plain objects are compared through a
 * canonical text, in which the order of fields does not matter.
 *
 * The text is frozen: key groups, and with them saved state, depend on it.
 */
import { MillraceError } from "../util/errors.ts";

/** Keys nest little; deeper means a cycle. */
const DEPTH_MAX = 32;

/** Whether a key is its own canonical form: everything but tuples and plain objects. Says nothing about keys that are refused. */
export function isPrimitiveKey(key: unknown): boolean {
  return (
    typeof key === "string" ||
    typeof key === "boolean" ||
    typeof key === "bigint" ||
    (typeof key === "number" && !Number.isNaN(key))
  );
}

/** Text that is equal for equal keys only. Refuses with `MR4001` what has no value to compare. */
export function canonicalKey(key: unknown): string {
  return canonical(key, 0);
}

/** The error for a key that cannot be one. */
export function refuseKey(key: unknown): never {
  throw new MillraceError("MR4001", `a key cannot be ${describe(key)}: ${advice(key)}`, { retryable: false });
}

function canonical(key: unknown, depth: number): string {
  switch (typeof key) {
    case "string":
      return `s${key.length}:${key}`;
    case "number":
      if (Number.isNaN(key)) refuseKey(key);
      return `n${key};`; // -0 prints as 0
    case "bigint":
      return `i${key};`;
    case "boolean":
      return key ? "t" : "f";
    case "object":
      if (key === null) return refuseKey(key);
      if (depth >= DEPTH_MAX) refuseKey(key);
      return Array.isArray(key) ? canonicalTuple(key, depth) : canonicalObject(key, depth);
    default:
      return refuseKey(key);
  }
}

function canonicalTuple(tuple: readonly unknown[], depth: number): string {
  let text = "[";
  for (const part of tuple) text += canonical(part, depth + 1);
  return `${text}]`;
}

function canonicalObject(key: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(key);
  if (prototype !== Object.prototype && prototype !== null) refuseKey(key);
  if (Object.getOwnPropertySymbols(key).length > 0) refuseKey(key);
  const fields = Object.entries(key).sort(([left], [right]) => (left < right ? -1 : 1));
  let text = "{";
  for (const [name, part] of fields) text += `${name.length}:${name}${canonical(part, depth + 1)}`;
  return `${text}}`;
}

function describe(key: unknown): string {
  if (typeof key !== "object" || key === null)
    return typeof key === "function" || typeof key === "symbol" ? `a ${typeof key}` : String(key);
  const prototype = Object.getPrototypeOf(key) as { constructor?: { name?: string } } | null; // anything may stand there
  if (prototype === null || prototype === Object.prototype)
    return "an object with symbols as names, or nested more than 32 levels deep";
  return Array.isArray(key)
    ? "an array nested more than 32 levels deep"
    : `an instance of ${prototype.constructor?.name ?? "a class"}`;
}

function advice(key: unknown): string {
  if (key === null || key === undefined)
    return 'filter such records out before keyBy, or map them to a value of their own, such as ""';
  if (typeof key === "number") return "filter such records out before keyBy";
  if (key instanceof Date) return "use its time in ms, date.getTime()";
  return "use text, a number, a bigint, a boolean, or an array or plain object of these";
}
