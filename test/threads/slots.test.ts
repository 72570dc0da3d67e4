/** Too few slots: the job says how many each group needs and how many there are, waits, and goes on by itself once there are enough. */
// covers: core/cluster/resource-manager.ts, core/cluster/task-manager.ts, core/cluster/job-slots.ts
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectedRows } from "./jobs/counting.ts";
import type { CountingArgs } from "./jobs/counting.ts";
import { BUSY, jobModule, onStage, rejection, rowsIn, until, visibleFiles } from "./stage.ts";

const COUNTING = jobModule("counting");
const COUNT = 2_400;

function counting(args: Omit<CountingArgs, "count">): readonly string[] {
  return [JSON.stringify({ count: COUNT, ...args })];
}

function shortage(needed: number, there: string, lacks: number): string {
  return `millrace: job "counting": the job needs ${needed} slots, but there ${there}: slot sharing group "default" needs ${needed} and lacks ${lacks}; add slots or lower the parallelism; it waits for more`;
}

describe("a job without enough slots", () => {
  test("says so once, and begins as soon as there are enough", () =>
    onStage({ taskManagers: 1, slots: 1 }, async ({ cluster, directory, warnings }) => {
      const job = await cluster.submit(COUNTING, {
        args: counting({ out: directory }),
        config: { "parallelism.default": 3 },
      });
      await until(() => warnings().length > 0, "it says what it lacks");
      expect(warnings()).toEqual([shortage(3, "is 1", 2)]);
      expect(job.status()).toBe("CREATED");
      cluster.addTaskManager();
      await until(() => warnings().length > 1, "it says what it lacks now");
      expect(warnings().slice(1)).toEqual([shortage(3, "are 2", 1)]);
      cluster.addTaskManager();
      await job.result();
      expect(rowsIn(directory)).toEqual(expectedRows(COUNT));
      expect(warnings()).toHaveLength(2);
    }));

  test("counts on as many per TaskManager as the configuration says", () =>
    onStage({ config: { "taskmanager.numberOfTaskSlots": 2 } }, async ({ cluster, directory, warnings }) => {
      const job = await cluster.submit(COUNTING, {
        args: counting({ out: directory }),
        config: { "parallelism.default": 2 },
      });
      await job.result();
      expect(warnings()).toEqual([]);
    }));

  test("can be cancelled", () =>
    onStage({ taskManagers: 0, slots: 2 }, async ({ cluster, directory, warnings }) => {
      const job = await cluster.submit(COUNTING, { args: counting({ out: directory }) });
      await until(() => warnings().length > 0, "it says what it lacks");
      await job.cancel();
      expect((await rejection(job.result())).message).toMatch(/^MR7004/);
      expect(job.status()).toBe("CANCELED");
      // Nobody waits for the slots of a job that is over.
      cluster.addTaskManager();
      const next = await cluster.submit(COUNTING, { args: counting({ out: directory }) });
      await next.result();
      expect(rowsIn(directory)).toEqual(expectedRows(COUNT));
    }));

  test("ends with its cluster, which takes no other jobs then", () =>
    onStage({ taskManagers: 1, slots: 1 }, async ({ cluster, directory }) => {
      const args = counting({ out: directory });
      const job = await cluster.submit(COUNTING, { args, config: { "parallelism.default": 2 } });
      await cluster.close();
      expect(job.status()).toBe("CANCELED");
      expect((await rejection(cluster.submit(COUNTING, { args }))).message).toMatch(/^MR7014/);
      expect(() => cluster.addTaskManager()).toThrow("MR7014");
    }));
});

test("of four TaskManagers with two slots one is lost: a job with eight subtasks waits, and goes on when another comes", () =>
  onStage({ taskManagers: 4, slots: 2, config: BUSY }, async ({ cluster, directory, warnings }) => {
    const out = join(directory, "out");
    const job = await cluster.submit(COUNTING, {
      args: counting({ out, ratePerSecond: 1_000 }),
      config: { "parallelism.default": 8 },
    });
    await until(() => visibleFiles(out).length > 0, "something is committed", warnings);
    const [first = ""] = cluster.taskManagers();
    await cluster.killTaskManager(first);
    expect(cluster.taskManagers()).toHaveLength(3);
    await until(() => warnings().includes(shortage(8, "are 6", 2)), "it says what it lacks", warnings);
    await until(
      () => job.status() === "CREATED",
      "it waits",
      () => job.status(),
    );
    const before = rowsIn(out);
    expect(before.length).toBeLessThan(COUNT);
    cluster.addTaskManager();
    const { restarts } = await job.result();
    expect(restarts).toBe(1);
    expect(rowsIn(out)).toEqual(expectedRows(COUNT));
  }));

test("a slot that dies is replaced by its TaskManager, and nobody else is asked", () =>
  onStage({ taskManagers: 2, slots: 1, config: BUSY }, async ({ cluster, directory, warnings }) => {
    const out = join(directory, "out");
    const job = await cluster.submit(COUNTING, {
      args: counting({ out, ratePerSecond: 1_000 }),
      config: { "parallelism.default": 2 },
    });
    for (const id of cluster.taskManagers()) {
      const rows = visibleFiles(out).length;
      await until(() => visibleFiles(out).length > rows, "more is committed", warnings);
      cluster.killSlot(id, 0);
    }
    const { restarts } = await job.result();
    expect(restarts).toBeGreaterThan(0);
    expect(rowsIn(out)).toEqual(expectedRows(COUNT));
    expect(warnings().filter((line) => line.includes("slots"))).toEqual([]);
  }));

test("a savepoint that was asked for before is written by the slot that takes the place of a lost one, too", () =>
  onStage({ slots: 2, config: BUSY }, async ({ cluster, directory, warnings }) => {
    const out = join(directory, "out");
    const job = await cluster.submit(COUNTING, {
      args: counting({ out, ratePerSecond: 1_000 }),
      config: { "parallelism.default": 2 },
    });
    await until(() => visibleFiles(out).length > 0, "something is committed", warnings);
    cluster.killSlot("taskmanager-1", 0);
    await until(() => job.status() !== "RUNNING", "the slot is gone", warnings);
    await job.stopWithSavepoint({ directory: join(directory, "saved") });
    expect(job.status()).toBe("FINISHED");
  }));

test.each([
  { taskManagers: -1, says: "taskManagers must be a whole number of 0 or more, not -1" },
  { slots: 0, says: "slots must be a whole number of 1 or more, not 0" },
  { slots: 1.5, says: "slots must be a whole number of 1 or more, not 1.5" },
])("there is no cluster of such a size: $says", async ({ says, ...size }) => {
  const { message } = await rejection(onStage(size, () => Promise.resolve()));
  expect(message).toBe(`MR7013: ${says}`);
});

test("a cluster that nobody closes does not keep its process alive", () => {
  const cluster = new URL("../../dist/core/cluster/index.js", import.meta.url).href;
  const program = `const { MiniCluster } = await import("${cluster}"); new MiniCluster({ taskManagers: 2, slots: 2 });`;
  const { status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { timeout: 20_000 });
  expect(status).toBe(0);
});
