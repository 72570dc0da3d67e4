/**
 * What each customer orders per minute, from Kafka to Kafka, exactly once: `npx millrace run examples/orders-kafka.ts -- --kafka-address localhost:9092`. It needs the topics `orders` and
 * `revenue`. With `--bounded yes` it reads what is there and ends.
 *
 * What one learns: event time of Kafka records, watermarks per partition with idle ones left out, records that cannot be read put aside, and a sink whose transactions
 * are committed together with checkpoints.
 *
 * In:    orders as JSON, such as `{"customer":"ada","cents":1250,"atMs":1760000000000}`, up to ten seconds out of order in a partition.
 * Out:   `{"customer":"ada","minute":"2025-10-09T08:53:00.000Z","cents":1250,"orders":1}` in the topic `revenue`, with the customer as its key; what is no order, printed.
 * State: a sum per customer and open minute.
 */
import { defineJob, OutputTag, tumbling, WatermarkStrategy } from "millrace";
import type { DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { json, kafkaSink, kafkaSource, latest } from "millrace/connectors/kafka";
import type { KafkaConnection, MalformedKafkaRecord } from "millrace/connectors/kafka";
import { optionValues, usageOf } from "./support/options.ts";

export interface Order {
  readonly customer: string;
  readonly cents: number;
  readonly atMs: number;
}

export interface Revenue {
  readonly customer: string;
  readonly minute: string;
  readonly cents: number;
  readonly orders: number;
}

const OPTIONS = {
  "kafka-address": { value: "HOST:PORT", meaning: "a broker", default: "localhost:9092" },
  bounded: { value: "yes|no", meaning: "end where the topic ends when the job starts", default: "no" },
} as const;

export const MALFORMED: OutputTag<MalformedKafkaRecord> = new OutputTag("malformed");

/** Per customer and minute. */
export function revenuePerMinute(orders: DataStream<Order>): DataStream<Revenue> {
  return orders
    .map(({ customer, cents, atMs }) => ({ customer, cents, atMs, orders: 1 }))
    .keyBy(({ customer }) => customer)
    .window(tumbling("1min"))
    .reduce((left, right) => ({ ...left, cents: left.cents + right.cents, orders: left.orders + right.orders }))
    .uid("revenue")
    .map(({ key, window, value }) => ({
      customer: key,
      minute: new Date(window.startMs).toISOString(),
      cents: value.cents,
      orders: value.orders,
    }));
}

function ordersFrom(env: StreamExecutionEnvironment, kafka: KafkaConnection, isBounded: boolean): DataStream<Order> {
  const source = kafkaSource<Order>({
    ...kafka,
    topics: "orders",
    groupId: "revenue",
    value: json<Order>(),
    onMalformed: { sideOutput: MALFORMED },
    ...(isBounded ? { stoppingOffsets: latest() } : {}),
  });
  const eventTime = WatermarkStrategy.forBoundedOutOfOrderness("10s")
    .withTimestampAssigner((order: Order) => order.atMs)
    .withIdleness("30s");
  const orders = env.fromSource(source, eventTime, "orders").uid("orders");
  orders
    .getSideOutput(MALFORMED)
    .map(({ offset, reason }) => `offset ${offset} is no order: ${reason}`)
    .print();
  return orders;
}

/** `connection`: what else there is to say about Kafka, such as a password; tests give a Kafka in memory. */
export function revenueJob(connection: Partial<KafkaConnection> = {}): JobDefinition {
  return defineJob(
    "revenue",
    (env, args) => {
      const { "kafka-address": bootstrapServers, bounded } = optionValues(args, OPTIONS);
      const kafka = { bootstrapServers, ...connection };
      env.enableCheckpointing("1s");
      const revenue = kafkaSink<Revenue>({
        ...kafka,
        topic: "revenue",
        key: ({ customer }) => customer,
        value: (row) => JSON.stringify(row),
        deliveryGuarantee: "exactly-once",
        transactionalIdPrefix: "revenue",
      });
      revenuePerMinute(ordersFrom(env, kafka, bounded === "yes"))
        .sinkTo(revenue)
        .name("revenue")
        .uid("revenue-topic");
    },
    { usage: usageOf(OPTIONS) },
  );
}

const job: JobDefinition = revenueJob();
export default job;
