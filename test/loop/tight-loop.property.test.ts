/**
 * Goal:   memory for next to nothing of what goes around is enough: messages arrive exactly once and in order, whatever goes wrong, and the job ends.
 * Method: the jobs with loops and the programs of functions, each record or nearly each going to disk, with every fault and every checker of the simulator.
 * Replay: `examineLoop(seed, { isTight: true })`, `examineProgram(seed, { isTight: true })`; the failure prints the job and the plan.
 */
import { expect, test } from "vitest";
import { examineProgram } from "../functions/search.ts";
import { examineLoop, examineStandingLoop } from "./search.ts";

test("loops go around on disk", async () => {
  let restarts = 0;
  let completed = 0;
  for (let seed = 1; seed <= 24; seed += 1) {
    const { run, violation } = await examineLoop(seed, { isTight: true });
    expect({ seed, violation }).toEqual({ seed, violation: undefined });
    restarts += run?.restarts ?? 0;
    completed += run?.completed ?? 0;
  }
  expect(restarts).toBeGreaterThan(1);
  expect(completed).toBeGreaterThan(50);
}, 120_000);

test("so do loops in which hundreds wait on disk for long", async () => {
  let [completed, restarts] = [0, 0];
  for (let seed = 1; seed <= 12; seed += 1) {
    const { run, violation } = await examineStandingLoop(seed);
    expect({ seed, violation }).toEqual({ seed, violation: undefined });
    completed += run?.completed ?? 0;
    restarts += run?.restarts ?? 0;
  }
  expect([completed > 150, restarts > 30]).toEqual([true, true]);
}, 120_000);

test("so do messages of functions, and mailboxes", async () => {
  let completed = 0;
  for (let seed = 1; seed <= 18; seed += 1) {
    const { run, violation } = await examineProgram(seed, { isTight: true });
    expect({ seed, violation }).toEqual({ seed, violation: undefined });
    completed += run?.completed ?? 0;
  }
  expect(completed).toBeGreaterThan(60);
}, 120_000);
