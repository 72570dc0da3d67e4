/** What is made of a window: each kind of function once for the engine, and once for the interpreter. */
import type { AggregateFunction, Collector, DataStream, TimeWindow, WindowedStream } from "../../../../core/index.ts";
import { value } from "../../../../core/index.ts";
import { bounded, own } from "../stage.ts";
import type { Gene, Rec } from "../stage.ts";

export type WindowFunction =
  | "reduce"
  | "aggregate"
  | "aggregate + process"
  | "reduce + process"
  | "process"
  | "aggregate without merge"
  | "process, windowState";

/** For windows of every kind. */
export const ANY_WINDOW = ["reduce", "aggregate", "aggregate + process", "reduce + process", "process"] as const;

/** For windows that do not merge. */
export const GRID_WINDOW: readonly [WindowFunction, ...WindowFunction[]] = [
  ...ANY_WINDOW,
  "aggregate without merge",
  "process, windowState",
];

/** What a result may depend on. */
export interface Firing {
  readonly elements: readonly Rec[];
  /** 0 for windows without a start. */
  readonly startMs: number;
  /** Firings of the key so far, with this one. */
  readonly ofKey: number;
  /** Firings of the key and window so far, with this one. */
  readonly ofWindow: number;
}

/** Where a result belongs. */
type SourceOf = (startMs: number) => string;

interface Sum {
  readonly count: number;
  readonly sum: number;
}

const withoutMerge: AggregateFunction<Rec, Sum, number> = {
  createAccumulator: () => ({ count: 0, sum: 0 }),
  add: ({ n }, { count, sum }) => ({ count: count + 1, sum: sum + n }),
  getResult: ({ count, sum }) => (sum % 10_007) * 1_000 + count,
};

const aggregate: AggregateFunction<Rec, Sum, number> = {
  ...withoutMerge,
  merge: (left, right) => ({ count: left.count + right.count, sum: left.sum + right.sum }),
};

const plus = (left: Rec, right: Rec): Rec => ({ src: "", key: left.key, n: left.n + right.n });

/** Does not depend on the order of what is in the window. */
function mixed(elements: Iterable<Rec>): number {
  const sorted = [...elements].map(({ n }) => n).toSorted((left, right) => left - right);
  return sorted.reduce((total, n) => bounded(total * 3 + n), 0);
}

const startOf = ({ startMs }: TimeWindow): number => (Number.isFinite(startMs) ? startMs : 0);

/** Results as records: `n` says what was in the window, and where it began. */
export function resultsOf<W extends TimeWindow>(
  stream: WindowedStream<string, Rec, W>,
  options: { readonly fn: WindowFunction; readonly gene: Gene; readonly name: string; readonly sourceOf: SourceOf },
): { readonly results: DataStream<Rec>; readonly operator: DataStream<unknown> } {
  const { fn, gene, name, sourceOf } = options;
  const result = (key: string, window: TimeWindow, n: number): Rec => ({
    src: sourceOf(startOf(window)),
    key,
    n: bounded(n * 7 + startOf(window)),
  });
  const alone = (operator: DataStream<Rec>): ReturnType<typeof resultsOf> => {
    own(operator, gene).uid(name);
    return { results: operator, operator };
  };
  switch (fn) {
    case "reduce": {
      const operator = own(stream.reduce(plus), gene).uid(name);
      return {
        operator,
        results: own(
          operator.map(({ key, window, value: { n } }) => result(key, window, n)),
          gene,
        ),
      };
    }
    case "aggregate":
    case "aggregate without merge": {
      const operator = own(stream.aggregate(fn === "aggregate" ? aggregate : withoutMerge), gene).uid(name);
      return {
        operator,
        results: own(
          operator.map(({ key, window, value: n }) => result(key, window, n)),
          gene,
        ),
      };
    }
    case "reduce + process":
      return alone(
        stream.reduce(plus, {
          process: ({ key, window }, elements, out: Collector<Rec>) => {
            for (const { n } of elements) out.collect(result(key, window, n + 1));
          },
        }),
      );
    case "aggregate + process":
      return alone(
        stream.aggregate(aggregate, {
          state: { fired: value({ default: 0 }) },
          process: ({ state, key, window }, [total = 0], out: Collector<Rec>) => {
            state.fired.update(state.fired.value() + 1);
            out.collect(result(key, window, total + state.fired.value()));
          },
        }),
      );
    case "process":
      return alone(
        stream.process({
          process: ({ key, window }, elements, out: Collector<Rec>) =>
            out.collect(result(key, window, mixed(elements))),
        }),
      );
    case "process, windowState":
      return alone(
        stream.process({
          windowState: { fired: value({ default: 0 }) },
          process: ({ windowState, key, window }, elements, out: Collector<Rec>) => {
            windowState.fired.update(windowState.fired.value() + 1);
            out.collect(result(key, window, mixed(elements) + windowState.fired.value()));
          },
        }),
      );
  }
}

/** The number of `resultsOf`, for plain arrays. */
export function interpretResult(fn: WindowFunction, { elements, startMs, ofKey, ofWindow }: Firing): number {
  const sum = elements.reduce((total, { n }) => total + n, 0);
  const aggregated = (sum % 10_007) * 1_000 + elements.length;
  const inner: Readonly<Record<WindowFunction, number>> = {
    reduce: sum,
    aggregate: aggregated,
    "aggregate without merge": aggregated,
    "reduce + process": sum + 1,
    "aggregate + process": aggregated + ofKey,
    process: mixed(elements),
    "process, windowState": mixed(elements) + ofWindow,
  };
  return bounded(inner[fn] * 7 + startMs);
}

/** How they are written. */
export function codeOfResult(fn: WindowFunction): string {
  const [first = "", ...others] = fn.split(/ \+ | without |, /);
  return others.length === 0 ? `${first}()` : `${first}(${others.join(", ").replace("merge", "no merge")})`;
}
