/** Part of `kafka-client.ts`: how transactions end, and offsets that end with them. */
import { describe, expect, test } from "vitest";
import type {
  ListedTransaction,
  OffsetWithMetadata,
  TransactionalProducer,
} from "../../connectors/kafka/client/kafka-client.ts";
import type { BenchClient, KafkaBench } from "./kafka-client-bench.ts";
import { valueOf } from "./seam.ts";

export function checkTransactionEnds(current: () => KafkaBench): void {
  describe("the end of a transaction", () => {
    test("may be repeated, also by another client; the other end is MR6406", async () => {
      const bench = current();
      const [client, other] = [bench.client(), bench.client()];
      const topic = await bench.topic();
      for (const [result, opposite] of [
        ["commit", "abort"],
        ["abort", "commit"],
      ] as const) {
        const transaction = await opened(client, bench.name("id"), topic);
        expect([
          await other.end(transaction, result),
          await client.end(transaction, result),
          await other.end(transaction, result),
        ]).toEqual(["ok", "ok", "ok"]);
        expect(await client.end(transaction, opposite)).toBe("MR6406");
      }
    });

    test("of one in which nothing happened, or of an id that nobody knows, is MR6406", async () => {
      const bench = current();
      const client = bench.client();
      const empty = await client.begin(bench.name("id"));
      expect(await client.end(empty, "commit")).toBe("MR6406");
      expect(await client.end({ ...empty, transactionalId: bench.name("id") }, "commit")).toBe("MR6406");
    });

    test("comes by the broker when it was open for too long: commit is MR6405 or MR6406", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const id = bench.name("id");
      const transaction = await client.begin(id, 1_000);
      await client.add(transaction, { topic, partition: 0 });
      await client.writeIn(transaction, topic, 0, ["lost"]);
      await bench.eventually("the broker ends it", async () => (await client.open(id))?.length === 0);
      expect(["MR6405", "MR6406"]).toContain(await client.end(transaction, "commit"));
      expect(await client.values(topic, 0)).toEqual([]);
    });

    test("decides at once whether its offsets are the group's", async () => {
      const bench = current();
      const [client, other] = [bench.client(), bench.client()];
      const topic = await bench.topic();
      const [id, group] = [bench.name("id"), bench.name("group")];
      for (let round = 0; round < (bench.world.rounds ?? 3); round += 1) {
        const offset: OffsetWithMetadata = { topic, partition: 0, offset: round, metadata: `round ${round}` };
        const transaction = await client.begin(id);
        await client.addOffsets(transaction, group, offset);
        expect(await client.end(transaction, "commit")).toBe("ok");
        expect(await other.groupOffsets(group), `round ${round}`).toEqual([offset]);
      }
      const aborted = await client.begin(id);
      await client.addOffsets(aborted, group, { topic, partition: 0, offset: 1_000, metadata: "aborted" });
      expect(await client.end(aborted, "abort")).toBe("ok");
      expect((await other.groupOffsets(group)).map(({ metadata }) => metadata)).not.toContain("aborted");
    });

    test("decides at once, also for the first offset of a group", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic(2);
      for (let round = 0; round < (bench.world.rounds ?? 3); round += 1) {
        const [id, group] = [bench.name("id"), bench.name("group")];
        const offset: OffsetWithMetadata = { topic, partition: 1, offset: 7, metadata: "first" };
        const transaction = await client.begin(id);
        await client.addOffsets(transaction, group, offset);
        expect(await client.end(transaction, "commit")).toBe("ok");
        expect(await client.groupOffsets(group), `round ${round}`).toEqual([offset]);
      }
    });

    test("is waited for by who asks for offsets that it decides about", async () => {
      const bench = current();
      const [client, other] = [bench.client(), bench.client()];
      const topic = await bench.topic();
      const group = bench.name("group");
      const transaction = await client.begin(bench.name("id"));
      await client.addOffsets(transaction, group, { topic, partition: 0, offset: 4, metadata: "new" });
      let answered = false;
      const asked = other.groupOffsets(group).finally(() => (answered = true));
      await bench.world.advance(300);
      expect(answered).toBe(false);
      expect(await client.end(transaction, "commit")).toBe("ok");
      expect((await asked).map(({ metadata }) => metadata)).toEqual(["new"]);
    });

    test("is not waited for by who asks what is committed so far", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const [group, id] = [bench.name("group"), bench.name("id")];
      const offset = { topic, partition: 0, offset: 1, metadata: "old" };
      const first = await client.begin(id);
      await client.addOffsets(first, group, offset);
      expect(await client.groupOffsets(group, { waits: false })).toEqual([]);
      expect(await client.end(first, "commit")).toBe("ok");
      expect(await client.groupOffsets(group)).toEqual([offset]);
      const second = await client.begin(id);
      await client.addOffsets(second, group, { ...offset, offset: 2, metadata: "new" });
      expect(await client.groupOffsets(group, { waits: false })).toEqual([offset]);
      expect(await client.end(second, "abort")).toBe("ok");
    });

    test("takes it out of the list of open ones", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const prefix = bench.name("id");
      const [first, second] = [await opened(client, `${prefix}-a`, topic), await opened(client, `${prefix}-b`, topic)];
      await client.begin(`${prefix}-c`);
      const open = await client.open(prefix);
      // Brokers before Kafka 3.0 cannot say.
      if (open === undefined) return;
      expect(open.toSorted()).toEqual([`${prefix}-a`, `${prefix}-b`]);
      const all = await valueOf<readonly ListedTransaction[] | undefined>((done) =>
        client.raw.listTransactions(prefix, done),
      );
      expect(all).toContainEqual({ transactionalId: `${prefix}-c`, isOpen: false });
      expect(await client.end(first, "commit")).toBe("ok");
      expect(await client.end(second, "abort")).toBe("ok");
      await bench.eventually("none is open", async () => (await client.open(prefix))?.length === 0);
    });
  });
}

async function opened(client: BenchClient, transactionalId: string, topic: string): Promise<TransactionalProducer> {
  const transaction = await client.begin(transactionalId);
  await client.add(transaction, { topic, partition: 0 });
  return transaction;
}
