/**
 * Goal:   no checker sees a broken invariant, whatever the pipeline, the deployment, the faults and the order of events.
 * Method: runs of the simulator for a while, from seeds that the commit gives, so that each commit throws new dice and can be replayed from its hash.
 * Replay: a failure prints its seed and the smallest scenario that fails alike; `npm run test:sim -- --seed <seed>` runs it again, `MILLRACE_SEED=<seed>` begins there.
 */
import { expect, test } from "vitest";
import { examine, scenarioOf } from "./search.ts";
import { seedOfCommit } from "./seed-of-commit.ts";
import { shrunk } from "./shrink.ts";
import { count, describe, emptyTally } from "./tally.ts";

/** Real time. */
const PORTION_MS = Number(process.env["MILLRACE_SIM_SECONDS"] ?? 45) * 1_000;

test("a while of the simulator", { timeout: PORTION_MS * 2 + 240_000 }, async () => {
  const from = seedOfCommit();
  const tally = emptyTally();
  const startedMs = performance.now();
  let seed = from;
  for (; performance.now() - startedMs < PORTION_MS && tally.failures.length === 0; seed += 1)
    count(tally, seed, await examine(scenarioOf(seed)));
  process.stdout.write(`simulator, seeds ${from} to ${seed - 1}\n${describe(tally, performance.now() - startedMs)}\n`);
  const [failure] = tally.failures;
  if (failure === undefined) return;
  const smallest = await shrunk(failure.seed);
  expect.fail(
    `seed ${failure.seed}: ${failure.checker}: ${failure.what}\n\nsmallest that fails alike:\n${smallest}\n\nagain: npm run test:sim -- --seed ${failure.seed}`,
  );
});
