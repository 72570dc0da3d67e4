/** The smallest scenario that fails as a seed does, in the words of its code. */
import fc from "fast-check";
import { arbitrarySeedOf, examine, scenarios } from "./search.ts";

/** Real time that the search for something smaller may take. */
const PATIENCE_MS = 60_000;

/** Of a seed whose run some checker was not content with; shrinking is over when time is. */
export async function shrunk(seed: number, patienceMs: number = PATIENCE_MS): Promise<string> {
  let smallest = "";
  let checker: string | undefined;
  const isSound = fc.asyncProperty(scenarios, async (scenario) => {
    const { violation } = await examine(scenario);
    // The first is the seed's own: what another checker sees is another bug, or no bug at all.
    const isAlike = violation !== undefined && violation.checker === (checker ??= violation.checker);
    if (isAlike) smallest = `${violation.checker}: ${violation.what}`;
    return !isAlike;
  });
  await fc.check(isSound, { seed: arbitrarySeedOf(seed), numRuns: 1, interruptAfterTimeLimit: patienceMs });
  return smallest;
}
