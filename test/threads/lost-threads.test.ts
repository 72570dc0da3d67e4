/** A thread that ends in code of the job costs one slot: the process lives, stderr says which slot and why, and the job writes the same rows. */
// covers: core/cluster/threads/*
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CountingArgs } from "./jobs/counting.ts";
import { expectedRows } from "./jobs/counting.ts";
import type { DisasterKind } from "./jobs/disaster.ts";
import { BUSY, jobModule, onStage, rejection, rowsIn, until } from "./stage.ts";

const COUNTING = jobModule("counting");
const COUNT = 3_000;
const AT = COUNT / 2;

const SLOT = /taskmanager-1\/[01]\.\d+/.source;
const CAUSES: Readonly<Record<Exclude<DisasterKind, "error" | "loop" | "kill">, string>> = {
  exit: `slot ${SLOT} ended with exit code 3`,
  timer: `slot ${SLOT} ended by an error that nobody caught: boom in a timer`,
  rejection: `slot ${SLOT} ended by an error that nobody caught: nobody handles this`,
  heap: `slot ${SLOT} has used up its memory`,
};

/** Lines that say so. */
function saying(cause: string, lines: readonly string[]): readonly string[] {
  return lines.filter((line) => new RegExp(cause).test(line));
}

describe("a thread that ends in code of the job", () => {
  test.each(Object.keys(CAUSES) as (keyof typeof CAUSES)[])("by %s", (kind) =>
    onStage(
      { slots: 2, config: { ...BUSY, "taskmanager.memory.task.heap.size": 48 } },
      async ({ cluster, directory, warnings }) => {
        const out = join(directory, "out");
        const disaster = { kind, at: AT, marker: join(directory, "marker") };
        const args: CountingArgs = { out, count: COUNT, ratePerSecond: 6_000, disaster };
        const job = await cluster.submit(COUNTING, {
          args: [JSON.stringify(args)],
          config: { "parallelism.default": 2 },
        });
        const { restarts } = await job.result();
        expect(rowsIn(out)).toEqual(expectedRows(COUNT));
        expect(restarts).toBeGreaterThanOrEqual(1);
        expect(saying(CAUSES[kind], warnings()), warnings().join("\n")).toHaveLength(1);
        expect(saying("counting.*MR70(?:07|10)", warnings()).length, warnings().join("\n")).toBeLessThanOrEqual(2);
      },
    ),
  );

  test("and ends whenever it comes there, fails the job once its restarts are used up", () =>
    onStage(
      { slots: 2, config: { ...BUSY, "restart-strategy.fixed-delay.attempts": 2 } },
      async ({ cluster, directory, warnings }) => {
        const args: CountingArgs = { out: directory, count: COUNT, disaster: { kind: "exit", at: AT } };
        const job = await cluster.submit(COUNTING, {
          args: [JSON.stringify(args)],
          config: { "parallelism.default": 2 },
        });
        const { message } = await rejection(job.result());
        // Also if its peer was the first to notice, with nothing but a lost connection.
        expect(message).toMatch(/^MR7010: slot .* ended with exit code/);
        expect(job.status()).toBe("FAILED");
        expect(saying(CAUSES.exit, [...warnings(), message]).length).toBeGreaterThanOrEqual(3);
      },
    ));

  test("or never comes back from it, is ended by force when it has been silent for too long", () =>
    onStage(
      { slots: 2, config: { ...BUSY, "heartbeat.interval": 100, "heartbeat.timeout": 1_500 } },
      async ({ cluster, directory, warnings }) => {
        const out = join(directory, "out");
        const disaster = { kind: "loop", at: AT, marker: join(directory, "marker") } as const;
        const args: CountingArgs = { out, count: COUNT, ratePerSecond: 6_000, disaster };
        const job = await cluster.submit(COUNTING, {
          args: [JSON.stringify(args)],
          config: { "parallelism.default": 2 },
        });
        await job.result();
        expect(rowsIn(out)).toEqual(expectedRows(COUNT));
        const silent = `MR7008: slot ${SLOT}#1 has not been heard for more than 1500 ms`;
        expect(saying(silent, warnings()), warnings().join("\n")).toHaveLength(1);
        expect(saying("MR7010", warnings())).toEqual([]);
      },
    ));
});

test("a process that stands still for longer than the timeout costs no slot", () =>
  onStage(
    { slots: 2, config: { ...BUSY, "heartbeat.interval": 100, "heartbeat.timeout": 1_500 } },
    async ({ cluster, directory, warnings }) => {
      const out = join(directory, "out");
      const args: CountingArgs = { out, count: COUNT, ratePerSecond: 1_000 };
      const job = await cluster.submit(COUNTING, {
        args: [JSON.stringify(args)],
        config: { "parallelism.default": 2 },
      });
      await until(() => rowsIn(out).length > 0, "something is written");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_800); // the master's thread; those of the slots go on
      const { restarts } = await job.result();
      expect(rowsIn(out)).toEqual(expectedRows(COUNT));
      expect({ restarts, lost: saying("MR70|not been heard", warnings()) }).toEqual({ restarts: 0, lost: [] });
    },
  ));
