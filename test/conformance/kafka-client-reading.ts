/** Part of `kafka-client.ts`: topics, leaders, and what is fetched. */
import { describe, expect, test } from "vitest";
import type {
  FetchedPartition,
  LocatedPartition,
  TopicDescription,
} from "../../connectors/kafka/client/kafka-client.ts";
import { batchOf, recordsOf } from "./kafka-client-bench.ts";
import type { KafkaBench } from "./kafka-client-bench.ts";
import { codeOf, valueOf } from "./seam.ts";

export function checkReading(current: () => KafkaBench): void {
  describe("topics", () => {
    test("are described with their partitions; those that do not exist are left out", async () => {
      const bench = current();
      const client = bench.client();
      const [one, two] = [await bench.topic(1), await bench.topic(3)];
      const describeThem = (topics: readonly string[] | undefined): Promise<readonly TopicDescription[]> =>
        valueOf((done) => client.raw.describeTopics(topics, done));
      const found = await describeThem([two, bench.name("missing"), one]);
      expect(found.toSorted((a, b) => a.partitions - b.partitions)).toEqual([
        { topic: one, partitions: 1 },
        { topic: two, partitions: 3 },
      ]);
      expect(await describeThem([])).toEqual([]);
      expect(await describeThem(undefined)).toEqual(expect.arrayContaining([{ topic: two, partitions: 3 }]));
    });

    test("of Kafka's own are not among all topics", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const offsets = [{ topic, partition: 0, offset: 1, metadata: "" }];
      await valueOf<void>((done) => client.raw.commitOffsets({ group: bench.name("group"), offsets }, done));
      const all = await valueOf<readonly TopicDescription[]>((done) => client.raw.describeTopics(undefined, done));
      expect(all.filter((found) => found.topic.startsWith("__"))).toEqual([]);
    });

    test("are located by partition; a partition that does not exist is MR6403", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic(2);
      const asked = [
        { topic, partition: 1 },
        { topic, partition: 0 },
      ];
      const located = await valueOf<readonly LocatedPartition[]>((done) => client.raw.locate(asked, done));
      expect(located.map(({ partition }) => partition).toSorted((a, b) => a - b)).toEqual([0, 1]);
      expect(located.every(({ node }) => Number.isInteger(node))).toBe(true);
      expect(await codeOf((done) => client.raw.locate([{ topic, partition: 2 }], done))).toBe("MR6403");
      expect(await codeOf((done) => client.raw.locate([{ topic: bench.name("missing"), partition: 0 }], done))).toBe(
        "MR6403",
      );
    });
  });

  describe("fetch", () => {
    test("gives the batches as they were written, from the one around the offset", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      await client.write(topic, 0, ["a", "b"]);
      await client.write(topic, 0, ["c"]);
      const fetched = await client.fetch(topic, 0, 1);
      expect(recordsOf(fetched, 1)).toEqual({
        seen: [
          { offset: 1, value: "b" },
          { offset: 2, value: "c" },
        ],
        position: 3,
      });
      expect(fetched).toMatchObject({
        topic,
        partition: 0,
        highWatermark: 3,
        lastStableOffset: 3,
        logStartOffset: 0,
        aborted: [],
      });
    });

    test("answers for each partition, in the order of the request, each error alone", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic(2);
      await client.write(topic, 1, ["x"]);
      const node = await client.nodeOf(topic, 1);
      const other = await client.nodeOf(topic, 0);
      const partitions = [
        { topic, partition: 1, offset: 5 },
        { topic, partition: 7, offset: 0 },
        { topic: bench.name("missing"), partition: 0, offset: 0 },
        ...(node === other ? [{ topic, partition: 0, offset: 0 }] : []),
      ];
      const request = {
        node,
        partitions,
        isolation: "read_committed",
        waitMs: 0,
        bytesMax: 1_000,
        partitionBytesMax: 1_000,
      } as const;
      const fetched = await valueOf<readonly FetchedPartition[]>((done) => client.raw.fetch(request, done));
      expect(fetched.map(({ partition }) => partition)).toEqual(partitions.map(({ partition }) => partition));
      expect(fetched.slice(0, 3).map(({ error }) => error?.code)).toEqual(["MR6407", "MR6403", "MR6403"]);
      expect(fetched.slice(3).map(({ error }) => error)).toEqual(node === other ? [undefined] : []);
    });

    test("from a broker that leads nothing of it is MR6409", async () => {
      const bench = current();
      const topic = await bench.topic();
      expect((await bench.client().fetch(topic, 0, 0, { node: 4_242 })).error?.code).toBe("MR6409");
    });

    test("waits for records, no longer than it may, and holds up nothing else", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      await client.write(topic, 0, ["a"]);
      expect(recordsOf(await client.fetch(topic, 0, 1, { waitMs: 100 }), 1).seen).toEqual([]);
      const waiting = client.fetch(topic, 0, 1, { waitMs: 30_000 });
      expect(await Promise.race([waiting, client.offset(topic, 0, "latest")])).toBe(1);
      await client.write(topic, 0, ["b"]);
      expect(recordsOf(await waiting, 1).seen).toEqual([{ offset: 1, value: "b" }]);
    });

    test("sends about as much as was asked for, but always a whole batch", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const large = "x".repeat(10_000);
      for (let index = 0; index < 5; index += 1) {
        await client.write(topic, 0, [`${index}${large}`]);
      }
      const sizes = async (bytesMax: number, partitionBytesMax: number): Promise<number> =>
        recordsOf(await client.fetch(topic, 0, 0, { bytesMax, partitionBytesMax }), 0).seen.length;
      expect(await sizes(1_000_000, 10)).toBe(1);
      expect(await sizes(10, 1_000_000)).toBe(1);
      expect(await sizes(1_000_000, 1_000_000)).toBe(5);
      expect(await sizes(1_000_000, 25_000)).toBeLessThan(4);
    });

    test("nothing answers after close", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const node = await client.nodeOf(topic, 0);
      let answers = 0;
      const count = (): void => {
        answers += 1;
      };
      const partitions = [{ topic, partition: 0, offset: 0 }];
      const request = {
        node,
        partitions,
        isolation: "read_committed",
        waitMs: 100,
        bytesMax: 1_000,
        partitionBytesMax: 1_000,
      } as const;
      client.raw.fetch(request, count);
      client.raw.describeTopics([topic], count);
      client.raw.produce(
        { transaction: undefined, acks: "all", batches: [{ topic, partition: 0, bytes: batchOf(["a"]) }] },
        count,
      );
      await client.raw.close();
      client.raw.describeTopics([topic], count);
      await bench.world.advance(300);
      expect(answers).toBe(0);
    });
  });
}
