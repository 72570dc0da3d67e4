/**
 * Goal:   functions on real threads, of which some are killed, pass messages on exactly once, and in order from each to each.
 * Method: numbered commands that wander among 128 instances; single threads are ended by force now and then.
 * Replay: none, as the moments are real time. `MILLRACE_COMMANDS=100000 MILLRACE_KILL_EVERY_MS=5000` makes it long.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { JobClient } from "millrace";
import type { MiniCluster } from "millrace/cluster";
import { expect, test } from "vitest";
import { firstOf, hopsOf, nextOf } from "./jobs/functions.ts";
import type { Arrival, FunctionsArgs } from "./jobs/functions.ts";
import { BUSY, jobModule, onStage, rowsIn, until } from "./stage.ts";

const COMMANDS = Number(process.env["MILLRACE_COMMANDS"] ?? 6_000);
const KILL_EVERY_MS = Number(process.env["MILLRACE_KILL_EVERY_MS"] ?? 200);
const RATE = 4_000;

function completed(job: JobClient): number {
  return Number(job.metrics().find(({ name }) => name === "numberOfCompletedCheckpoints")?.value ?? 0);
}

/** Single threads, in turns; never before the job has come further than it was. */
async function killNowAndThen(cluster: MiniCluster, job: JobClient): Promise<number> {
  const isOver = (): boolean => job.status() === "FINISHED" || job.status() === "FAILED";
  for (let kills = 0; ; kills += 1) {
    const before = completed(job);
    await until(() => isOver() || completed(job) > before + 1, "checkpoints go on");
    await pause(KILL_EVERY_MS);
    if (isOver()) return kills;
    cluster.killSlot(cluster.taskManagers()[0] ?? "", kills % 2);
  }
}

/** Who takes which command after how many hops. */
function expectedArrivals(): readonly string[] {
  const expected: string[] = [];
  for (let command = 0; command < COMMANDS; command += 1) {
    let at = firstOf(command);
    for (let hop = 0; hop <= hopsOf(command); hop += 1) {
      expected.push(`${command}/${hop} at ${at}`);
      at = nextOf(at, command);
    }
  }
  return expected.toSorted();
}

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function grouped(arrivals: readonly Arrival[], nameOf: (arrival: Arrival) => string): readonly (readonly Arrival[])[] {
  const groups = new Map<string, Arrival[]>();
  for (const arrival of arrivals) groups.set(nameOf(arrival), [...(groups.get(nameOf(arrival)) ?? []), arrival]);
  return [...groups.values()];
}

test("functions on threads that die pass messages on once, and in order", { timeout: 900_000 }, () =>
  onStage({ slots: 2, config: BUSY }, async ({ cluster, directory }) => {
    const args: FunctionsArgs = { out: join(directory, "out"), commands: COMMANDS, ratePerSecond: RATE };
    const job = await cluster.submit(jobModule("functions"), {
      args: [JSON.stringify(args)],
      config: { "parallelism.default": 2, "execution.checkpointing.interval": 200 },
    });
    const [{ restarts }, kills] = await Promise.all([job.result(), killNowAndThen(cluster, job)]);
    const arrivals = rowsIn(args.out).map((row) => JSON.parse(row) as Arrival); // as the job writes them
    expect(arrivals.map(({ command, hop, at }) => `${command}/${hop} at ${at}`).toSorted()).toEqual(expectedArrivals());
    for (const atOne of grouped(arrivals, ({ at }) => String(at))) {
      const inOrder = atOne.toSorted((left, right) => left.count - right.count);
      expect(inOrder.map(({ count }) => count)).toEqual(upTo(atOne.length));
      for (const pair of grouped(inOrder, ({ from }) => String(from)))
        if (pair[0]?.from !== -1) expect(pair.map(({ number }) => number)).toEqual(upTo(pair.length));
    }
    expect(kills).toBeGreaterThan(0);
    expect(restarts).toBeGreaterThan(0);
  }),
);
