/** Rolling folds of a key: reduce, and the aggregations by field and by selector; one result for each record. */
import type { DataStream, KeyedStream } from "../../../../core/index.ts";
import { grouped } from "../naive.ts";
import { bounded, byOrigin, ofOne, own, ownCode, pick } from "../stage.ts";
import type { Rec, Stage, Timed } from "../stage.ts";

type Keyed = KeyedStream<string, Rec>;

interface Fold {
  readonly code: string;
  build(stream: Keyed): DataStream<Rec>;
  /** What comes out for the last of these. */
  of(records: readonly Rec[], first: Rec): Rec;
}

const mixed = (left: Rec, right: Rec): Rec => ({ ...left, n: bounded(left.n * 3 + right.n) });
const numbers = (records: readonly Rec[]): number[] => records.map(({ n }) => n);
/** A field that several records share, so that it matters which of them is kept. */
const rest = ({ n }: Rec): number => n % 5;

const FOLDS: readonly [Fold, ...Fold[]] = [
  {
    code: "reduce((l, r) => ({ ...l, n: bounded(l.n * 3 + r.n) }))",
    build: (stream) => stream.reduce(mixed),
    of: ([, ...others], first) => others.reduce(mixed, first),
  },
  {
    code: 'sum("n")',
    build: (stream) => stream.sum("n"),
    of: (records, first) => ({ ...first, n: numbers(records).reduce((total, n) => total + n, 0) }),
  },
  {
    code: 'min("n")',
    build: (stream) => stream.min("n"),
    of: (records, first) => ({ ...first, n: Math.min(...numbers(records)) }),
  },
  {
    code: 'max("n")',
    build: (stream) => stream.max("n"),
    of: (records, first) => ({ ...first, n: Math.max(...numbers(records)) }),
  },
  {
    code: "minBy(({ n }) => n % 5)",
    build: (stream) => stream.minBy(rest),
    of: (records, first) => records.find((one) => rest(one) === Math.min(...records.map(rest))) ?? first,
  },
  {
    code: "maxBy(({ n }) => n % 5)",
    build: (stream) => stream.maxBy(rest),
    of: (records, first) => records.find((one) => rest(one) === Math.max(...records.map(rest))) ?? first,
  },
];

export const ROLLING: Stage = ofOne({
  facts: ({ ordered, spaced }, { parallelism }) =>
    ordered ? [{ ordered: true, loose: parallelism > 0, spaced }] : undefined,
  code: (input, gene) =>
    `${input}.keyBy(byOrigin).${pick(FOLDS, gene.a).code}${ownCode(gene)}.map((r) => ({ ...r, n: bounded(r.n) }))`,
  build: (stream, gene, name) => {
    const rolled = own(pick(FOLDS, gene.a).build(stream.keyBy(byOrigin)), gene).uid(name);
    return [
      own(
        rolled.map(({ src, key, n }) => ({ src, key, n: bounded(n) })),
        gene,
      ),
    ];
  },
  interpret: (records, { a }) => [
    [...grouped(records, ({ rec }) => byOrigin(rec)).values()].flatMap((group) => rolled(group, pick(FOLDS, a))),
  ],
});

function rolled(group: readonly Timed[], fold: Fold): Timed[] {
  return group.map(({ timestampMs }, at) => {
    const soFar = group.slice(0, at + 1).map(({ rec }) => rec);
    const made = fold.of(soFar, soFar[0] ?? { src: "", key: "", n: 0 });
    return { rec: { ...made, n: bounded(made.n) }, timestampMs };
  });
}

/** By selector the numbers come alone, so that nobody knows whose they are. */
export const ROLLING_NUMBER: Stage = ofOne({
  facts: ({ ordered, spaced }) => (ordered ? [{ ordered: false, loose: false, spaced }] : undefined),
  code: (input, gene, name) =>
    `${input}.keyBy(byOrigin).${pick(SELECTS, gene.a)}(({ n }) => n % 100)${ownCode(gene)}.map((n) => ({ src: "${name}", key: "", n }))`,
  build: (stream, gene, name) => {
    const keyed = stream.keyBy(byOrigin);
    const kind = pick(SELECTS, gene.a);
    return [
      own(
        keyed[kind](({ n }: Rec) => n % 100),
        gene,
      )
        .uid(name)
        .map((n) => ({ src: name, key: "", n })),
    ];
  },
  interpret: (records, { a }, name) => [
    [...grouped(records, ({ rec }) => byOrigin(rec)).values()].flatMap((group) =>
      group.map(({ timestampMs }, at) => {
        const soFar = group.slice(0, at + 1).map(({ rec }) => rec.n % 100);
        const sum = soFar.reduce((total, n) => total + n, 0);
        const n = { sum, min: Math.min(...soFar), max: Math.max(...soFar) }[pick(SELECTS, a)];
        return { rec: { src: name, key: "", n }, timestampMs };
      }),
    ),
  ],
});

const SELECTS = ["sum", "min", "max"] as const;
