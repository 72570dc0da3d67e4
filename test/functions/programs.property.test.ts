/**
 * Goal:   functions that message each other do what they were told exactly once and in order, whatever crashes, stops or is rescaled in between; what is taken back
 *         never arrives, what fails for good is told as such or stops its address, and the job ends when nothing is left to do. Every completed checkpoint is a consistent cut.
 * Method: programs by chance in the simulator, with every fault and every checker it has; what must be visible is read off the program.
 * Replay: `examineProgram(seed)`; the failure prints the program and the plan, which `examineScenario` takes.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { examineProgram, examineScenario } from "./search.ts";
import type { ProgramScenario } from "./search.ts";

test("one seed is one run", async () => {
  const [first, again] = [await examineProgram(21), await examineProgram(21)];
  expect(again.run?.history.digest).toBe(first.run?.history.digest);
});

test("programs of functions do everything once and in order, whatever goes wrong", async () => {
  let completed = 0;
  for (let seed = 20; seed < 40; seed += 1) {
    const { run, violation } = await examineProgram(seed);
    expect({ seed, violation }).toEqual({ seed, violation: undefined });
    completed += run?.completed ?? 0;
  }
  expect(completed).toBeGreaterThan(100);
}, 180_000);

/** Kept as data, since a seed means another scenario when the generators change. */
test.each(["rescaled-twice", "rescaled-at-once", "congested-at-the-end", "timer-between-two-questions"])(
  "%s has once broken something",
  async (name) => {
    const text = readFileSync(new URL(`found/${name}.json`, import.meta.url), "utf8");
    const { violation } = await examineScenario(JSON.parse(text) as ProgramScenario); // as a failure prints it
    expect(violation).toBeUndefined();
  },
);
