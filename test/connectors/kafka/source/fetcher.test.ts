/** How a Kafka source fetches: ahead, within its bounds, from whoever leads a partition, and through faults. */
import { describe, expect, test } from "vitest";
import { notAllowed, notTheLeader, unreachable } from "../../../../connectors/kafka/client/errors.ts";
import { planFetch } from "../../../../connectors/kafka/source/fetch-plan.ts";
import { ReadPartition } from "../../../../connectors/kafka/source/read-partition.ts";
import type { Chunk } from "../../../../connectors/kafka/source/read-partition.ts";
import type { KafkaSplit } from "../../../../connectors/kafka/source/splits.ts";
import { failureOf, goOn, harnessOf, kafkaWith, runToEnd, saved, settle } from "./drive.ts";
import type { KafkaHarness } from "./drive.ts";
import type { FakeKafka } from "./fake-client.ts";

/** One batch of a text like "0:0", as it is fetched. */
const BATCH_BYTES = 70;

describe("fetching", () => {
  test("is in turns: no partition waits for another one to be read out", () => {
    const kafka = kafkaWith(2);
    for (const partition of [0, 1])
      kafka.write("t", partition, ...Array.from({ length: 1_200 }, (_, index) => `${partition}:${index}`));
    const harness = harnessOf(kafka, { bounded: true });
    runToEnd(harness, kafka, { recordsMax: Infinity });
    const turns = harness.records.map(({ splitId }) => splitId);
    expect(turns).toHaveLength(2_400);
    expect(new Set(turns.slice(0, 501)).size).toBe(2);
  });

  test("goes on while a chunk is read, and stops with two at hand until one is read", () => {
    const kafka = kafkaWith(1, 10);
    const harness = harnessOf(kafka, { partitionBytesMax: 1 }, { onRecord: () => true });
    settle(harness, kafka, { recordsMax: 1, until: () => harness.values.length === 1 });
    for (let step = 0; step < 20; step++) if (kafka.isAnythingDue) kafka.pump();
    // The harness takes no more mails: what comes is what was asked for.
    const asked = kafka.fetches.map(({ partitions }) => partitions[0]?.offset);
    expect(asked).toEqual([0, 1]);
    settle(harness, kafka, { recordsMax: 1, until: () => harness.values.length === 4 });
    expect(Math.max(...kafka.fetches.map(({ partitions }) => partitions[0]?.offset ?? 0))).toBeLessThanOrEqual(5);
    runOut(harness, kafka, 10);
  });

  test("asks one broker at a time, for all that want something, and waits there only if nobody has enough", () => {
    const kafka = kafkaWith(4, 1, 2);
    const harness = harnessOf(kafka);
    settle(harness, kafka);
    expect(kafka.fetches.slice(0, 2).map(({ node, waitMs, partitions }) => [node, waitMs, partitions.length])).toEqual([
      [0, 500, 2],
      [1, 500, 2],
    ]);
  });

  test("who has enough is left out, and then nobody waits at the broker", () => {
    const split = (partition: number): KafkaSplit => ({
      splitId: `t-${partition}`,
      topic: "t",
      partition,
      offset: 0,
      stop: 9,
    });
    const [first, second, third] = [0, 1, 2].map((partition) => new ReadPartition<string>(split(partition)));
    if (first === undefined || second === undefined || third === undefined) throw new Error("three were made");
    const log = kafkaWith(1, 2).log({ topic: "t", partition: 0 });
    const chunk = (): Chunk => {
      const { batches } = log.read(0, { isolation: "read_committed", bytesMax: 10_000, wholeFirst: true });
      return { batches: Buffer.from(batches), aborted: [] };
    };
    const plan = (bytesLeft = 1_000_000): unknown => {
      const found = planFetch([first, second, third], { fetchWaitMs: 500, fetchBytesMax: 900_000 }, bytesLeft);
      return found && [found.partitions.map(({ partition }) => partition), found.waitMs, found.bytesMax];
    };
    expect(plan()).toEqual([[0, 1, 2], 500, 900_000]);
    expect(plan(100_000)).toEqual([[0, 1, 2], 500, 100_000]);
    expect(plan(-5)).toEqual([[0, 1, 2], 500, 65_536]);
    first.servedAt = 3;
    second.servedAt = 1;
    expect(plan()).toEqual([[2, 1, 0], 500, 900_000]);
    first.push(chunk());
    expect(plan()).toEqual([[2, 1, 0], 500, 900_000]);
    expect(plan(0)).toEqual([[2, 1], 0, 65_536]);
    first.push(chunk());
    expect(plan()).toEqual([[2, 1], 0, 900_000]);
    // Paused, or read to its end: nobody need come back for it.
    first.isPaused = true;
    second.fetchFrom = 9;
    expect(plan()).toEqual([[2], 500, 900_000]);
    first.isPaused = false;
    second.fetchFrom = 0;
    second.isBusy = true;
    expect(plan()).toEqual([[2], 0, 900_000]);
    third.emptyUpTo = 4;
    expect(plan()).toEqual([[2], 0, 65_536]);
    third.emptyUpTo = undefined;
    third.isBusy = true;
    expect(plan()).toBeUndefined();
  });

  test("what is fetched ahead is bounded, and a partition that has nothing may still have one chunk", () => {
    const kafka = kafkaWith(3, 50);
    const harness = harnessOf(kafka, { bufferBytes: 1, partitionBytesMax: BATCH_BYTES }, { onRecord: () => true });
    settle(harness, kafka, { recordsMax: 1, until: () => harness.values.length === 30 });
    const ahead = [0, 1, 2].map((partition) => {
      const fetched = kafka.fetches.flatMap(({ partitions }) =>
        partitions.filter((one) => one.partition === partition),
      );
      const { offset = 0 } = saved(harness).splits.find((split) => split.partition === partition) ?? {};
      return Math.max(...fetched.map((one) => one.offset)) - offset;
    });
    expect(Math.max(...ahead)).toBeLessThanOrEqual(1);
    expect(kafka.fetches.every(({ bytesMax }) => bytesMax <= 65_536)).toBe(true);
  });

  test("gives the broker the limits of the options", () => {
    const kafka = kafkaWith(1, 1);
    const limits = {
      fetchWait: "2s",
      fetchBytesMax: 5_000,
      partitionBytesMax: 700,
      isolation: "read_uncommitted",
    } as const;
    const harness = harnessOf(kafka, limits);
    settle(harness, kafka);
    expect(kafka.fetches[0]).toEqual({
      node: 0,
      partitions: [{ topic: "t", partition: 0, offset: 0 }],
      isolation: "read_uncommitted",
      waitMs: 2_000,
      bytesMax: 5_000,
      partitionBytesMax: 700,
    });
  });

  test("closing while a fetch is under way is the end of it", async () => {
    const kafka = kafkaWith(1, 3);
    const harness = harnessOf(kafka);
    settle(harness, kafka, { until: () => kafka.fetches.length > 0 });
    await harness.close();
    expect(kafka.openClients).toBe(0);
    harness.turn();
    harness.clock.advance(10_000);
    harness.turn();
    expect([harness.values, harness.failure]).toEqual([[], undefined]);
  });
});

function runOut(harness: KafkaHarness<string>, kafka: FakeKafka, records: number): void {
  for (let round = 0; round < 100 && harness.values.length < records; round++) goOn(harness, kafka, 1);
  expect(harness.values).toHaveLength(records);
}

describe("faults", () => {
  test("a leader that moves is found again, at once", () => {
    const kafka = kafkaWith(1, 2, 1);
    const harness = harnessOf(kafka, { bounded: true });
    kafka.log({ topic: "t", partition: 0 }).leader = 3;
    kafka.fail("t-0", notTheLeader("t-0"));
    runToEnd(harness, kafka);
    expect(harness.values).toEqual(["0:0", "0:1"]);
  });

  test("a broker that fails is tried again, less and less often, until retryFor is over", () => {
    const kafka = kafkaWith(1, 2);
    const harness = harnessOf(kafka, { retryFor: "30s" });
    kafka.fail("fetch", ...Array.from({ length: 1_000 }, () => unreachable("broker 0 does not answer")));
    for (let time = 0; time < 29_000; time += 100) {
      settle(harness, kafka);
      kafka.pump();
      harness.clock.advance(100);
    }
    expect(harness.failure).toBeUndefined();
    expect(kafka.fetches.length).toBeLessThan(30);
    harness.clock.advance(2_000);
    expect(failureOf(harness, kafka)).toMatch(
      /MR6402: topic "t", partition 0 could not be fetched for 3\d\.\ds: MR6402: broker 0 does not answer/,
    );
  });

  test("a fault that passes leaves no trace", () => {
    const kafka = kafkaWith(2, 3);
    const harness = harnessOf(kafka, { bounded: true });
    const away = unreachable("broker 0 does not answer");
    kafka.fail("fetch", away, away, away);
    kafka.fail("t-1", notTheLeader("t-1"), notTheLeader("t-1"));
    runToEnd(harness, kafka);
    expect(harness.values.toSorted()).toEqual(["0:0", "0:1", "0:2", "1:0", "1:1", "1:2"]);
    expect(harness.warnings).toEqual([]);
  });

  test("a partition without a leader is waited for", () => {
    const kafka = kafkaWith(2, 1);
    kafka.log({ topic: "t", partition: 1 }).leader = undefined;
    const harness = harnessOf(kafka, { bounded: true });
    goOn(harness, kafka, 30);
    expect(harness.values).toEqual(["0:0"]);
    kafka.log({ topic: "t", partition: 1 }).leader = 0;
    runToEnd(harness, kafka);
    expect(harness.values).toEqual(["0:0", "1:0"]);
  });

  test("what is not allowed is not tried again", () => {
    const kafka = kafkaWith(1, 1);
    kafka.fail("t-0", notAllowed("you may not read t"));
    expect(failureOf(harnessOf(kafka), kafka)).toMatch(/MR6404: you may not read t/);
    expect(kafka.fetches).toHaveLength(1);
  });

  test("a topic that was deleted while it was read", () => {
    const kafka = kafkaWith(1, 1);
    const harness = harnessOf(kafka);
    settle(harness, kafka);
    kafka.topics.set("t", []);
    kafka.pump();
    expect(failureOf(harness, kafka)).toMatch(
      /MR6427: a topic was deleted while it was read, one of topic "t", partition 0: /,
    );
  });

  test("damaged batches", () => {
    const kafka = kafkaWith(1);
    kafka.log({ topic: "t", partition: 0 }).append([{ key: null, value: "x" }], {
      seal: (builder) => builder.seal(undefined, { by: "zstd", records: builder.records }),
    });
    const failure = failureOf(harnessOf(kafka), kafka);
    expect(failure).toMatch(/MR6422: topic "t", partition 0, offset 0: the records are compressed with zstd/);
  });

  test("batches whose codec is asynchronous come in their order", async () => {
    const kafka = kafkaWith(1);
    const log = kafka.log({ topic: "t", partition: 0 });
    for (const value of ["a", "b"])
      log.append([{ key: null, value }], {
        seal: (builder) => builder.seal(undefined, { by: "zstd", records: Buffer.from(builder.records) }),
      });
    const codecs = {
      zstd: { compress: async (bytes: Uint8Array) => bytes, decompress: async (bytes: Uint8Array) => bytes },
    };
    const harness = harnessOf(kafka, { codecs, bounded: true, partitionBytesMax: 1 });
    await harness.run({ pump: () => void kafka.pump(), until: () => kafka.fetches.length > 0 });
    await harness.run({ until: () => (kafka.pump(), harness.values.length === 2) });
    expect(harness.values).toEqual(["a", "b"]);
  });
});
