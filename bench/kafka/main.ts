/**
 * One part of one round, in a process of its own: the same with fewer records first, then what is asked for.
 *
 * In:    an order, as JSON in its only argument. Out: one line of JSON; nothing from a job that only runs.
 */
import { readBare, throughBare, writeBare } from "./bare.ts";
import { readJob, throughJob, writeJob } from "./jobs.ts";
import { runLatencyJob } from "./latency-job.ts";
import { measureLatency } from "./latency.ts";
import type { LatencyJobOrder, LatencyResult, Load, Order, SpeedOrder, SpeedResult } from "./part.ts";
import type { Taken } from "./stop-watch.ts";

function run({ work, way }: SpeedOrder, load: Load): Promise<Taken> {
  if (way === "bare loop") return { reading: readBare, writing: writeBare, through: throughBare }[work](load);
  if (way === "job") return readJob(load);
  if (work === "reading") throw new Error(`what only reads has no guarantee: ${way}`);
  return work === "writing" ? writeJob(load, way) : throughJob(load, way);
}

async function measure(order: Exclude<Order, LatencyJobOrder>): Promise<SpeedResult | LatencyResult> {
  if (order.kind === "latency") {
    const { guarantee, intervalMs } = order;
    return { guarantee, intervalMs, figures: await measureLatency(order) };
  }
  if (order.warmUp !== undefined) await run(order, order.warmUp);
  return { work: order.work, way: order.way, ...(await run(order, order.load)) };
}

const order = JSON.parse(process.argv[2] ?? "") as Order; // from rounds.ts or latency.ts
if (order.kind === "latency job") await runLatencyJob(order);
else process.stdout.write(`${JSON.stringify(await measure(order))}\n`);
