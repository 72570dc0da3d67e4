/** Several jobs in one cluster: each has its slots, its failures, its metrics and its copies of operators, and gives its slots back. */
// covers: core/cluster/mini-cluster.ts, core/cluster/resource-manager.ts
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectedRows } from "./jobs/counting.ts";
import type { CountingArgs } from "./jobs/counting.ts";
import { BUSY, jobModule, onStage, rejection, rowsIn, until, visibleFiles } from "./stage.ts";

const COUNTING = jobModule("counting");
const PARALLELISM = { "parallelism.default": 2 };

function counting(args: CountingArgs): { readonly args: readonly string[]; readonly config: typeof PARALLELISM } {
  return { args: [JSON.stringify(args)], config: PARALLELISM };
}

test("failures of one do not touch the others", () =>
  onStage({ taskManagers: 3, slots: 2, config: BUSY }, async ({ cluster, directory, warnings }) => {
    const out = (name: string): string => join(directory, name);
    const disaster = { kind: "exit", at: 700, marker: join(directory, "marker") } as const;
    const calm = await cluster.submit(COUNTING, counting({ out: out("calm"), count: 2_400, ratePerSecond: 3_000 }));
    const struck = await cluster.submit(
      COUNTING,
      counting({ out: out("struck"), count: 1_500, ratePerSecond: 3_000, disaster }),
    );
    const doomed = await cluster.submit(COUNTING, {
      ...counting({ out: out("doomed"), count: 1_500, ratePerSecond: 3_000, disaster: { kind: "error", at: 500 } }),
      config: { ...PARALLELISM, "restart-strategy.type": "none" },
    });
    expect((await rejection(doomed.result())).message).toMatch(/^MR3001: operator "disaster" .*an unlucky record/);
    expect((await struck.result()).restarts).toBeGreaterThan(0);
    const { restarts, records, accumulators } = await calm.result();
    expect({ restarts, records, accumulators }).toEqual({ restarts: 0, records: 2_400, accumulators: { opened: 2 } });
    expect(rowsIn(out("calm"))).toEqual(expectedRows(2_400));
    expect(rowsIn(out("struck"))).toEqual(expectedRows(1_500));
    expect(warnings().filter((line) => !line.includes('job "counting"'))).toEqual([]);

    const read = calm
      .metrics()
      .filter(({ scope, name }) => scope.operator === "Source: numbers" && name === "numRecordsIn");
    expect(read.reduce((sum, { value }) => sum + Number(value), 0)).toBe(2_400);
  }));

test("one that does not fit waits until another has given its slots back, and holds up nobody that fits", () =>
  onStage({ slots: 3 }, async ({ cluster, directory, warnings }) => {
    const out = (name: string): string => join(directory, name);
    const first = await cluster.submit(COUNTING, counting({ out: out("first"), count: 100_000, ratePerSecond: 2_000 }));
    await until(() => first.status() === "RUNNING", "the first runs");
    const second = await cluster.submit(COUNTING, counting({ out: out("second"), count: 600 }));
    await until(() => warnings().some((line) => line.includes("needs 2 slots, but there is 1")), "the second waits");
    const third = await cluster.submit(COUNTING, {
      ...counting({ out: out("third"), count: 60 }),
      config: { "parallelism.default": 1 },
    });
    await third.result();
    expect([first.status(), second.status()]).toEqual(["RUNNING", "CREATED"]);
    await first.cancel();
    await second.result();
    expect(rowsIn(out("second"))).toEqual(expectedRows(600));
    expect(rowsIn(out("third"))).toEqual(expectedRows(60));
  }));

test("one that is cancelled gives its slots back, and leaves nothing unfinished", () =>
  onStage({ slots: 2, config: BUSY }, async ({ cluster, directory }) => {
    for (const name of ["first", "second", "third"]) {
      const out = join(directory, name);
      const job = await cluster.submit(COUNTING, counting({ out, count: 100_000, ratePerSecond: 3_000 }));
      await until(() => visibleFiles(out).length > 0, "something is committed");
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
    }
  }));
