/** Sessions of event time: of 10,000 keys a thousand at a time are busy for two seconds, then quiet for eighteen. Records extend a session, a gap closes it. */
import { defineJob, session } from "millrace";
import type { JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { count, timedNumbers, timeOf } from "./event-time.ts";

const GAP_MS = 1_000;
const KEYS_AT_A_TIME = 1_000;
const GROUPS = 10;
const BUSY_MS = 2_000;

function keyOf(n: number): number {
  const group = Math.floor(timeOf(n) / BUSY_MS) % GROUPS;
  return group * KEYS_AT_A_TIME + ((n * 7919) % KEYS_AT_A_TIME);
}

const job: JobDefinition = defineJob("sessions", (env, args) => {
  timedNumbers(env, jobArguments(args).records).keyBy(keyOf).window(session(GAP_MS)).aggregate(count).discard();
});
export default job;

interface OpenSession {
  lastMs: number;
  count: number;
}

export const sessions: BenchCase = {
  name: "session window, gap 1 s, 10,000 keys",
  module: import.meta.url,
  records: 20_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  /** Looks for sessions that are over once a second. */
  plain(records) {
    const open = new Map<number, OpenSession>();
    let lookAtMs = GAP_MS;
    let sum = 0;
    for (let n = 0; n < records; n += 1) {
      const timeMs = timeOf(n);
      if (timeMs >= lookAtMs) {
        for (const [key, { lastMs, count: seen }] of open) {
          if (lastMs + GAP_MS > timeMs) continue;
          sum += seen;
          open.delete(key);
        }
        lookAtMs += GAP_MS;
      }
      const key = keyOf(n);
      const found = open.get(key);
      if (found === undefined) {
        open.set(key, { lastMs: timeMs, count: 1 });
        continue;
      }
      found.lastMs = timeMs;
      found.count += 1;
    }
    return sum + open.size;
  },
};
