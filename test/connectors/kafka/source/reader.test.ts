/** What a Kafka source does beside reading: it passes over records that are gone, pauses, commits offsets to its group, and counts. */
// covers: connectors/kafka/source/offset-commits.ts
import { describe, expect, test } from "vitest";
import { noSuchOffset, unreachable } from "../../../../connectors/kafka/client/errors.ts";
import { earliest, latest } from "../../../../connectors/kafka/source/offsets.ts";
import type { HarnessMetrics } from "../../../harness/harness-metrics.ts";
import { failureOf, goOn, harnessOf, kafkaWith, runToEnd, saved, settle } from "./drive.ts";
import type { KafkaHarness } from "./drive.ts";
import type { FakeKafka } from "./fake-client.ts";

/** `KafkaSourceReader.topic.t.partition.<n>` */
function metricsOf(harness: KafkaHarness<string>, partition: number): HarnessMetrics {
  return harness.metrics
    .group("KafkaSourceReader")
    .group("topic")
    .group("t")
    .group("partition")
    .group(String(partition));
}

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
