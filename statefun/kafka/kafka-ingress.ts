/**
 * `kafkaIngress`: topics whose records are messages, as the ingress of Kafka in the modules of Flink's Stateful Functions: the key of a record is the id, its value the message, and the
 * targets of its topic are the functions that get it.
 *
 * In:    records. Out: an ingress with its source, its router, and the egress for what cannot be read. State: the source's offsets.
 */
import { isUtf8 } from "node:buffer";
import { memberOf } from "../../core/api/refuse.ts";
import { OutputTag } from "../../core/operators/contracts/functions.ts";
import type { WatermarkStrategy } from "../../core/time/watermark-strategy.ts";
import { described } from "../../core/util/errors.ts";
import type { KafkaValue } from "../../connectors/kafka/source/deserializers.ts";
import type { KafkaRecord } from "../../connectors/kafka/source/kafka-record.ts";
import { kafkaSource } from "../../connectors/kafka/source/kafka-source.ts";
import type { MalformedKafkaRecord } from "../../connectors/kafka/source/malformed.ts";
import type { KafkaSourceSettings } from "../../connectors/kafka/source/options.ts";
import type { TypeName } from "../address.ts";
import { routable } from "../app/routable.ts";
import { type } from "../define/message-type.ts";
import type { TypedEgress } from "../define/typed-address.ts";
import { ingress } from "../module/ingress.ts";
import type { IngressSpec } from "../module/ingress.ts";
import type { Route } from "../module/router.ts";
import { targetsIn } from "../module/target.ts";
import type { Target } from "../module/target.ts";
import { wrongOption } from "./errors.ts";

/** A topic: what its records become, and who gets that. `T` is the message. */
export type KafkaIngressTopic<T> = {
  /** All of them get each message. One or several, made by `target`. */
  readonly targets: Target<T> | readonly Target<T>[];
} & (
  | {
      /** The value of a record alone: `json()`, `text()` or `bytes()`. */
      readonly value: KafkaValue<T>;
      readonly deserializer?: never;
    }
  | {
      /** The record with its headers, time and place. Undefined leaves it out; what it throws makes the record a malformed one. */
      readonly deserializer: (record: KafkaRecord) => T | undefined;
      readonly value?: never;
    }
);

/** A message as routers see it that are bound beside those of the ingress itself. */
export interface KafkaMessage<N extends string, T> {
  readonly topic: N;
  /** The record's key. */
  readonly id: string;
  readonly value: T;
}

/** The messages of all topics; `topic` tells them apart. */
export type KafkaMessages<V> = { readonly [N in keyof V & string]: KafkaMessage<N, V[N]> }[keyof V & string];

export interface KafkaIngressOptions<V> extends Omit<KafkaSourceSettings<never>, "onMalformed"> {
  /** By name. */
  readonly topics: { readonly [N in keyof V]: KafkaIngressTopic<V[N]> };
  /**
   * What becomes of a record that has no key, whose key is no UTF-8, or of whose value nothing can be made: the job fails with `MR6429`; it is left out and counted
   * (`numRecordsInErrors`); or it goes to an egress of the application, whole and with the reason. Default: `"fail"`.
   */
  readonly onMalformed?: "fail" | "skip" | { readonly egress: TypedEgress<MalformedKafkaRecord> };
  /** Event time. Default: none. Without a timestamp assigner, it is the record's timestamp. */
  readonly watermarks?: WatermarkStrategy<KafkaMessages<V>>;
  /** Readers. Default: that of the job. More than there are partitions have nothing to do. */
  readonly parallelism?: number;
}

/**
 * An ingress of Kafka topics. Each record is a message to the function instance that its key names, for each target of its topic; it needs no router.
 *
 * Shape:  `IngressSpec`, for modules to bind. Further routers may be bound to it, which see `{ topic, id, value }`. Messages of one key come in the order of their partition.
 * Time:   as `watermarks` says.
 * State:  per partition its offset, saved with checkpoints. `groupId` is for Kafka's tools, and for `startingOffsets: committed()`.
 * Cost:   that of `kafkaSource`. Targets are given the same object, so functions must not change it.
 * Errors: `MR9080` a wrong option; `MR9001` no name; `MR6411`, `MR6423` wrong options of the source; `MR9041` a target, or the egress for malformed records, is not bound. While it runs, those of `kafkaSource`, with `MR6429` for malformed records.
 * Source: `io.statefun.kafka.v1/ingress` of Flink's Stateful Functions, in which a record without a key fails the job.
 *
 * @example
 * const wallet = fn("docs/wallet", { accepts: { add: type<{ cents: number }>() }, handle: { add: () => undefined } });
 * const audit = fn("docs/audit", { accepts: { note: type<{ cents: number }>() }, handle: { note: () => undefined } });
 * const payments = kafkaIngress("docs/payments", {
 *   bootstrapServers: "localhost:9092",
 *   groupId: "wallets",
 *   topics: {
 *     payments: { value: json<{ cents: number }>(), targets: [target(wallet, "add"), target(audit, "note")] },
 *   },
 * });
 * const wallets = module(() => [wallet, audit, payments]);
 */
export function kafkaIngress<V extends object>(
  name: TypeName,
  options: KafkaIngressOptions<V>,
): IngressSpec<KafkaMessages<V>> {
  const { topics: given, onMalformed = "fail", watermarks, parallelism, ...settings } = options;
  const topics = topicsOf(name, given);
  const egress = egressOf(name, onMalformed);
  const aside = new OutputTag<MalformedKafkaRecord>(`${name}-malformed`);
  const source = kafkaSource<KafkaMessages<V>>({
    ...settings,
    topics: [...topics.keys()],
    deserializer: messageOf<V>(topics),
    onMalformed: egress === undefined ? (onMalformed as "fail" | "skip") : { sideOutput: aside }, // egressOf has looked at it
  });
  const spec = ingress(name, type<KafkaMessages<V>>(), source, {
    ...(watermarks === undefined ? {} : { watermarks }),
    ...(parallelism === undefined ? {} : { parallelism }),
  });
  const routed = {
    ...spec,
    routes: [routeTo(topics)],
    targets: [...topics.values()].flatMap(({ targets }) => targets),
  };
  return egress === undefined ? routed : { ...routed, aside: { tag: aside.id, egress } };
}

interface Topic {
  readonly decode: (record: KafkaRecord) => unknown;
  readonly targets: readonly Target<never>[];
}

function topicsOf(name: TypeName, given: unknown): ReadonlyMap<string, Topic> {
  const entries = typeof given === "object" && given !== null ? Object.entries(given) : [];
  if (entries.length === 0)
    throw wrongOption(`topics of the ingress ${name} is { name: { value, targets } }, with one topic or more`);
  return new Map(
    entries.map(([topic, one]) => [
      topic,
      { decode: decodeOf(name, topic, one), targets: targetsOf(name, topic, one) },
    ]),
  );
}

function decodeOf(name: TypeName, topic: string, given: unknown): Topic["decode"] {
  const [value, deserializer] = [memberOf(given, "value"), memberOf(given, "deserializer")];
  const decode = value === undefined ? deserializer : memberOf(value, "ofRecord");
  const isOne = (value === undefined) !== (deserializer === undefined);
  if (!isOne || typeof decode !== "function" || Object.prototype.toString.call(decode).startsWith("[object Async"))
    throw wrongOption(
      `the topic "${topic}" of the ingress ${name} takes either value: json(), text() or bytes(), or deserializer: a function of the record, which is not async`,
    );
  return decode as Topic["decode"]; // as the options have it
}

function targetsOf(name: TypeName, topic: string, given: unknown): readonly Target<never>[] {
  const targets = memberOf(given, "targets");
  const list = targetsIn(targets);
  if (list !== undefined) return list;
  throw wrongOption(
    `targets of the topic "${topic}" of the ingress ${name} is one or several of target(fn, "kind"), not ${described(targets)}`,
  );
}

function egressOf(name: TypeName, onMalformed: unknown): TypeName | undefined {
  if (onMalformed === "fail" || onMalformed === "skip") return undefined;
  const egress = memberOf(memberOf(onMalformed, "egress"), "egress");
  if (typeof egress === "string") return egress as TypeName; // of an egress
  throw wrongOption(
    `onMalformed of the ingress ${name} is "fail", "skip" or { egress }, with an egress of the application, not ${described(onMalformed)}`,
  );
}

/** Hot: what it returns runs once per record. */
function messageOf<V>(topics: ReadonlyMap<string, Topic>): (record: KafkaRecord) => KafkaMessages<V> | undefined {
  return (record) => {
    const { topic } = record;
    const value = topics.get(topic)?.decode(record);
    if (value === undefined) return undefined;
    return { topic, id: idOf(record), value } as KafkaMessages<V>; // of the type that the topic's options have
  };
}

const REPLACED = "\uFFFD";

/** Decoding replaces what is no UTF-8; so where nothing stands replaced, nothing was wrong. */
function idOf(record: KafkaRecord): string {
  const id = record.keyText();
  if (id === null) throw new Error("it has no key, which would be the id of who gets it");
  if (id.includes(REPLACED) && !isUtf8(record.key ?? new Uint8Array()))
    throw new Error("its key, which would be the id of who gets it, is no UTF-8");
  return id;
}

/** Hot, likewise. */
function routeTo(topics: ReadonlyMap<string, Topic>): Route<KafkaMessage<string, unknown>> {
  return ({ topic, id, value }, downstream) => {
    for (const { to, kind } of topics.get(topic)?.targets ?? [])
      downstream.forward(routable({ type: to, id }, kind, value));
  };
}
