/**
 * A patch: one property of a global or of a builtin module, as it is while simulations run.
 *
 * In:  originals. Out: stand-ins that ask at each call whose code runs, and are the original for everybody else.
 */
import { currentWorld } from "./current-world.ts";
import type { UserWorld } from "./current-world.ts";

export interface Patch {
  readonly target: object;
  readonly key: PropertyKey;
  readonly descriptor: PropertyDescriptor;
}

export type Callable = (...args: never[]) => unknown;

/** What a call does in a world. */
export type Play = (world: UserWorld, args: readonly unknown[]) => unknown;

/** The original with its name and properties, except that a call from a world is played; `properties` are read instead of its own. */
export function played(
  original: Callable,
  play: Play,
  properties: ReadonlyMap<PropertyKey, unknown> = new Map(),
): Callable {
  return new Proxy(original, {
    apply(target, self, args: never[]) {
      const world = currentWorld();
      return world === undefined ? Reflect.apply(target, self, args) : play(world, args);
    },
    get: (target, key) => (properties.has(key) ? properties.get(key) : Reflect.get(target, key)),
  });
}

/** Another value for a property; it can be written and enumerated as before. */
export function valuePatch(target: object, key: PropertyKey, value: unknown): Patch {
  const before = Object.getOwnPropertyDescriptor(target, key);
  return {
    target,
    key,
    descriptor: { value, writable: true, configurable: true, enumerable: before?.enumerable ?? false },
  };
}

/** A method that is played; nothing where this version of Node.js has none. */
export function methodPatch(target: object, key: PropertyKey, play: Play): Patch[] {
  const original: unknown = Reflect.get(target, key);
  return isCallable(original) ? [valuePatch(target, key, played(original, play))] : [];
}

export function isCallable(value: unknown): value is Callable {
  return typeof value === "function";
}
