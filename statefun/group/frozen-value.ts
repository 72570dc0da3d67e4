/**
 * Values as state holds them: nobody can change them in place, so that what a turn read stays what it was and a change that is not written back is no silent loss but a TypeError.
 *
 * In: what a turn writes, what a restore brought back. Out: frozen values. Plain objects and arrays are frozen; the methods of Map, Set and Date that change them throw; bytes cannot be
 * guarded, so a value with bytes in it is not frozen as a whole and is copied each time it is read. Hence: an object of state is frozen exactly if nothing in it can change.
 * Cost: about 0.1 µs per object written, nothing per read.
 */
import { DEPTH_MAX } from "../../core/types/value-tags.ts";
import { AROUND_MESSAGE, copySpecial, refuse } from "./copy-value.ts";
import type { CopyPart } from "./copy-value.ts";

/** Levels: what is in state can be replied, in an object of states, as a message. */
const AROUND_STATE = AROUND_MESSAGE + 4;

/** A copy that cannot be changed. Refuses with `MR4101` what cannot be saved. */
export function frozenCopy(value: unknown): unknown {
  return freezePart(value, value, AROUND_STATE);
}

/** Hot. What state has, as it is handed out: what came from a checkpoint is frozen when it is first read. */
export function handedOut(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  freezeInPlace(value);
  return Object.isFrozen(value) ? value : freezePart(value, value, 0);
}

/**
 * `Object.assign` and not a spread: freezing what a spread has made takes three times as long (V8 of Node 20). But it would take a field `__proto__`, which `JSON.parse` makes a field like
 * any other, for the prototype.
 */
function copyOfFields(value: object): Record<string, unknown> {
  return Object.hasOwn(value, "__proto__") ? { ...value } : Object.assign<Record<string, unknown>, object>({}, value);
}

const freezePart: CopyPart = (value, root, depth) => {
  if (typeof value !== "object") {
    if (typeof value === "function" || typeof value === "symbol") refuse(root);
    return value;
  }
  if (value === null) return null;
  if (depth >= DEPTH_MAX) refuse(root, AROUND_STATE);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return freezeFields(copyOfFields(value), root, depth);
  if (prototype === Array.prototype && Array.isArray(value)) return freezeElements(value.slice(), root, depth);
  return guard(copySpecial(value, root, depth, freezePart));
};

function freezeFields(copy: Record<string, unknown>, root: unknown, depth: number): object {
  let whole = true;
  for (const name in copy) {
    const field = copy[name];
    if (typeof field !== "object" && typeof field !== "function" && typeof field !== "symbol") continue;
    const part = freezePart(field, root, depth + 1);
    copy[name] = part;
    whole &&= isSolid(part);
  }
  return whole ? Object.freeze(copy) : copy;
}

function freezeElements(copy: unknown[], root: unknown, depth: number): object {
  let whole = true;
  for (let index = 0; index < copy.length; index += 1) {
    const element = copy[index];
    if (typeof element !== "object" && typeof element !== "function" && typeof element !== "symbol") continue;
    const part = freezePart(element, root, depth + 1);
    copy[index] = part;
    whole &&= isSolid(part);
  }
  return whole ? Object.freeze(copy) : copy;
}

function freezeInPlace(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  const parts = partsOf(value);
  for (const part of parts) freezeInPlace(part);
  guard(value);
}

function partsOf(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof Set) return [...value];
  if (value instanceof Date || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return [];
  return Object.values(value);
}

/** Freezes something whose parts are frozen already, if they can be. */
function guard(value: object): object {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value;
  if (value instanceof Map) Object.defineProperties(value, MAP_GUARDS);
  else if (value instanceof Set) Object.defineProperties(value, SET_GUARDS);
  else if (value instanceof Date) Object.defineProperties(value, DATE_GUARDS);
  return partsOf(value).every(isSolid) ? Object.freeze(value) : value;
}

function isSolid(part: unknown): boolean {
  return typeof part !== "object" || part === null || Object.isFrozen(part);
}

function refuseChange(): never {
  throw new TypeError("what was read from state cannot be changed in place: make a changed copy and assign it");
}

const REFUSE: PropertyDescriptor = { value: refuseChange };
const MAP_GUARDS: Readonly<PropertyDescriptorMap> = { set: REFUSE, delete: REFUSE, clear: REFUSE };
const SET_GUARDS: Readonly<PropertyDescriptorMap> = { add: REFUSE, delete: REFUSE, clear: REFUSE };
const DATE_GUARDS: Readonly<PropertyDescriptorMap> = Object.fromEntries(
  Object.getOwnPropertyNames(Date.prototype)
    .filter((name) => name.startsWith("set"))
    .map((name) => [name, REFUSE]),
);
