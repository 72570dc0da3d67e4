/**
 * What the row codec does not take, and where it is: the slow twin of `ValueWriter`, which walks a value in the same order and names the path to the
 * first field that cannot be kept, such as `.orders[3].callback`.
 */
import { MillraceError } from "../util/errors.ts";
import type { ClassRegistry } from "./class-registry.ts";
import * as tags from "./value-tags.ts";

/** In characters. */
const PATH_MAX = 300;

interface Offence {
  readonly path: string;
  readonly what: string;
}

/** The error for a value that the writer refused. */
export function explainRefusal(value: unknown, classes?: ClassRegistry): MillraceError {
  return refusalOf(value, classes) ?? refusal({ path: "", what: "changed while it was written" });
}

/** Undefined if the value can be kept. Costs more than writing it; for development mode and errors. */
export function refusalOf(value: unknown, classes?: ClassRegistry): MillraceError | undefined {
  const offence = new Walk(classes).visit(value, "");
  return offence === undefined ? undefined : refusal(offence);
}

function refusal(offence: Offence): MillraceError {
  const where = offence.path === "" ? "the value" : `the value at \`${shortened(offence.path)}\``;
  return new MillraceError(
    "MR4101",
    `${where} cannot be kept or sent: it is ${offence.what}; use numbers, text, bigint, dates, bytes, plain objects, arrays, Map or Set`,
  );
}

/** Both ends of a path that is too long for a sentence, such as that of a list whose elements are linked. */
function shortened(path: string): string {
  return path.length <= PATH_MAX ? path : `${path.slice(0, PATH_MAX / 2)} … ${path.slice(-PATH_MAX / 2)}`;
}

/** No accessors, symbol keys or hidden fields: what `Object.keys` and reading show is all there is. */
export function hasOnlyPlainFields(value: object, names: readonly string[]): boolean {
  if (Object.getOwnPropertyNames(value).length !== names.length) return false;
  if (Object.getOwnPropertySymbols(value).length > 0) return false;
  for (const name of names) {
    const field = Object.getOwnPropertyDescriptor(value, name);
    if (field === undefined || field.get !== undefined || field.set !== undefined) return false;
  }
  return true;
}

/** `names` are an array's own keys: all of them indexes, and nothing else is there but its length. */
export function hasOnlyElements(value: readonly unknown[], names: readonly string[]): boolean {
  const last = names.at(-1);
  if (last !== undefined && !isIndex(last)) return false; // indexes come first
  if (Object.getOwnPropertyNames(value).length !== names.length + 1) return false;
  if (Object.getOwnPropertySymbols(value).length > 0) return false;
  // An accessor turns the elements into a slow dictionary; nobody pays for this check but those who defined one.
  return (
    names.length === 0 ||
    names.length > 1_024 ||
    names.every((name) => Object.getOwnPropertyDescriptor(value, name)?.get === undefined)
  );
}

/** The prototype that a typed array or DataView of that name has. */
export function viewPrototype(position: number): unknown {
  const name = tags.VIEW_NAMES[position];
  const constructor = name === undefined ? undefined : (globalThis as Record<string, unknown>)[name]; // the names are those of globals
  return typeof constructor === "function" ? constructor.prototype : undefined;
}

function isIndex(name: string): boolean {
  const index = Number(name);
  return index >= 0 && index < 4_294_967_295 && String(index) === name;
}

class Walk {
  readonly #classes: ClassRegistry | undefined;
  readonly #ancestors: object[] = [];

  constructor(classes: ClassRegistry | undefined) {
    this.#classes = classes;
  }

  visit(value: unknown, path: string): Offence | undefined {
    if (typeof value === "function")
      return { path, what: value.name === "" ? "a function" : `the function ${value.name}` };
    if (typeof value === "symbol") return { path, what: "a symbol" };
    if (typeof value !== "object" || value === null) return undefined;
    if (this.#ancestors.includes(value)) return { path, what: "a reference back to what holds it (a cycle)" };
    if (this.#ancestors.length >= tags.DEPTH_MAX)
      return { path, what: `nested more than ${tags.DEPTH_MAX} levels deep` };
    this.#ancestors.push(value);
    const offence = this.#visitObject(value, path);
    this.#ancestors.pop();
    return offence;
  }

  #visitObject(value: object, path: string): Offence | undefined {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#visitFields(value, path);
    if (prototype === Array.prototype && Array.isArray(value)) return this.#visitElements(value, path);
    if (prototype === Date.prototype && value instanceof Date) return undefined;
    if (prototype === Map.prototype && value instanceof Map) return this.#visitMap(value, path);
    if (prototype === Set.prototype && value instanceof Set) return this.#visitAll([...value], path);
    if (prototype === ArrayBuffer.prototype && value instanceof ArrayBuffer) return undefined;
    if (ArrayBuffer.isView(value) && isKnownView(prototype)) return undefined;
    const registered = this.#classes?.ofPrototype(prototype);
    if (registered === undefined) return { path, what: describeInstance(value) };
    return this.visit(registered.toPlain(value), path);
  }

  #visitFields(value: object, path: string): Offence | undefined {
    for (const name of Reflect.ownKeys(value)) {
      const field = Object.getOwnPropertyDescriptor(value, name);
      if (typeof name === "symbol")
        return { path: `${path}[${String(name)}]`, what: "a field with a symbol as its name" };
      const inner = pathTo(path, name);
      if (field?.get !== undefined || field?.set !== undefined)
        return { path: inner, what: "an accessor (get or set)" };
      if (field?.enumerable !== true) return { path: inner, what: "a field that is not enumerable" };
      const offence = this.visit(field.value, inner);
      if (offence !== undefined) return offence;
    }
    return undefined;
  }

  #visitElements(value: readonly unknown[], path: string): Offence | undefined {
    for (const name of Reflect.ownKeys(value)) {
      if (name === "length") continue;
      if (typeof name === "symbol" || !isIndex(name))
        return { path, what: `an array with a field of its own, ${String(name)}` };
      const element = Object.getOwnPropertyDescriptor(value, name);
      if (element?.get !== undefined || element?.set !== undefined)
        return { path: `${path}[${name}]`, what: "an accessor (get or set)" };
      if (element?.enumerable !== true) return { path: `${path}[${name}]`, what: "an element that is not enumerable" };
      const offence = this.visit(element.value, `${path}[${name}]`);
      if (offence !== undefined) return offence;
    }
    return undefined;
  }

  #visitMap(value: ReadonlyMap<unknown, unknown>, path: string): Offence | undefined {
    const keys = this.#visitAll([...value.keys()], `${path}.keys()`);
    if (keys !== undefined) return keys;
    for (const [key, item] of value) {
      const offence = this.visit(item, `${path}.get(${describeKey(key)})`);
      if (offence !== undefined) return offence;
    }
    return undefined;
  }

  #visitAll(items: readonly unknown[], path: string): Offence | undefined {
    for (const [index, item] of items.entries()) {
      const offence = this.visit(item, `${path}[${index}]`);
      if (offence !== undefined) return offence;
    }
    return undefined;
  }
}

function isKnownView(prototype: unknown): boolean {
  if (prototype === Uint8Array.prototype || prototype === Buffer.prototype) return true;
  return tags.VIEW_NAMES.some((_name, position) => viewPrototype(position) === prototype);
}

function pathTo(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

function describeInstance(value: object): string {
  const constructor: unknown = (value as { constructor?: unknown }).constructor; // anything may stand there
  return typeof constructor === "function" && constructor.name !== ""
    ? `an instance of ${constructor.name}`
    : "an instance of a class";
}

function describeKey(key: unknown): string {
  if (typeof key === "string") return JSON.stringify(key);
  return typeof key === "object" && key !== null ? "…" : String(key);
}
