/**
 * Values of functions as JSON, for clients and programs that know nothing of millrace.
 *
 * What JSON has no form for gets one: dates are ISO text, a `bigint` is its digits, bytes are base64, a Set is a list, a Map is an object if its keys are text, and else a list of pairs.
 */

/** `null` where there is nothing, which JSON cannot say. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, inJson) as string | undefined; // undefined for undefined, which its type conceals
  return text ?? "null";
}

/** For `JSON.stringify`. `this` has the part as it is; `part` has gone through its `toJSON`, of which that of bytes is not wanted. */
export function inJson(this: unknown, name: string, part: unknown): unknown {
  const own = (this as Readonly<Record<string, unknown>>)[name]; // JSON.stringify calls it on what holds the part
  if (own instanceof Uint8Array) return Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString("base64");
  if (typeof part === "bigint") return part.toString();
  if (part instanceof Map) return isTextual(part) ? Object.fromEntries(part) : [...part];
  if (part instanceof Set) return [...part];
  if (part instanceof ArrayBuffer) return Buffer.from(part).toString("base64");
  if (ArrayBuffer.isView(part)) return numbersIn(part);
  return part;
}

function isTextual(map: ReadonlyMap<unknown, unknown>): map is ReadonlyMap<string, unknown> {
  return [...map.keys()].every((key) => typeof key === "string");
}

/** Of a typed array. A DataView has no elements. */
function numbersIn(view: ArrayBufferView): unknown {
  if (view instanceof DataView) return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("base64");
  return [...(view as unknown as Iterable<number | bigint>)]; // every other view is iterable
}
