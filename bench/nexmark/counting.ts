/** How many records a window has, whatever they are. */
import type { AggregateFunction } from "millrace";

export const counting: AggregateFunction<unknown, number, number> = {
  createAccumulator: () => 0,
  add: (_value, seen) => seen + 1,
  getResult: (seen) => seen,
  merge: (left, right) => left + right,
};
