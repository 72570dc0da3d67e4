/** Whether two values are the same to the bit as far as the row codec keeps them: -0, NaN, holes, explicit undefined, field order and prototypes count. */
import { types } from "node:util";

export function deepEquals(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null)
    return Object.is(left, right);
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (left instanceof Date && right instanceof Date) return Object.is(left.getTime(), right.getTime());
  if (left instanceof Map && right instanceof Map) return deepEquals([...left], [...right]);
  if (left instanceof Set && right instanceof Set) return deepEquals([...left], [...right]);
  if (ArrayBuffer.isView(left) && ArrayBuffer.isView(right)) return bytesOf(left).equals(bytesOf(right));
  if (types.isArrayBuffer(left) && types.isArrayBuffer(right)) return Buffer.from(left).equals(Buffer.from(right));
  if (Array.isArray(left) && Array.isArray(right) && left.length !== right.length) return false;
  const names = Reflect.ownKeys(left);
  const others = Reflect.ownKeys(right);
  if (names.length !== others.length) return false;
  return names.every(
    (name, index) => name === others[index] && deepEquals(Reflect.get(left, name), Reflect.get(right, name)),
  );
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}
