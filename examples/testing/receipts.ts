/**
 * A job from Kafka to Kafka, which is tested in receipts.test.ts: each order gets a receipt.
 *
 * In:    the topic `orders`. Out: the topic `receipts`, exactly once. State: the positions in the one, the open transactions in the other.
 * How it connects is a parameter, so that a test can give it a cluster of its own.
 */
import { defineJob, WatermarkStrategy } from "millrace";
import type { JobDefinition } from "millrace";
import { kafkaSink, kafkaSource, text } from "millrace/connectors/kafka";
import type { KafkaConnection } from "millrace/connectors/kafka";

export function receipts(connection: KafkaConnection, { bounded }: { readonly bounded: boolean }): JobDefinition {
  return defineJob("receipts", (env) => {
    const source = kafkaSource({ ...connection, topics: "orders", value: text(), bounded });
    const sink = kafkaSink<string>({
      ...connection,
      topic: "receipts",
      value: (receipt) => receipt,
      deliveryGuarantee: "exactly-once",
      transactionalIdPrefix: "receipts",
    });
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), "orders")
      .map((order) => `receipt for ${order}`)
      .sinkTo(sink)
      .name("receipts");
  });
}
