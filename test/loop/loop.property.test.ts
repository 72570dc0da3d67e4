/**
 * Goal:   what goes around in a loop arrives exactly once and in order, whatever crashes, stops, overtakes or is rescaled in between, and the job ends when nothing
 *         goes around any more.
 * Method: messages that make messages, in the simulator, with every fault and every checker it has; the outcome is that of a plain queue.
 * Replay: `examineLoop(seed)`; the failure prints the job and the plan.
 */
import { expect, test } from "vitest";
import { examineLoop } from "./search.ts";

/** They have once broken something. */
const FOUND = [41, 51, 80];

test("messages that make messages arrive once and in order, whatever goes wrong", async () => {
  let restarts = 0;
  let completed = 0;
  for (const seed of [...Array.from({ length: 28 }, (_, index) => index + 1), ...FOUND]) {
    const { run, violation } = await examineLoop(seed);
    expect({ seed, violation }).toEqual({ seed, violation: undefined });
    restarts += run?.restarts ?? 0;
    completed += run?.completed ?? 0;
  }
  expect(restarts).toBeGreaterThan(15);
  expect(completed).toBeGreaterThan(100);
}, 120_000);
