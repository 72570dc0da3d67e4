/** The smallest scenario that fails as a seed does, in the words of its code. */
import fc from "fast-check";
import { about, arbitrarySeedOf, examine, scenarios } from "./search.ts";

/** Real time that the search for something smaller may take. */
const PATIENCE_MS = 60_000;

/** Of a seed whose run some checker was not content with; shrinking is over when time is. */
export async function shrunk(seed: number, patienceMs: number = PATIENCE_MS): Promise<string> {
  let smallest = "";
  const isSound = fc.asyncProperty(scenarios, async (scenario) => {
    const { violation } = await examine(scenario);
    if (violation !== undefined) smallest = `${violation.checker}: ${violation.what}\n${about(scenario)}`;
    return violation === undefined;
  });
  await fc.check(isSound, { seed: arbitrarySeedOf(seed), numRuns: 1, interruptAfterTimeLimit: patienceMs });
  return smallest;
}
