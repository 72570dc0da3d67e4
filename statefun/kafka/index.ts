/**
 * `millrace/statefun/kafka`: topics of Kafka in front of stateful functions, and behind them.
 *
 * `kafkaIngress` makes messages of records, whose keys are the ids; `kafkaEgress` makes records of what functions send. What is read is said with `json`, `text`, `earliest` and
 * the others of `millrace/connectors/kafka`, whose `kafkaSource` and `kafkaSink` are under both.
 */
export { kafkaEgress } from "./kafka-egress.ts";
export type { KafkaEgressRecord, KafkaEgressSettings, MappedToRecords, RecordWithTopic } from "./kafka-egress.ts";
export { kafkaIngress } from "./kafka-ingress.ts";
export type { KafkaIngressOptions, KafkaIngressTopic, KafkaMessage, KafkaMessages } from "./kafka-ingress.ts";
export { target } from "../module/target.ts";
export type { Target } from "../module/target.ts";
