/** The simulated log of a partition, as clients find it: bounds of a fetch, gaps, deleted records, sequences, times. */
import { describe, expect, test } from "vitest";
import type {
  FetchedPartition,
  FetchRequest,
  LocatedPartition,
  PartitionOffset,
  ProduceBatch,
} from "../../../connectors/kafka/client/kafka-client.ts";
import { openBatches } from "../../../connectors/kafka/records/open-batches.ts";
import { RecordCursor } from "../../../connectors/kafka/records/record-cursor.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import { batchOf, Stepped } from "./stepped.ts";

const T0 = { topic: "t", partition: 0 };
const ALL = { bytesMax: 1_000_000, partitionBytesMax: 1_000_000 };

function world(options: ConstructorParameters<typeof Stepped>[0] = {}): Stepped {
  const stepped = new Stepped(options);
  stepped.kafka.createTopic("t", 2);
  return stepped;
}

function fetch(w: Stepped, offset: number, options: Partial<FetchRequest> = {}): FetchedPartition {
  const [located] = w.value<readonly LocatedPartition[]>((done) => w.client.locate([T0], done));
  const request: FetchRequest = {
    node: located?.node ?? -1,
    partitions: [{ ...T0, offset }],
    isolation: "read_committed",
    waitMs: 0,
    ...ALL,
    ...options,
  };
  const [fetched] = w.value<readonly FetchedPartition[]>((done) => w.client.fetch(request, done));
  if (fetched === undefined) throw new Error("no partition");
  return fetched;
}

/** Values, and where to go on. */
function read(fetched: FetchedPartition, from: number): readonly [string[], number] {
  if (fetched.error !== undefined) throw fetched.error;
  const opened = openBatches(fetched.batches, { codecs: {}, place: "t" });
  if (!Buffer.isBuffer(opened)) throw new Error("not at once");
  const cursor = new RecordCursor(opened, { from, aborted: fetched.aborted });
  const values: string[] = [];
  while (cursor.next()) values.push(cursor.text(cursor.valueAt, cursor.valueBytes));
  return [values, cursor.position];
}

const lines = (...values: string[]): { value: string; partition: number }[] =>
  values.map((value) => ({ value, partition: 0 }));

describe("a fetch", () => {
  test("begins with the batch around its offset, and ends within its bounds, but not before the first batch", () => {
    const w = world();
    w.kafka.produce("t", lines("a", "b"));
    w.kafka.produce("t", lines("c", "d"));
    expect(read(fetch(w, 1), 1)).toEqual([["b", "c", "d"], 4]);
    expect(read(fetch(w, 0, { partitionBytesMax: 1 }), 0)).toEqual([["a", "b"], 2]);
    const whole = fetch(w, 0);
    const size = whole.error === undefined ? whole.batches.length : 0;
    // The beginning of a second batch.
    expect(read(fetch(w, 0, { bytesMax: size - 1 }), 0)).toEqual([["a", "b"], 2]);
    expect(read(fetch(w, 4), 4)).toEqual([[], 4]);
  });

  test("of several partitions: only the first batch of all is whole beyond the bounds", () => {
    const w = world({ nodes: 1 });
    w.kafka.produce("t", [...lines("a"), { value: "b", partition: 1 }]);
    const partitions = [
      { ...T0, offset: 0 },
      { topic: "t", partition: 1, offset: 0 },
    ];
    const request: FetchRequest = {
      node: 0,
      partitions,
      isolation: "read_committed",
      waitMs: 0,
      bytesMax: 1,
      partitionBytesMax: 1,
    };
    const both = w.value<readonly FetchedPartition[]>((done) => w.client.fetch(request, done));
    expect(both.map((each) => each.error === undefined && each.batches.length > 0)).toEqual([true, false]);
  });

  test("waits for records, and for the end of a transaction", () => {
    const w = world();
    const p = w.producer("a");
    w.begin(p, T0);
    w.write(p, T0, { values: ["x"] });
    const answers: Outcome<readonly FetchedPartition[]>[] = [];
    const [located] = w.value<readonly LocatedPartition[]>((done) => w.client.locate([T0], done));
    const partitions = [{ ...T0, offset: 0 }];
    const request: FetchRequest = {
      node: located?.node ?? -1,
      partitions,
      isolation: "read_committed",
      waitMs: 5_000,
      ...ALL,
    };
    w.client.fetch(request, (answer) => answers.push(answer));
    w.clock.advance(1_000);
    expect(answers).toEqual([]);
    w.end(p, "commit");
    w.clock.advance(100);
    expect(answers).toHaveLength(1);
    const [answer] = answers;
    expect(answer?.ok === true && answer.value[0] !== undefined && read(answer.value[0], 0)[0]).toEqual(["x"]);
  });

  test("has nothing after its time", () => {
    const w = world();
    const fetched = fetch(w, 0, { waitMs: 700 });
    expect(read(fetched, 0)).toEqual([[], 0]);
    expect(w.clock.nowMs()).toBeGreaterThanOrEqual(1_000_700);
  });

  test("says which transactions were aborted, in what it brings", () => {
    const w = world();
    const p = w.producer("a");
    w.kafka.produce("t", lines("before"));
    w.begin(p, T0);
    w.write(p, T0, { values: ["x"] });
    w.end(p, "abort");
    w.settle();
    w.kafka.produce("t", lines("after"));
    expect(read(fetch(w, 0), 0)).toEqual([["before", "after"], 4]);
    expect(fetch(w, 0)).toMatchObject({ aborted: [{ producerId: p.producerId, firstOffset: 1 }], lastStableOffset: 4 });
    expect(fetch(w, 3)).toMatchObject({ aborted: [] });
    expect(read(fetch(w, 0, { isolation: "read_uncommitted" }), 0)[0]).toEqual(["before", "x", "after"]);
  });

  test("has an error of its own for each partition", () => {
    const w = world();
    w.kafka.produce("t", lines("a", "b", "c"));
    w.kafka.deleteRecordsBefore("t", 0, 1);
    expect(fetch(w, 0).error?.code).toBe("MR6407");
    expect(fetch(w, 4).error?.code).toBe("MR6407");
    expect(read(fetch(w, 1), 1)).toEqual([["b", "c"], 3]);
    expect(fetch(w, 1)).toMatchObject({ logStartOffset: 1, highWatermark: 3 });
    expect(fetch(w, 1, { node: 7 }).error?.code).toBe("MR6409");
    expect(fetch(w, 1, { partitions: [{ topic: "t", partition: 9, offset: 0 }] }).error?.code).toBe("MR6403");
    w.kafka.moveLeader("t", 0);
    expect(read(fetch(w, 1), 1)[0]).toEqual(["b", "c"]);
  });
});

test.each(["empty batches", "gaps"] as const)("compaction leaves offsets without records: %s", (leave) => {
  const w = world();
  for (const value of ["a", "b", "c", "d"]) w.kafka.produce("t", lines(value, `${value}${value}`));
  w.kafka.compact("t", 0, { from: 1, to: 7, leave });
  expect(w.kafka.committed("t").map(({ offset, value }) => [offset, value])).toEqual([
    [0, "a"],
    [7, "dd"],
  ]);
  expect(read(fetch(w, 2), 2)).toEqual([["dd"], 8]);
  // An empty batch tells how far it goes, a gap does not.
  const first = fetch(w, 0, { partitionBytesMax: 135 });
  expect(read(first, 0)).toEqual([["a"], leave === "gaps" ? 2 : 4]);
});

describe("sequences", () => {
  test("what was written is not written again, a gap is refused, a new epoch begins with 0", () => {
    const w = world();
    const p = w.producer("a");
    w.begin(p, T0);
    expect(w.write(p, T0, { values: ["x", "y"] })).toBe("ok");
    expect(w.write(p, T0, { values: ["z"], first: 2 })).toBe("ok");
    expect(w.write(p, T0, { values: ["x", "y"] })).toBe("ok");
    expect(w.write(p, T0, { values: ["z"], first: 4 })).toBe("MR6412");
    w.end(p, "commit");
    const next = w.producer("a");
    w.begin(next, T0);
    expect(w.write(next, T0, { values: ["v"], first: 3 })).toBe("MR6412");
    expect(w.write(next, T0, { values: ["v"] })).toBe("ok");
    w.end(next, "commit");
    w.settle();
    expect(w.values("t")).toEqual(["x", "y", "z", "v"]);
  });

  test("batches under way at the same time arrive in their order, or come again in it", () => {
    const w = world({ faults: { "request-lost": 300, "answer-lost": 200 }, strikesMax: 1_000 });
    const p = w.producer("a");
    w.begin(p, T0);
    const answers: boolean[] = [];
    for (let n = 0; n < 5; n++) {
      const batches: ProduceBatch[] = [{ ...T0, bytes: batchOf([String(n)], p, n) }];
      w.client.produce({ transaction: p, acks: "all", batches }, (answer) => answers.push(answer.ok));
    }
    w.clock.advance(60_000);
    expect(answers).toEqual([true, true, true, true, true]);
    w.end(p, "commit");
    w.clock.advance(60_000);
    expect(w.values("t")).toEqual(["0", "1", "2", "3", "4"]);
  });
});

test("what is no batch is refused", () => {
  const w = world({ batchBytesMax: 200 });
  const code = (bytes: Uint8Array): string =>
    w.code<void>((done) =>
      w.client.produce({ transaction: undefined, acks: "all", batches: [{ ...T0, bytes }] }, done),
    );
  const bad = Buffer.from(batchOf(["a"], undefined, 0));
  bad.writeUInt8(bad.readUInt8(bad.length - 1) ^ 1, bad.length - 1);
  expect([code(new Uint8Array(3)), code(bad), code(batchOf(["x".repeat(300)], undefined, 0))]).toEqual([
    "MR6408",
    "MR6408",
    "MR6408",
  ]);
  expect(code(batchOf(["a"], undefined, 0))).toBe("ok");
});

test("offsets by time, and times of arrival", () => {
  const w = world();
  w.kafka.createTopic("arrival", 1, { timestamps: "append" });
  const at = (topic: string, timestampMs: number): number | undefined => {
    const queries = [{ topic, partition: 0, at: { timestampMs } }];
    const request = { queries, isolation: "read_committed" as const };
    return w.value<readonly PartitionOffset[]>((done) => w.client.listOffsets(request, done))[0]?.offset;
  };
  w.kafka.produce(
    "t",
    [10, 30, 20].map((timestampMs) => ({ value: "v", partition: 0, timestampMs })),
  );
  expect([0, 10, 11, 30, 31].map((ms) => at("t", ms))).toEqual([0, 0, 1, 1, 3]);
  w.kafka.produce("arrival", [{ value: "v", timestampMs: 5 }]);
  expect(w.kafka.committed("arrival")[0]?.timestampMs).toBe(w.clock.nowMs());
  expect(at("arrival", 5)).toBe(0);
});

test("keys, headers, new partitions and topics that go", () => {
  const w = world();
  w.kafka.produce("t", [{ key: "k", value: null, headers: { h: "1" }, timestampMs: 7, partition: 1 }]);
  expect(w.kafka.committed("t")).toEqual([
    { partition: 1, offset: 0, timestampMs: 7, key: "k", value: null, headers: { h: "1" } },
  ]);
  w.kafka.addPartitions("t", 1);
  expect(w.value((done) => w.client.describeTopics(["t", "none"], done))).toEqual([{ topic: "t", partitions: 3 }]);
  w.kafka.deleteTopic("t");
  expect(w.value((done) => w.client.describeTopics(undefined, done))).toEqual([]);
  expect(() => w.kafka.produce("t", ["a"])).toThrow("MR6471");
});

describe("what makes no sense is MR6471", () => {
  test.each<[string, () => unknown]>([
    ["a fault that nobody knows", () => world({ faults: { "request-lots": 3 } as object })],
    ["a rate above a thousand", () => world({ faults: { slow: 2_000 } })],
    ["a negative number", () => world({ latencyMs: -1 })],
    ["an option that nobody knows", () => world({ node: 1 } as object)],
    ["no broker", () => world({ nodes: 0 })],
    ["a topic twice", () => world().kafka.createTopic("t")],
    ["a topic without partitions", () => world().kafka.createTopic("u", 0)],
    ["a topic that is not there", () => world().kafka.committed("u")],
    ["a partition that is not there", () => world().kafka.produce("t", [{ value: "a", partition: 2 }])],
  ])("%s", (_, make) => {
    expect(make).toThrow("MR6471");
  });
});

test("nobody answers while the brokers are down", () => {
  const w = world();
  w.kafka.stop();
  expect(w.code((done) => w.client.describeTopics(undefined, done))).toBe("MR6402");
  w.kafka.start();
  expect(w.code((done) => w.client.describeTopics(undefined, done))).toBe("ok");
});
