/** Part of `kafka-client.ts`: what readers see of transactions, and who may go on with one. */
import { describe, expect, test } from "vitest";
import { recordsOf } from "./kafka-client-bench.ts";
import type { KafkaBench } from "./kafka-client-bench.ts";
import { answerOf, codeOf, valueOf } from "./seam.ts";

export function checkTransactions(current: () => KafkaBench): void {
  describe("transactions", () => {
    test("are invisible until they are committed, and then whole", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic(2);
      const transaction = await client.begin(bench.name("id"));
      await client.add(transaction, { topic, partition: 0 }, { topic, partition: 1 });
      await client.writeIn(transaction, topic, 0, ["a", "b"]);
      await client.writeIn(transaction, topic, 1, ["c"]);
      expect(await client.values(topic, 0)).toEqual([]);
      expect(await client.values(topic, 0, "read_uncommitted")).toEqual(["a", "b"]);
      expect(await client.end(transaction, "commit")).toBe("ok");
      await bench.eventually("the records are visible", async () => (await client.values(topic, 0)).length > 0);
      expect(await client.values(topic, 0)).toEqual(["a", "b"]);
      await bench.eventually("the others are visible", async () => (await client.values(topic, 1)).length > 0);
    });

    test("that are aborted are left out, by what a fetch says of them", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const id = bench.name("id");
      await client.write(topic, 0, ["before"]);
      const first = await client.begin(id);
      await client.add(first, { topic, partition: 0 });
      await client.writeIn(first, topic, 0, ["aborted"]);
      await client.write(topic, 0, ["between"]);
      expect(await client.end(first, "abort")).toBe("ok");
      const second = await client.begin(id);
      await client.add(second, { topic, partition: 0 });
      await client.writeIn(second, topic, 0, ["committed"]);
      expect(await client.end(second, "commit")).toBe("ok");
      await bench.eventually("all is decided", async () => {
        const { lastStableOffset, highWatermark } = healthy(await client.fetch(topic, 0, 0));
        // Four records and two markers.
        return lastStableOffset === 6 && highWatermark === 6;
      });
      const fetched = healthy(await client.fetch(topic, 0, 0));
      expect(fetched.aborted).toEqual([{ producerId: first.producerId, firstOffset: 1 }]);
      expect(recordsOf(fetched, 0).seen.map(({ value }) => value)).toEqual(["before", "between", "committed"]);
      expect(healthy(await client.fetch(topic, 0, 0, { isolation: "read_uncommitted" })).aborted).toEqual([]);
    });

    test("go on from batch to batch by sequence; what is repeated is written once", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const id = bench.name("id");
      const first = await client.begin(id);
      await client.add(first, { topic, partition: 0 });
      await client.writeIn(first, topic, 0, ["a", "b"], 0);
      await client.writeIn(first, topic, 0, ["c"], 2);
      await client.writeIn(first, topic, 0, ["c"], 2);
      expect(await client.end(first, "commit")).toBe("ok");
      const next = await client.begin(id);
      await client.add(next, { topic, partition: 0 });
      await client.writeIn(next, topic, 0, ["d"], 0);
      expect(await client.end(next, "commit")).toBe("ok");
      await bench.eventually("all is visible", async () => (await client.values(topic, 0)).length === 4);
      expect(await client.values(topic, 0)).toEqual(["a", "b", "c", "d"]);
    });

    test("one id after the other, each at once, by the producer that is known", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      let transaction = await client.begin(bench.name("id"));
      for (let round = 0; round < 5; round += 1) {
        await client.add(transaction, { topic, partition: 0 });
        await client.writeIn(transaction, topic, 0, [`${round}`]);
        expect(await client.end(transaction, "commit")).toBe("ok");
        const next = await client.goOn(transaction);
        if (typeof next === "string") return expect.fail(next);
        expect(next).not.toEqual(transaction);
        transaction = next;
      }
      expect(await client.values(topic, 0)).toEqual(["0", "1", "2", "3", "4"]);
      return undefined;
    });

    test("of an id that another producer has taken over are MR6405, whatever they do", async () => {
      const bench = current();
      const [zombie, successor] = [bench.client(), bench.client()];
      const topic = await bench.topic();
      const id = bench.name("id");
      const old = await zombie.begin(id);
      await zombie.add(old, { topic, partition: 0 });
      await zombie.writeIn(old, topic, 0, ["lost"]);
      const next = await successor.begin(id);
      expect(await zombie.end(old, "commit")).toBe("MR6405");
      expect(await zombie.end(old, "abort")).toBe("MR6405");
      const partitions = [{ topic, partition: 0 }];
      expect(await codeOf<void>((done) => zombie.raw.addPartitions({ transaction: old, partitions }, done))).toBe(
        "MR6405",
      );
      const late = await answerOf<void>(
        (done) =>
          void zombie.writeIn(old, topic, 0, ["late"], 1).then(
            () => done({ ok: true, value: undefined }),
            (error) => done({ ok: false, error }),
          ),
      );
      expect(late.ok ? "ok" : late.error.code).toBe("MR6405");
      expect(await zombie.goOn(old)).toBe("MR6405");
      await successor.add(next, { topic, partition: 0 });
      await successor.writeIn(next, topic, 0, ["kept"]);
      expect(await successor.end(next, "commit")).toBe("ok");
      await bench.eventually("it is visible", async () => (await successor.values(topic, 0)).length > 0);
      expect(await successor.values(topic, 0)).toEqual(["kept"]);
    });

    test("that were left open are over when their id is taken over", async () => {
      const bench = current();
      const [dead, successor] = [bench.client(), bench.client()];
      const topic = await bench.topic();
      const id = bench.name("id");
      const old = await dead.begin(id);
      await dead.add(old, { topic, partition: 0 });
      await dead.writeIn(old, topic, 0, ["lost"]);
      await successor.begin(id);
      expect(await successor.open(id)).toEqual([]);
      await bench.eventually("nobody waits for it", async () => {
        const { lastStableOffset, highWatermark } = healthy(await successor.fetch(topic, 0, 0));
        return lastStableOffset === highWatermark;
      });
      expect(await successor.values(topic, 0)).toEqual([]);
    });

    test("that are left open by who goes on from the producer that is known, are aborted", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const transaction = await client.begin(bench.name("id"));
      await client.add(transaction, { topic, partition: 0 });
      await client.writeIn(transaction, topic, 0, ["lost"]);
      // Before Kafka 4, brokers say that somebody has come: they have, to abort it.
      const next = await client.goOn(transaction);
      expect(typeof next === "string" ? next : "MR6405").toBe("MR6405");
      expect(await client.end(transaction, "commit")).toBe("MR6405");
      expect(await client.values(topic, 0)).toEqual([]);
    });

    test("are abandoned by close", async () => {
      const bench = current();
      const [client, other] = [bench.client(), bench.client()];
      const topic = await bench.topic();
      const id = bench.name("id");
      const transaction = await client.begin(id);
      await client.add(transaction, { topic, partition: 0 });
      await client.raw.close(transaction);
      await bench.eventually("it is aborted", async () => (await other.open(id))?.length === 0);
      expect(await other.end(transaction, "commit")).toBe("MR6406");
    });

    test("may be as long as the broker says", async () => {
      const longest = await valueOf<number | undefined>((done) => current().client().raw.transactionTimeoutMaxMs(done));
      expect(longest === undefined || longest > 0).toBe(true);
      if (longest === undefined) return;
      const transactional = { transactionalId: current().name("id"), timeoutMs: longest + 1 };
      expect(await codeOf((done) => current().client().raw.initProducer({ transactional }, done))).toBe("MR6408");
    });
  });
}

type Healthy = Extract<
  Awaited<ReturnType<ReturnType<KafkaBench["client"]>["fetch"]>>,
  { readonly batches: Uint8Array }
>;

function healthy(fetched: Awaited<ReturnType<ReturnType<KafkaBench["client"]>["fetch"]>>): Healthy {
  if (fetched.error !== undefined) throw fetched.error;
  return fetched;
}
