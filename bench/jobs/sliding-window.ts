/** Sliding windows of event time. Their size must not matter to a record: it goes into one slice, however many windows it is in. */
import { defineJob, sliding } from "millrace";
import type { JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { count, timedNumbers, timeOf } from "./event-time.ts";

const KEYS = 10_000;
const SLIDE_MS = 1_000;

const job: JobDefinition = defineJob("sliding-window", (env, args) => {
  const { records, own } = jobArguments(args);
  timedNumbers(env, records)
    .keyBy((n) => (n * 7919) % KEYS)
    .window(sliding(Number(own[0]), SLIDE_MS))
    .aggregate(count)
    .discard();
});
export default job;

function slidingWindow(sizeS: number): BenchCase {
  return {
    name: `sliding window ${sizeS} s / 1 s, 10,000 keys`,
    module: import.meta.url,
    records: 10_000_000,
    args: [String(sizeS * 1_000)],
    config: { "execution.checkpointing.interval": "1s" },
    plain: (records) => plainSliding(records, sizeS),
  };
}

/** A slice per slide, merged when a window closes. */
function plainSliding(records: number, slices: number): number {
  const open: Map<number, number>[] = [];
  let current = new Map<number, number>();
  let endMs = SLIDE_MS;
  let sum = 0;
  const close = (): void => {
    open.push(current);
    if (open.length > slices) open.shift();
    const merged = new Map<number, number>();
    for (const slice of open) for (const [key, seen] of slice) merged.set(key, (merged.get(key) ?? 0) + seen);
    for (const seen of merged.values()) sum += seen;
    current = new Map();
  };
  for (let n = 0; n < records; n += 1) {
    if (timeOf(n) >= endMs) {
      close();
      endMs += SLIDE_MS;
    }
    const key = (n * 7919) % KEYS;
    current.set(key, (current.get(key) ?? 0) + 1);
  }
  for (let rest = 0; rest < slices; rest += 1) close();
  return sum;
}

export const slidingWindows: readonly BenchCase[] = [slidingWindow(10), slidingWindow(60)];
