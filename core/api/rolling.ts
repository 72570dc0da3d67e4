/**
 * The functions behind `sum`, `min`, `max`, `minBy` and `maxBy`: each folds the elements of a key, one result per element.
 *
 * By a field, the result is a whole element; by a selector, `sum`, `min` and `max` give the number alone.
 */
import type {
  Collector,
  KeyedProcessContext,
  KeyedProcessFunction,
  LifeCycle,
} from "../operators/contracts/functions.ts";
import { value } from "../state/descriptors.ts";
import type { ReduceFunction, ValueDescriptor } from "../state/descriptors.ts";

/** Two elements in, one out: a function, or an object with that method. It returns a new element instead of changing one. */
export type Reducer<T> = ReduceFunction<T> | ({ reduce(left: T, right: T): T } & LifeCycle);

/** What has an order that `<` knows. */
export type Comparable = number | bigint | string | Date;

/** Returns the new value of a field from the earlier one and that of the element at hand. */
export type FoldNumber = (left: number, right: number) => number;

export const ADD: FoldNumber = (left, right) => left + right;
/** The first wins: of equal numbers, and over NaN. */
export const LOWER: FoldNumber = (left, right) => (right < left ? right : left);
export const HIGHER: FoldNumber = (left, right) => (right > left ? right : left);

/** The earlier element with one field replaced; class instances become plain objects. */
export function foldField<T>(field: string, fold: FoldNumber): ReduceFunction<T> {
  const numberOf = (element: T): number => (element as Readonly<Record<string, number>>)[field] as number; // `sum` and its like take only such fields
  return (left, right) => ({ ...left, [field]: fold(numberOf(left), numberOf(right)) });
}

/** One of the two elements; the earlier one if they are equal. */
export function pickBy<T>(by: (element: T) => Comparable, wanted: "lowest" | "highest"): ReduceFunction<T> {
  return wanted === "lowest"
    ? (left, right) => (by(right) < by(left) ? right : left)
    : (left, right) => (by(right) > by(left) ? right : left);
}

export function comparableOf<T>(by: string | ((element: T) => Comparable)): (element: T) => Comparable {
  return typeof by === "function"
    ? by
    : (element) => (element as Readonly<Record<string, Comparable>>)[by] as Comparable; // `minBy` and `maxBy` take only such fields
}

/** State of {@link foldSelected}. */
export interface FoldedState extends Readonly<Record<string, ValueDescriptor<number, number | undefined>>> {
  readonly folded: ValueDescriptor<number, number | undefined>;
}

/** Folds what `select` returns. */
export function foldSelected<K, T>(
  select: (element: T) => number,
  fold: FoldNumber,
): KeyedProcessFunction<K, T, number, FoldedState> {
  return {
    state: { folded: value<number>() },
    processElement(element: T, ctx: KeyedProcessContext<K, FoldedState>, out: Collector<number>): void {
      const earlier = ctx.state.folded.value();
      const selected = select(element);
      const folded = earlier === undefined ? selected : fold(earlier, selected);
      ctx.state.folded.update(folded);
      out.collect(folded);
    },
  };
}
