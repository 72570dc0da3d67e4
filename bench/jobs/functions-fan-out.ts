/** One message makes three, each of which is answered: seven messages per question, and a count of the answers. At parallelism 2 half of those between functions change threads. */
import { defineJob } from "millrace";
import type { JobDefinition } from "millrace";
import { fn, routable, statefun, type, value } from "millrace/statefun";
import type { StatefulFn } from "millrace/statefun";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";

const BRANCHES = 3;
const MESSAGES_PER_QUESTION = 1 + BRANCHES + BRANCHES;
const ROOTS = 10_000;
/** Of the root of a number, from `BRANCHES` times that number on. */
const LEAVES: readonly string[] = Array.from({ length: ROOTS * BRANCHES }, (_, index) => `leaf-${index}`);

const leaf: StatefulFn<{ readonly ask: number }> = fn("bench/leaf", {
  accepts: { ask: type<number>() },
  handle: {
    ask(ctx, question) {
      ctx.reply("answer", question);
    },
  },
});

const root: StatefulFn<{ readonly start: number; readonly answer: number }> = fn("bench/root", {
  accepts: { start: type<number>(), answer: type<number>() },
  state: { answers: value({ default: 0 }) },
  handle: {
    start(ctx, question) {
      const first = (question % ROOTS) * BRANCHES;
      for (let index = first; index < first + BRANCHES; index += 1)
        ctx.send(leaf.at(LEAVES[index] ?? ""), "ask", question);
    },
    answer(ctx) {
      ctx.state.answers += 1;
    },
  },
});

const job: JobDefinition = defineJob("functions-fan-out", (env, args) => {
  const { records } = jobArguments(args);
  const questions = env
    .fromSequence(1, Math.round(records / MESSAGES_PER_QUESTION))
    .map((question) => routable(root.at(`root-${question % ROOTS}`), "start", question));
  statefun(env).from(questions).functions(root, leaf).build();
});
export default job;

export const functionsFanOut: BenchCase = {
  name: "functions: fan-out, 1 to 3 and back",
  module: import.meta.url,
  records: 14_000_000,
  config: { "execution.checkpointing.interval": "1s" },
};
