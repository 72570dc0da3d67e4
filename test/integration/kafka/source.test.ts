/** The Kafka source in jobs, on a real broker: where it begins and ends, what it leaves out, what it finds while it runs, and what it says when something is missing. */
// covers: connectors/kafka/source/*
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import type { Message } from "kafkajs";
import { afterAll, describe, expect, test } from "vitest";
import {
  committed,
  earliest,
  json,
  kafkaSource,
  latest,
  offsets,
  text,
  timestamp,
} from "../../../connectors/kafka/index.ts";
import type { KafkaOffsets, KafkaRecord, KafkaSourceSettings } from "../../../connectors/kafka/index.ts";
import {
  isMillraceError,
  noRestart,
  StreamExecutionEnvironment,
  tumbling,
  WatermarkStrategy,
} from "../../../core/index.ts";
import type { JobClient } from "../../../core/index.ts";
import { KafkaTools } from "./kafka-tools.ts";
import { sharedKafka } from "./shared-kafka.ts";

const servers = sharedKafka() ?? [];
const tools = new KafkaTools(servers);
const WAIT_MS = 30_000;
const savepoints = mkdtempSync(join(tmpdir(), "millrace-kafka-"));
afterAll(() => rmSync(savepoints, { recursive: true, force: true }));

let topics = 0;
async function topicOf(partitions: number, settings: Record<string, string> = {}): Promise<string> {
  const topic = `source-${process.pid}-${++topics}`;
  // Times of 1970 are older than any retention.
  await tools.createTopic(topic, partitions, { "retention.ms": "-1", ...settings });
  return topic;
}

/** Values "<partition>:<n>", each partition's in their order, at times 0, 1000, 2000, … */
function messages(partition: number, from: number, count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    partition,
    key: `k${from + index}`,
    value: `${partition}:${from + index}`,
    timestamp: String((from + index) * 1_000 + 1),
  }));
}

type Settings = Partial<KafkaSourceSettings<string>>;

function environment(
  parallelism: number,
  values: Record<string, string | number | boolean> = {},
): StreamExecutionEnvironment {
  return StreamExecutionEnvironment.create({ "parallelism.default": parallelism, ...values }).setRestartStrategy(
    noRestart(),
  );
}

/** All values of a bounded read, by partition. */
async function read(topic: string, settings: Settings = {}, parallelism = 2): Promise<Record<string, string[]>> {
  const env = environment(parallelism);
  const source = kafkaSource({ bootstrapServers: servers, topics: topic, bounded: true, value: text(), ...settings });
  const values = await env.fromSource(source, WatermarkStrategy.noWatermarks(), "kafka").executeAndCollect();
  return byPartition(values);
}

function byPartition(values: readonly string[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const value of values) (found[value.split(":")[0] ?? ""] ??= []).push(value.split(":")[1] ?? "");
  return found;
}

async function failureOf(run: Promise<unknown>): Promise<{ readonly message: string; readonly tookMs: number }> {
  const startedMs = Date.now();
  try {
    await run;
    return { message: "no failure", tookMs: 0 };
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      if (isMillraceError(cause) && cause.message.includes("MR64"))
        return { message: cause.message, tookMs: Date.now() - startedMs };
    throw error;
  }
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + WAIT_MS; Date.now() < endMs;) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    if (await isSo()) return;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await sleep(20);
  }
  throw new Error(`${what}: not within ${WAIT_MS} ms`);
}

/** A job that runs on, and what it has emitted so far. */
class Running {
  readonly values: string[] = [];
  readonly client: JobClient;

  private constructor(client: JobClient) {
    this.client = client;
  }

  static async start(
    topic: string,
    settings: Settings = {},
    options: { readonly parallelism?: number; readonly restore?: string } = {},
  ): Promise<Running> {
    const env = environment(
      options.parallelism ?? 2,
      options.restore === undefined ? {} : { "execution.state-recovery.path": options.restore },
    );
    const source = kafkaSource({ bootstrapServers: servers, topics: topic, value: text(), ...settings });
    const results = env.fromSource(source, WatermarkStrategy.noWatermarks(), "kafka").uid("kafka").collectAsync();
    const running = new Running(await env.executeAsync());
    void running.#take(results);
    return running;
  }

  async #take(results: AsyncIterable<string>): Promise<void> {
    try {
      for await (const value of results) this.values.push(value);
    } catch {
      // The job was cancelled.
    }
  }

  metric(name: string): number {
    return this.client
      .metrics()
      .filter((sample) => sample.name === name)
      .reduce((sum, { value }) => sum + Number(value), 0);
  }
}

describe.skipIf(servers.length === 0)("a bounded read", () => {
  test("gives all that a record has", async () => {
    const topic = await topicOf(1);
    await tools.produce(topic, [
      { key: "k", value: '{"n":1}', timestamp: "1700000000000", headers: { h: "one" } },
      { key: null, value: null, timestamp: "1700000000001" },
    ]);
    const deserializer = (record: KafkaRecord): unknown => ({
      place: [record.topic, record.partition, record.offset],
      timestampMs: record.timestampMs,
      key: record.keyText(),
      value: record.valueText(),
      headers: record.headers().map(({ key, value }) => [key, value && Buffer.from(value).toString()]),
    });
    const source = kafkaSource({ bootstrapServers: servers, topics: topic, bounded: true, deserializer });
    const values = await environment(1)
      .fromSource(source, WatermarkStrategy.noWatermarks(), "kafka")
      .executeAndCollect();
    expect(values).toEqual([
      { place: [topic, 0, 0], timestampMs: 1_700_000_000_000, key: "k", value: '{"n":1}', headers: [["h", "one"]] },
      { place: [topic, 0, 1], timestampMs: 1_700_000_000_001, key: null, value: null, headers: [] },
    ]);
  });

  test("begins and ends where the options say", async () => {
    const topic = await topicOf(2);
    await tools.produce(topic, [...messages(0, 0, 4), ...messages(1, 0, 4)]);
    const both = (...values: string[]): Record<string, string[]> =>
      values.length === 0 ? {} : { 0: values, 1: values };
    const start = (startingOffsets: KafkaOffsets): Promise<Record<string, string[]>> =>
      read(topic, { startingOffsets });
    const stop = (stoppingOffsets: KafkaOffsets): Promise<Record<string, string[]>> => read(topic, { stoppingOffsets });
    expect(await start(earliest())).toEqual(both("0", "1", "2", "3"));
    expect(await start(latest())).toEqual(both());
    expect(await start(timestamp(1_500))).toEqual(both("2", "3"));
    expect(await start(timestamp(99_000))).toEqual(both());
    expect(await start(offsets({ [topic]: { 0: 3, 1: 3 } }))).toEqual(both("3"));
    expect(await stop(latest())).toEqual(both("0", "1", "2", "3"));
    expect(await stop(timestamp(1_500))).toEqual(both("0", "1"));
    expect(await stop(offsets({ [topic]: { 0: 1, 1: 1 } }))).toEqual(both("0"));
    const groupId = `${topic}-group`;
    const none = await failureOf(read(topic, { groupId, startingOffsets: committed() }));
    expect(none.message).toContain(`the group "${groupId}" has committed no offset`);
    expect(await read(topic, { groupId, startingOffsets: committed("earliest") })).toEqual(both("0", "1", "2", "3"));
  });

  test("leaves out aborted transactions, and ends behind their markers", async () => {
    const topic = await topicOf(1);
    await tools.produceInTransaction(topic, messages(0, 0, 2), "commit");
    await tools.produceInTransaction(topic, messages(0, 2, 2), "abort");
    await tools.produce(topic, messages(0, 4, 1));
    await tools.produceInTransaction(topic, messages(0, 5, 2), "abort");
    expect(await read(topic)).toEqual({ 0: ["0", "1", "4"] });
    expect(await read(topic, { isolation: "read_uncommitted" })).toEqual({ 0: ["0", "1", "2", "3", "4", "5", "6"] });
  });

  test("passes over what compaction has left, also at the end", async () => {
    const topic = await topicOf(1, {
      "cleanup.policy": "compact",
      "segment.ms": "100",
      "min.cleanable.dirty.ratio": "0.001",
      "min.compaction.lag.ms": "0",
      "max.compaction.lag.ms": "100",
      "delete.retention.ms": "0",
    });
    const now = (value: string): Message => ({ partition: 0, key: "same", value });
    for (let round = 0; round < 5; round++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await tools.produce(topic, [now(`0:${round}`), now(`0:${round}'`)]);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await sleep(120);
    }
    await until("compaction", async () => (await tools.committed(topic)).length < 10);
    const kept = (await tools.committed(topic)).map(({ value }) => String(value).split(":")[1]);
    const values = (await read(topic))[0] ?? [];
    expect(values.at(-1)).toBe("4'");
    expect(values.length).toBeLessThan(10);
    expect(kept).toEqual(expect.arrayContaining(values.slice(-1)));
  });

  test("is done with empty partitions, and with more subtasks than partitions", async () => {
    const topic = await topicOf(3);
    await tools.produce(topic, messages(1, 0, 5));
    expect(await read(topic, {}, 5)).toEqual({ 1: ["0", "1", "2", "3", "4"] });
    expect(await read(await topicOf(1), {}, 2)).toEqual({});
  });

  test("reads batches that gzip has compressed, and large ones in small answers", async () => {
    const topic = await topicOf(2);
    const large = "x".repeat(2_000);
    const sent = Array.from({ length: 60 }, (_, index) => ({
      partition: index % 2,
      value: `${index % 2}:${index}${large}`,
    }));
    const kafka = new Kafka({ brokers: [...servers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
    await producer.connect();
    for (const message of sent) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await producer.send({ topic, messages: [message], compression: 1 });
    }
    await producer.disconnect();
    const values = await read(topic, { partitionBytesMax: 100, fetchBytesMax: 150, bufferBytes: 300 });
    expect(Object.values(values).map((one) => one.length)).toEqual([30, 30]);
    expect(values[1]?.map((value) => Number.parseInt(value, 10))).toEqual(
      Array.from({ length: 30 }, (_, index) => index * 2 + 1),
    );
  });
});

describe.skipIf(servers.length === 0)("a job that runs on", () => {
  test("finds partitions that come, and loses and doubles nothing over a savepoint at another parallelism", async () => {
    const topic = await topicOf(1);
    const settings = { discoverEvery: 200, startingOffsets: latest(), groupId: `${topic}-group` } as const;
    await tools.produce(topic, messages(0, 0, 2));
    const first = await Running.start(topic, settings);
    await until(
      "the start",
      () =>
        first.metric("absentPartitions") === 0 && first.client.metrics().some(({ name }) => name === "committedOffset"),
    );
    await tools.produce(topic, messages(0, 2, 3));
    await until("the first partition", () => first.values.length === 3);
    await tools.addPartitions(topic, 3);
    await tools.produce(topic, [...messages(1, 0, 3), ...messages(2, 0, 3)]);
    await until("new partitions", () => first.values.length === 9);
    await first.client.triggerCheckpoint();
    await until("the commit", () => first.metric("committedOffset") >= 5 + 3 + 3);
    const admin = new Kafka({ brokers: [...servers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const [group] = await admin.fetchOffsets({ groupId: settings.groupId, topics: [topic] });
    await admin.disconnect();
    expect(group?.partitions.map(({ offset }) => offset).toSorted()).toEqual(["3", "3", "5"]);
    const savepoint = await first.client.stopWithSavepoint({ directory: savepoints });
    await tools.produce(topic, [...messages(0, 5, 2), ...messages(2, 3, 2)]);
    await tools.addPartitions(topic, 4);
    await tools.produce(topic, messages(3, 0, 2));
    const second = await Running.start(topic, settings, { parallelism: 3, restore: savepoint });
    await until("what came meanwhile", () => second.values.length >= 6);
    await sleep(300);
    await second.client.cancel();
    expect(byPartition([...first.values, ...second.values])).toEqual({
      0: ["2", "3", "4", "5", "6"],
      1: ["0", "1", "2"],
      2: ["0", "1", "2", "3", "4"],
      3: ["0", "1"],
    });
    expect(second.values).toHaveLength(6);
  });

  test("does not wait for empty partitions and idle subtasks", async () => {
    const topic = await topicOf(2);
    const env = environment(3, { "pipeline.auto-watermark-interval": "20ms" });
    const source = kafkaSource({ bootstrapServers: servers, topics: topic, value: text() });
    const strategy = WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness("300ms");
    const results = env
      .fromSource(source, strategy, "kafka")
      .keyBy((value) => value.split(":")[0] ?? "")
      .window(tumbling("10s"))
      .reduce((left, right) => `${left},${right.split(":")[1] ?? ""}`)
      .collectAsync();
    const client = await env.executeAsync();
    await tools.produce(topic, [...messages(0, 0, 3), ...messages(0, 12, 1)]);
    expect(await results.next()).toMatchObject({ done: false, value: { value: "0:0,1,2" } });
    await client.cancel();
  });
});

describe.skipIf(servers.length === 0)("what is missing", () => {
  test("a topic that does not exist", async () => {
    const { message, tookMs } = await failureOf(read(`source-${process.pid}-none`));
    expect(message).toContain(`topic "source-${process.pid}-none" does not exist: create it`);
    expect(tookMs).toBeLessThan(15_000);
  });

  test("a broker that is not there", async () => {
    const { message, tookMs } = await failureOf(read("any", { bootstrapServers: "127.0.0.1:1", retryFor: "2s" }));
    expect(message).toContain("MR6402");
    expect(message).toContain("127.0.0.1:1");
    expect(tookMs).toBeLessThan(10_000);
  });

  test("records that were deleted", async () => {
    const topic = await topicOf(1);
    await tools.produce(topic, messages(0, 0, 5));
    const admin = new Kafka({ brokers: [...servers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "3" }] });
    await admin.disconnect();
    const startingOffsets = offsets({ [topic]: { 0: 1 } });
    const { message } = await failureOf(read(topic, { startingOffsets }));
    expect(message).toContain(`topic "${topic}", partition 0, offset 1 is not there (any more)`);
    expect(await read(topic, { startingOffsets, onOutOfRange: "earliest" })).toEqual({ 0: ["3", "4"] });
    expect(await read(topic)).toEqual({ 0: ["3", "4"] });
  });

  test("a value that is no JSON", async () => {
    const topic = await topicOf(1);
    await tools.produce(topic, [{ value: '{"n":1}' }, { value: "{" }, { value: '{"n":3}' }]);
    const run = (onMalformed: "fail" | "skip"): Promise<{ n: number }[]> =>
      environment(1)
        .fromSource(
          kafkaSource({
            bootstrapServers: servers,
            topics: topic,
            bounded: true,
            value: json<{ n: number }>(),
            onMalformed,
          }),
          WatermarkStrategy.noWatermarks(),
          "kafka",
        )
        .executeAndCollect();
    expect((await failureOf(run("fail"))).message).toContain(`topic "${topic}", partition 0, offset 1 is malformed`);
    expect(await run("skip")).toEqual([{ n: 1 }, { n: 3 }]);
  });
});
