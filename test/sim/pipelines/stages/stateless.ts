/** Stages without state: map, filter, and flatMap by collector and by iterable. */
import type { Collector } from "../../../../core/index.ts";
import { bounded, ofOne, passedOn } from "../stage.ts";
import type { Rec, Stage } from "../stage.ts";

export const MAP: Stage = ofOne({
  facts: (input) => [passedOn(input)],
  code: (input, { a }) => `${input}.map(({ src, key, n }) => ({ src, key, n: bounded(n * 3 + ${a % 10}) }))`,
  build: (stream, { a }) => [stream.map(({ src, key, n }) => ({ src, key, n: bounded(n * 3 + (a % 10)) }))],
  interpret: (records, { a }) => [
    records.map(({ rec, timestampMs }) => ({ rec: { ...rec, n: bounded(rec.n * 3 + (a % 10)) }, timestampMs })),
  ],
});

export const FILTER: Stage = ofOne({
  facts: (input) => [passedOn(input)],
  code: (input, { a }) => `${input}.filter(({ n }) => n % ${2 + (a % 4)} !== 0)`,
  build: (stream, { a }) => [stream.filter(({ n }) => n % (2 + (a % 4)) !== 0)],
  interpret: (records, { a }) => [records.filter(({ rec }) => rec.n % (2 + (a % 4)) !== 0)],
});

export const FLAT_MAP: Stage = ofOne({
  facts: (input) => [passedOn(input)],
  code: (input, { a }) =>
    `${input}.flatMap((r, out) => { for (let i = 0; i < ${a % 4}; i++) out.collect({ ...r, n: bounded(r.n + i) }); })`,
  build: (stream, { a }) => [
    stream.flatMap((record, out: Collector<Rec>) => {
      for (let copy = 0; copy < a % 4; copy += 1) out.collect({ ...record, n: bounded(record.n + copy) });
    }),
  ],
  interpret: (records, { a }) => [
    records.flatMap(({ rec, timestampMs }) =>
      Array.from({ length: a % 4 }, (_, copy) => ({ rec: { ...rec, n: bounded(rec.n + copy) }, timestampMs })),
    ),
  ],
});

export const FLAT_MAP_ITERABLE: Stage = ofOne({
  facts: (input) => [passedOn(input)],
  code: (input, { a }) =>
    `${input}.flatMap(function* (r) { for (let i = ${a % 5}; i > 0; i--) yield { ...r, n: bounded(r.n * i) }; })`,
  build: (stream, { a }) => [
    stream.flatMap(function* (record): Generator<Rec> {
      for (let left = a % 5; left > 0; left -= 1) yield { ...record, n: bounded(record.n * left) };
    }),
  ],
  interpret: (records, { a }) => [
    records.flatMap(({ rec, timestampMs }) =>
      [4, 3, 2, 1]
        .filter((left) => left <= a % 5)
        .map((left) => ({ rec: { ...rec, n: bounded(rec.n * left) }, timestampMs })),
    ),
  ],
});
