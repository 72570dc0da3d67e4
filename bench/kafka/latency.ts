/**
 * From the moment when a record is due at its producer until a `read_committed` reader has what a job made of it.
 *
 * In:    topics, how many records, how many per second. Out: quantiles. State: none that outlives a call. Producer and reader are kafkajs's, here; the job is in a process of its own, so that
 *        it answers for its own delays only. How long the producer took until the broker had a record is beside it: it is part of the latency, and none of ours.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Durations } from "../measure/durations.ts";
import { preciseNowMs } from "../measure/marks.ts";
import { bareProducer, eachBatch } from "./bare.ts";
import type { Reading } from "./bare.ts";
import { keyOf } from "./latency-job.ts";
import type { Due } from "./latency-job.ts";
import type { LatencyFigures, LatencyJobOrder, LatencyOrder } from "./part.ts";

/** Shorter steps make a busy producer: its requests cost more than its records. */
const STEP_MS = 20;
/** Beyond the time for which records are produced. */
const PATIENCE_MS = 60_000;
/** Sent before the others: once it has arrived, all are at work. */
const PROBE = -1;

/** The first fifth is left out: the code is not yet compiled. */
function isWarm(n: number, records: number): boolean {
  return n >= records / 5;
}

export async function measureLatency(order: LatencyOrder): Promise<LatencyFigures> {
  const { records } = order.load;
  const whole = new Durations();
  const produced = new Durations();
  const arrivals = new Arrivals(records, whole);
  const job = startJob(order);
  const ended = new Promise<never>((_, reject) => {
    job.once("exit", (code) => reject(new Error(`the job has ended, with exit code ${String(code)}`)));
  });
  const isOver = new AbortController();
  const tooLate = sleep(PATIENCE_MS + (records / order.perSecond) * 1_000, undefined, { signal: isOver.signal }).then(
    () => {
      throw new Error(`${arrivals.seen} of ${records} records have arrived`);
    },
  );
  const from = { ...order.load, from: order.load.to };
  const reading = eachBatch(from, { take: arrivals.take, until: arrivals.all });
  try {
    await Promise.race([Promise.all([reading, produce(order, arrivals.first, produced)]), ended, tooLate]);
  } finally {
    isOver.abort();
    if (job.connected) job.disconnect();
    await Promise.allSettled([ended, tooLate]);
  }
  return {
    p50Ms: whole.quantile(0.5),
    p99Ms: whole.quantile(0.99),
    longestMs: whole.longestMs,
    producerP50Ms: produced.quantile(0.5),
    producerP99Ms: produced.quantile(0.99),
  };
}

class Arrivals {
  seen = 0;
  /** The probe has arrived. */
  readonly first: Promise<void>;
  readonly all: Promise<void>;
  readonly take: Reading["take"];

  constructor(records: number, latencies: Durations) {
    let [onFirst, onAll] = [() => undefined as void, () => undefined as void];
    this.first = new Promise((resolve) => (onFirst = resolve));
    this.all = new Promise((resolve) => (onAll = resolve));
    this.take = ({ messages }) => {
      const nowMs = preciseNowMs();
      for (const { value } of messages) {
        const { n, dueMs } = JSON.parse(value?.toString() ?? "") as Due; // as the job writes it
        if (n === PROBE) {
          onFirst();
          continue;
        }
        if (isWarm(n, records)) latencies.record(nowMs - dueMs);
        this.seen += 1;
      }
      if (this.seen === records) onAll();
    };
  }
}

/** Those that are due at a step go together, whatever became of those before. */
async function produce({ load, perSecond }: LatencyOrder, arrived: Promise<void>, took: Durations): Promise<void> {
  const { from: topic, records } = load;
  const producer = bareProducer(load);
  const send = (dues: readonly Due[]): Promise<unknown> =>
    producer.send({ topic, messages: dues.map((due) => ({ key: keyOf(due), value: JSON.stringify(due) })) });
  await producer.connect();
  try {
    await send([{ n: PROBE, dueMs: preciseNowMs() }]);
    await arrived;
    const sends: Promise<unknown>[] = [];
    const startMs = preciseNowMs();
    for (let from = 0, step = 0; from < records; step += 1) {
      const dueMs = startMs + step * STEP_MS;
      await sleep(Math.max(0, dueMs - preciseNowMs()));
      const upTo = Math.min(Math.floor(((step + 1) * STEP_MS * perSecond) / 1_000), records);
      const dues = Array.from({ length: upTo - from }, (_, at): Due => ({ n: from + at, dueMs }));
      const isCounted = isWarm(from, records);
      from = upTo;
      const acknowledged = (): void => (isCounted ? took.record(preciseNowMs() - dueMs) : undefined);
      if (dues.length > 0) sends.push(send(dues).then(acknowledged));
    }
    await Promise.all(sends);
  } finally {
    await producer.disconnect();
  }
}

function startJob({ load, guarantee, intervalMs }: LatencyOrder): ChildProcess {
  const order: LatencyJobOrder = { kind: "latency job", load, guarantee, intervalMs };
  return fork(fileURLToPath(new URL("main.js", import.meta.url)), [JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}
