/** Time made anew in mid-stream. The bound is beyond all timestamps, since splits come here in any order, and none of their records may be late. */
import { WatermarkStrategy } from "../../../../core/index.ts";
import { ofOne, passedOn, pick } from "../stage.ts";
import type { Rec, Stage } from "../stage.ts";

interface Times {
  readonly code: string;
  timeOf(rec: Rec, timestampMs: number): number;
}

const TIMES: readonly [Times, ...Times[]] = [
  { code: "ms", timeOf: (_rec, ms) => ms },
  { code: "ms + n % 50", timeOf: ({ n }, ms) => ms + (n % 50) },
  { code: "n % 500 - 250", timeOf: ({ n }) => (n % 500) - 250 },
];

export const TIMESTAMPS: Stage = ofOne({
  facts: (input) => [{ ...passedOn(input), spaced: true }],
  code: (input, { a }) =>
    `${input}.assignTimestampsAndWatermarks(forBoundedOutOfOrderness("10s").withTimestampAssigner(({ n }, ms) => ${pick(TIMES, a).code}))`,
  build: (stream, { a }, name) => {
    const bounded = WatermarkStrategy.forBoundedOutOfOrderness<Rec>("10s");
    const strategy =
      a % TIMES.length === 0
        ? bounded
        : bounded.withTimestampAssigner<Rec>((rec, ms) => pick(TIMES, a).timeOf(rec, ms));
    return [stream.assignTimestampsAndWatermarks(strategy).uid(name)];
  },
  interpret: (records, { a }) => [
    records.map(({ rec, timestampMs }) => ({ rec, timestampMs: pick(TIMES, a).timeOf(rec, timestampMs) })),
  ],
});
