/**
 * How a process function declares its state: `state: { seen: value({ default: 0 }), last: value<Date>() }`.
 *
 * A declaration is a plain value. The engine binds it to the operator before the first record, under the name of its property, and hands out
 * handles as `ctx.state.seen`, typed from the declaration.
 */
import { toPositiveMs } from "../util/duration.ts";
import type { Duration } from "../util/duration.ts";
import { MillraceError } from "../util/errors.ts";
import type { AggregatingState, ListState, MapState, OperatorListState, ReducingState, ValueState } from "./handles.ts";

export interface TtlOptions {
  /** How long a value lives after it was last touched. */
  readonly after: Duration;
  /** Which clock counts: the machine's, or the operator's watermark. Default: `"processing"`. */
  readonly time?: "processing" | "event";
  /** What prolongs a life. Default: `"write"`. */
  readonly refresh?: "write" | "read-and-write";
}

export interface KeyedStateOptions {
  /** Each value, list element or map entry expires on its own and is never returned once expired. Errors: `MR1001`, `MR1002`, `MR4008`. Default: kept for ever. */
  readonly ttl?: Duration | TtlOptions;
}

/** Folds values of `I` into an accumulator `A`; the result is made from it when asked for. */
export interface AggregateFunction<I, A, R> {
  createAccumulator(): A;
  /** Returns the new accumulator, which may be the old one, changed. */
  add(value: I, accumulator: A): A;
  getResult(accumulator: A): R;
  /** Needed where accumulators meet: session windows, sliding windows that share slices. May change and return `left`. */
  merge?(left: A, right: A): A;
}

/** The type of a method, which TypeScript compares in both directions: a stream of cats is a stream of animals, although both can be reduced. */
export type ReduceFunction<T> = { reduce(left: T, right: T): T }["reduce"];

export interface ValueDescriptor<T, R> {
  readonly kind: "value";
  readonly default: T | undefined;
  readonly ttl: Duration | TtlOptions | undefined;
  readonly __handle?: ValueState<T, R>; // carries the type only; never set
}
export interface ListDescriptor<T> {
  readonly kind: "list";
  readonly ttl: Duration | TtlOptions | undefined;
  readonly __handle?: ListState<T>;
}
export interface MapDescriptor<K, V> {
  readonly kind: "map";
  readonly ttl: Duration | TtlOptions | undefined;
  readonly __handle?: MapState<K, V>;
}
export interface ReducingDescriptor<T> {
  readonly kind: "reducing";
  readonly reduce: ReduceFunction<T>;
  readonly ttl: Duration | TtlOptions | undefined;
  readonly __handle?: ReducingState<T>;
}
export interface AggregatingDescriptor<I, A, R> {
  readonly kind: "aggregating";
  readonly aggregate: AggregateFunction<I, A, R>;
  readonly ttl: Duration | TtlOptions | undefined;
  readonly __handle?: AggregatingState<I, R>;
}
export interface OperatorListDescriptor<T> {
  readonly kind: "operator-list";
  /** `split`: elements are dealt out evenly on rescale. `union`: every subtask gets all of them. */
  readonly mode: "split" | "union";
  readonly __handle?: OperatorListState<T>;
}

export type KeyedDescriptor =
  | ValueDescriptor<unknown, unknown>
  | ListDescriptor<unknown>
  | MapDescriptor<unknown, unknown>
  | ReducingDescriptor<unknown>
  | AggregatingDescriptor<unknown, unknown, unknown>;

export type StateDescriptor = KeyedDescriptor | OperatorListDescriptor<unknown>;

/** What a function declares under `state`. */
export type StateDeclarations = Readonly<
  Record<string, { readonly kind: StateDescriptor["kind"]; readonly __handle?: unknown }>
>;

/** What it gets as `ctx.state`. */
export type StateHandles<S extends StateDeclarations> = { readonly [N in keyof S]: NonNullable<S[N]["__handle"]> };

/** Refused where it is written, and not when the first task begins. */
function checkedTtl({ ttl }: KeyedStateOptions): Duration | TtlOptions | undefined {
  if (ttl === undefined) return undefined;
  const { after, time, refresh }: TtlOptions = typeof ttl === "object" && ttl !== null ? ttl : { after: ttl };
  toPositiveMs(after, "ttl");
  requireWord("time", time, ["processing", "event"]);
  requireWord("refresh", refresh, ["write", "read-and-write"]);
  return ttl;
}

function requireWord(option: string, word: string | undefined, words: readonly string[]): void {
  if (word === undefined || words.includes(word)) return;
  const sentence = `the ${option} of a ttl is ${words.map((allowed) => JSON.stringify(allowed)).join(" or ")}, not ${JSON.stringify(word)}`;
  throw new MillraceError("MR4008", sentence, { retryable: false });
}

/**
 * Declares one value per key. With a default, `value()` returns that (a fresh copy) until the first `update`; without, `undefined`.
 *
 * Shape:  `ValueState<T>` as `ctx.state.<name>`; `value()` is `T` with a default, and `T | undefined` without.
 * Units:  `ttl` in ms, or text such as `"1h"`. Default: kept for ever.
 * State:  one value for each key that was updated and not cleared.
 * Errors: `MR1001`, `MR1002` the `ttl` is no duration above zero; `MR4008` a word in it that does not exist. All of them while the graph is built.
 * Source: Flink's `ValueStateDescriptor`.
 *
 * @example
 * keyed
 *   .process({
 *     state: { visits: value({ default: 0, ttl: "1d" }) },
 *     processElement(click, ctx, out: Collector<number>) {
 *       ctx.state.visits.update(ctx.state.visits.value() + 1);
 *       out.collect(ctx.state.visits.value());
 *     },
 *   })
 *   .print();
 */
export function value<T>(options: KeyedStateOptions & { readonly default: T }): ValueDescriptor<T, T>;
export function value<T>(options?: KeyedStateOptions): ValueDescriptor<T, T | undefined>;
export function value<T>(
  options: KeyedStateOptions & { readonly default?: T } = {},
): ValueDescriptor<T, T | undefined> {
  return { kind: "value", default: options.default, ttl: checkedTtl(options) };
}

/**
 * Declares a list per key, in order of insertion.
 *
 * Shape:  `ListState<T>` as `ctx.state.<name>`; `get()` is empty where nothing was added.
 * Units:  `ttl` in ms, or text such as `"1h"`, for each element on its own. Default: kept for ever.
 * State:  all elements of each key.
 * Errors: `MR1001`, `MR1002` the `ttl` is no duration above zero; `MR4008` a word in it that does not exist. All of them while the graph is built.
 * Source: Flink's `ListStateDescriptor`.
 *
 * @example
 * keyed
 *   .process({
 *     state: { users: list<string>() },
 *     processElement(click, ctx, out: Collector<string>) {
 *       ctx.state.users.add(click.user);
 *       out.collect(ctx.state.users.get().join(", "));
 *     },
 *   })
 *   .print();
 */
export function list<T>(options: KeyedStateOptions = {}): ListDescriptor<T> {
  return { kind: "list", ttl: checkedTtl(options) };
}

/**
 * Declares a map per key; each entry is looked up, saved and expired on its own. Its keys are such as `keyBy` takes.
 *
 * Shape:  `MapState<K, V>` as `ctx.state.<name>`.
 * Units:  `ttl` in ms, or text such as `"1h"`, for each entry on its own. Default: kept for ever.
 * State:  all entries of each key.
 * Errors: `MR1001`, `MR1002` the `ttl` is no duration above zero; `MR4008` a word in it that does not exist.
 *         While running, `MR4001` a key of the map cannot be compared.
 * Source: Flink's `MapStateDescriptor`.
 *
 * @example
 * keyed
 *   .process({
 *     state: { perUser: map<string, number>() },
 *     processElement(click, ctx, out: Collector<string>) {
 *       const seen = (ctx.state.perUser.get(click.user) ?? 0) + 1;
 *       ctx.state.perUser.put(click.user, seen);
 *       out.collect(`${click.user} on ${ctx.key}: ${seen}`);
 *     },
 *   })
 *   .print();
 */
export function map<K, V>(options: KeyedStateOptions = {}): MapDescriptor<K, V> {
  return { kind: "map", ttl: checkedTtl(options) };
}

/**
 * Declares one value per key that absorbs what is added through `reduce`. The first value added is kept as it is.
 *
 * Shape:  `ReducingState<T>` as `ctx.state.<name>`; `get()` is `undefined` where nothing was added.
 * Units:  `ttl` in ms, or text such as `"1h"`. Default: kept for ever.
 * State:  one value for each key.
 * Errors: `MR1001`, `MR1002` the `ttl` is no duration above zero; `MR4008` a word in it that does not exist. All of them while the graph is built.
 *         What `reduce` throws fails the task.
 * Source: Flink's `ReducingStateDescriptor`.
 *
 * @example
 * keyed
 *   .process({
 *     state: { newestMs: reducing<number>((left, right) => Math.max(left, right)) },
 *     processElement(click, ctx, out: Collector<number>) {
 *       ctx.state.newestMs.add(click.atMs);
 *       out.collect(ctx.state.newestMs.get() ?? 0);
 *     },
 *   })
 *   .print();
 */
export function reducing<T>(reduce: ReduceFunction<T>, options: KeyedStateOptions = {}): ReducingDescriptor<T> {
  return { kind: "reducing", reduce, ttl: checkedTtl(options) };
}

/**
 * Declares one accumulator per key that absorbs what is added through `aggregate`.
 *
 * Shape:  `AggregatingState<I, R>` as `ctx.state.<name>`; `get()` is `undefined` where nothing was added.
 * Units:  `ttl` in ms, or text such as `"1h"`. Default: kept for ever.
 * State:  one accumulator for each key. The result is made anew for each `get()`.
 * Errors: `MR1001`, `MR1002` the `ttl` is no duration above zero; `MR4008` a word in it that does not exist. All of them while the graph is built.
 *         What `aggregate` throws fails the task.
 * Source: Flink's `AggregatingStateDescriptor`.
 *
 * @example
 * const mean = aggregating({
 *   createAccumulator: () => ({ sum: 0, count: 0 }),
 *   add: (n: number, { sum, count }) => ({ sum: sum + n, count: count + 1 }),
 *   getResult: ({ sum, count }) => sum / count,
 * });
 * numbers
 *   .keyBy((n) => n % 2)
 *   .process({
 *     state: { mean },
 *     processElement(n, ctx, out: Collector<number>) {
 *       ctx.state.mean.add(n);
 *       out.collect(ctx.state.mean.get() ?? 0);
 *     },
 *   })
 *   .print();
 */
export function aggregating<I, A, R>(
  aggregate: AggregateFunction<I, A, R>,
  options: KeyedStateOptions = {},
): AggregatingDescriptor<I, A, R> {
  return { kind: "aggregating", aggregate, ttl: checkedTtl(options) };
}

/**
 * Declares a list per subtask, independent of keys; dealt out evenly when the parallelism changes.
 *
 * Shape:  `OperatorListState<T>` as `ctx.state.<name>`, with keys or without.
 * State:  all elements, saved with each checkpoint: keep it small.
 * Errors: none.
 * Source: Flink's `OperatorStateStore#getListState`.
 *
 * @example
 * numbers
 *   .process({
 *     state: { held: operatorList<number>() },
 *     processElement(n, ctx, out: Collector<readonly number[]>) {
 *       ctx.state.held.add(n);
 *       if (ctx.state.held.get().length < 10) return;
 *       out.collect(ctx.state.held.get());
 *       ctx.state.held.update([]);
 *     },
 *   })
 *   .print();
 */
export function operatorList<T>(): OperatorListDescriptor<T> {
  return { kind: "operator-list", mode: "split" };
}

/**
 * Declares a list per subtask; after a restore every subtask gets the elements of all, and takes what it needs.
 *
 * Shape:  `OperatorListState<T>` as `ctx.state.<name>`, with keys or without.
 * State:  all elements, saved with each checkpoint. Replace them with `update`: what is only added to multiplies with each restore.
 * Errors: none.
 * Source: Flink's `OperatorStateStore#getUnionListState`.
 *
 * @example
 * numbers
 *   .process({
 *     state: { highest: unionList<number>() },
 *     processElement(n, ctx, out: Collector<number>) {
 *       const highest = Math.max(n, ...ctx.state.highest.get());
 *       ctx.state.highest.update([highest]);
 *       out.collect(highest);
 *     },
 *   })
 *   .print();
 */
export function unionList<T>(): OperatorListDescriptor<T> {
  return { kind: "operator-list", mode: "union" };
}
