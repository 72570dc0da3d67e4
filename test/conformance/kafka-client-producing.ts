/** Part of `kafka-client.ts`: batches that are written once, and in order. */
import { describe, expect, test } from "vitest";
import type { ProduceRequest, ProducerIdentity } from "../../connectors/kafka/client/kafka-client.ts";
import { batchOf } from "./kafka-client-bench.ts";
import type { BenchClient, KafkaBench } from "./kafka-client-bench.ts";
import { codeOf, valueOf } from "./seam.ts";

const anonymous = (client: BenchClient): Promise<ProducerIdentity> =>
  valueOf((done) => client.raw.initProducer({}, done));

export function checkProducing(current: () => KafkaBench): void {
  describe("produce", () => {
    test("writes several partitions in one call, and all ways of acknowledging write", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic(3);
      for (const acks of ["all", "leader", "none"] as const) {
        const batches = [2, 0, 1].map((partition) => ({ topic, partition, bytes: batchOf([`${acks}-${partition}`]) }));
        await client.produce({ transaction: undefined, acks, batches });
      }
      await bench.eventually("what was sent without acknowledgement is there", async () => {
        const counts = await Promise.all(
          [0, 1, 2].map(async (partition) => (await client.values(topic, partition)).length),
        );
        return counts.every((count) => count === 3);
      });
      expect(await client.values(topic, 1)).toEqual(["all-1", "leader-1", "none-1"]);
    });

    test("to a partition that does not exist is MR6403", async () => {
      const bench = current();
      const client = bench.client();
      const batches = [{ topic: await bench.topic(), partition: 9, bytes: batchOf(["lost"]) }];
      expect(
        await codeOf<void>((done) => client.raw.produce({ transaction: undefined, acks: "all", batches }, done)),
      ).toBe("MR6403");
    });

    test("a batch that the broker has already is not written again, and that is no error", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const producer = await anonymous(client);
      const send = (value: string, sequence: number): Promise<string> =>
        codeOf<void>((done) => client.raw.produce(requestOf(topic, value, producer, sequence), done));
      expect(await send("a", 0)).toBe("ok");
      expect(await send("a", 0)).toBe("ok");
      expect(await send("b", 1)).toBe("ok");
      expect(await send("a", 0)).toBe("ok");
      expect(await client.values(topic, 0)).toEqual(["a", "b"]);
    });

    test("a batch that does not follow is MR6412, and nothing is written", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const producer = await anonymous(client);
      const send = (value: string, sequence: number): Promise<string> =>
        codeOf<void>((done) => client.raw.produce(requestOf(topic, value, producer, sequence), done));
      expect(await send("a", 0)).toBe("ok");
      expect(await send("c", 2)).toBe("MR6412");
      expect(await send("b", 1)).toBe("ok");
      expect(await client.values(topic, 0)).toEqual(["a", "b"]);
    });

    test("calls that overlap write in the order of the calls", async () => {
      const bench = current();
      const client = bench.client();
      const topic = await bench.topic();
      const producer = await anonymous(client);
      const values = Array.from({ length: 30 }, (_, index) => `${index}`);
      const calls = values.map((value, index) =>
        valueOf<void>((done) => client.raw.produce(requestOf(topic, value, producer, index), done)),
      );
      await Promise.all(calls);
      expect(await client.values(topic, 0)).toEqual(values);
    });
  });
}

function requestOf(topic: string, value: string, producer: ProducerIdentity, sequence: number): ProduceRequest {
  return {
    transaction: undefined,
    acks: "all",
    batches: [{ topic, partition: 0, bytes: batchOf([value], { ...producer, sequence }) }],
  };
}
