/**
 * The states of an operator under test, by name, so that a test can read them for any key.
 *
 * In:    what the operator binds to its backend. Out: the handles that it got.
 * State: the handles; they read and write under the backend's current key, as ever.
 */
import type { KeyedStateBackend } from "../../core/state/keyed-state.ts";

export class BoundState {
  readonly #backend: KeyedStateBackend;
  readonly #handles = new Map<string, unknown>();

  /** Listens to `bind` from now on: each later call leaves its handle here. */
  constructor(backend: KeyedStateBackend) {
    this.#backend = backend;
    const bind = backend.bind.bind(backend);
    backend.bind = (name, descriptor, options) => {
      const handle = bind(name, descriptor, options);
      this.#handles.set(name, handle);
      return handle;
    };
  }

  /** The handle of a state, with `key` as current key: to be used before anything else happens. */
  handle(name: string, key: unknown): unknown {
    if (!this.#handles.has(name)) {
      const known = [...this.#handles.keys()].map((other) => `"${other}"`).join(", ");
      throw new Error(`the operator has no keyed state "${name}", but ${known === "" ? "none at all" : known}`);
    }
    this.#backend.setCurrentKey(key);
    return this.#handles.get(name);
  }
}
