/**
 * Goal:   windows of every kind, on every path, emit exactly what a recomputation over the whole input says, each at its time, whatever the order of
 *         records, lateness, watermarks, full outputs and restores.
 * Method: random set-ups and steps run through the operators in the harness with the heap backend; each step is compared with `naive-windows.ts`, once
 *         for the path that `chooseWindowModule` picks and once for the general one.
 * Replay: a failure prints its seed and its smallest counterexample; `MILLRACE_SEED=<seed> npx vitest run test/core/operators/window` runs it again.
 */
// covers: core/operators/window/tumbling.ts
// covers: core/operators/window/sliding.ts
// covers: core/operators/window/session.ts
// covers: core/operators/window/merging.ts
// covers: core/operators/window/trigger-call.ts
// covers: core/operators/window/owned.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KINDS, WindowRun, finish, makerOf, naiveOf, runAgainstModel, setups, steps } from "./window-runs.ts";
import type { Kind, Path, Sabotage } from "./window-runs.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

function likeTheModel(kind: Kind, path: Path, sabotage?: Sabotage): fc.IProperty<unknown> {
  return fc.property(setups(kind), steps, (setup, walk) => {
    const run = new WindowRun(setup, makerOf(setup, path, sabotage));
    const model = naiveOf(setup);
    runAgainstModel(setup, run, model, walk);
    finish(setup, run, model);
  });
}

describe.each(KINDS)("windows of kind %s", (kind) => {
  test.each(["chosen", "general"] as const)("%s path: every step as recomputed from scratch", (path) => {
    fc.assert(likeTheModel(kind, path), { numRuns: 120, ...replay });
  });

  test.each(["chosen", "general"] as const)("%s path: one ms of lateness too much is noticed", (path) => {
    const found = fc.check(
      fc.property(setups(kind), steps, (setup, walk) => {
        fc.pre(setup.time === "event");
        const sabotage = { options: { allowedLatenessMs: setup.latenessMs + 1 } };
        runAgainstModel(setup, new WindowRun(setup, makerOf(setup, path, sabotage)), naiveOf(setup), walk);
      }),
      { numRuns: 1_000, endOnFailure: true, ...replay },
    );
    expect(found.failed).toBe(true);
  });
});
