/** How a Kafka source reads: in turns, within its bounds, through faults, with pauses; what it commits and counts. */
// covers: connectors/kafka/source/offset-commits.ts
import { describe, expect, test } from "vitest";
import { noSuchOffset, notAllowed, notTheLeader, unreachable } from "../../../../connectors/kafka/client/errors.ts";
import { planFetch } from "../../../../connectors/kafka/source/fetch-plan.ts";
import { earliest, latest } from "../../../../connectors/kafka/source/offsets.ts";
import { ReadPartition } from "../../../../connectors/kafka/source/read-partition.ts";
import type { Chunk } from "../../../../connectors/kafka/source/read-partition.ts";
import type { KafkaSplit } from "../../../../connectors/kafka/source/splits.ts";
import { harnessOf, runToEnd, saved, settle } from "./drive.ts";
import type { KafkaHarness } from "./drive.ts";
import { FakeKafka } from "./fake-client.ts";
import type { HarnessMetrics } from "../../../harness/harness-metrics.ts";

function kafkaWith(partitions: number, batches = 0, nodes = 1): FakeKafka {
  const kafka = new FakeKafka();
  kafka.createTopic("t", partitions, nodes);
  for (let partition = 0; partition < partitions; partition++)
    for (let batch = 0; batch < batches; batch++) kafka.write("t", partition, `${partition}:${batch}`);
  return kafka;
}

function failureOf(harness: KafkaHarness<string>, kafka: FakeKafka): string {
  try {
    settle(harness, kafka);
  } catch (error) {
    return String(error);
  }
  return "no failure";
}

/** Polls come back, time passes, and what they bring is read. */
function goOn(harness: KafkaHarness<string>, kafka: FakeKafka, rounds = 5): void {
  for (let round = 0; round < rounds; round++) {
    settle(harness, kafka);
    kafka.pump();
    harness.clock.advance(100);
  }
  settle(harness, kafka);
}

/** `KafkaSourceReader.topic.t.partition.<n>` */
function metricsOf(harness: KafkaHarness<string>, partition: number): HarnessMetrics {
  return harness.metrics
    .group("KafkaSourceReader")
    .group("topic")
    .group("t")
    .group("partition")
    .group(String(partition));
}

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

describe("records that are not there any more", () => {
  const gone = (): FakeKafka => {
    const kafka = kafkaWith(1, 5);
    kafka.log({ topic: "t", partition: 0 }).deleteBefore(3);
    return kafka;
  };
  const restored = {
    enumerator: { started: true, known: ["t-0"], pending: [] },
    splits: [{ splitId: "t-0", topic: "t", partition: 0, offset: 1, stop: undefined }],
  };

  test("stop the job", () => {
    const kafka = gone();
    expect(failureOf(harnessOf(kafka, {}, { restored }), kafka)).toMatch(
      /MR6428: topic "t", partition 0, offset 1 is not there \(any more\): .*onOutOfRange/,
    );
  });

  test.each([
    ["earliest", ["0:3", "0:4"], 3],
    ["latest", [], 5],
  ] as const)("are left out, with a warning: %s", (onOutOfRange, values, offset) => {
    const kafka = gone();
    const harness = harnessOf(kafka, { onOutOfRange }, { restored });
    settle(harness, kafka);
    expect(harness.values).toEqual(values);
    expect(harness.warnings).toEqual([
      `topic "t", partition 0, offset 1 is not there (any more): goes on at offset ${offset}`,
    ]);
    expect(saved(harness).splits).toMatchObject([{ offset: 5 }]);
  });

  test("may be behind the end of a bounded read", () => {
    const kafka = gone();
    const bounded = {
      ...restored,
      splits: [{ splitId: "t-0", topic: "t", partition: 0, offset: 1, stop: 2 }],
    };
    const harness = harnessOf(kafka, { onOutOfRange: "earliest", bounded: true }, { restored: bounded });
    runToEnd(harness, kafka);
    expect(harness.values).toEqual([]);
  });

  test("an offset behind the end is none either", () => {
    const kafka = kafkaWith(1, 2);
    kafka.fail("t-0", noSuchOffset("t-0"));
    expect(failureOf(harnessOf(kafka), kafka)).toMatch(/MR6428/);
  });
});

describe("pausing", () => {
  test("nothing is emitted or fetched of a paused partition; then it goes on where it was", () => {
    const kafka = kafkaWith(2, 3);
    const harness = harnessOf(kafka, { partitionBytesMax: 1 });
    settle(harness, kafka, { recordsMax: 1, until: () => harness.values.length === 2 });
    harness.pauseOrResume(0, { pause: ["t-0"] });
    const before = harness.records.filter(({ splitId }) => splitId === "t-0").length;
    goOn(harness, kafka);
    const fetches = kafka.fetches.length;
    kafka.write("t", 1, "1:3");
    goOn(harness, kafka);
    expect(harness.records.filter(({ splitId }) => splitId === "t-0")).toHaveLength(before);
    expect(harness.values).toContain("1:3");
    expect(
      kafka.fetches.slice(fetches).every(({ partitions }) => partitions.every(({ partition }) => partition === 1)),
    ).toBe(true);
    harness.pauseOrResume(0, { resume: ["t-0", "t-9"] });
    goOn(harness, kafka);
    expect(harness.records.filter(({ splitId }) => splitId === "t-0").map(({ value }) => value)).toEqual([
      "0:0",
      "0:1",
      "0:2",
    ]);
  });

  test("what paused partitions hold does not keep others from being fetched", () => {
    const kafka = kafkaWith(2, 3);
    const harness = harnessOf(kafka, { partitionBytesMax: 1, bufferBytes: 1 });
    settle(harness, kafka, { until: () => kafka.fetches.length > 0 });
    harness.pauseOrResume(0, { pause: ["t-0"] });
    goOn(harness, kafka, 20);
    expect(harness.values).toEqual(["1:0", "1:1", "1:2"]);
  });
});

describe("the group", () => {
  test("is told of completed checkpoints: the newest, one commit at a time", () => {
    const kafka = kafkaWith(1, 3);
    const harness = harnessOf(kafka, { groupId: "g", startingOffsets: earliest() });
    settle(harness, kafka, { recordsMax: 1, until: () => harness.values.length === 1 });
    saved(harness, 1);
    settle(harness, kafka, { recordsMax: 1, until: () => harness.values.length === 2 });
    saved(harness, 2);
    goOn(harness, kafka);
    saved(harness, 3);
    for (const checkpointId of [1, 2, 3]) harness.complete(checkpointId);
    expect(kafka.calls.filter((call) => call === "commitOffsets")).toHaveLength(1);
    settle(harness, kafka);
    expect(kafka.calls.filter((call) => call === "commitOffsets")).toHaveLength(2);
    expect(kafka.groups.get("g")?.get("t-0")?.offset).toBe(3);
    expect(metricsOf(harness, 0).read("committedOffset")).toBe(3);
    expect(harness.metrics.group("KafkaSourceReader").read("commitsSucceeded")).toBe(2);
  });

  test("hears of partitions that were read to their end", () => {
    const kafka = kafkaWith(2, 2);
    kafka.write("t", 1, "1:2");
    const harness = harnessOf(kafka, { groupId: "g", bounded: true });
    runToEnd(harness, kafka);
    expect(saved(harness, 1).splits).toEqual([]);
    harness.complete(1);
    settle(harness, kafka);
    expect([...(kafka.groups.get("g")?.values() ?? [])].map(({ offset }) => offset)).toEqual([2, 3]);
    saved(harness, 2);
    harness.complete(2);
    settle(harness, kafka);
    expect(kafka.calls.filter((call) => call === "commitOffsets")).toHaveLength(1);
  });

  test("fails nothing, and is said once", () => {
    const kafka = kafkaWith(1, 1);
    const harness = harnessOf(kafka, { groupId: "g" });
    settle(harness, kafka);
    for (const checkpointId of [1, 2]) {
      kafka.fail("commitOffsets", unreachable("no coordinator"));
      saved(harness, checkpointId);
      harness.complete(checkpointId);
      settle(harness, kafka);
    }
    expect(harness.warnings).toEqual([
      expect.stringMatching(/could not be committed to the group "g".*MR6402: no coordinator/),
    ]);
    expect(harness.metrics.group("KafkaSourceReader").read("commitsFailed")).toBe(2);
    saved(harness, 3);
    harness.complete(3);
    settle(harness, kafka);
    expect(kafka.groups.get("g")?.get("t-0")?.offset).toBe(1);
  });

  test.each([{}, { groupId: "g", commitOffsetsOnCheckpoints: false }])("is left alone: %j", (options) => {
    const kafka = kafkaWith(1, 1);
    const harness = harnessOf(kafka, options);
    settle(harness, kafka);
    saved(harness, 1);
    harness.complete(1);
    settle(harness, kafka);
    expect(kafka.calls).not.toContain("commitOffsets");
  });
});

describe("metrics", () => {
  test("how far it is and how much there is", () => {
    const kafka = kafkaWith(1, 4);
    const harness = harnessOf(kafka, {}, { onRecord: () => true });
    settle(harness, kafka, { recordsMax: 1, until: () => harness.values.length === 1 });
    expect(harness.metrics.read("pendingRecords")).toBe(3);
    expect(metricsOf(harness, 0).read("currentOffset")).toBe(0);
    expect(metricsOf(harness, 0).read("committedOffset")).toBe(-1);
    goOn(harness, kafka);
    expect(harness.metrics.read("pendingRecords")).toBe(0);
    expect(metricsOf(harness, 0).read("currentOffset")).toBe(3);
    expect(harness.metrics.group("KafkaSourceReader").read("bytesConsumed")).toBeGreaterThan(4 * 61);
  });

  test("nothing is pending behind aborted records", () => {
    const kafka = kafkaWith(1, 1);
    const log = kafka.log({ topic: "t", partition: 0 });
    log.append([{ key: null, value: "never" }], { producerId: 1 });
    log.finish(1, "abort");
    const harness = harnessOf(kafka);
    settle(harness, kafka);
    expect(harness.values).toEqual(["0:0"]);
    expect(saved(harness).splits).toMatchObject([{ offset: 3 }]);
    expect(harness.metrics.read("pendingRecords")).toBe(0);
  });

  test("before anything is fetched, nothing is known to wait", () => {
    const kafka = kafkaWith(1, 1);
    const harness = harnessOf(kafka, { startingOffsets: latest() });
    harness.turn();
    expect(harness.metrics.read("pendingRecords")).toBe(0);
  });
});
