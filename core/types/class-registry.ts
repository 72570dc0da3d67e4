/**
 * Classes whose instances may be kept as values: each is saved under a name, as a plain value that stands for it.
 *
 * A registry is handed to writers and readers; there is no global one. Instances are recognised by their prototype, so subclasses need their own entry.
 */
import { MillraceError } from "../util/errors.ts";

export interface RegisteredClass<T> {
  /** Saved with every instance: never rename it. */
  readonly name: string;
  readonly prototype: T;
  /** The plain value that is saved; may hold registered instances itself. */
  toPlain(instance: T): unknown;
  fromPlain(plain: unknown): T;
}

export class ClassRegistry {
  readonly #byPrototype = new Map<unknown, RegisteredClass<unknown>>();
  readonly #byName = new Map<string, RegisteredClass<unknown>>();

  register<T>(entry: RegisteredClass<T>): this {
    if (this.#byName.has(entry.name))
      throw new MillraceError("MR4103", `two classes are registered as "${entry.name}": give one another name`);
    const known = entry as RegisteredClass<unknown>; // only ever called with instances found through the prototype
    this.#byName.set(entry.name, known);
    this.#byPrototype.set(entry.prototype, known);
    return this;
  }

  ofPrototype(prototype: unknown): RegisteredClass<unknown> | undefined {
    return this.#byPrototype.get(prototype);
  }

  ofName(name: string): RegisteredClass<unknown> | undefined {
    return this.#byName.get(name);
  }
}
