/**
 * A loop under faults: what goes around arrives exactly once, whatever crashes, stops or is rescaled in between, and the job ends when nothing goes around any more.
 *
 * Goal:   every message and every count is committed once; the job comes to its end.
 * Method: messages that make messages, in the simulator, under plans from fixed seeds; compared with a plain queue. Barriers of several checkpoints are under
 *         way at a time, with channels from one record on.
 * Replay: `simulate` prints the line; the seed below names the run.
 */
import { describe, expect, test } from "vitest";
import { simulate } from "../sim/index.ts";
import { arrivalsOf, messagesJob } from "./messages-job.ts";
import type { Message } from "./messages-job.ts";

const MESSAGES: readonly Message[] = Array.from({ length: 24 }, (_, index) => ({
  to: index % 13,
  name: `m${index}`,
  hops: index % 5,
  fan: (index % 3) + 1,
}));

const EXPECTED = sorted(arrivalsOf(MESSAGES));

function sorted(records: readonly unknown[]): readonly string[] {
  return records.map((record) => JSON.stringify(record)).sort();
}

async function arrivalsUnder(
  seed: number,
): Promise<{ readonly arrived: readonly string[]; readonly restarts: number }> {
  const rescales: readonly (readonly number[])[] = [[3, 1], [2], []];
  const run = await simulate((env) => messagesJob(env), {
    inputs: { messages: [MESSAGES.slice(0, 9), MESSAGES.slice(9)] },
    seed,
    parallelism: 1 + (seed % 4),
    rescale: rescales[seed % 3] ?? [],
    faults: seed % 2 === 0 ? "some" : "many",
    checkpointInterval: 150 + (seed % 7) * 100,
    plan: {
      burst: 1 + (seed % 3),
      pauseMs: 100 + (seed % 5) * 100,
      capacity: seed % 4 === 0 ? 1 : 256,
      concurrent: 1 + (seed % 3),
    },
  });
  return { arrived: sorted(run.output(run.sinks[0] ?? "")), restarts: run.restarts };
}

describe("messages that make messages", () => {
  test("arrive once, and the job ends, whatever goes wrong", async () => {
    let restarts = 0;
    for (let seed = 1; seed <= 16; seed += 1) {
      const run = await arrivalsUnder(seed);
      expect({ seed, arrived: run.arrived }).toEqual({ seed, arrived: EXPECTED });
      restarts += run.restarts;
    }
    expect(restarts).toBeGreaterThan(16);
  }, 60_000);
});
