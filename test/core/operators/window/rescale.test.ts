/**
 * Goal:   after a rescale, no window that an old subtask had purged is opened again, and none fires on time twice, although the new subtask begins at
 *         the lowest watermark of the old ones.
 * Method: two subtasks with half of the key groups each run to different watermarks, each compared with its own model; then one subtask takes over both,
 *         and goes on against both models, each of which knows how far its keys had come.
 * Replay: a failure prints its seed and its smallest counterexample; `MILLRACE_SEED=<seed> npx vitest run test/core/operators/window` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tumbling } from "../../../../core/operators/window/assigners.ts";
import type { Operator, OperatorServices } from "../../../../core/operators/operator.ts";
import { createOperator } from "../../../../core/operators/window/window.ts";
import { keyGroupOf } from "../../../../core/types/key-hash.ts";
import { OperatorHarness } from "../../../harness/operator-harness.ts";
import type { HarnessOptions } from "../../../harness/operator-harness.ts";
import { KINDS, WindowRun, compare, makerOf, naiveOf, runAgainstModel, setups, steps } from "./window-runs.ts";
import type { Kind, Path, Sabotage, Setup, Step } from "./window-runs.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const NAMES = Array.from({ length: 40 }, (_, at) => `key${at}`);
const LOW = NAMES.filter((name) => keyGroupOf(name, 128) < 64).slice(0, 2);
const HIGH = NAMES.filter((name) => keyGroupOf(name, 128) >= 64).slice(0, 2);

/** The step with a key out of `keys`, chosen by the step's own. */
function among(keys: readonly string[], step: Step): Step {
  return step.kind === "record" ? { ...step, key: keys[step.key.length % keys.length] ?? "" } : step;
}

interface Phases {
  readonly low: readonly Step[];
  readonly high: readonly Step[];
  readonly both: readonly Step[];
}

function runRescaled(setup: Setup, phases: Phases, make: ReturnType<typeof makerOf>): void {
  const halves = [
    {
      keys: LOW,
      walk: phases.low,
      run: new WindowRun(setup, make, undefined, { first: 0, last: 63 }),
      model: naiveOf(setup),
    },
    {
      keys: HIGH,
      walk: phases.high,
      run: new WindowRun(setup, make, undefined, { first: 64, last: 127 }),
      model: naiveOf(setup),
    },
  ];
  const ends = halves.map(({ keys, walk, run, model }) =>
    runAgainstModel(
      setup,
      run,
      model,
      walk.map((step) => among(keys, step)),
    ),
  );
  const startMs = Math.min(...ends);
  for (const [at, { model }] of halves.entries()) model.restored(startMs, () => ends[at] ?? startMs);
  const run = new WindowRun(
    setup,
    make,
    halves.map((half) => half.run.snapshot()),
  );
  compare(run.take(), { emitted: [], late: [] });
  let reachedMs = startMs;
  for (const [index, step] of phases.both.entries()) {
    const id = 1_000 + index;
    const half = halves[index % 2];
    if (half === undefined) continue;
    if (step.kind === "record") {
      const { key } = among(half.keys, step) as typeof step; // still a record
      run.record(key, step.timeMs, id, step.gapMs);
      compare(run.take(), half.model.record(key, step.timeMs, id, setup.gapMs === 0 ? step.gapMs : setup.gapMs));
    } else if (step.kind === "watermark" && step.byMs > 0) {
      reachedMs = reachedMs === -Infinity ? -30 : reachedMs + step.byMs;
      run.reach(reachedMs, { room: step.room, restoreInside: step.restoreInside });
      const told = halves.map(({ model }) => model.watermark(reachedMs));
      compare(run.take(), { emitted: told.flatMap(({ emitted }) => emitted), late: [] });
    } else if (step.kind === "restore") {
      run.restore();
      compare(run.take(), { emitted: [], late: [] });
    }
  }
}

function likeTheModels(kind: Kind, path: Path, sabotage?: Sabotage): fc.IProperty<unknown> {
  const phases = fc.record({ low: steps, high: steps, both: steps });
  return fc.property(setups(kind), phases, (setup, walks) => {
    fc.pre(setup.time === "event");
    runRescaled(setup, walks, makerOf(setup, path, sabotage));
  });
}

describe.each(KINDS)("windows of kind %s after a rescale", (kind) => {
  test.each(["chosen", "general"] as const)("%s path: nothing is opened again", (path) => {
    fc.assert(likeTheModels(kind, path), { numRuns: 80, ...replay });
  });

  test.each(["chosen", "general"] as const)(
    "%s path: an operator that forgets how far its keys had come is noticed",
    (path) => {
      const forgetful: Sabotage = {
        services: (services) => {
          const keyedState = new Proxy(services.keyedState, {
            get(state, name) {
              if (name === "restoredWatermarkMs") return () => -Infinity;
              const member: unknown = Reflect.get(state, name);
              return typeof member === "function" ? member.bind(state) : member;
            },
          });
          return Object.defineProperty(Object.create(services) as typeof services, "keyedState", { value: keyedState });
        },
      };
      expect(
        fc.check(likeTheModels(kind, path, forgetful), { numRuns: 1_000, endOnFailure: true, ...replay }).failed,
      ).toBe(true);
    },
  );
});

test("what a process function sees of time does not go back for a key", async () => {
  const seen: string[] = [];
  const [low = "", high = ""] = [LOW[0], HIGH[0]];
  const halves = [0, 1].map((subtaskIndex) => harness(seen, { parallelism: 2, subtaskIndex }));
  const [first, second] = halves;
  first?.processRecord(low, 5);
  first?.processWatermark(20);
  second?.processRecord(high, 5);
  second?.processWatermark(1);
  const both = harness(seen, { restored: await Promise.all(halves.map((half) => half.snapshot(1))) });
  both.processRecord(low, 6);
  expect(seen).toEqual([`${low} at 20`, `${low} at 20`]);
});

/** Windows of 10 ms, late for a second, that tell when they are looked at. */
function harness(seen: string[], options: Omit<HarnessOptions, "create">): OperatorHarness {
  const create = (services: OperatorServices<never>): Operator =>
    createOperator<string, string, never, never, never>(services, {
      keyOf: (key) => key,
      assigner: tumbling(10),
      allowedLatenessMs: 1_000,
      process: { process: ({ key, currentWatermarkMs }) => void seen.push(`${key} at ${currentWatermarkMs}`) },
    });
  return new OperatorHarness({ ...options, keyed: true, create });
}
