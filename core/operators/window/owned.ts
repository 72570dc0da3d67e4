/**
 * Copies of accumulators, made where one object would otherwise be seen from two places that change it.
 *
 * In:  what a user's `merge` or `getResult` gets or returns.
 * Out: the same value where nothing can go wrong (primitives, and for the right side of a merge plain objects of primitives), else a copy.
 *
 * Objects with a prototype of their own are not copied, since nobody knows how: their `merge` must not hand on parts of its arguments.
 */

/** `right` as the second argument of a merge whose result lives on beside it: a merge may hand parts of it to `left`, and change them there later. */
export function mergeable<A>(right: A): A {
  return isFlat(right) ? right : copied(right);
}

/** What `merge(left, right)` returned, no longer the same object as `right`: the next merge may change it. */
export function apart<A>(merged: A, right: A): A {
  return merged === right ? copied(merged) : merged;
}

/** What goes downstream while the accumulator stays: records in flight do not change, accumulators do. */
export function emittable<R>(result: R, accumulator: unknown): R {
  return Object.is(result, accumulator) ? copied(result) : result;
}

function copied<A>(value: A): A {
  return copyOf(value) as A; // copies keep their types
}

function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  if (value instanceof Map) return new Map([...value].map(([key, entry]) => [copyOf(key), copyOf(entry)]));
  if (value instanceof Set) return new Set([...value].map(copyOf));
  if (value instanceof Date) return new Date(value.getTime());
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return structuredClone(value);
  if (!isPlain(value)) return value;
  const copy = { ...value } as Record<string, unknown>; // a plain object
  for (const name in copy) copy[name] = copyOf(copy[name]);
  return copy;
}

function isFlat(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (!isPlain(value)) return false;
  const fields = value as Readonly<Record<string, unknown>>; // a plain object
  for (const name in fields) {
    const field = fields[name];
    if (typeof field === "object" && field !== null) return false;
  }
  return true;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
