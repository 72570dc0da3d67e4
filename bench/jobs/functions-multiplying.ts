/**
 * Functions that send more than they receive: each message makes two, to itself and to another, until it has gone around often enough. What waits grows far beyond the 64 MB that the loop has, and
 * goes to disk and comes back. Checked: every message had its turn.
 */
import { defineJob } from "millrace";
import type { JobDefinition } from "millrace";
import { fn, routable, statefun, type, value } from "millrace/statefun";
import type { StatefulFn } from "millrace/statefun";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";

/** Of each message from outside: itself, its two, their two, … */
const GENERATIONS = 20;
const MESSAGES_EACH = 2 ** (GENERATIONS + 1) - 1;
const ADDRESSES = 10_000;
const NAMES: readonly string[] = Array.from({ length: ADDRESSES }, (_, index) => `cell-${index}`);

interface Split {
  readonly generation: number;
  readonly at: number;
  /** So that a message is no smaller than they usually are. */
  readonly note: string;
}

const cell: StatefulFn<{ readonly split: Split }> = fn("bench/cell", {
  accepts: { split: type<Split>() },
  state: { turns: value({ default: 0 }) },
  handle: {
    split(ctx, { generation, at, note }) {
      ctx.state.turns += 1;
      if (generation === GENERATIONS) return;
      ctx.send(cell.at(NAMES[at] ?? ""), "split", { generation: generation + 1, at, note });
      const other = (at * 7 + generation + 1) % ADDRESSES;
      ctx.send(cell.at(NAMES[other] ?? ""), "split", { generation: generation + 1, at: other, note });
    },
  },
});

const job: JobDefinition = defineJob("functions-multiplying", (env, args) => {
  const { records } = jobArguments(args);
  const first = env.fromSequence(1, Math.max(1, Math.round(records / MESSAGES_EACH))).map((n) =>
    routable(cell.at(NAMES[n % ADDRESSES] ?? ""), "split", {
      generation: 0,
      at: n % ADDRESSES,
      note: `first of ${n}, with some text`,
    }),
  );
  statefun(env).from(first).functions(cell).build();
});
export default job;

export const functionsMultiplying: BenchCase = {
  name: "functions: each message makes two, loop of 64 MB",
  module: import.meta.url,
  records: 8_400_000,
  config: { "execution.checkpointing.interval": "10s", "statefun.feedback.memory.size": 67_108_864 },
};
