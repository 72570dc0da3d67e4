/**
 * Goal:   a job from Kafka to Kafka writes, for a `read_committed` reader, what its input says exactly once and each key in order, whatever crashes, stops, is rescaled or is taken for dead
 *         in between, and whatever brokers lose, forget or are slow with. In the end no reader waits for a transaction that was left open, and nothing was given up as lost.
 * Method: jobs by chance in the simulator, over a simulated cluster, for a while, from seeds that the commit gives; what must be visible is counted by plain code. Every fault and every checker
 *         of the simulator takes part.
 * Replay: `MILLRACE_SEED=<seed>` begins there. The failure prints job and plan, which `examineKafkaScenario` takes.
 *
 * Seen to fail: with the planted bugs of test/mutants/table-kafka.ts.
 */
import { expect, test } from "vitest";
import { seedOfCommit } from "../sim/seed-of-commit.ts";
import { examineKafka } from "./search.ts";

/** Real time. */
const PORTION_MS = 5_000;

test("one seed is one run", async () => {
  const [first, again] = [await examineKafka(22), await examineKafka(22)];
  expect(first.run?.completed).toBeGreaterThan(0);
  expect(again.run?.history.digest).toBe(first.run?.history.digest);
});

test("from Kafka to Kafka each record counts once, whatever goes wrong", { timeout: 180_000 }, async () => {
  const startedMs = performance.now();
  let completed = 0;
  let seed = seedOfCommit();
  for (; performance.now() - startedMs < PORTION_MS; seed += 1) {
    const { run, violation } = await examineKafka(seed);
    expect({ seed, violation }).toEqual({ seed, violation: undefined });
    completed += run?.completed ?? 0;
  }
  expect(completed).toBeGreaterThan(0);
});
