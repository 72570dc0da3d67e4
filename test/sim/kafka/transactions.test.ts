/** What clients see of the simulated coordinator of transactions: who may do what, when records become visible, what a takeover and a timeout do. */
import { describe, expect, test } from "vitest";
import type { OffsetWithMetadata } from "../../../connectors/kafka/client/kafka-client.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import { Stepped, TIMEOUT_MS } from "./stepped.ts";

const T0 = { topic: "t", partition: 0 };
const T1 = { topic: "t", partition: 1 };

function world(options: ConstructorParameters<typeof Stepped>[0] = {}): Stepped {
  const stepped = new Stepped(options);
  stepped.kafka.createTopic("t", 2);
  return stepped;
}

describe("visibility", () => {
  test("records are visible after the commit, and soon after it", () => {
    const w = world({ markerMs: 50 });
    const p = w.producer("a");
    expect([w.begin(p, T0, T1), w.write(p, T0, { values: ["x", "y"] }), w.write(p, T1, { values: ["z"] })]).toEqual([
      "ok",
      "ok",
      "ok",
    ]);
    w.settle();
    expect(w.values("t")).toEqual([]);
    expect(w.kafka.uncommitted("t").map(({ value }) => value)).toEqual(["x", "y", "z"]);
    expect(w.kafka.openTransactions()).toEqual(["a"]);
    expect(w.end(p, "commit")).toBe("ok");
    w.settle();
    expect(w.values("t")).toEqual(["x", "y", "z"]);
    expect(w.kafka.openTransactions()).toEqual([]);
  });

  test("nothing of an aborted transaction is ever visible, and what comes behind it is", () => {
    const w = world();
    const p = w.producer("a");
    w.begin(p, T0);
    w.write(p, T0, { values: ["x"] });
    expect(w.end(p, "abort")).toBe("ok");
    w.kafka.produce("t", [{ value: "later", partition: 0 }]);
    w.begin(p, T0);
    w.write(p, T0, { values: ["y"], first: 1 });
    w.end(p, "commit");
    w.settle();
    expect(w.values("t")).toEqual(["later", "y"]);
  });

  test("an open transaction holds back what others write behind it", () => {
    const w = world();
    const p = w.producer("a");
    w.begin(p, T0);
    w.write(p, T0, { values: ["x"] });
    w.kafka.produce("t", [{ value: "later", partition: 0 }]);
    expect(w.values("t")).toEqual([]);
    w.end(p, "commit");
    w.settle();
    expect(w.values("t")).toEqual(["x", "later"]);
  });

  test("a transaction begins with its first partition", () => {
    const w = world();
    const p = w.producer("a");
    expect(w.begin(p)).toBe("ok");
    expect(w.end(p, "commit")).toBe("MR6406");
    w.begin(p, T0);
    expect(w.end(p, "commit")).toBe("ok");
    expect(w.end(p, "commit")).toBe("ok");
  });
});

describe("the end", () => {
  test("the same once more is harmless, also by another client; the other is refused", () => {
    const w = world();
    const p = w.producer("a");
    w.begin(p, T0);
    w.write(p, T0, { values: ["x"] });
    expect(w.end(p, "commit")).toBe("ok");
    expect(w.end(p, "commit")).toBe("ok");
    const other = w.another();
    expect(w.code<void>((done) => other.endTransaction({ transaction: p, result: "commit" }, done))).toBe("ok");
    expect(w.end(p, "abort")).toBe("MR6406");
    expect(w.values("t")).toEqual(["x"]);
  });

  test("there is none before the first partition, nor for whom nobody knows", () => {
    const w = world();
    const p = w.producer("a");
    expect(w.end(p, "commit")).toBe("MR6406");
    expect(w.end(p, "abort")).toBe("MR6406");
    expect(w.end({ ...p, transactionalId: "b" }, "commit")).toBe("MR6406");
    expect(w.end({ ...p, producerId: 77 }, "commit")).toBe("MR6406");
  });

  test("after a takeover the one before is fenced, in all that it does", () => {
    const w = world();
    const before = w.producer("a");
    w.begin(before, T0);
    w.write(before, T0, { values: ["x"] });
    const after = w.producer("a");
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(w.end(before, "commit")).toBe("MR6405");
    expect(w.begin(before, T0)).toBe("MR6405");
    expect(w.write(before, T0, { values: ["y"], first: 1 })).toBe("MR6405");
    expect(
      w.code<void>((done) =>
        w.client.addOffsets({ transaction: before, group: "g", offsets: [{ ...T0, offset: 1, metadata: "" }] }, done),
      ),
    ).toBe("MR6405");
    // All of it was over when the takeover was answered.
    expect(w.kafka.openTransactions()).toEqual([]);
    w.begin(after, T0);
    expect(w.write(after, T0, { values: ["z"] })).toBe("ok");
    w.end(after, "commit");
    w.settle();
    expect(w.values("t")).toEqual(["z"]);
  });

  test("a takeover waits until a commit is visible", () => {
    const w = world({ markerMs: 2_000 });
    const p = w.producer("a");
    w.begin(p, T0, T1);
    w.write(p, T0, { values: ["x"] });
    w.write(p, T1, { values: ["y"] });
    w.end(p, "commit");
    w.producer("a");
    expect(w.values("t")).toEqual(["x", "y"]);
  });
});

describe("known", () => {
  test("goes on with the next epoch, and again with the same one when it is repeated", () => {
    const w = world();
    const p = w.producer("a");
    const next = w.producer("a", { known: p });
    expect(next).toEqual({ ...p, epoch: p.epoch + 1 });
    expect(w.producer("a", { known: p })).toEqual(next);
  });

  test("is refused once somebody has come since", () => {
    const w = world();
    const p = w.producer("a");
    w.producer("a");
    expect(() => w.producer("a", { known: p })).toThrow("MR6405");
    expect(() => w.producer("a", { known: { producerId: 99, epoch: 0 } })).toThrow("MR6405");
  });

  test("is refused after the timeout", () => {
    const w = world();
    const p = w.producer("a", { timeoutMs: 1_000 });
    w.begin(p, T0);
    w.clock.advance(5_000);
    expect(() => w.producer("a", { known: p })).toThrow("MR6405");
  });
});

test("a transaction that is open for too long is aborted, and its producer fenced", () => {
  const w = world({ expiryCheckMs: 100 });
  const p = w.producer("a", { timeoutMs: 1_000 });
  w.begin(p, T0);
  w.write(p, T0, { values: ["x"] });
  w.clock.advance(900);
  expect(w.kafka.openTransactions()).toEqual(["a"]);
  w.clock.advance(400);
  expect(w.kafka.openTransactions()).toEqual([]);
  expect(w.end(p, "commit")).toBe("MR6405");
  expect(w.values("t")).toEqual([]);
});

test("a committed transaction does not time out, nor does the next one by the time of the last", () => {
  const w = world({ expiryCheckMs: 0 });
  const p = w.producer("a", { timeoutMs: 1_000 });
  w.begin(p, T0);
  w.clock.advance(600);
  w.end(p, "commit");
  w.settle();
  w.begin(p, T0);
  w.clock.advance(800);
  expect(w.end(p, "commit")).toBe("ok");
});

test("epochs that are used up give a new producer id", () => {
  const w = world({ epochMax: 4 });
  const ids = Array.from({ length: 6 }, () => w.producer("a"));
  expect(ids.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 0, 1]);
  expect(new Set(ids.map(({ producerId }) => producerId)).size).toBe(2);
});

test("the last epoch can still be fenced, and then gives a new producer id", () => {
  const w = world({ epochMax: 2 });
  w.producer("a");
  const last = w.producer("a");
  w.begin(last, T0);
  const next = w.producer("a");
  expect(next.epoch).toBe(0);
  expect(next.producerId).not.toBe(last.producerId);
  expect(w.end(last, "commit")).toBe("MR6406");
});

test("a timeout that the brokers do not allow is refused", () => {
  expect(() => world({ timeoutMaxMs: 1_000 }).producer("a")).toThrow(/MR6408.*transaction.max.timeout.ms/);
});

describe("offsets in a transaction", () => {
  const offsets = [{ ...T0, offset: 5, metadata: "m" }];

  test("count when it is committed, and whoever asks right after the commit gets them", () => {
    const w = world({ markerMs: 400 });
    const p = w.producer("a");
    const add = w.code<void>((done) => w.client.addOffsets({ transaction: p, group: "g", offsets }, done));
    expect([add, w.end(p, "commit")]).toEqual(["ok", "ok"]);
    expect(w.value<readonly OffsetWithMetadata[]>((done) => w.client.committedOffsets("g", done))).toEqual(offsets);
  });

  test("do not count when it is aborted", () => {
    const w = world();
    const p = w.producer("a");
    w.value<void>((done) => w.client.addOffsets({ transaction: p, group: "g", offsets }, done));
    w.end(p, "abort");
    expect(w.value<readonly OffsetWithMetadata[]>((done) => w.client.committedOffsets("g", done))).toEqual([]);
  });

  test("are waited for while it is open, in vain after a while", () => {
    const w = world();
    const p = w.producer("a", { timeoutMs: TIMEOUT_MS });
    w.value<void>((done) => w.client.addOffsets({ transaction: p, group: "g", offsets }, done));
    expect(w.code<readonly OffsetWithMetadata[]>((done) => w.client.committedOffsets("g", done))).toBe("MR6402");
    const answers: Outcome<readonly OffsetWithMetadata[]>[] = [];
    w.client.committedOffsets("g", (answer) => answers.push(answer));
    w.end(p, "commit");
    w.clock.advance(1_000);
    expect(answers).toEqual([{ ok: true, value: offsets }]);
  });

  test("of two commits the later one counts, whichever is over later", () => {
    const w = world();
    const p = w.producer("a");
    w.value<void>((done) => w.client.addOffsets({ transaction: p, group: "g", offsets }, done));
    const later = [{ ...T0, offset: 9, metadata: "" }];
    w.value<void>((done) => w.client.commitOffsets({ group: "g", offsets: later }, done));
    w.end(p, "commit");
    expect(w.value<readonly OffsetWithMetadata[]>((done) => w.client.committedOffsets("g", done))).toEqual(later);
  });

  test("metadata has its limit", () => {
    const w = world();
    const large = [{ ...T0, offset: 1, metadata: "x".repeat(4_097) }];
    expect(w.code<void>((done) => w.client.commitOffsets({ group: "g", offsets: large }, done))).toBe("MR6408");
  });
});

test("writing outside of the open transaction is refused", () => {
  const w = world();
  const p = w.producer("a");
  expect(w.write(p, T0, { values: ["x"] })).toBe("MR6406");
  w.begin(p, T0);
  expect(w.write(p, T1, { values: ["x"] })).toBe("MR6406");
  w.end(p, "commit");
  w.settle();
  expect(w.write(p, T0, { values: ["x"] })).toBe("MR6406");
});

test("a client that is closed with a transaction aborts it", async () => {
  const w = world();
  const p = w.producer("a");
  w.begin(p, T0);
  const closed = w.client.close(p);
  w.settle();
  await closed;
  expect(w.kafka.openTransactions()).toEqual([]);
});
