/**
 * The states of one operator: numbered as they are bound, or as a restored file mentions them. A number never changes while the backend lives, so
 * that bytes serialised once stay valid; each file says which numbers stand for which names.
 */
import { MillraceError } from "../../util/errors.ts";
import type { KeyedDescriptor } from "../descriptors.ts";
import type { Ttl } from "../ttl.ts";

export type StateKind = KeyedDescriptor["kind"] | "timers";

/** The slot of the state whose values stand in the rows themselves. */
export const IN_ROW = -1;

export interface StateEntry {
  /** In files. */
  readonly index: number;
  /** Where rows have its containers, or `IN_ROW`. */
  readonly slot: number;
  readonly name: string;
  readonly kind: StateKind;
  readonly namespaced: boolean;
  /** Not bound: what was restored under this name is kept and saved again. */
  bound: boolean;
  /** As declared; undefined: kept for ever, or not bound. */
  ttl: Ttl | undefined;
}

type Declared = Pick<StateEntry, "name" | "kind" | "namespaced">;

export class StateTable {
  readonly #operatorName: string;
  readonly #entries: StateEntry[] = [];
  #inRow: StateEntry | undefined = undefined;

  constructor(operatorName: string) {
    this.#operatorName = operatorName;
  }

  get operatorName(): string {
    return this.#operatorName;
  }

  get entries(): readonly StateEntry[] {
    return this.#entries;
  }

  /** The state whose values stand in the rows: the first that has just one per key. */
  get inRow(): StateEntry | undefined {
    return this.#inRow;
  }

  /** For a declaration: once per name, and of the kind that was saved. */
  bind(name: string, kind: StateKind, namespaced: boolean): StateEntry {
    const known = this.#find(name, kind);
    if (known?.bound === true) {
      throw new MillraceError(
        "MR4003",
        `operator "${this.#operatorName}" declares ${describe(name, kind)} twice: give one of them another name`,
        {
          retryable: false,
        },
      );
    }
    if (known === undefined) return this.#add({ name, kind, namespaced }, { bound: true });
    this.#refuseOtherKind(known, kind, namespaced);
    known.bound = true;
    return known;
  }

  /** For a restored file. */
  restored(name: string, kind: StateKind, namespaced: boolean): StateEntry {
    const known = this.#find(name, kind);
    if (known === undefined) return this.#add({ name, kind, namespaced }, { bound: false });
    this.#refuseOtherKind({ name, kind, namespaced }, known.kind, known.namespaced);
    return known;
  }

  /** Timer services have names of their own. */
  #find(name: string, kind: StateKind): StateEntry | undefined {
    return this.#entries.find((entry) => entry.name === name && (entry.kind === "timers") === (kind === "timers"));
  }

  #add(declared: Declared, options: { readonly bound: boolean }): StateEntry {
    const index = this.#entries.length;
    const inRow = this.#inRow === undefined && !declared.namespaced && hasOneValue(declared.kind);
    const slot = inRow ? IN_ROW : this.#inRow === undefined ? index : index - 1;
    const entry: StateEntry = { index, slot, ...declared, bound: options.bound, ttl: undefined };
    this.#entries.push(entry);
    if (inRow) this.#inRow = entry;
    return entry;
  }

  #refuseOtherKind(saved: Declared, kind: StateKind, namespaced: boolean): void {
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

function hasOneValue(kind: StateKind): boolean {
  return kind === "value" || kind === "reducing" || kind === "aggregating";
}

function describe(name: string, kind: StateKind): string {
  return kind === "timers" ? `the timer service "${name}"` : `state "${name}"`;
}
