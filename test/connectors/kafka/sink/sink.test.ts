/** The Kafka sink over a simulated cluster: what becomes of records, what each guarantee means, and what is refused. */
// covers: connectors/kafka/sink/*, connectors/kafka/client/connection.ts, connectors/kafka/client/task-calls.ts
import { describe, expect, it } from "vitest";
import type { KafkaClientFactory } from "../../../../connectors/kafka/client/kafka-client.ts";
import { kafkaSink } from "../../../../connectors/kafka/sink/sink.ts";
import { EXACTLY_ONCE, Scene, writeAll } from "./scene.ts";
import type { Options } from "./scene.ts";

describe("a record", () => {
  it("has the parts that the options make of its value", async () => {
    const scene = new Scene();
    scene.kafka.createTopic("other", 3);
    const harness = scene.start({
      topic: (value) => (value.startsWith("o") ? "other" : "out"),
      key: (value) => value.slice(0, 1),
      value: (value) => (value === "null" ? null : Buffer.from(value)),
      headers: (value) => [
        { key: "length", value: String(value.length) },
        { key: "none", value: null },
      ],
      partition: (value, { partitions }) => value.length % partitions,
      timestampMs: (value) => value.length * 1_000,
    });
    await writeAll(harness, ["over", "null", "under"]);
    await harness.barrier(1);
    expect(scene.kafka.committed("other")).toEqual([
      { partition: 1, offset: 0, timestampMs: 4_000, key: "o", value: "over", headers: { length: "4", none: null } },
    ]);
    expect(scene.kafka.committed("out").map(({ partition, key, value }) => [partition, key, value])).toEqual([
      [0, "n", null],
      [1, "u", "under"],
    ]);
    await harness.close();
  });

  it("goes to the partition of its key, and without one to each in turn", async () => {
    const scene = new Scene();
    const harness = scene.start();
    await writeAll(
      harness,
      Array.from({ length: 1_100 }, (_, n) => String(n)),
    );
    await harness.barrier(1);
    expect(new Set(scene.kafka.committed("out").map(({ partition }) => partition)).size).toBe(2);
    await harness.close();
    const keyed = scene.start({ key: () => "k" });
    await writeAll(keyed, ["a", "b"]);
    await keyed.barrier(1);
    const placed = scene.kafka.committed("out").filter(({ key }) => key === "k");
    expect(placed.map(({ value }) => value)).toEqual(["a", "b"]);
    expect(new Set(placed.map(({ partition }) => partition)).size).toBe(1);
    await keyed.close();
  });

  it("is compressed, and read as it was", async () => {
    const scene = new Scene();
    const asyncCodec = {
      compress: async (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1),
      decompress: (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1),
    };
    for (const options of [{ compression: "gzip" }, { compression: "zstd", codecs: { zstd: asyncCodec } }] as const) {
      const harness = scene.start(options);
      await writeAll(harness, ["a".repeat(500), "b"]);
      await harness.barrier(1);
      await harness.close();
    }
    const kafka = scene.kafka.uncommitted.bind(scene.kafka);
    expect(() => kafka("out")).toThrow(/MR6422/);
  });

  it("that a function makes nothing of is refused with the function's name", async () => {
    const broken: readonly [Options, RegExp][] = [
      [{ value: () => 5 as never }, /MR6444: the value function of kafkaSink returned 5/],
      [{ key: () => ({}) as never }, /MR6444: the key function/],
      [{ topic: () => "" }, /MR6444: the topic function/],
      [{ partition: () => 2 }, /MR6443.*returned 2 for the topic "out", which has the partitions 0 to 1/],
    ];
    for (const [options, message] of broken) {
      const harness = new Scene().start(options);
      await expect(harness.write(0, "x").then(() => harness.barrier(1))).rejects.toThrow(message);
      await harness.close();
    }
  });

  it("to a topic that is not there fails the task", async () => {
    const harness = new Scene().start({ topic: "nowhere" });
    await expect(harness.write(0, "x").then(() => harness.barrier(1))).rejects.toThrow(/MR6403.*"nowhere"/);
    await harness.close();
  });
});

describe("a guarantee", () => {
  it("at least once: a barrier waits until the brokers have all, which is visible at once", async () => {
    const scene = new Scene({ faults: { "answer-lost": 100, "request-lost": 100 } });
    const harness = scene.start({ key: () => "k", batchBytes: 100 });
    const values = Array.from({ length: 200 }, (_, n) => `value ${n}`);
    await writeAll(harness, values);
    await harness.barrier(1);
    expect(scene.seen()).toEqual(values);
    await harness.close();
  });

  it("none: a barrier waits for nothing, the end of input does", async () => {
    const scene = new Scene();
    const harness = scene.start({ deliveryGuarantee: "none" });
    await writeAll(harness, ["a"]);
    scene.kafka.stop();
    await harness.barrier(1);
    scene.kafka.start();
    await harness.barrier(2, true);
    expect(scene.seen()).toEqual(["a"]);
    await harness.close();
  });

  it("exactly once: a record is visible when its checkpoint is complete", async () => {
    const scene = new Scene();
    const harness = scene.start(EXACTLY_ONCE);
    await writeAll(harness, ["a", "b"]);
    await harness.barrier(1);
    expect(scene.seen()).toEqual([]);
    await writeAll(harness, ["c"]);
    await harness.complete(1);
    scene.clock.advance(50);
    expect(scene.seen()).toEqual(["a", "b"]);
    await harness.barrier(2, true);
    await harness.complete(2);
    scene.clock.advance(50);
    expect(scene.seen()).toEqual(["a", "b", "c"]);
    await harness.close();
  });

  it("holds the task back while too much waits", async () => {
    const scene = new Scene();
    const harness = scene.start({ bufferBytes: 2_000, batchBytes: 500, key: () => "k" });
    await writeAll(harness, ["first"]);
    await harness.barrier(1);
    scene.kafka.stop();
    for (let n = 0; n < 100 && !harness.blocked(0); n++) harness.writeNow(0, `record ${n}`.padEnd(100));
    expect(harness.blocked(0)).toBe(true);
    scene.kafka.start();
    await harness.settle(() => !harness.blocked(0));
    await harness.barrier(2);
    expect(scene.seen().length).toBeGreaterThan(10);
    await harness.close();
  });
});

describe("exactly once", () => {
  it("takes no more ids than open checkpoints need, and gives them back", async () => {
    const scene = new Scene();
    const harness = scene.start(EXACTLY_ONCE);
    for (let checkpoint = 1; checkpoint <= 40; checkpoint++) {
      await writeAll(harness, [`${checkpoint}`]);
      await harness.barrier(checkpoint);
      await harness.complete(checkpoint);
    }
    expect(harness.completed?.writerStates).toMatchObject([{ prefix: "job", subtask: 0, ids: 3 }]);
    await harness.close();
  });

  it("an id whose commit is not confirmed by a later checkpoint is not used again", async () => {
    const scene = new Scene();
    const harness = scene.start(EXACTLY_ONCE);
    const used: string[] = [];
    for (let checkpoint = 1; checkpoint <= 5; checkpoint++) {
      await writeAll(harness, [`${checkpoint}`]);
      await harness.barrier(checkpoint);
      used.push(...scene.kafka.openTransactions("job").filter((id) => !used.includes(id)));
    }
    expect(used).toHaveLength(5);
    await harness.complete(5);
    scene.clock.advance(50);
    expect(new Set(scene.seen())).toEqual(new Set(["1", "2", "3", "4", "5"]));
    await harness.close();
  });

  it("asks who owns the ids one question at a time, since each answer changes the next", async () => {
    const scene = new Scene({ latencyMs: 30 });
    const first = scene.start(EXACTLY_ONCE);
    await writeAll(first, ["a"]);
    await first.barrier(1);
    first.markComplete(1);
    const asked = { now: 0, atOnce: 0 };
    const client: KafkaClientFactory = (options) => {
      const made = scene.kafka.client(options);
      const initProducer = made.initProducer.bind(made);
      made.initProducer = (request, done) => {
        const isOwner = request.transactional?.transactionalId.endsWith("-owner") === true;
        if (isOwner) asked.atOnce = Math.max(asked.atOnce, ++asked.now);
        initProducer(request, (outcome) => {
          if (isOwner) asked.now--;
          done(outcome);
        });
      };
      return made;
    };
    const second = scene.start({ ...EXACTLY_ONCE, client }, { restored: first.completed, attempt: 1 });
    await second.start();
    for (let checkpoint = 2; checkpoint < 6; checkpoint++) {
      await writeAll(second, [`${checkpoint}`]);
      await second.barrier(checkpoint);
    }
    // The restored id is taken over while the next transaction is asked for.
    await second.complete(5);
    await writeAll(second, ["last"]);
    await second.barrier(6);
    await second.complete(6);
    expect(asked.atOnce).toBe(1);
    await first.close();
    await second.close();
  });

  it("an old savepoint: what it holds was committed long ago, as its history tells", async () => {
    const scene = new Scene();
    const first = scene.start(EXACTLY_ONCE);
    await writeAll(first, ["a"]);
    const savepoint = await first.savepoint(1);
    await first.complete(1);
    for (let checkpoint = 2; checkpoint <= 12; checkpoint++) {
      await writeAll(first, [`later ${checkpoint}`]);
      await first.barrier(checkpoint);
      await first.complete(checkpoint);
    }
    await first.close();
    const back = scene.start(EXACTLY_ONCE, { restored: savepoint, attempt: 1 });
    await back.start();
    expect(back.signals).toEqual(["already committed"]);
    await writeAll(back, ["b"]);
    await back.barrier(20);
    await back.complete(20);
    scene.clock.advance(50);
    expect(scene.seen().filter((value) => value === "a")).toHaveLength(1);
    expect(scene.seen()).toContain("b");
    await back.close();
  });

  it("an old savepoint, though a killed attempt has left a later transaction of the same id open: nobody waits for it", async () => {
    const scene = new Scene();
    const killed = scene.start(EXACTLY_ONCE);
    await writeAll(killed, ["a"]);
    const savepoint = await killed.savepoint(1);
    await killed.complete(1);
    scene.clock.advance(50);
    for (let checkpoint = 2; !scene.kafka.openTransactions().includes("job-0-harness_.1.0-0"); checkpoint++) {
      await killed.barrier(checkpoint);
      await killed.complete(checkpoint);
      await writeAll(killed, [`later ${checkpoint}`]);
      const untilMs = scene.clock.nowMs() + 50;
      await killed.settle(() => scene.clock.nowMs() > untilMs);
    }
    const startedMs = scene.clock.nowMs();
    const back = scene.start(EXACTLY_ONCE, { restored: savepoint, attempt: 1 });
    await back.start();
    expect(back.signals).toEqual(["already committed"]);
    expect(scene.clock.nowMs() - startedMs).toBeLessThan(1_000);
    for (const harness of [killed, back]) await harness.close();
  });

  it("a transaction that the broker gave up before its commit: fails with what is lost, or goes on", async () => {
    const scene = new Scene();
    const first = scene.start(EXACTLY_ONCE);
    await writeAll(first, ["a", "b"]);
    await first.barrier(1);
    first.markComplete(1);
    scene.kafka.expireTransactions();
    scene.clock.advance(100);
    const restored = first.completed;
    const failing = scene.start(EXACTLY_ONCE, { restored });
    await expect(failing.start()).rejects.toThrow(
      /MR6442: the transaction of "job-0-harness_.1.0-0".*2 records of a completed checkpoint/,
    );
    const accepting = scene.start({ ...EXACTLY_ONCE, onLostTransaction: "accept" }, { restored });
    await accepting.start();
    expect(accepting.signals).toEqual(["known reason"]);
    await writeAll(accepting, ["c"]);
    await accepting.barrier(2);
    await accepting.complete(2);
    scene.clock.advance(50);
    expect(scene.seen()).toEqual(["c"]);
    for (const harness of [first, failing, accepting]) await harness.close();
  });

  it("another prefix: what the old one has prepared is committed, what it has left open is aborted", async () => {
    const scene = new Scene();
    const first = scene.start(EXACTLY_ONCE, { parallelism: 2 });
    await writeAll(first, ["a"]);
    await first.write(1, "b");
    await first.barrier(1);
    first.markComplete(1);
    await writeAll(first, ["never committed"]);
    await first.barrier(2);
    const renamed = scene.start({ ...EXACTLY_ONCE, transactionalIdPrefix: "renamed" }, { restored: first.completed });
    await renamed.start();
    await writeAll(renamed, ["c"]);
    await renamed.barrier(3);
    await renamed.complete(3);
    scene.clock.advance(50);
    expect(scene.seen()).toHaveLength(3);
    expect(new Set(scene.seen())).toEqual(new Set(["a", "b", "c"]));
    expect(scene.kafka.openTransactions()).toEqual([]);
    await renamed.close();
  });

  it("a subtask that is no more, before any checkpoint: no reader waits for what it has left open", async () => {
    const scene = new Scene();
    const first = scene.start({ ...EXACTLY_ONCE, partition: () => 1 }, { parallelism: 3 });
    await first.write(2, "left open");
    await first.barrier(1);
    const second = scene.start({ ...EXACTLY_ONCE, partition: () => 1 }, { attempt: 1 });
    await second.start();
    await writeAll(second, ["visible"]);
    await second.barrier(2);
    await second.complete(2);
    scene.clock.advance(50);
    expect(scene.seen()).toEqual(["visible"]);
    await second.close();
  });

  it("a task that is cancelled aborts what it has open", async () => {
    const scene = new Scene();
    const harness = scene.start({ ...EXACTLY_ONCE, linger: 1 });
    await writeAll(harness, ["a"]);
    await harness.settle(() => scene.kafka.openTransactions().length > 0);
    await harness.close();
    scene.clock.advance(100);
    expect(scene.kafka.openTransactions()).toEqual([]);
    expect(scene.seen()).toEqual([]);
  });

  it("needs a timeout between the checkpoint interval and what the brokers allow", async () => {
    const scene = new Scene({ timeoutMaxMs: 60_000 });
    const tooLong = scene.start({ ...EXACTLY_ONCE, transactionTimeout: "2min" });
    await expect(tooLong.write(0, "a").then(() => tooLong.barrier(1))).rejects.toThrow(/MR6441.*120000 ms.*60000 ms/);
    const byDefault = scene.start(EXACTLY_ONCE);
    await writeAll(byDefault, ["a"]);
    await byDefault.barrier(1);
    for (const harness of [tooLong, byDefault]) await harness.close();
  });
});

describe("options that make no sense", () => {
  const wrong: readonly [string, Options, RegExp][] = [
    ["no prefix", { deliveryGuarantee: "exactly-once" }, /MR6440.*needs a transactionalIdPrefix/],
    ["an unknown guarantee", { deliveryGuarantee: "twice" as never }, /MR6440: deliveryGuarantee.*but is twice/],
    ["fewer acks than exactly once needs", { ...EXACTLY_ONCE, acks: "leader" }, /MR6440: acks/],
    ["a topic that is none", { topic: 5 as never }, /MR6440: the topic/],
    ["no value", { value: undefined as never }, /MR6440: the value/],
    ["a key that is no function", { key: "key" as never }, /MR6440: key of kafkaSink is a function/],
    ["no bytes", { batchBytes: 0 }, /MR6440: batchBytes/],
    ["a compression without library", { compression: "lz4" }, /MR6440.*codecs: \{ lz4/],
    ["servers that are none", { bootstrapServers: "kafka" }, /MR6411: the bootstrapServers of kafkaSink/],
    ["a timeout that is none", { ...EXACTLY_ONCE, transactionTimeout: "soon" as never }, /transactionTimeout/],
  ];
  it.each(wrong)("%s", (_, options, message) => {
    const scene = new Scene();
    expect(() => kafkaSink(scene.options(options))).toThrow(message);
  });
});
