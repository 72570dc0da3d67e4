/**
 * `millrace/connectors/kafka`: topics of Kafka as source and sink, exactly once.
 *
 * Read `source/kafka-source.ts` and `sink/sink.ts` first; `client/` is how brokers are spoken to, `records/` what their bytes mean.
 */
export type { KafkaConnection } from "./client/connection.ts";
export type {
  Isolation,
  KafkaClient,
  KafkaClientFactory,
  KafkaClientOptions,
  KafkaSecurity,
  TopicPartition,
} from "./client/kafka-client.ts";
export type { Codec, Codecs, Compression } from "./records/batch-format.ts";
export type { Bytes, RecordHeader } from "./records/batch-builder.ts";
export { kafkaSink } from "./sink/sink.ts";
export type { KafkaSinkOptions } from "./sink/sink.ts";
export type { RecordParts } from "./sink/serializer.ts";
export type { KafkaCommittable, KafkaSinkState } from "./sink/sink-state.ts";
export { bytes, json, text } from "./source/deserializers.ts";
export type { KafkaCollector, KafkaDeserializer, KafkaValue } from "./source/deserializers.ts";
export { kafkaSource } from "./source/kafka-source.ts";
export type { KafkaHeader, KafkaRecord } from "./source/kafka-record.ts";
export type { MalformedKafkaRecord, OnMalformed } from "./source/malformed.ts";
export { committed, earliest, latest, offsets, timestamp } from "./source/offsets.ts";
export type { KafkaOffsets, OffsetReset, OffsetsByPartition } from "./source/offsets.ts";
export type { KafkaSourceOptions, KafkaSourceSettings, WhatToMakeOfIt, WhatToRead } from "./source/options.ts";
export type { KafkaEnumeratorState, KafkaSplit } from "./source/splits.ts";
