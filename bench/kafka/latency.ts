/**
 * From the moment when a record is due at its producer until a `read_committed` reader has what a job made of it: Kafka, keyed count, Kafka.
 *
 * In:    topics, how many records, how many per second. Out: quantiles. State: none that outlives a call. Producer and reader are kafkajs's, in the process of the job: at such
 *        a rate none of them keeps the others waiting for long.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { value, WatermarkStrategy } from "millrace";
import type { Collector } from "millrace";
import { json, kafkaSink, kafkaSource } from "millrace/connectors/kafka";
import type { Figures } from "../case.ts";
import { Durations } from "../measure/durations.ts";
import { bareProducer, eachBatch } from "./bare.ts";
import type { Reading } from "./bare.ts";
import { environment, guaranteed } from "./jobs.ts";
import type { LatencyOrder } from "./part.ts";

const STEP_MS = 5;
const KEYS = 100;
/** Beyond the time for which records are produced. */
const PATIENCE_MS = 60_000;

interface Due {
  readonly n: number;
  readonly dueMs: number;
}

/** The first fifth is left out: the code is not yet compiled. */
function isWarm(n: number, records: number): boolean {
  return n >= records / 5;
}

export async function measureLatency(order: LatencyOrder): Promise<Figures> {
  const { load } = order;
  const job = await startJob(order);
  const latencies = new Durations();
  const isOver = new AbortController();
  let seen = 0;
  let isLastSeen: () => void = () => undefined;
  const allSeen = new Promise<void>((resolve) => (isLastSeen = resolve));
  let readerHasBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (readerHasBegun = resolve));
  const take: Reading["take"] = ({ messages }) => {
    const nowMs = performance.now();
    for (const { value: text } of messages) {
      const { n, dueMs } = JSON.parse(text?.toString() ?? "") as Due; // as the job writes it
      if (isWarm(n, load.records)) latencies.record(nowMs - dueMs);
      seen += 1;
    }
    if (seen >= load.records) isLastSeen();
  };
  const arrivals = eachBatch({ ...load, from: load.to }, { take, until: allSeen, onBegun: readerHasBegun });
  const tooLate = sleep(PATIENCE_MS + (load.records / order.perSecond) * 1_000, undefined, {
    signal: isOver.signal,
  }).then(() => {
    throw new Error(`${seen} of ${load.records} records have arrived`);
  });
  const jobFailed = job.result().then(() => {
    if (!isOver.signal.aborted) throw new Error("the job has ended");
  });
  try {
    await Promise.race([Promise.all([arrivals, begun.then(() => produce(order))]), tooLate, jobFailed]);
  } finally {
    isOver.abort();
    await job.cancel();
    await Promise.allSettled([tooLate, jobFailed]);
  }
  const quantile = (share: number): number => Math.round(latencies.quantile(share) * 10) / 10;
  return {
    "p50 (ms)": quantile(0.5),
    "p99 (ms)": quantile(0.99),
    "longest (ms)": Math.round(latencies.longestMs * 10) / 10,
  };
}

/** Those that are due at a step go together, whatever became of those before. */
async function produce({ load, perSecond }: LatencyOrder): Promise<void> {
  const producer = bareProducer(load);
  await producer.connect();
  try {
    const sends: Promise<unknown>[] = [];
    const startMs = performance.now();
    for (let from = 0, step = 0; from < load.records; step += 1) {
      const dueMs = startMs + step * STEP_MS;
      const upTo = Math.min(Math.floor(((step + 1) * STEP_MS * perSecond) / 1_000), load.records);
      await sleep(Math.max(0, dueMs - performance.now()));
      const messages = Array.from({ length: upTo - from }, (_, at) => {
        const due: Due = { n: from + at, dueMs };
        return { key: `key-${due.n % KEYS}`, value: JSON.stringify(due) };
      });
      from = upTo;
      if (messages.length > 0) sends.push(producer.send({ topic: load.from, messages }));
    }
    await Promise.all(sends);
  } finally {
    await producer.disconnect();
  }
}

function startJob({
  load,
  guarantee,
  intervalMs,
}: LatencyOrder): ReturnType<ReturnType<typeof environment>["executeAsync"]> {
  const env = environment(intervalMs);
  const { servers: bootstrapServers, from: topics } = load;
  env
    .fromSource(
      kafkaSource<Due>({ bootstrapServers, topics, value: json<Due>() }),
      WatermarkStrategy.noWatermarks<Due>(),
      "due",
    )
    .keyBy(({ n }) => n % KEYS)
    .process({
      state: { seen: value({ default: 0 }) },
      processElement(due, ctx, out: Collector<Due & { readonly seen: number }>) {
        const seen = ctx.state.seen.value() + 1;
        ctx.state.seen.update(seen);
        out.collect({ ...due, seen });
      },
    })
    .sinkTo(
      kafkaSink<Due>({
        ...guaranteed(load, guarantee),
        key: ({ n }) => `key-${n % KEYS}`,
        value: (due) => JSON.stringify(due),
      }),
    );
  return env.executeAsync("latency");
}
