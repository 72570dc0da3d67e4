/**
 * Goal:   functions that message each other do what they were told exactly once and in order, whatever crashes, stops or is rescaled in between; what is taken back
 *         never arrives, what fails for good is told as such, and the job ends when nothing is left to do.
 * Method: programs by chance in the simulator, with every fault and every checker it has; what must be visible is read off the program.
 * Replay: `examineProgram(seed)`; the failure prints the program and the plan.
 */
import { expect, test } from "vitest";
import { examineProgram } from "./search.ts";

/** They have once broken something. */
const FOUND = [4, 15];

test("one seed is one run", async () => {
  const [first, again] = [await examineProgram(21), await examineProgram(21)];
  expect(again.run?.history.digest).toBe(first.run?.history.digest);
});

test("programs of functions do everything once and in order, whatever goes wrong", async () => {
  let completed = 0;
  for (const seed of [...Array.from({ length: 20 }, (_, index) => index + 20), ...FOUND]) {
    const { run, violation } = await examineProgram(seed);
    expect({ seed, violation }).toEqual({ seed, violation: undefined });
    completed += run?.completed ?? 0;
  }
  expect(completed).toBeGreaterThan(100);
}, 180_000);
