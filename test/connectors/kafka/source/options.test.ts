/** The options of `kafkaSource`: what is refused when it is made, the defaults, and the types that follow from them. */
// covers: connectors/kafka/source/errors.ts
// covers: connectors/kafka/source/option-checks.ts
// covers: connectors/kafka/source/offsets.ts
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  bytes,
  committed,
  earliest,
  json,
  kafkaSource,
  latest,
  offsets,
  text,
  timestamp,
} from "../../../../connectors/kafka/index.ts";
import type { KafkaRecord, KafkaSourceOptions, KafkaSplit } from "../../../../connectors/kafka/index.ts";
import { settingsOf } from "../../../../connectors/kafka/source/settings.ts";
import type { Source } from "../../../../core/index.ts";
import { OutputTag } from "../../../../core/operators/contracts/functions.ts";
import { isMillraceError } from "../../../../core/util/errors.ts";

const RIGHT = { bootstrapServers: "broker:9092", topics: "orders", value: text() };
type Options = KafkaSourceOptions<string>;

function refusal(options: Record<string, unknown>): string {
  return messageOf(() => kafkaSource({ ...RIGHT, ...options } as unknown as Options)); // as JavaScript may
}

function messageOf(make: () => unknown): string {
  try {
    make();
    return "not refused";
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    // Durations are everybody's.
    if (!error.code.startsWith("MR100")) expect(error.retryable).toBe(false);
    return error.message;
  }
}

const NOTHING = undefined;

describe("refused when it is made", () => {
  test.each<[string, Record<string, unknown>]>([
    ["exactly one of topics, topicPattern and partitions", { topics: NOTHING }],
    ["exactly one of topics, topicPattern and partitions", { topicPattern: /o/ }],
    ["exactly one of topics, topicPattern and partitions", { partitions: [{ topic: "orders", partition: 0 }] }],
    ["topics of kafkaSource is text", { topics: "" }],
    ["topics of kafkaSource is text", { topics: [] }],
    ["topics of kafkaSource is text", { topics: ["orders", " "] }],
    ["topics of kafkaSource is text", { topics: ["orders", 7] }],
    ["topicPattern of kafkaSource is a regular expression", { topics: NOTHING, topicPattern: "orders.*" }],
    ["partitions of kafkaSource is a list", { topics: NOTHING, partitions: [] }],
    ["a partition a whole number from 0", { topics: NOTHING, partitions: [{ topic: "orders", partition: -1 }] }],
    ["a topic is text", { topics: NOTHING, partitions: [{ topic: "", partition: 1 }] }],
    ["exactly one of value, such as json(), and deserializer", { value: NOTHING }],
    ["exactly one of value, such as json(), and deserializer", { deserializer: () => "" }],
    ["value of kafkaSource is bytes(), text() or json()", { value: text }],
    ["deserializer of kafkaSource is a function, or an object", { value: NOTHING, deserializer: {} }],
    ["deserializer of kafkaSource is a function, or an object", { value: NOTHING, deserializer: null }],
    ["deserializer of kafkaSource is async", { value: NOTHING, deserializer: async () => "" }],
    [
      "deserialize of deserializer of kafkaSource is async",
      { value: NOTHING, deserializer: { async deserialize() {} } },
    ],
    ["startingOffsets of kafkaSource is one of earliest()", { startingOffsets: "earliest" }],
    ["startingOffsets of kafkaSource is one of earliest()", { startingOffsets: earliest }],
    ["startingOffsets: committed() of kafkaSource needs a groupId", { startingOffsets: committed() }],
    ["stoppingOffsets: committed() of kafkaSource needs a groupId", { stoppingOffsets: committed("latest") }],
    ['startingOffsets of kafkaSource names the topic "bills"', { startingOffsets: offsets({ bills: { 0: 1 } }) }],
    ['stoppingOffsets of kafkaSource names the topic "bills"', { stoppingOffsets: offsets({ bills: { 0: 1 } }) }],
    ["would read nothing", { stoppingOffsets: earliest() }],
    ["stoppingOffsets of kafkaSource is one of", { stoppingOffsets: null }],
    ["bounded of kafkaSource is true or false", { bounded: "yes" }],
    [
      "discoverEvery of kafkaSource makes no sense where the input has an end",
      { bounded: true, discoverEvery: "1min" },
    ],
    [
      "discoverEvery of kafkaSource makes no sense where the input has an end",
      { stoppingOffsets: latest(), discoverEvery: 5 },
    ],
    [
      "discoverEvery of kafkaSource makes no sense where exactly these partitions are read",
      { topics: NOTHING, partitions: [{ topic: "orders", partition: 0 }], discoverEvery: "1min" },
    ],
    ["MR1002", { discoverEvery: 0 }],
    ["MR1001", { discoverEvery: "often" }],
    ["MR1002", { fetchWait: -1 }],
    ["groupId of kafkaSource is text", { groupId: "" }],
    ["groupId of kafkaSource is text", { groupId: 7 }],
    ["commitOffsetsOnCheckpoints of kafkaSource needs a groupId", { commitOffsetsOnCheckpoints: true }],
    ['onMalformed of kafkaSource is "fail" or "skip"', { onMalformed: "ignore" }],
    ['onMalformed of kafkaSource is "fail" or "skip"', { onMalformed: null }],
    ["onMalformed of kafkaSource is async", { onMalformed: async () => "" }],
    ["sideOutput in onMalformed of kafkaSource is a new OutputTag", { onMalformed: { sideOutput: "bad" } }],
    ["sideOutput in onMalformed of kafkaSource is a new OutputTag", { onMalformed: {} }],
    ['onOutOfRange of kafkaSource is "fail" or "earliest" or "latest"', { onOutOfRange: "none" }],
    ['isolation of kafkaSource is "read_committed" or', { isolation: "serializable" }],
    ["fetchBytesMax of kafkaSource is a number of bytes", { fetchBytesMax: 0 }],
    ["partitionBytesMax of kafkaSource is a number of bytes", { partitionBytesMax: "1MB" }],
    ["bufferBytes of kafkaSource is a number of bytes", { bufferBytes: Number.NaN }],
    ["MR6411", { bootstrapServers: "broker" }],
    ["MR6411", { bootstrapServers: [] }],
    ["MR6411", { bootstrapServers: NOTHING }],
  ])("%s: %j", (sentence, options) => {
    const message = refusal(options);
    expect(message).toContain(sentence);
    expect(message).toMatch(/^MR(?:6423|6411|100[12]): /);
  });

  test.each<[string, () => unknown]>([
    ["timestamp() takes whole ms", () => timestamp(Number.NaN)],
    ["timestamp() takes whole ms", () => timestamp(-1)],
    ["the reset of committed() is", () => committed("none" as "latest")],
    ["the reset of offsets() is", () => offsets({}, "none" as "latest")],
    ["offsets() takes { topic: { partition: offset } }", () => offsets(null as never)],
    ["offsets() takes { topic: { partition: offset } }", () => offsets({ orders: 7 } as never)],
    ['offsets() has -1 for partition "0" of "orders"', () => offsets({ orders: { 0: -1 } })],
    ['offsets() has 1 for partition "x" of "orders"', () => offsets({ orders: { x: 1 } } as never)],
    ["the schema of json() must be one of the Standard Schema", () => json({ schema: {} as never })],
  ])("%s", (sentence, make) => {
    const message = messageOf(make);
    expect(message).toContain(sentence);
    expect(message).toMatch(/^MR6423: /);
  });
});

test("defaults", () => {
  const { decoder, createClient, ...settings } = settingsOf<string>(RIGHT);
  expect("one" in decoder).toBe(true);
  expect(createClient).toBeTypeOf("function");
  expect(settings).toEqual({
    subscription: { by: "topics", topics: ["orders"] },
    groupId: undefined,
    commitTo: undefined,
    start: { at: "earliest" },
    stop: undefined,
    bounded: false,
    onMalformed: "fail",
    onOutOfRange: "fail",
    isolation: "read_committed",
    discoverEveryMs: 300_000,
    codecs: {},
    fetchWaitMs: 500,
    fetchBytesMax: 16_777_216,
    partitionBytesMax: 1_048_576,
    bufferBytes: 67_108_864,
    retryForMs: 60_000,
  });
});

test("what follows from other options", () => {
  const of = (options: object): ReturnType<typeof settingsOf<string>> => settingsOf<string>({ ...RIGHT, ...options });
  expect(of({ bounded: true })).toMatchObject({ bounded: true, stop: { at: "latest" }, discoverEveryMs: undefined });
  expect(of({ stoppingOffsets: timestamp(5) })).toMatchObject({ bounded: true, discoverEveryMs: undefined });
  const stopping = of({ stoppingOffsets: offsets({ orders: { 0: 5 } }), bounded: false });
  expect(stopping).toMatchObject({
    bounded: false,
    stop: { at: "offsets", reset: "latest" },
    discoverEveryMs: 300_000,
  });
  expect(of({ bounded: false, discoverEvery: "never" })).toMatchObject({ stop: undefined, discoverEveryMs: undefined });
  expect(of({ discoverEvery: "10s" }).discoverEveryMs).toBe(10_000);
  expect(of({ groupId: "billing" })).toMatchObject({ groupId: "billing", commitTo: "billing" });
  expect(of({ groupId: "billing", commitOffsetsOnCheckpoints: false }).commitTo).toBeUndefined();
  expect(of({ topics: ["b", "a", "b"] }).subscription).toEqual({ by: "topics", topics: ["b", "a"] });
  // A pattern with a memory would skip every other topic.
  const pattern = of({ topics: undefined, topicPattern: /^o/giy }).subscription;
  expect(pattern).toEqual({ by: "pattern", pattern: /^o/i });
});

test("boundedness is what the engine is told", () => {
  expect(kafkaSource(RIGHT).boundedness).toBe("continuous-unbounded");
  expect(kafkaSource({ ...RIGHT, bounded: true }).boundedness).toBe("bounded");
  expect(kafkaSource({ ...RIGHT, stoppingOffsets: latest(), bounded: false }).boundedness).toBe("continuous-unbounded");
});

test("the client is given servers, names and times, and one for each who needs it", () => {
  const given: object[] = [];
  const client = (options: object): never => {
    given.push(options);
    throw new Error("enough seen");
  };
  const { createClient } = settingsOf<string>({
    ...RIGHT,
    bootstrapServers: ["a:1", "b:2"],
    ssl: true,
    sasl: { mechanism: "plain", username: "u" },
    clientIdPrefix: "billing",
    requestTimeout: "5s",
    retryFor: "10s",
    client,
  });
  expect(given).toEqual([]);
  expect(() => createClient("3")).toThrow("enough seen");
  expect(given).toEqual([
    {
      bootstrapServers: ["a:1", "b:2"],
      clientId: "billing-3",
      requestTimeoutMs: 5_000,
      retryForMs: 10_000,
      ssl: true,
      sasl: { mechanism: "plain", username: "u" },
    },
  ]);
});

test("types follow from the deserializer", () => {
  const servers = { bootstrapServers: "broker:9092", topics: "orders" };
  expectTypeOf(kafkaSource({ ...servers, value: text() })).toExtend<Source<string, KafkaSplit>>();
  expectTypeOf(kafkaSource({ ...servers, value: bytes() })).toExtend<Source<Uint8Array, KafkaSplit>>();
  expectTypeOf(kafkaSource({ ...servers, value: json<{ id: string }>() })).toExtend<
    Source<{ id: string }, KafkaSplit>
  >();
  const counted = kafkaSource({
    ...servers,
    deserializer: (record: KafkaRecord) => ({ key: record.keyText(), offset: record.offset }),
  });
  expectTypeOf(counted).toExtend<Source<{ key: string | null; offset: number }, KafkaSplit>>();
  const several = kafkaSource<number>({
    ...servers,
    deserializer: { deserialize: (record, out) => out.collect(record.offset) },
    onMalformed: (record) => record.offset,
  });
  expectTypeOf(several).toExtend<Source<number, KafkaSplit>>();
  const aside = kafkaSource({ ...servers, value: text(), onMalformed: { sideOutput: new OutputTag("bad") } });
  expectTypeOf(aside).toExtend<Source<string, KafkaSplit>>();
  // @ts-expect-error topics and a pattern exclude each other
  expect(() => kafkaSource({ ...servers, topicPattern: /o/, value: text() })).toThrow("exactly one");
  // @ts-expect-error one of value and deserializer has to be there
  expect(() => kafkaSource({ ...servers })).toThrow("exactly one");
});
