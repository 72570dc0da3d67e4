/** What a value takes on the heap, roughly: for budgets, which need no more than the right order of magnitude. Costs a walk over the value. */

const OBJECT = 32;
const FIELD = 16;
const DEPTH_MAX = 500;

export function estimateBytes(value: unknown, depth = 0): number {
  if (typeof value === "string") return 16 + value.length;
  if (typeof value !== "object" || value === null || depth > DEPTH_MAX) return FIELD;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return OBJECT + value.byteLength;
  let bytes = OBJECT;
  if (value instanceof Map) {
    for (const [key, item] of value) bytes += estimateBytes(key, depth + 1) + estimateBytes(item, depth + 1);
  } else {
    const items: readonly unknown[] = value instanceof Set ? [...value] : Object.values(value);
    for (const item of items) bytes += FIELD + estimateBytes(item, depth + 1);
  }
  return bytes;
}
