/** Part of `kafka-client.ts`: offsets of partitions, and those that groups commit. */
import { describe, expect, test } from "vitest";
import type { OffsetWithMetadata, PartitionOffset } from "../../connectors/kafka/client/kafka-client.ts";
import { NOW_MS } from "./kafka-client-bench.ts";
import type { KafkaBench } from "./kafka-client-bench.ts";
import { codeOf, valueOf } from "./seam.ts";

export function checkOffsets(current: () => KafkaBench): void {
  describe("offsets of partitions", () => {
    test("earliest, latest, and by time; what is later than all records is latest", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      expect(await client.offset(topic, 0, "latest")).toBe(0);
      expect(await client.offset(topic, 0, { timestampMs: 0 })).toBe(0);
      await client.write(topic, 0, ["a", "b"], NOW_MS);
      await client.write(topic, 0, ["c"], NOW_MS + 1_000);
      expect(await client.offset(topic, 0, "earliest")).toBe(0);
      expect(await client.offset(topic, 0, "latest")).toBe(3);
      expect(await client.offset(topic, 0, { timestampMs: -5 })).toBe(0);
      expect(await client.offset(topic, 0, { timestampMs: NOW_MS + 1 })).toBe(1);
      expect(await client.offset(topic, 0, { timestampMs: NOW_MS + 2 })).toBe(2);
      expect(await client.offset(topic, 0, { timestampMs: NOW_MS + 1_001 })).toBe(3);
    });

    test("latest ends before an open transaction for who reads what is committed", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      await client.write(topic, 0, ["a"]);
      const transaction = await client.begin(bench.name("id"));
      await client.add(transaction, { topic, partition: 0 });
      await client.writeIn(transaction, topic, 0, ["b", "c"]);
      expect(await client.offset(topic, 0, "latest", "read_committed")).toBe(1);
      expect(await client.offset(topic, 0, "latest", "read_uncommitted")).toBe(3);
      expect(await client.offset(topic, 0, { timestampMs: NOW_MS * 2 }, "read_committed")).toBe(1);
      expect(await client.end(transaction, "abort")).toBe("ok");
    });

    test("in the order of the queries, also several of one partition", async () => {
      const bench = current();
      const client = bench.client();
      const [topic, other] = [await bench.topic(2), await bench.topic(1)];
      await client.write(topic, 1, ["a", "b"]);
      await client.write(other, 0, ["a"]);
      const queries = [
        { topic, partition: 1, at: "latest" },
        { topic: other, partition: 0, at: "latest" },
        { topic, partition: 1, at: "earliest" },
        { topic, partition: 0, at: "latest" },
        { topic, partition: 1, at: { timestampMs: NOW_MS + 1 } },
      ] as const;
      const found = await valueOf<readonly PartitionOffset[]>((done) =>
        client.raw.listOffsets({ queries, isolation: "read_committed" }, done),
      );
      expect(found).toEqual(
        queries.map(({ topic: t, partition }, index) => ({ topic: t, partition, offset: [2, 1, 0, 0, 1][index] })),
      );
    });

    test("of a partition that does not exist are MR6403", async () => {
      const bench = current();
      const client = bench.client();
      const queries = [{ topic: await bench.topic(), partition: 3, at: "latest" }] as const;
      expect(await codeOf((done) => client.raw.listOffsets({ queries, isolation: "read_committed" }, done))).toBe(
        "MR6403",
      );
    });
  });

  describe("offsets of groups", () => {
    test("are what was committed last, with their metadata", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic(3);
      const group = bench.name("group");
      const commit = (...offsets: readonly OffsetWithMetadata[]): Promise<void> =>
        valueOf<void>((done) => client.raw.commitOffsets({ group, offsets }, done));
      expect(await client.groupOffsets(group)).toEqual([]);
      await commit({ topic, partition: 0, offset: 3, metadata: "ä" }, { topic, partition: 2, offset: 0, metadata: "" });
      await commit({ topic, partition: 0, offset: 2, metadata: "second" });
      const found = (await client.groupOffsets(group)).toSorted((a, b) => a.partition - b.partition);
      expect(found).toEqual([
        { topic, partition: 0, offset: 2, metadata: "second" },
        { topic, partition: 2, offset: 0, metadata: "" },
      ]);
    });

    test("with more than 4 KB of metadata are MR6408", async () => {
      const bench = current();
      const client = bench.client();
      const offsets = [{ topic: await bench.topic(), partition: 0, offset: 1, metadata: "x".repeat(4_097) }];
      expect(
        await codeOf<void>((done) => client.raw.commitOffsets({ group: bench.name("group"), offsets }, done)),
      ).toBe("MR6408");
    });
  });
}
