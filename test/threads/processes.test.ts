/** Slots that are processes serve jobs as threads do; whatever ends one of them, a `kill -9` too, costs that slot and nothing else, and the job writes the same rows. */
// covers: core/cluster/processes/*, core/cluster/slot-program.ts
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CountingArgs } from "./jobs/counting.ts";
import { expectedRows } from "./jobs/counting.ts";
import type { DisasterKind } from "./jobs/disaster.ts";
import { BUSY, jobModule, onStage, rejection, rowsIn, until, visibleFiles } from "./stage.ts";

const COUNTING = jobModule("counting");
const COUNT = 3_000;
const PROCESSES = { ...BUSY, "taskmanager.slot.isolation": "process" };

const SLOT = /taskmanager-1\/[01]\.\d+/.source;
const CAUSES: Readonly<Partial<Record<DisasterKind, string>>> = {
  exit: `slot ${SLOT} ended with exit code 3`,
  timer: `slot ${SLOT} ended by an error that nobody caught: boom in a timer`,
  rejection: `slot ${SLOT} ended by an error that nobody caught: nobody handles this`,
  kill: `slot ${SLOT} was ended by SIGKILL`,
};

describe("a slot that is a process", () => {
  test.each(Object.entries(CAUSES) as [DisasterKind, string][])("may end: by %s", (kind, cause) =>
    onStage({ slots: 2, config: PROCESSES }, async ({ cluster, directory, warnings }) => {
      const out = join(directory, "out");
      const disaster = { kind, at: COUNT / 2, marker: join(directory, "marker") };
      const args: CountingArgs = { out, count: COUNT, ratePerSecond: 6_000, disaster };
      const job = await cluster.submit(COUNTING, {
        args: [JSON.stringify(args)],
        config: { "parallelism.default": 2 },
      });
      const { restarts } = await job.result();
      expect(rowsIn(out)).toEqual(expectedRows(COUNT));
      expect(restarts).toBeGreaterThanOrEqual(1);
      expect(
        warnings().filter((line) => new RegExp(cause).test(line)),
        warnings().join("\n"),
      ).toHaveLength(1);
    }),
  );

  test("is ended by force and replaced, and goes with its job", () =>
    onStage({ slots: 2, config: PROCESSES }, async ({ cluster, directory, warnings }) => {
      const out = join(directory, "out");
      const args: CountingArgs = { out, count: COUNT, ratePerSecond: 3_000 };
      const job = await cluster.submit(COUNTING, {
        args: [JSON.stringify(args)],
        config: { "parallelism.default": 2 },
      });
      await until(() => visibleFiles(out).length > 0, "something is committed", warnings);
      cluster.killSlot("taskmanager-1", 1);
      expect((await job.result()).restarts).toBeGreaterThan(0);
      expect(rowsIn(out)).toEqual(expectedRows(COUNT));
    }));

  test("goes with whoever started it, also out of an endless loop", () =>
    onStage({}, async ({ directory }) => {
      const marker = join(directory, "marker");
      const args: CountingArgs = {
        out: join(directory, "out"),
        count: COUNT,
        disaster: { kind: "loop", at: 5, marker },
      };
      const program = `
        import { MiniCluster } from "millrace/cluster";
        const cluster = new MiniCluster({ slots: 1, config: ${JSON.stringify(PROCESSES)} });
        await cluster.submit(new URL(${JSON.stringify(COUNTING.href)}), { args: [${JSON.stringify(JSON.stringify(args))}] });
      `;
      const master = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
      try {
        const slotPid = (): number => (existsSync(marker) ? Number(readFileSync(marker, "utf8")) : 0);
        await until(() => slotPid() > 0, "the slot is in its loop");
        expect(isAlive(slotPid())).toBe(true);
        master.kill("SIGKILL");
        await until(() => !isAlive(slotPid()), "the slot has followed");
      } finally {
        master.kill("SIGKILL");
      }
    }));

  test("imports the job's module by itself, and fails the job where that cannot be", () =>
    onStage({ slots: 1, config: PROCESSES }, async ({ cluster }) => {
      const module = jobModule("broken");
      module.search = "process=throws";
      const { message } = await rejection((await cluster.submit(module)).result());
      expect(message).toMatch(/^MR7011: slot \S+ cannot build the job from \S+: no licence for processes$/);
    }));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
