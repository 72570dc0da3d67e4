/**
 * Options of a Kafka source, checked and with their defaults: what makes no sense is refused when the source is made, with `MR6423`.
 *
 * In:    options. Out: settings. State: none.
 */
import { toPositiveMs } from "../../../core/util/duration.ts";
import { described } from "../../../core/util/errors.ts";
import { clientsFor } from "../client/connection.ts";
import type { Isolation, KafkaClient, TopicPartition } from "../client/kafka-client.ts";
import type { Codecs } from "../records/batch-format.ts";
import type { KafkaCollector, KafkaDeserializer } from "./deserializers.ts";
import { wrongOption } from "./errors.ts";
import type { KafkaRecord } from "./kafka-record.ts";
import type { OnMalformed } from "./malformed.ts";
import type { KafkaOffsets } from "./offsets.ts";
import { bytesOf, checkedFunction, checkWord, optionalText, textsOf } from "./option-checks.ts";
import type { KafkaSourceOptions, KafkaSourceSettings } from "./options.ts";
import { covers } from "./subscription.ts";
import type { Subscription } from "./subscription.ts";

/** How a record is decoded: into one value at most, or into any number. */
export type Decoder<T> =
  | { readonly one: (record: KafkaRecord) => T | undefined }
  | { readonly many: (record: KafkaRecord, out: KafkaCollector<T>) => void };

export interface Settings<T> {
  readonly subscription: Subscription;
  readonly decoder: Decoder<T>;
  readonly groupId: string | undefined;
  /** The group to which offsets are committed. */
  readonly commitTo: string | undefined;
  readonly start: KafkaOffsets;
  readonly stop: KafkaOffsets | undefined;
  readonly bounded: boolean;
  readonly onMalformed: OnMalformed<T>;
  readonly onOutOfRange: "fail" | "earliest" | "latest";
  readonly isolation: Isolation;
  /** Undefined: once. */
  readonly discoverEveryMs: number | undefined;
  readonly codecs: Codecs;
  readonly fetchWaitMs: number;
  readonly fetchBytesMax: number;
  readonly partitionBytesMax: number;
  readonly bufferBytes: number;
  readonly retryForMs: number;
  /** `who`: ends the client's id. */
  readonly createClient: (who: string) => KafkaClient;
}

const MIB = 1_024 * 1_024;

export function settingsOf<T>(options: KafkaSourceOptions<T>): Settings<T> {
  const { isolation = "read_committed", onOutOfRange = "fail", codecs = {} } = options;
  const subscription = subscriptionOf(options);
  const bounded = boundedOf(options);
  checkWord("isolation", isolation, ["read_committed", "read_uncommitted"]);
  checkWord("onOutOfRange", onOutOfRange, ["fail", "earliest", "latest"]);
  const groupId = optionalText("groupId", options.groupId);
  const start = offsetsOf("startingOffsets", options.startingOffsets ?? { at: "earliest" }, { groupId, subscription });
  const stop = stopOf(options, { bounded, groupId, subscription });
  return {
    subscription,
    decoder: decoderOf(options),
    groupId,
    commitTo: commitGroupOf(options, groupId),
    start,
    stop,
    bounded,
    onMalformed: onMalformedOf(options),
    onOutOfRange,
    isolation,
    discoverEveryMs: discoveryOf(options, { bounded, subscription }),
    codecs,
    fetchWaitMs: toPositiveMs(options.fetchWait ?? 500, "fetchWait of kafkaSource"),
    fetchBytesMax: bytesOf("fetchBytesMax", options.fetchBytesMax ?? 16 * MIB),
    partitionBytesMax: bytesOf("partitionBytesMax", options.partitionBytesMax ?? MIB),
    bufferBytes: bytesOf("bufferBytes", options.bufferBytes ?? 64 * MIB),
    retryForMs: toPositiveMs(options.retryFor ?? "1min", "retryFor of kafkaSource"),
    createClient: clientsFor("kafkaSource", options),
  };
}

function subscriptionOf(options: {
  readonly topics?: string | readonly string[];
  readonly topicPattern?: RegExp;
  readonly partitions?: readonly TopicPartition[];
}): Subscription {
  const { topics, topicPattern, partitions } = options;
  if ([topics, topicPattern, partitions].filter((one) => one !== undefined).length !== 1)
    throw wrongOption("kafkaSource takes exactly one of topics, topicPattern and partitions");
  if (topicPattern !== undefined) {
    if (!(topicPattern instanceof RegExp))
      throw wrongOption(`topicPattern of kafkaSource is a regular expression, but is ${described(topicPattern)}`);
    // With these flags, a pattern would remember where it was.
    return { by: "pattern", pattern: new RegExp(topicPattern.source, topicPattern.flags.replaceAll(/[gy]/g, "")) };
  }
  if (partitions !== undefined) return { by: "partitions", partitions: checkedPartitions(partitions) };
  return { by: "topics", topics: textsOf("topics", topics) };
}

function checkedPartitions(partitions: readonly TopicPartition[]): readonly TopicPartition[] {
  const given: unknown = partitions;
  if (!Array.isArray(given) || given.length === 0)
    throw wrongOption("partitions of kafkaSource is a list of { topic, partition } with at least one in it");
  for (const { topic, partition } of partitions)
    if (typeof topic !== "string" || topic === "" || !Number.isSafeInteger(partition) || partition < 0)
      throw wrongOption(
        `partitions of kafkaSource has { topic: ${described(topic)}, partition: ${described(partition)} }: a topic is text, a partition a whole number from 0`,
      );
  return partitions.map(({ topic, partition }) => ({ topic, partition }));
}

function boundedOf({
  bounded,
  stoppingOffsets,
}: Pick<KafkaSourceSettings<unknown>, "bounded" | "stoppingOffsets">): boolean {
  if (bounded !== undefined && typeof bounded !== "boolean")
    throw wrongOption(`bounded of kafkaSource is true or false, but is ${described(bounded)}`);
  return bounded ?? stoppingOffsets !== undefined;
}

interface Around {
  readonly groupId: string | undefined;
  readonly subscription: Subscription;
}

function stopOf(
  { stoppingOffsets }: Pick<KafkaSourceSettings<unknown>, "stoppingOffsets">,
  { bounded, ...around }: Around & { readonly bounded: boolean },
): KafkaOffsets | undefined {
  if (stoppingOffsets === undefined) return bounded ? { at: "latest" } : undefined;
  const stop = offsetsOf("stoppingOffsets", stoppingOffsets, around);
  if (stop.at === "earliest")
    throw wrongOption("stoppingOffsets: earliest() of kafkaSource would read nothing: choose where the input ends");
  // What is not named ends where it is now, and not before it began.
  return stop.at === "offsets" ? { ...stop, reset: stop.reset ?? "latest" } : stop;
}

function offsetsOf(option: string, given: KafkaOffsets, { groupId, subscription }: Around): KafkaOffsets {
  const at: unknown = (given as Partial<KafkaOffsets> | null)?.at; // JavaScript may give anything
  if (typeof at !== "string" || !["earliest", "latest", "committed", "timestamp", "offsets"].includes(at))
    throw wrongOption(
      `${option} of kafkaSource is one of earliest(), latest(), committed(), timestamp() and offsets(), but is ${described(given)}`,
    );
  if (given.at === "committed" && groupId === undefined)
    throw wrongOption(`${option}: committed() of kafkaSource needs a groupId, whose offsets are meant`);
  if (given.at !== "offsets") return given;
  const stranger = Object.keys(given.offsets).find((topic) => !isRead(subscription, topic));
  if (stranger === undefined) return given;
  throw wrongOption(`${option} of kafkaSource names the topic "${stranger}", which is not read`);
}

function isRead(subscription: Subscription, topic: string): boolean {
  return subscription.by === "partitions"
    ? subscription.partitions.some((partition) => partition.topic === topic)
    : covers(subscription, { topic, partition: 0 });
}

function decoderOf<T>({
  value,
  deserializer,
}: {
  readonly value?: { readonly ofRecord: (record: KafkaRecord) => T };
  readonly deserializer?: KafkaDeserializer<T>;
}): Decoder<T> {
  if ((value === undefined) === (deserializer === undefined))
    throw wrongOption("kafkaSource takes exactly one of value, such as json(), and deserializer");
  if (value !== undefined) {
    if (typeof (value as { readonly ofRecord?: unknown }).ofRecord === "function") return { one: value.ofRecord }; // JavaScript may give anything
    throw wrongOption(`value of kafkaSource is bytes(), text() or json(), but is ${described(value)}`);
  }
  if (typeof deserializer === "function") return { one: checkedFunction("deserializer", deserializer) };
  const given = deserializer as { deserialize?: (record: KafkaRecord, out: KafkaCollector<T>) => void } | null; // likewise
  if (typeof given?.deserialize !== "function")
    throw wrongOption(
      `deserializer of kafkaSource is a function, or an object with the method deserialize, but is ${described(given)}`,
    );
  checkedFunction("deserialize of deserializer", given.deserialize);
  return { many: given.deserialize.bind(given) };
}

function onMalformedOf<T>({ onMalformed = "fail" }: { readonly onMalformed?: OnMalformed<T> }): OnMalformed<T> {
  if (typeof onMalformed === "function") return checkedFunction("onMalformed", onMalformed);
  const given: unknown = onMalformed;
  if (typeof onMalformed === "object" && given !== null) {
    // By its shape: it may come from another copy of the package.
    const tag: { readonly id?: unknown } | undefined = onMalformed.sideOutput;
    if (typeof tag?.id === "string") return onMalformed;
    throw wrongOption(
      `sideOutput in onMalformed of kafkaSource is a new OutputTag("…"), but is ${described(onMalformed.sideOutput)}`,
    );
  }
  checkWord("onMalformed", onMalformed, ["fail", "skip"]);
  return onMalformed;
}

function commitGroupOf(
  { commitOffsetsOnCheckpoints }: Pick<KafkaSourceSettings<unknown>, "commitOffsetsOnCheckpoints">,
  groupId: string | undefined,
): string | undefined {
  if (commitOffsetsOnCheckpoints === true && groupId === undefined)
    throw wrongOption("commitOffsetsOnCheckpoints of kafkaSource needs a groupId to commit them to");
  return commitOffsetsOnCheckpoints === false ? undefined : groupId;
}

const DISCOVER_EVERY_MS = 300_000;

function discoveryOf(
  { discoverEvery }: Pick<KafkaSourceSettings<unknown>, "discoverEvery">,
  { bounded, subscription }: { readonly bounded: boolean; readonly subscription: Subscription },
): number | undefined {
  const isFixed = bounded || subscription.by === "partitions";
  if (discoverEvery === undefined) return isFixed ? undefined : DISCOVER_EVERY_MS;
  if (discoverEvery === "never") return undefined;
  if (isFixed)
    throw wrongOption(
      `discoverEvery of kafkaSource makes no sense where ${bounded ? "the input has an end (bounded: false keeps looking)" : "exactly these partitions are read"}`,
    );
  return toPositiveMs(discoverEvery, "discoverEvery of kafkaSource");
}
