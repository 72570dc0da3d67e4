/** Word count: lines of ten words from a vocabulary of 5,000, of which the k-th is k times rarer than the first. Counted in words per second. */
import { defineJob, value, WatermarkStrategy } from "millrace";
import type { Collector, JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { below, draw } from "../nexmark/draws.ts";
import { stripes } from "../sources/stripes.ts";

const WORDS_PER_LINE = 10;
const VOCABULARY = 5_000;
/** Made once: the source shall not be what is measured. */
const LINES = 8_192;

/** Where the ranks end on a line from 0 to 1 on which each takes its share. */
function rankBounds(): readonly number[] {
  const weights = Array.from({ length: VOCABULARY }, (_, rank) => 1 / (rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let bound = 0;
  return weights.map((weight) => (bound += weight / total));
}

function wordOf(rank: number): string {
  const length = 3 + below(8, draw(rank, 0));
  const letters = Array.from({ length }, (_, at) => String.fromCharCode(97 + below(26, draw(rank, 1 + at))));
  return letters.join("") + rank.toString(36);
}

function makeLines(): readonly string[] {
  const bounds = rankBounds();
  const words = bounds.map((_, rank) => wordOf(rank));
  const drawn = (n: number): string => {
    const share = draw(n, 77) / 2 ** 31;
    const rank = bounds.findIndex((bound) => bound > share);
    return words[rank] ?? words[0] ?? "";
  };
  return Array.from({ length: LINES }, (_, line) =>
    Array.from({ length: WORDS_PER_LINE }, (_word, at) => drawn(line * WORDS_PER_LINE + at)).join(" "),
  );
}

const job: JobDefinition = defineJob("word-count", (env, args) => {
  const lines = makeLines();
  const lineOf = (n: number): string => lines[n % LINES] ?? "";
  const count = Math.ceil(jobArguments(args).records / WORDS_PER_LINE);
  env
    .fromSource(stripes(count, lineOf), WatermarkStrategy.noWatermarks<string>(), "lines")
    .flatMap((line, out: Collector<string>) => {
      for (const word of line.split(" ")) out.collect(word);
    })
    .keyBy((word) => word)
    .process({
      state: { seen: value({ default: 0 }) },
      processElement(word, ctx, out: Collector<{ readonly word: string; readonly seen: number }>) {
        const seen = ctx.state.seen.value() + 1;
        ctx.state.seen.update(seen);
        out.collect({ word, seen });
      },
    })
    .discard();
});
export default job;

export const wordCount: BenchCase = {
  name: "word count",
  module: import.meta.url,
  records: 20_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  plain(records) {
    const lines = makeLines();
    const counts = new Map<string, number>();
    let sum = 0;
    for (let n = 0; n < records / WORDS_PER_LINE; n += 1) {
      for (const word of (lines[n % LINES] ?? "").split(" ")) {
        const seen = (counts.get(word) ?? 0) + 1;
        counts.set(word, seen);
        sum += seen;
      }
    }
    return sum;
  },
};
