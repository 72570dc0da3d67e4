/**
 * The state of one instance, read from outside of a turn: values as they are, tables as maps, buffers as arrays.
 *
 * In: what a function declares, bound to keyed state. Out: plain values that are nobody else's, frozen where they can be.
 */
import { list, map, value } from "../../core/state/descriptors.ts";
import type { KeyedState } from "../../core/state/keyed-state.ts";
import type { TypeName } from "../address.ts";
import type { FunctionDefinition, StateDefinition } from "../define/function-definition.ts";
import type { BufferSpec, TableSpec, ValueSpec } from "../define/state-specs.ts";
import { frozenCopy, handedOut } from "../group/frozen-value.ts";
import { lifetimeOf, savedName } from "../group/saved-names.ts";

type Read<D> =
  D extends ValueSpec<infer T>
    ? T
    : D extends TableSpec<infer K, infer V>
      ? ReadonlyMap<K, V>
      : D extends BufferSpec<infer E>
        ? readonly E[]
        : unknown;

/** A property per declared state `S`: the value or its default, the entries of a table, the elements of a buffer. */
export type InstanceState<S> = unknown extends S
  ? Readonly<Record<string, unknown>>
  : { readonly [N in keyof S]: Read<S[N]> };

/** One state of a function, bound. */
export interface PartOfState {
  readonly property: string;
  /** Of the current key; undefined: there is nothing. */
  read(): unknown;
  /** What is shown while there is nothing. */
  empty(): unknown;
}

/** Binds the states of a function to what was saved of them, or would have been. */
export function bindParts(
  { type, state }: Pick<FunctionDefinition, "type" | "state">,
  keyedState: KeyedState,
): readonly PartOfState[] {
  return state.map((definition) => bindPart(type, definition, keyedState));
}

/** The state of the current key; undefined: it has none at all. */
export function readParts(parts: readonly PartOfState[]): Record<string, unknown> | undefined {
  let exists = false;
  const entries = parts.map((part) => {
    const found = part.read();
    exists ||= found !== undefined;
    return [part.property, found === undefined ? part.empty() : found] as const;
  });
  return exists ? Object.fromEntries(entries) : undefined;
}

/** What an instance without state has. */
export function emptyState(parts: readonly PartOfState[]): Record<string, unknown> {
  return Object.fromEntries(parts.map((part) => [part.property, part.empty()]));
}

function bindPart(type: TypeName, definition: StateDefinition, keyedState: KeyedState): PartOfState {
  const { property, expiration } = definition;
  const name = savedName(type, definition.name);
  switch (definition.kind) {
    case "value": {
      const state = keyedState.value(name, value<unknown>(lifetimeOf(expiration)));
      const shown = frozenCopy(definition.default);
      return { property, read: () => handedOut(state.peek()), empty: () => handedOut(shown) };
    }
    case "table": {
      const state = keyedState.map(name, map<unknown, unknown>(lifetimeOf(expiration)));
      const read = (): unknown => {
        const entries = [...state.entries()].map(([key, item]) => [handedOut(key), handedOut(item)] as const);
        return entries.length === 0 ? undefined : new Map(entries);
      };
      return { property, read, empty: () => new Map() };
    }
    case "buffer": {
      const state = keyedState.list(name, list<unknown>(lifetimeOf(expiration)));
      const read = (): unknown => {
        const elements = state.get().map(handedOut);
        return elements.length === 0 ? undefined : elements;
      };
      return { property, read, empty: () => [] };
    }
  }
}
