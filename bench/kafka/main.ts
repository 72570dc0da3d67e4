/**
 * One part of one round, in a process of its own: the same with fewer records first, then what is asked for.
 *
 * In:    an order, as JSON in its only argument. Out: one line of JSON.
 */
import { readBare, throughBare, writeBare } from "./bare.ts";
import { readJob, throughJob, writeJob } from "./jobs.ts";
import { measureLatency } from "./latency.ts";
import type { LatencyResult, Load, Order, SpeedOrder, SpeedResult } from "./part.ts";
import type { Taken } from "./stop-watch.ts";

function run({ work, way }: SpeedOrder, load: Load): Promise<Taken> {
  if (way === "bare loop") return { reading: readBare, writing: writeBare, through: throughBare }[work](load);
  if (way === "job") return readJob(load);
  if (work === "reading") throw new Error(`what only reads has no guarantee: ${way}`);
  return work === "writing" ? writeJob(load, way) : throughJob(load, way);
}

async function measure(order: Order): Promise<SpeedResult | LatencyResult> {
  if (order.kind === "latency") {
    const { guarantee, intervalMs } = order;
    return { guarantee, intervalMs, figures: await measureLatency(order) };
  }
  if (order.warmUp !== undefined) await run(order, order.warmUp);
  return { work: order.work, way: order.way, ...(await run(order, order.load)) };
}

const result = await measure(JSON.parse(process.argv[2] ?? "") as Order); // from run.ts
process.stdout.write(`${JSON.stringify(result)}\n`);
