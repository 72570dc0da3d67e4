/** Records with four fields, one of them text, dealt out to all subtasks: what a record costs that changes threads. */
import { defineJob, WatermarkStrategy } from "millrace";
import type { JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { stripes } from "../sources/stripes.ts";

interface Reading {
  readonly key: number;
  readonly ts: number;
  readonly value: number;
  readonly name: string;
}

const START_MS = Date.UTC(2026, 0, 1);
const NAMES: readonly string[] = Array.from({ length: 1_000 }, (_, index) => `sensor-${index}`);

function readingOf(n: number): Reading {
  const key = (n * 7919) % 1_000;
  return { key, ts: START_MS + n, value: n * 0.5, name: NAMES[key] ?? "" };
}

const job: JobDefinition = defineJob("shuffle", (env, args) => {
  env
    .fromSource(stripes(jobArguments(args).records, readingOf), WatermarkStrategy.noWatermarks<Reading>(), "readings")
    .rebalance()
    .discard();
});
export default job;

export const shuffle: BenchCase = {
  name: "shuffle",
  module: import.meta.url,
  records: 20_000_000,
  config: { "execution.checkpointing.interval": "1s" },
};
