/**
 * The states of one operator: numbered as they are bound, or as a restored file mentions them. A number never changes while the backend lives, so
 * that bytes serialised once stay valid; each file says which numbers stand for which names.
 */
import { MillraceError } from "../../util/errors.ts";
import type { KeyedDescriptor } from "../descriptors.ts";
import type { Ttl } from "../ttl.ts";

export type StateKind = KeyedDescriptor["kind"] | "timers";

export interface StateEntry {
  readonly index: number;
  readonly name: string;
  readonly kind: StateKind;
  readonly namespaced: boolean;
  /** Not bound: what was restored under this name is kept and saved again. */
  bound: boolean;
  /** As declared; undefined: kept for ever, or not bound. */
  ttl: Ttl | undefined;
}

export class StateTable {
  readonly #operatorName: string;
  readonly #entries: StateEntry[] = [];

  constructor(operatorName: string) {
    this.#operatorName = operatorName;
  }

  get operatorName(): string {
    return this.#operatorName;
  }

  get entries(): readonly StateEntry[] {
    return this.#entries;
  }

  /** For a declaration: once per name, and of the kind that was saved. */
  bind(name: string, kind: StateKind, namespaced: boolean): StateEntry {
    const known = this.#find(name, kind);
    if (known?.bound === true) {
      throw new MillraceError("MR4003", `operator "${this.#operatorName}" declares ${describe(name, kind)} twice: give one of them another name`, {
        retryable: false,
      });
    }
    if (known === undefined) return this.#add({ index: this.#entries.length, name, kind, namespaced, bound: true, ttl: undefined });
    this.#refuseOtherKind(known, kind, namespaced);
    known.bound = true;
    return known;
  }

  /** For a restored file. */
  restored(name: string, kind: StateKind, namespaced: boolean): StateEntry {
    const known = this.#find(name, kind);
    if (known === undefined) return this.#add({ index: this.#entries.length, name, kind, namespaced, bound: false, ttl: undefined });
    this.#refuseOtherKind({ name, kind, namespaced }, known.kind, known.namespaced);
    return known;
  }

  /** Timer services have names of their own. */
  #find(name: string, kind: StateKind): StateEntry | undefined {
    return this.#entries.find((entry) => entry.name === name && (entry.kind === "timers") === (kind === "timers"));
  }

  #add(entry: StateEntry): StateEntry {
    this.#entries.push(entry);
    return entry;
  }

  #refuseOtherKind(saved: Pick<StateEntry, "name" | "kind" | "namespaced">, kind: StateKind, namespaced: boolean): void {
    if (saved.kind === kind && saved.namespaced === namespaced) return;
    const was = `${saved.kind}${saved.namespaced ? " per window" : ""}`;
    const is = `${kind}${namespaced ? " per window" : ""}`;
    throw new MillraceError(
      "MR4004",
      `state "${saved.name}" of operator "${this.#operatorName}" was saved as ${was}, but is declared as ${is}: declare it as before, or give it a new name`,
      { retryable: false },
    );
  }
}

function describe(name: string, kind: StateKind): string {
  return kind === "timers" ? `the timer service "${name}"` : `state "${name}"`;
}
