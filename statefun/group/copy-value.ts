/**
 * Copies of messages, so that a receiver sees what was sent, whatever the sender does with the object afterwards.
 *
 * In: any value. Out: an equal one that shares nothing which can be changed. Takes what the engine's codec takes and refuses the rest with its error (`MR4101`), where it is sent
 * and not where it is first written to a file. As in the codec, equal references become copies. Symbol keys and accessors are not looked for, which would cost as much as the copy:
 * an accessor becomes the value that it returns.
 */
import { refusalOf } from "../../core/types/value-codec.ts";
import { DEPTH_MAX } from "../../core/types/value-tags.ts";
import { assert, MillraceError } from "../../core/util/errors.ts";

/** Levels that the runtime puts around a message on its way: records of keys, mails and envelopes, lists of them in a checkpoint. All of it must fit into what the codec takes. */
export const AROUND_MESSAGE = 12;

/** How the parts of something are copied. */
export type CopyPart = (part: unknown, root: unknown, depth: number) => unknown;

/** Hot. Primitives are themselves. For what the runtime has let in already. */
export function copyValue(value: unknown): unknown {
  return copyPart(value, value, 0);
}

/** Hot. The same for what somebody wants to send: it is refused if it is so deep that it could not be saved with what comes around it. */
export function copyMessage(value: unknown): unknown {
  return copyPart(value, value, AROUND_MESSAGE);
}

const copyPart: CopyPart = (value, root, depth) => {
  if (typeof value !== "object") {
    if (typeof value === "function" || typeof value === "symbol") refuse(root);
    return value;
  }
  if (value === null) return null;
  if (depth >= DEPTH_MAX) refuse(root, AROUND_MESSAGE);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return copyFields({ ...value }, root, depth);
  if (prototype === Array.prototype && Array.isArray(value)) return copyElements(value.slice(), root, depth);
  return copySpecial(value, root, depth, copyPart);
};

/** Most fields are primitives and stay as the spread has copied them. */
function copyFields(copy: Record<string, unknown>, root: unknown, depth: number): object {
  for (const name in copy) {
    const field = copy[name];
    if (isPart(field)) copy[name] = copyPart(field, root, depth + 1);
  }
  return copy;
}

function copyElements(copy: unknown[], root: unknown, depth: number): unknown[] {
  for (let index = 0; index < copy.length; index += 1) {
    const element = copy[index];
    if (isPart(element)) copy[index] = copyPart(element, root, depth + 1);
  }
  return copy;
}

/** Whether something cannot simply be shared. */
function isPart(value: unknown): boolean {
  return typeof value === "object" ? value !== null : typeof value === "function" || typeof value === "symbol";
}

/** Everything but arrays and objects of literals; `copy` for what is inside. */
export function copySpecial(value: object, root: unknown, depth: number, copy: CopyPart): object {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype && value instanceof Date) return new Date(value.getTime());
  if (prototype === Map.prototype && value instanceof Map) {
    const made = new Map<unknown, unknown>();
    for (const [key, item] of value) made.set(copy(key, root, depth + 1), copy(item, root, depth + 1));
    return made;
  }
  if (prototype === Set.prototype && value instanceof Set) {
    const made = new Set<unknown>();
    for (const item of value) made.add(copy(item, root, depth + 1));
    return made;
  }
  if (prototype === null) {
    const made = Object.create(null) as Record<string, unknown>; // an object without a prototype is one of fields
    for (const name of Object.keys(value)) {
      made[name] = copy((value as Record<string, unknown>)[name], root, depth + 1); // likewise
    }
    return made;
  }
  if (ArrayBuffer.isView(value)) return copyView(value, root);
  if (prototype === ArrayBuffer.prototype && value instanceof ArrayBuffer) return value.slice(0);
  return refuse(root);
}

/** Of its own bytes only, whatever else the buffer holds. */
function copyView(value: ArrayBufferView, root: unknown): object {
  if (refusalOf(value) !== undefined) refuse(root);
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  const View = value.constructor as new (buffer: ArrayBufferLike) => object; // one of the known views, or it was refused
  return new View(bytes.buffer);
}

/** With the codec's error, which names the path to what cannot be kept. `around`: levels that the codec does not see here, if there are too many. */
export function refuse(root: unknown, around = 0): never {
  const refusal = refusalOf(root);
  if (refusal !== undefined) throw refusal;
  assert(around > 0, "a value that cannot be copied can be written");
  const sentence = `the value cannot be kept or sent: it is nested more than ${DEPTH_MAX - around} levels deep; make it flatter, or send it as text`;
  throw new MillraceError("MR4101", sentence);
}
