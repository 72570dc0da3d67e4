/**
 * How a function declares its state: `state: { seenCount: value({ default: 0 }), items: table<string, number>(), log: buffer<string>() }`.
 *
 * A declaration is a plain value. What is not declared cannot be reached: the types have no property for it.
 */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import type { TypeName } from "../address.ts";
import { checkedExpiration } from "./expiration.ts";
import type { Expiration, StateDefinition } from "./function-definition.ts";
import { checkOf, isMessageType } from "./message-type.ts";
import type { MessageType, OutputOf } from "./message-type.ts";
import type { BufferState, TableState } from "./state-views.ts";

export interface StateOptions {
  /** Under which it is saved: keep it, and the property may be renamed. Default: the property. */
  readonly name?: string;
  /** Made by `ttl`. Default: kept for ever. */
  readonly expire?: Expiration;
}

interface SpecParts {
  readonly name: string | undefined;
  readonly expire: Expiration | undefined;
}

/** Made by {@link value}. */
export interface ValueSpec<T> extends SpecParts {
  readonly state: "value";
  readonly default: unknown;
  readonly type: MessageType | undefined;
  readonly __view?: T; // carries the type only, here and below; never set
}
/** Made by {@link table}. */
export interface TableSpec<K, V> extends SpecParts {
  readonly state: "table";
  readonly keyType: MessageType | undefined;
  readonly valueType: MessageType | undefined;
  readonly __view?: TableState<K, V>;
}
/** Made by {@link buffer}. */
export interface BufferSpec<E> extends SpecParts {
  readonly state: "buffer";
  readonly type: MessageType | undefined;
  readonly __view?: BufferState<E>;
}

/** What a function declares under `state`. */
export type StateSpecs = Readonly<
  Record<string, ValueSpec<unknown> | TableSpec<unknown, unknown> | BufferSpec<unknown>>
>;

type ValueNames<S> = { [N in keyof S]: S[N] extends { readonly state: "value" } ? N : never }[keyof S];
type ViewOf<D> =
  D extends ValueSpec<infer T>
    ? T
    : D extends TableSpec<infer K, infer V>
      ? TableState<K, V>
      : D extends BufferSpec<infer E>
        ? BufferState<E>
        : never;

/** What it gets as `ctx.state`: values are read and written as properties, tables and buffers have methods. */
export type StateView<S> = { -readonly [N in ValueNames<S>]: ViewOf<S[N]> } & {
  readonly [N in Exclude<keyof S, ValueNames<S>>]: ViewOf<S[N]>;
};

/**
 * Declares one value per address, read and written as a property of `ctx.state`.
 *
 * Shape:  `T` with a default, and `T | undefined` without; writing `undefined` clears it. What is read is frozen: write a changed copy.
 * Units:  `expire` is made by `ttl`. Default: kept for ever.
 * State:  one value for each address that wrote it, saved when the turn ends well. A schema checks every write, so it must take what it returns.
 * Cost:   with a schema, its check per write; without, none.
 * Errors: `MR9012` the options are none; `MR9013` not an expiration. With a schema, `MR9010` where something is written that does not fit.
 * Source: `PersistedValue` of Flink's Stateful Functions.
 *
 * @example
 * const visits = fn("docs/visits", {
 *   accepts: { visit: type<{ readonly page: string }>() },
 *   state: { count: value({ default: 0, name: "visit-count" }), lastPage: value<string>({ expire: ttl.afterWrite("1d") }) },
 *   handle: {
 *     visit(ctx, { page }) {
 *       ctx.state.count += 1;
 *       ctx.state.lastPage = page;
 *     },
 *   },
 * });
 * console.log(visits.type);
 */
export function value<T>(options: StateOptions & { readonly default: T }): ValueSpec<T>;
export function value<T = unknown>(options?: StateOptions): ValueSpec<T | undefined>;
export function value<M extends MessageType>(
  type: M,
  options: StateOptions & { readonly default: NoInfer<OutputOf<M>> },
): ValueSpec<OutputOf<M>>;
export function value<M extends MessageType>(type: M, options?: StateOptions): ValueSpec<OutputOf<M> | undefined>;
export function value(
  ...given: readonly (MessageType | (StateOptions & { readonly default?: unknown }) | undefined)[]
): ValueSpec<unknown> {
  const { types, options } = partsOf("value", given, 1);
  return { state: "value", ...options, default: options.default, type: types[0] };
}

/**
 * Declares a map per address.
 *
 * Shape:  `TableState<K, V>` as `ctx.state.<name>`: `get`, `set`, `has`, `delete`, iteration in order of insertion.
 * Units:  `expire` is made by `ttl`, for each entry on its own. Default: kept for ever.
 * Cost:   an entry is read and written alone, however long the table is.
 * Errors: `MR9012` the options are none; `MR9013` not an expiration.
 * Source: `PersistedTable` of Flink's Stateful Functions.
 *
 * @example
 * const stock = fn("docs/stock", {
 *   accepts: { restock: type<{ readonly item: string; readonly amount: number }>() },
 *   state: { amounts: table<string, number>() },
 *   handle: {
 *     restock(ctx, { item, amount }) {
 *       ctx.state.amounts.set(item, (ctx.state.amounts.get(item) ?? 0) + amount);
 *     },
 *   },
 * });
 * console.log(stock.type);
 */
export function table<K, V>(options?: StateOptions): TableSpec<K, V>;
export function table<K extends MessageType, V extends MessageType>(
  keyType: K,
  valueType: V,
  options?: StateOptions,
): TableSpec<OutputOf<K>, OutputOf<V>>;
export function table(...given: readonly (MessageType | StateOptions | undefined)[]): TableSpec<unknown, unknown> {
  const { types, options } = partsOf("table", given, 2);
  return { state: "table", name: options.name, expire: options.expire, keyType: types[0], valueType: types[1] };
}

/**
 * Declares a list per address, which is appended to.
 *
 * Shape:  `BufferState<E>` as `ctx.state.<name>`: `push`, `pushAll`, `replace`, iteration, `length`.
 * Units:  `expire` is made by `ttl`, for each element on its own. Default: kept for ever.
 * Cost:   an element is appended without reading the others.
 * Errors: `MR9012` the options are none; `MR9013` not an expiration.
 * Source: `PersistedAppendingBuffer` of Flink's Stateful Functions.
 *
 * @example
 * const history = fn("docs/history", {
 *   accepts: { seen: type<string>() },
 *   state: { pages: buffer<string>() },
 *   handle: {
 *     seen(ctx, page) {
 *       ctx.state.pages.push(page);
 *     },
 *   },
 * });
 * console.log(history.type);
 */
export function buffer<E = unknown>(options?: StateOptions): BufferSpec<E>;
export function buffer<M extends MessageType>(type: M, options?: StateOptions): BufferSpec<OutputOf<M>>;
export function buffer(...given: readonly (MessageType | StateOptions | undefined)[]): BufferSpec<unknown> {
  const { types, options } = partsOf("buffer", given, 1);
  return { state: "buffer", name: options.name, expire: options.expire, type: types[0] };
}

interface GivenParts {
  readonly types: readonly MessageType[];
  readonly options: SpecParts & { readonly default: unknown };
}

/** Types come first, all of them or none; the options may be left out. */
function partsOf(caller: string, given: readonly unknown[], typesMax: number): GivenParts {
  const types = given.slice(0, typesMax).filter(isMessageType);
  const [options = {}, ...rest] = given.slice(types.length);
  const name = memberOf(options, "name");
  const expire = memberOf(options, "expire");
  if (
    rest.length > 0 ||
    (types.length !== 0 && types.length !== typesMax) ||
    typeof options !== "object" ||
    options === null ||
    (name !== undefined && (typeof name !== "string" || name.trim() === ""))
  ) {
    const sentence = `${caller}() takes ${typesMax === 2 ? "a schema of its keys and one of its values, or none, " : "a schema, or none, "}and { name, expire }, in which name is text that is not empty`;
    refuse("MR9012", sentence);
  }
  return {
    types,
    options: {
      name,
      expire: expire === undefined ? undefined : checkedExpiration(expire as Expiration), // which looks at all of it
      default: memberOf(options, "default"),
    },
  };
}

/** What the runtime needs of the declarations of one function. Refuses what no declaration is, and names that two of them share. */
export function stateDefinitionsOf(owner: TypeName, specs: StateSpecs): readonly StateDefinition[] {
  const names = new Map<string, string>();
  return Object.entries(specs).map(([property, spec]) => {
    const definition = stateDefinitionOf(owner, property, spec);
    const other = names.get(definition.name);
    if (other !== undefined)
      refuse(
        "MR9012",
        `${owner} saves "${property}" and "${other}" under one name, "${definition.name}": name them apart`,
      );
    names.set(definition.name, property);
    return definition;
  });
}

function stateDefinitionOf(owner: TypeName, property: string, spec: StateSpecs[string]): StateDefinition {
  const what = `state "${property}" of ${owner}`;
  const refuseSpec = (): never =>
    refuse("MR9012", `${what} is not declared with value(), table() or buffer() of millrace/statefun`);
  if (memberOf(spec, "state") === undefined) refuseSpec();
  const parts = { property, name: spec.name ?? property, expiration: spec.expire };
  switch (spec.state) {
    case "value":
      return { kind: "value", ...parts, default: spec.default, check: checkOf(spec.type, what) };
    case "table": {
      const [checkKey, checkValue] = [
        checkOf(spec.keyType, `a key of ${what}`),
        checkOf(spec.valueType, `a value of ${what}`),
      ];
      return { kind: "table", ...parts, checkKey, checkValue };
    }
    case "buffer":
      return { kind: "buffer", ...parts, check: checkOf(spec.type, `an element of ${what}`) };
    default:
      return refuseSpec();
  }
}
