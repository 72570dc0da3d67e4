/** One query of Nexmark over the events of its generator, or the generator alone, whose time the table takes off all the others. */
import { defineJob } from "millrace";
import type { JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { QUERIES } from "../nexmark/queries/index.ts";
import { nexmarkEvents } from "../nexmark/source.ts";

export const GENERATOR_ALONE = "nexmark: generator alone";

const job: JobDefinition = defineJob("nexmark", (env, args) => {
  const { records, own } = jobArguments(args);
  const [query = ""] = own;
  const events = nexmarkEvents(env, { events: records });
  const results = QUERIES[query]?.(events) ?? events;
  results.discard();
});
export default job;

function nexmarkCase(name: string, records: number, query?: string): BenchCase {
  return {
    name,
    module: import.meta.url,
    records,
    args: query === undefined ? [] : [query],
    config: { "execution.checkpointing.interval": "1s" },
  };
}

/** Fewer where an event costs more, so that each takes some seconds. */
const LIGHT = 20_000_000;
const HEAVY = 6_000_000;
const IS_LIGHT: ReadonlySet<string> = new Set(["q0", "q1", "q2", "q3", "q8"]);

export const nexmarkCases: readonly BenchCase[] = [
  nexmarkCase(GENERATOR_ALONE, LIGHT),
  ...Object.keys(QUERIES).map((query) => nexmarkCase(`nexmark ${query}`, IS_LIGHT.has(query) ? LIGHT : HEAVY, query)),
];
