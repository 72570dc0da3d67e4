/** A job on several threads writes what it writes on one, tells the same of itself, and goes on from what it has saved. */
// covers: core/cluster/mini-cluster.ts, core/cluster/on-slots.ts, core/cluster/threads/*, core/cluster/spawner.ts, core/cluster/close-kept.ts
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CountingArgs } from "./jobs/counting.ts";
import { expectedRows } from "./jobs/counting.ts";
import { BUSY, jobModule, onStage, rowsIn, until, visibleFiles } from "./stage.ts";

function counting(args: CountingArgs): readonly string[] {
  return [JSON.stringify(args)];
}

const COUNT = 3_000;
const COUNTING = jobModule("counting");

/** It takes longer than any test looks at it. */
function slowly(out: string): readonly string[] {
  return counting({ out, count: COUNT, ratePerSecond: 300 });
}

describe("a job on threads", () => {
  test.each([
    { parallelism: 2, taskManagers: 1, slots: 2 },
    { parallelism: 3, taskManagers: 3, slots: 1 },
    { parallelism: 2, taskManagers: 1, slots: 5 },
  ])("writes its rows with $parallelism subtasks on $taskManagers x $slots slots", ({ parallelism, ...size }) =>
    onStage(size, async ({ cluster, directory, warnings }) => {
      const job = await cluster.submit(COUNTING, {
        args: counting({ out: directory, count: COUNT }),
        config: { "parallelism.default": parallelism },
      });
      const { records, restarts, accumulators } = await job.result();
      expect({ records, restarts, accumulators }).toEqual({
        records: COUNT,
        restarts: 0,
        accumulators: { opened: parallelism },
      });
      expect(rowsIn(directory)).toEqual(expectedRows(COUNT));
      expect(job.status()).toBe("FINISHED");
      expect(warnings()).toEqual([]);
      const counted = job.metrics().filter(({ scope, name }) => scope.operator === "count" && name === "numRecordsIn");
      expect(new Set(counted.map(({ scope }) => scope.subtask))).toEqual(new Set(Array(parallelism).keys()));
      expect(counted.reduce((sum, { value }) => sum + Number(value), 0)).toBe(COUNT);
    }),
  );
});

describe("what it has saved", () => {
  test("is there for its next start, with another parallelism and on other threads", () =>
    onStage({ taskManagers: 2, slots: 2, config: BUSY }, async ({ cluster, directory, warnings }) => {
      const [out, saved] = [join(directory, "out"), join(directory, "saved")];
      const first = await cluster.submit(COUNTING, { args: slowly(out), config: { "parallelism.default": 2 } });
      await until(() => visibleFiles(out).length > 0, "something is committed");
      // The directory is mounted while the slots run.
      const path = await first.stopWithSavepoint({ directory: saved });
      const rows = rowsIn(out).length;
      expect(rows).toBeGreaterThan(0);
      expect(rows).toBeLessThan(COUNT);

      const from = { "execution.state-recovery.path": path };
      const second = await cluster.submit(COUNTING, {
        args: counting({ out, count: COUNT }),
        config: { "parallelism.default": 3, ...from },
      });
      expect((await second.result()).records).toBe(COUNT - rows);
      expect(rowsIn(out)).toEqual(expectedRows(COUNT));
      expect(warnings()).toEqual([]);
    }));

  test("lies in the checkpoint directory, and is gone when the job has finished", () =>
    onStage({ slots: 2, config: BUSY }, async ({ cluster, directory }) => {
      const [out, kept] = [join(directory, "out"), join(directory, "kept")];
      const config = {
        "parallelism.default": 2,
        "execution.checkpointing.dir": kept,
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
      };
      const first = await cluster.submit(COUNTING, { args: slowly(out), config });
      await first.triggerCheckpoint();
      await until(() => visibleFiles(out).length > 0, "something is committed");
      await first.cancel();
      const path = join(kept, first.jobId);
      expect(rowsIn(out).length).toBeLessThan(COUNT);

      const from = { "execution.state-recovery.path": path, "execution.state-recovery.claim-mode": "CLAIM" };
      const second = await cluster.submit(COUNTING, {
        args: counting({ out, count: COUNT }),
        config: { ...config, ...from, "parallelism.default": 1 },
      });
      const { checkpoints } = await second.result();
      expect(checkpoints).toBeGreaterThan(0);
      expect(rowsIn(out)).toEqual(expectedRows(COUNT));
      const left = readdirSync(kept, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(left.map(({ name }) => name)).toEqual([]);
    }));

  test("may lie in memory, where the slots write it, and savepoints do not end the job", () =>
    onStage({ slots: 2, config: BUSY }, async ({ cluster, directory }) => {
      const [out, saved] = [join(directory, "out"), join(directory, "saved")];
      const job = await cluster.submit(COUNTING, { args: slowly(out), config: { "parallelism.default": 2 } });
      const first = await job.triggerSavepoint({ directory: saved });
      const second = await job.triggerSavepoint({ directory: saved });
      expect(first).not.toBe(second);
      await job.stopWithSavepoint({ directory: join(directory, "last") });
      expect((await job.result()).checkpoints).toBeGreaterThan(2);
      expect(readdirSync(saved)).toHaveLength(2);
    }));
});
