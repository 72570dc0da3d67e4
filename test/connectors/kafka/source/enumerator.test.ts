/** Which partitions a Kafka source reads, from where to where, by whom, and what it does when they come, go, or cannot be found. */
// covers: connectors/kafka/source/subscription.ts
// covers: connectors/kafka/source/splits.ts
import { describe, expect, test } from "vitest";
import { notAllowed, unreachable } from "../../../../connectors/kafka/client/errors.ts";
import { Assignment } from "../../../../connectors/kafka/source/assignment.ts";
import { committed, latest, offsets, timestamp } from "../../../../connectors/kafka/source/offsets.ts";
import type { KafkaSplit } from "../../../../connectors/kafka/source/splits.ts";
import { bySplit, failureOf, harnessOf, runToEnd, saved, settle } from "./drive.ts";
import type { KafkaHarness } from "./drive.ts";
import { FakeKafka } from "./fake-client.ts";

function kafkaWith(partitions: number, records = 0): FakeKafka {
  const kafka = new FakeKafka();
  kafka.createTopic("t", partitions);
  for (let partition = 0; partition < partitions; partition++) fill(kafka, partition, records);
  return kafka;
}

/** Records "0", "1", … with times 0, 10, 20, …, each in a batch. */
function fill(kafka: FakeKafka, partition: number, records: number): void {
  const log = kafka.log({ topic: "t", partition });
  for (let index = 0; index < records; index++)
    log.append([{ key: null, value: String(log.end), timestampMs: log.end * 10 }]);
}

/** Partitions of each reader. */
function assigned(harness: KafkaHarness<string>): Record<number, string[]> {
  const readers: Record<number, string[]> = {};
  for (const { subtask, splitId = "" } of harness.records)
    readers[subtask] = [...new Set([...(readers[subtask] ?? []), splitId])].toSorted();
  return readers;
}

describe("starting and stopping offsets", () => {
  const read = (options: Parameters<typeof harnessOf>[1], kafka = kafkaWith(2, 5)): string[][] => {
    const harness = harnessOf(kafka, { bounded: true, ...options });
    runToEnd(harness, kafka);
    return ["t-0", "t-1"].map((id) => bySplit([harness]).get(id) ?? []);
  };
  const all = ["0", "1", "2", "3", "4"];

  test("earliest, which is where retention has come to", () => {
    const kafka = kafkaWith(2, 5);
    kafka.log({ topic: "t", partition: 1 }).deleteBefore(3);
    expect(read({}, kafka)).toEqual([all, ["3", "4"]]);
  });

  test("latest", () => {
    expect(read({ startingOffsets: latest() })).toEqual([[], []]);
  });

  test("a time, and a time that is still to come", () => {
    expect(read({ startingOffsets: timestamp(25) })).toEqual([
      ["3", "4"],
      ["3", "4"],
    ]);
    expect(read({ startingOffsets: timestamp(99) })).toEqual([[], []]);
    expect(read({ stoppingOffsets: timestamp(25) })).toEqual([
      ["0", "1", "2"],
      ["0", "1", "2"],
    ]);
    expect(read({ stoppingOffsets: timestamp(99) })).toEqual([all, all]);
  });

  test("explicit ones, and what is not named", () => {
    expect(read({ startingOffsets: offsets({ t: { 1: 4 } }) })).toEqual([all, ["4"]]);
    expect(read({ startingOffsets: offsets({ t: { 1: 4 } }, "latest") })).toEqual([[], ["4"]]);
    expect(read({ stoppingOffsets: offsets({ t: { 1: 2 } }) })).toEqual([all, ["0", "1"]]);
    expect(read({ stoppingOffsets: offsets({ t: { 1: 2 } }, "earliest") })).toEqual([[], ["0", "1"]]);
  });

  test("the group's, and where it has none", () => {
    const kafka = kafkaWith(2, 5);
    kafka.groups.set("g", new Map([["t-0", { topic: "t", partition: 0, offset: 3, metadata: "" }]]));
    expect(read({ groupId: "g", startingOffsets: committed("earliest") }, kafka)).toEqual([["3", "4"], all]);
    expect(read({ groupId: "g", startingOffsets: committed("latest") }, kafka)).toEqual([["3", "4"], []]);
    expect(read({ groupId: "g", stoppingOffsets: committed("latest") }, kafka)).toEqual([["0", "1", "2"], all]);
    expect(() => read({ groupId: "g", startingOffsets: committed() }, kafka)).toThrow(
      /MR6424: the group "g" has committed no offset for topic "t", partition 1: /,
    );
    kafka.groups.get("g")?.set("t-1", { topic: "t", partition: 1, offset: 5, metadata: "" });
    expect(read({ groupId: "g", startingOffsets: committed() }, kafka)).toEqual([["3", "4"], []]);
  });

  test("latest ends before a transaction that is open, and begins there", () => {
    const kafka = kafkaWith(1, 2);
    const log = kafka.log({ topic: "t", partition: 0 });
    log.append([{ key: null, value: "open" }], { producerId: 7 });
    const bounded = harnessOf(kafka, { bounded: true });
    runToEnd(bounded, kafka);
    expect(bounded.values).toEqual(["0", "1"]);
    const unbounded = harnessOf(kafka, { startingOffsets: latest() });
    settle(unbounded, kafka);
    log.finish(7, "commit");
    settleAgain(unbounded, kafka);
    expect(unbounded.values).toEqual(["open"]);
  });

  test("a start behind the end, and empty partitions", () => {
    expect(read({ startingOffsets: latest(), stoppingOffsets: timestamp(10) })).toEqual([[], []]);
    expect(read({}, kafkaWith(2))).toEqual([[], []]);
  });
});

/** Polls come back, and what they bring is read. */
function settleAgain(harness: KafkaHarness<string>, kafka: FakeKafka): void {
  for (let round = 0; round < 5; round++) {
    kafka.pump();
    settle(harness, kafka);
  }
}

describe("latest is found out once", () => {
  test("a restart from a checkpoint, before any record, begins where the job began", () => {
    const kafka = kafkaWith(1, 3);
    const first = harnessOf(kafka, { startingOffsets: latest() });
    settle(first, kafka);
    const restored = saved(first);
    expect(restored.splits).toMatchObject([{ splitId: "t-0", offset: 3, stop: undefined }]);
    fill(kafka, 0, 2);
    const second = harnessOf(kafka, { startingOffsets: latest() }, { restored });
    settle(second, kafka);
    expect(second.values).toEqual(["3", "4"]);
  });

  test("so does one before the first checkpoint, on the same master; on another one it is what is latest then", () => {
    const kafka = kafkaWith(1, 3);
    const keptOnMaster = {};
    settle(harnessOf(kafka, { startingOffsets: latest() }, { keptOnMaster }), kafka);
    fill(kafka, 0, 2);
    const second = harnessOf(kafka, { startingOffsets: latest() }, { keptOnMaster });
    settle(second, kafka);
    expect(second.values).toEqual(["3", "4"]);
    const third = harnessOf(kafka, { startingOffsets: latest() });
    settle(third, kafka);
    expect(third.values).toEqual([]);
  });

  test("splits that no reader has yet are in the checkpoint", () => {
    const kafka = kafkaWith(2, 1);
    const pending: KafkaSplit[] = [{ splitId: "t-1", topic: "t", partition: 1, offset: 0, stop: 1 }];
    const enumerator = { started: true, known: ["t-0", "t-1"], pending };
    const own: KafkaSplit = { splitId: "t-0", topic: "t", partition: 0, offset: 0, stop: 1 };
    const second = harnessOf(kafka, { bounded: true }, { restored: { enumerator, splits: [own] }, parallelism: 3 });
    runToEnd(second, kafka);
    expect(bySplit([second])).toEqual(
      new Map([
        ["t-0", ["0"]],
        ["t-1", ["0"]],
      ]),
    );
    expect(saved(second).enumerator).toEqual({ started: true, known: ["t-0", "t-1"], pending: [] });
  });
});

describe("discovery", () => {
  test("new partitions are read from their earliest record, wherever the job began, and only once", () => {
    const kafka = kafkaWith(1, 2);
    const harness = harnessOf(kafka, { startingOffsets: latest(), discoverEvery: "10s" });
    settle(harness, kafka);
    kafka.addPartitions("t", 1);
    fill(kafka, 1, 3);
    settleAgain(harness, kafka);
    expect(harness.values).toEqual([]);
    harness.clock.advance(10_000);
    settleAgain(harness, kafka);
    expect(bySplit([harness])).toEqual(new Map([["t-1", ["0", "1", "2"]]]));
    harness.clock.advance(20_000);
    settleAgain(harness, kafka);
    expect(harness.values).toHaveLength(3);
    expect(kafka.calls.filter((call) => call === "describeTopics").length).toBeGreaterThanOrEqual(3);
  });

  test("topics of a pattern, also ones that come later, and none at the start", () => {
    const kafka = new FakeKafka();
    kafka.createTopic("other", 1);
    const harness = harnessOf(kafka, { topicPattern: /^t/, startingOffsets: latest(), discoverEvery: 5_000 });
    settle(harness, kafka);
    kafka.createTopic("t", 1);
    kafka.write("t", 0, "a");
    kafka.write("other", 0, "b");
    harness.clock.advance(5_000);
    settle(harness, kafka);
    expect(harness.values).toEqual(["a"]);
  });

  test("never looks again when told so, and readers without partitions end", () => {
    const kafka = kafkaWith(1, 1);
    const harness = harnessOf(
      kafka,
      { discoverEvery: "never", stoppingOffsets: latest(), bounded: false },
      { parallelism: 3 },
    );
    runToEnd(harness, kafka);
    expect(harness.values).toEqual(["0"]);
    expect(kafka.calls.filter((call) => call === "describeTopics")).toHaveLength(1);
    // Who has nothing to read has nothing to connect to.
    expect(kafka.clientIds).toEqual(["millrace-enumerator", expect.stringMatching(/^millrace-\d$/)]);
  });

  test("goes on after searches that fail, with a warning; fails with the third in a row", () => {
    const kafka = kafkaWith(1, 1);
    const harness = harnessOf(kafka, { discoverEvery: "10s" });
    settle(harness, kafka);
    const away = unreachable("no broker answers");
    kafka.fail("describeTopics", away, away);
    const search = (): string => {
      harness.clock.advance(10_000);
      return failureOf(harness, kafka);
    };
    expect([search(), search(), search()]).toEqual(["no failure", "no failure", "no failure"]);
    expect(harness.warnings).toHaveLength(2);
    expect(harness.warnings[0]).toContain("MR6402: no broker answers");
    kafka.fail("describeTopics", away, away, away);
    expect([search(), search(), search()]).toEqual(["no failure", "no failure", expect.stringContaining("MR6402")]);
  });

  test("partitions that are gone are counted and said", () => {
    const kafka = kafkaWith(3, 1);
    const harness = harnessOf(kafka, { discoverEvery: "10s" });
    settle(harness, kafka);
    kafka.topics.get("t")?.splice(1);
    harness.clock.advance(10_000);
    harness.turn();
    while (kafka.isAnythingDue) {
      kafka.pump();
      harness.turn();
    }
    expect(harness.warnings[0]).toContain('partition "t-1", partition "t-2" cannot be found any more');
    expect(harness.metrics.read("absentPartitions")).toBe(2);
  });
});

describe("what stops the job at its start", () => {
  test.each<[string, Parameters<typeof harnessOf>[1], RegExp]>([
    ["a topic that does not exist", { topics: ["t", "nope"] }, /MR6403: topic "nope" does not exist: create it/],
    [
      "a partition that does not exist",
      { partitions: [{ topic: "t", partition: 9 }] },
      /MR6403: partition 9 of topic "t" does not exist/,
    ],
    ["a pattern that nothing matches", { topicPattern: /^x/, bounded: true }, /MR6426: no topic matches \/\^x\//],
    [
      "offsets of a partition that is not there",
      { startingOffsets: offsets({ t: { 7: 1 } }) },
      /MR6425: .*partition 7/,
    ],
    ["stops of a partition that is not there", { stoppingOffsets: offsets({ t: { 7: 1 } }) }, /MR6425: .*partition 7/],
  ])("%s", (_name, options, sentence) => {
    const kafka = kafkaWith(2, 1);
    expect(failureOf(harnessOf(kafka, options), kafka)).toMatch(sentence);
  });

  test.each(["describeTopics", "listOffsets", "locate"])("brokers that are not there: %s", (call) => {
    const kafka = kafkaWith(1);
    kafka.fail(call, unreachable("no broker answers within 60 s: fake:9092"));
    expect(failureOf(harnessOf(kafka), kafka)).toMatch(/MR6402: no broker answers/);
  });

  test("a search that is not allowed, at any time", () => {
    const kafka = kafkaWith(1);
    const harness = harnessOf(kafka, { discoverEvery: "10s" });
    settle(harness, kafka);
    kafka.fail("describeTopics", notAllowed("not for you"));
    harness.clock.advance(10_000);
    expect(failureOf(harness, kafka)).toMatch(/MR6404: not for you/);
  });
});

describe("dealing out", () => {
  test.each([
    [5, 2],
    [7, 3],
    [2, 4],
    [9, 9],
  ])("%d partitions to %d readers, evenly", (partitions, parallelism) => {
    const kafka = kafkaWith(partitions, 1);
    const harness = harnessOf(kafka, { bounded: true }, { parallelism });
    runToEnd(harness, kafka);
    const counts = Object.values(assigned(harness)).map((ids) => ids.length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(partitions);
    expect(Math.max(...counts) - (counts.length < parallelism ? 0 : Math.min(...counts))).toBeLessThanOrEqual(1);
  });

  test("topics with one partition each do not all go to the first reader", () => {
    const kafka = new FakeKafka();
    const topics = ["a", "b", "c", "d"];
    const readers = topics.map((topic) => {
      kafka.createTopic(topic, 1);
      kafka.write(topic, 0, "x");
      const harness = harnessOf(kafka, { topics: topic, bounded: true }, { parallelism: 4 });
      runToEnd(harness, kafka);
      return harness.records[0]?.subtask;
    });
    expect(new Set(readers).size).toBe(4);
  });

  test("new ones even out what the checkpoint left uneven", () => {
    const kafka = kafkaWith(3, 1);
    const first = harnessOf(kafka, { discoverEvery: "10s" });
    settle(first, kafka);
    const restored = saved(first);
    kafka.addPartitions("t", 3);
    for (const partition of [0, 1, 2, 3, 4, 5]) fill(kafka, partition, 1);
    const second = harnessOf(kafka, { discoverEvery: "10s" }, { restored, parallelism: 2 });
    settleAgain(second, kafka);
    expect(Object.values(assigned(second)).map((ids) => ids.length)).toEqual([3, 3]);
  });

  test("what a lost reader had been given waits for it, and for nobody else", () => {
    const split = (partition: number): KafkaSplit => ({
      splitId: `t-${partition}`,
      topic: "t",
      partition,
      offset: 0,
      stop: undefined,
    });
    const assignment = new Assignment(2, []);
    assignment.holds(0, 0);
    expect(assignment.isComplete).toBe(false);
    assignment.holds(1, 0);
    assignment.add([split(0), split(1), split(2)]);
    const dealt = assignment.deal("all");
    const ofOne = dealt.get(1) ?? [];
    expect([...dealt.values()].flat()).toHaveLength(3);
    assignment.giveBack(ofOne, 1);
    expect(assignment.deal("all")).toEqual(new Map());
    expect(assignment.pending).toEqual(ofOne);
    expect([assignment.isOwed(0), assignment.isOwed(1)]).toEqual([false, true]);
    assignment.holds(1, 0);
    assignment.add([split(3)]);
    // Without the others, only what is owed.
    expect(assignment.deal("back")).toEqual(new Map([[1, ofOne]]));
    expect(assignment.pending).toEqual([split(3)]);
  });

  test("what waits for a lost reader is in the checkpoint, and goes to anybody after a restart of all", () => {
    const kafka = kafkaWith(2, 1);
    const first = harnessOf(kafka, { bounded: true }, { parallelism: 2 });
    const split: KafkaSplit = { splitId: "t-1", topic: "t", partition: 1, offset: 0, stop: 1 };
    runToEnd(first, kafka);
    first.giveBack([split], 1);
    expect(first.metrics.read("unassignedSplits")).toBe(1);
    const restored = saved(first);
    expect(restored).toEqual({ enumerator: { started: true, known: ["t-0", "t-1"], pending: [split] }, splits: [] });
    const second = harnessOf(kafka, { bounded: true }, { restored });
    runToEnd(second, kafka);
    expect(bySplit([second])).toEqual(new Map([["t-1", ["0"]]]));
  });

  test("a topic that the options do not name any more is left out, with a warning", () => {
    const kafka = kafkaWith(1, 1);
    kafka.createTopic("u", 1);
    const first = harnessOf(kafka, { topics: ["t", "u"] });
    settle(first, kafka);
    const restored = saved(first);
    kafka.write("t", 0, "new");
    kafka.write("u", 0, "gone");
    const second = harnessOf(kafka, { topics: ["t"] }, { restored });
    settle(second, kafka);
    expect(second.values).toEqual(["new"]);
    expect(second.warnings).toEqual([
      expect.stringContaining('partition "u-0" of the checkpoint is not read any more'),
    ]);
    expect(saved(second).splits.map(({ splitId }) => splitId)).toEqual(["t-0"]);
  });
});

test("closes its client, and hears nothing afterwards", async () => {
  const kafka = kafkaWith(1, 1);
  const harness = harnessOf(kafka);
  harness.turn();
  await harness.close();
  expect(kafka.openClients).toBe(0);
  expect(kafka.pump()).toBe(false);
});
