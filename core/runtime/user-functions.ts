/**
 * The user's functions of one operator: instantiated, opened before the operator exists, closed after it.
 *
 * A class is instantiated once per subtask; functions and objects are shared by the subtasks of a thread. There are no factories: nothing tells one from a
 * plain function, and a class does the same.
 */
import type { LifeCycle, RuntimeContext } from "../operators/contracts/functions.ts";

export class UserFunctions {
  readonly instances: Readonly<Record<string, unknown>>;
  readonly #closeable: LifeCycle[];

  constructor(functions: Readonly<Record<string, unknown>>) {
    this.instances = Object.fromEntries(Object.entries(functions).map(([name, given]) => [name, instantiate(given)]));
    this.#closeable = [];
  }

  /** Opens all, one after the other. The only engine code that awaits user code before the first record. */
  async open(context: RuntimeContext): Promise<void> {
    for (const instance of Object.values(this.instances)) {
      if (!hasLifeCycle(instance)) continue;
      this.#closeable.push(instance);
      await instance.open?.(context);
    }
  }

  /** Closes those that were opened, even if one throws; returns the first error. */
  async close(): Promise<unknown> {
    let firstError: unknown;
    for (const instance of this.#closeable.splice(0).reverse()) {
      try {
        await instance.close?.();
      } catch (error) {
        firstError ??= error;
      }
    }
    return firstError;
  }

  /** Whether `open` has nothing to do, so that nobody needs to wait for it. */
  get synchronous(): boolean {
    return !Object.values(this.instances).some((instance) => hasLifeCycle(instance) && instance.open !== undefined);
  }

  /** Marks all as opened where `synchronous` said that there is nothing to await. */
  openNothing(): void {
    for (const instance of Object.values(this.instances)) if (hasLifeCycle(instance)) this.#closeable.push(instance);
  }
}

function hasLifeCycle(instance: unknown): instance is LifeCycle {
  return typeof instance === "object" && instance !== null && ("open" in instance || "close" in instance);
}

function instantiate(given: unknown): unknown {
  return isClass(given) ? new given() : given;
}

/** Classes cannot be called, plain functions cannot tell that they should not be: the source text is the only witness. */
function isClass(given: unknown): given is new () => unknown {
  return typeof given === "function" && /^class\b/.test(Function.prototype.toString.call(given));
}
