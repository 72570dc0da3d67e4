/** The job whose latency is measured: Kafka, keyed count, Kafka. It runs until the process that started it lets go. */
import { StreamExecutionEnvironment, value, WatermarkStrategy } from "millrace";
import type { Collector } from "millrace";
import { json, kafkaSink, kafkaSource } from "millrace/connectors/kafka";
import { configuration, guaranteed } from "./jobs.ts";
import type { LatencyJobOrder } from "./part.ts";

const KEYS = 100;

/** A record on its way. */
export interface Due {
  readonly n: number;
  /** Comparable between processes, see `preciseNowMs`. */
  readonly dueMs: number;
}

export function keyOf({ n }: Due): string {
  return `key-${n % KEYS}`;
}

export async function runLatencyJob({ load, guarantee, intervalMs }: LatencyJobOrder): Promise<void> {
  const letGo = new Promise((resolve) => process.once("disconnect", resolve));
  const env = StreamExecutionEnvironment.create(configuration(intervalMs));
  const { servers: bootstrapServers, from: topics } = load;
  const source = kafkaSource<Due>({ bootstrapServers, topics, value: json<Due>() });
  env
    .fromSource(source, WatermarkStrategy.noWatermarks<Due>(), "due")
    .keyBy(keyOf)
    .process({
      state: { seen: value({ default: 0 }) },
      processElement(due, ctx, out: Collector<Due & { readonly seen: number }>) {
        const seen = ctx.state.seen.value() + 1;
        ctx.state.seen.update(seen);
        out.collect({ ...due, seen });
      },
    })
    .sinkTo(kafkaSink<Due>({ ...guaranteed(load, guarantee), key: keyOf, value: (due) => JSON.stringify(due) }));
  const job = await env.executeAsync("latency");
  await Promise.race([letGo, job.result()]);
  await job.cancel();
}
