/** The same work as jobs, in the calling thread as `env.execute()` runs them, with default settings and a checkpoint every second. */
import { StreamExecutionEnvironment, value, WatermarkStrategy } from "millrace";
import type { Collector, ConfigValues } from "millrace";
import { json, kafkaSink, kafkaSource, latest } from "millrace/connectors/kafka";
import type { KafkaSinkOptions } from "millrace/connectors/kafka";
import { stripes } from "../sources/stripes.ts";
import type { Load } from "./part.ts";
import { saleOf } from "./sale.ts";
import type { CountedSale, Sale } from "./sale.ts";
import { StopWatch } from "./stop-watch.ts";
import type { Taken } from "./stop-watch.ts";

export type Guarantee = "at least once" | "exactly once";

export function configuration(intervalMs: number = 1_000): ConfigValues {
  return { "parallelism.default": 1, "execution.checkpointing.interval": `${intervalMs}ms` };
}

/** What all sinks have in common. */
export function guaranteed(
  { servers, to }: Load,
  guarantee: Guarantee,
): Pick<
  KafkaSinkOptions<unknown>,
  "bootstrapServers" | "topic" | "deliveryGuarantee" | "transactionalIdPrefix" | "transactionTimeout"
> {
  const target = { bootstrapServers: servers, topic: to };
  return guarantee === "at least once"
    ? { ...target, deliveryGuarantee: "at-least-once" }
    : {
        ...target,
        deliveryGuarantee: "exactly-once",
        transactionalIdPrefix: `job of ${to}`,
        transactionTimeout: "60s",
      };
}

export async function readJob({ servers: bootstrapServers, from, records }: Load): Promise<Taken> {
  const watch = new StopWatch(records);
  const env = StreamExecutionEnvironment.create(configuration());
  const sales = kafkaSource<Sale>({ bootstrapServers, topics: from, value: json<Sale>(), stoppingOffsets: latest() });
  env
    .fromSource(sales, WatermarkStrategy.noWatermarks<Sale>(), "sales")
    .map((sale) => {
      watch.see(sale.cents);
      return sale;
    })
    .discard();
  await env.execute("reading");
  return watch.taken();
}

export async function writeJob(load: Load, guarantee: Guarantee): Promise<Taken> {
  const watch = new StopWatch(load.records);
  const env = StreamExecutionEnvironment.create(configuration());
  const sales = stripes<Sale>(load.records, (number) => {
    const sale = saleOf(number);
    watch.see(sale.cents);
    return sale;
  });
  env.fromSource(sales, WatermarkStrategy.noWatermarks<Sale>(), "sales").sinkTo(
    kafkaSink<Sale>({
      ...guaranteed(load, guarantee),
      key: ({ user }) => user,
      value: (sale) => JSON.stringify(sale),
    }),
  );
  await env.execute("writing");
  watch.stop();
  return watch.taken();
}

export async function throughJob(load: Load, guarantee: Guarantee): Promise<Taken> {
  const { servers: bootstrapServers, from, records } = load;
  const watch = new StopWatch(records);
  const env = StreamExecutionEnvironment.create(configuration());
  const sales = kafkaSource<Sale>({ bootstrapServers, topics: from, value: json<Sale>(), stoppingOffsets: latest() });
  env
    .fromSource(sales, WatermarkStrategy.noWatermarks<Sale>(), "sales")
    .keyBy(({ user }) => user)
    .process({
      state: { seen: value({ default: 0 }) },
      processElement({ user, cents, atMs, note }, ctx, out: Collector<CountedSale>) {
        watch.see(cents);
        const seen = ctx.state.seen.value() + 1;
        ctx.state.seen.update(seen);
        out.collect({ user, cents, seen, atMs, note });
      },
    })
    .sinkTo(
      kafkaSink<CountedSale>({
        ...guaranteed(load, guarantee),
        key: ({ user }) => user,
        value: (sale) => JSON.stringify(sale),
      }),
    );
  await env.execute("through");
  watch.stop();
  return watch.taken();
}
