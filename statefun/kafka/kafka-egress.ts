/**
 * `kafkaEgress`: what functions send becomes records, each with a topic, a key, headers of its own, as a message to an egress of Kafka in the original.
 *
 * In:    records, or values and a function that makes records of them. Out: an egress with its sink. State: the sink's.
 */
import { memberOf } from "../../core/api/refuse.ts";
import type { DataStream } from "../../core/api/data-stream.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { described } from "../../core/util/errors.ts";
import type { Bytes, RecordHeader } from "../../connectors/kafka/records/batch-builder.ts";
import type { RecordParts } from "../../connectors/kafka/sink/serializer.ts";
import { kafkaSink } from "../../connectors/kafka/sink/sink.ts";
import type { KafkaSinkOptions } from "../../connectors/kafka/sink/sink.ts";
import type { TypeName } from "../address.ts";
import { type } from "../define/message-type.ts";
import { egress } from "../module/egress.ts";
import type { EgressSpec } from "../module/egress.ts";
import { wrongOption, wrongRecord } from "./errors.ts";

/** A record to be written. Text is written as UTF-8. */
export interface KafkaEgressRecord {
  /** Default: the topic of the egress. */
  readonly topic?: string;
  /** Records with one key keep their order. Default: none. */
  readonly key?: Bytes | null;
  /** Null: a tombstone. */
  readonly value: Bytes | null;
  readonly headers?: Readonly<Record<string, Bytes | null>>;
  /** Default: by the key, as Java's clients choose; without a key, one after the other in runs. */
  readonly partition?: number;
  /** Default: the event time of the message that was handled, or the time of writing. */
  readonly timestampMs?: TimeMs;
}

/** For egresses that have no topic themselves. */
export interface RecordWithTopic extends KafkaEgressRecord {
  readonly topic: string;
}

/** As for `kafkaSink`: where the brokers are, what is guaranteed, how records are sent. */
export type KafkaEgressSettings = Omit<KafkaSinkOptions<never>, keyof RecordParts<never>>;

/** What makes records of the values of an egress. */
export type MappedToRecords<T> =
  | { readonly topic: string; readonly record: (value: T) => KafkaEgressRecord }
  | { readonly topic?: undefined; readonly record: (value: T) => RecordWithTopic };

/**
 * An egress to Kafka topics.
 *
 * Shape:  `EgressSpec`, for modules to bind and for `ctx.send`. Its values are records, `{ topic?, key?, value, headers?, partition?, timestampMs? }`, or of any type with `record`, a function that makes a record of each.
 * State:  with `deliveryGuarantee: "exactly-once"`, a transaction per checkpoint and subtask: records appear with the checkpoint that contains their turn. The default is
 *         `"at-least-once"`: at once, and some again after a failure.
 * Cost:   that of `kafkaSink`.
 * Errors: `MR9080` a wrong option; `MR9001` no name; `MR6411`, `MR6440` wrong options of the sink, such as `"exactly-once"` without a `transactionalIdPrefix`. While it runs, those of `kafkaSink`, and `MR9081`
 *         for what is no record, which fails the job, since its turn is over.
 * Source: `io.statefun.kafka.v1/egress` and `kafkaEgressMessage` of Flink's Stateful Functions; headers, bytes as keys and the partition are our own.
 *
 * @example
 * const receipts = kafkaEgress("docs/receipts", {
 *   bootstrapServers: "localhost:9092",
 *   topic: "receipts",
 *   deliveryGuarantee: "exactly-once",
 *   transactionalIdPrefix: "receipts-of-the-shop",
 * });
 * const till = fn("docs/till", {
 *   accepts: { pay: type<number>() },
 *   handle: {
 *     pay(ctx, cents) {
 *       ctx.send(receipts, { key: ctx.self.id, value: `${cents} cents`, headers: { currency: "EUR" } });
 *       if (cents > 1_000_000) ctx.send(receipts, { topic: "large-receipts", value: `${cents} cents` });
 *     },
 *   },
 * });
 * const shop = module(() => [till, receipts]);
 */
export function kafkaEgress<T>(name: TypeName, options: KafkaEgressSettings & MappedToRecords<T>): EgressSpec<T>;
export function kafkaEgress(
  name: TypeName,
  options: KafkaEgressSettings & { readonly topic: string; readonly record?: undefined },
): EgressSpec<KafkaEgressRecord>;
export function kafkaEgress(
  name: TypeName,
  options: KafkaEgressSettings & { readonly topic?: undefined; readonly record?: undefined },
): EgressSpec<RecordWithTopic>;
export function kafkaEgress(name: TypeName, { topic, record, ...settings }: AnyOptions): EgressSpec<never> {
  if (topic !== undefined && (typeof topic !== "string" || topic === ""))
    throw wrongOption(`topic of the egress ${name} is the name of a topic, not ${described(topic)}`);
  if (record !== undefined && typeof record !== "function")
    throw wrongOption(`record of the egress ${name} is a function of a value, not ${described(record)}`);
  const sink = kafkaSink<KafkaEgressRecord>({ ...settings, ...partsOf(name, topic) });
  const { deliveryGuarantee = "at-least-once" } = settings;
  const options = deliveryGuarantee === "none" ? {} : { guarantee: deliveryGuarantee };
  if (record === undefined) return egress(name, type<KafkaEgressRecord>(), sink, options);
  const mapped = (values: DataStream<never>): unknown =>
    values
      .map<KafkaEgressRecord>(record)
      .name(`records (${name})`)
      .uid(`${name}-records`)
      .sinkTo(sink)
      .name(name)
      .uid(`${name}-egress`);
  return egress(name, type<never>(), mapped, options);
}

/** What the overloads take. */
type AnyOptions = KafkaEgressSettings & {
  readonly topic?: string | undefined;
  readonly record?: ((value: never) => KafkaEgressRecord) | undefined;
};

/** The topic is asked for first, and once per record: there it is looked at as a whole. */
function partsOf(name: TypeName, topic: string | undefined): RecordParts<KafkaEgressRecord> {
  return {
    topic: (record) => {
      checkRecord(name, record);
      return record.topic ?? topic ?? missingTopic(name);
    },
    key: ({ key = null }) => key,
    value: ({ value }) => value,
    headers: ({ headers }) => (headers === undefined ? NO_HEADERS : headersOf(headers)),
    partition: ({ partition }) => partition,
    timestampMs: ({ timestampMs }) => timestampMs,
  };
}

const NO_HEADERS: readonly RecordHeader[] = [];

function headersOf(headers: NonNullable<KafkaEgressRecord["headers"]>): readonly RecordHeader[] {
  return Object.entries(headers).map(([key, value]) => ({ key, value }));
}

/** What TypeScript sees and JavaScript does not. */
function checkRecord(name: TypeName, given: unknown): void {
  if (typeof given !== "object" || given === null) throw wrongRecord(name, `is ${inWords(given)}`);
  const { topic, key = null, value, headers = {} } = given as { readonly [K in keyof KafkaEgressRecord]?: unknown }; // looked at below
  if (topic !== undefined && (typeof topic !== "string" || topic === ""))
    throw wrongRecord(name, `has ${inWords(topic)} as its topic`);
  if (!isBytes(key)) throw wrongRecord(name, `has ${inWords(key)} as its key`);
  if (!isBytes(value)) throw wrongRecord(name, `has ${inWords(value)} as its value`);
  if (typeof headers !== "object" || headers === null)
    throw wrongRecord(name, `has ${inWords(headers)} as its headers`);
  for (const header in headers) {
    const part = memberOf(headers, header);
    if (!isBytes(part)) throw wrongRecord(name, `has ${inWords(part)} as its header "${header}"`);
  }
}

function inWords(given: unknown): string {
  return typeof given === "string" ? JSON.stringify(given) : described(given);
}

function isBytes(given: unknown): given is Bytes | null {
  return typeof given === "string" || given === null || given instanceof Uint8Array;
}

function missingTopic(name: TypeName): never {
  throw wrongRecord(name, "has no topic, and the egress has none either");
}
