/**
 * Goal:   keyed state answers like plain maps, whatever is written, expired, fired, snapshotted, aborted, completed and restored in between; every
 *         checkpoint restores to what the state was when it began, at any parallelism.
 * Method: random commands on up to four subtasks, each answer compared with a plain model; a copy of the model is kept per checkpoint.
 * Replay: a failure prints its seed and its smallest counterexample; `MILLRACE_SEED=<seed> npx vitest run <this file>` runs that again.
 */
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createHeapKeyedState } from "../../../../core/state/heap/backend.ts";
import { SERIALISED } from "../../../../core/state/heap/cells.ts";
import type { Cell } from "../../../../core/state/heap/cells.ts";
import { Epochs } from "../../../../core/state/heap/epochs.ts";
import { Floors } from "../../../../core/state/heap/floors.ts";
import { FullScan } from "../../../../core/state/heap/full-scan.ts";
import { Segment } from "../../../../core/state/heap/segment.ts";
import { replay } from "../../../harness/replay.ts";
import { commands } from "../keyed-state-commands.ts";
import type { Command } from "../keyed-state-commands.ts";
import { World } from "../keyed-state-world.ts";

const runs = fc.property(commands, fc.integer({ min: 1, max: 3 }), (steps: readonly Command[], parallelism: number) => {
  const world = new World((options) => createHeapKeyedState({ ...options, operatorName: "test" }), parallelism);
  for (const step of steps) step.run(world);
  world.verify();
});

describe("keyed state on the heap", () => {
  test("answers and restores like plain maps", () => fc.assert(runs, { numRuns: 80, ...replay }), 60_000);
});

describe("the property catches", { timeout: 60_000 }, () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const expectCaught = (): void => {
    expect(fc.check(runs, { numRuns: 2_000, endOnFailure: true, ...replay }).failed).toBe(true);
  };

  test("a cell that is changed before its slice, without a copy", () => {
    const touch = Epochs.prototype.touch;
    vi.spyOn(Epochs.prototype, "touch").mockImplementation(function (this: Epochs, cell: Cell) {
      cell.stamp |= SERIALISED;
      touch.call(this, cell);
    });
    expectCaught();
  });

  test("tombstones that get lost when their checkpoint is aborted", () => {
    const advance = Segment.prototype.advance;
    vi.spyOn(Segment.prototype, "advance").mockImplementation(function (this: Segment, cellsMax: number) {
      if (this.epoch % 2 === 0) this.tombstones = [];
      return advance.call(this, cellsMax);
    });
    expectCaught();
  });

  test("a full scan that forgets what was dropped behind its back", () => {
    vi.spyOn(FullScan.prototype, "orphan").mockImplementation(() => {});
    expectCaught();
  });

  test("a full scan that forgets what was changed before it came by", () => {
    vi.spyOn(FullScan.prototype, "put").mockImplementation(() => {});
    expectCaught();
  });

  test("state that comes back when its key group moves to a subtask that is behind", () => {
    vi.spyOn(Floors.prototype, "expiryOf").mockReturnValue(-Infinity);
    expectCaught();
  });
});
