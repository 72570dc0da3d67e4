/** The client on a cluster of three brokers, of which one dies. Takes a minute, so only `MILLRACE_FULL=1` runs it. */
// covers: connectors/kafka/client/kafkajs/*
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kafkajsClient } from "../../../connectors/kafka/client/kafkajs/kafkajs-client.ts";
import { KafkaBench } from "../../conformance/kafka-client-bench.ts";
import type { KafkaWorld } from "../../conformance/kafka-client-bench.ts";
import { kafkaClientConformance } from "../../conformance/kafka-client.ts";
import { KafkaTools } from "./kafka-tools.ts";
import type { LocalKafka } from "./local-kafka.ts";
import { startKafka } from "./local-kafka.ts";
import { sharedKafka } from "./shared-kafka.ts";

const isWanted = process.env["MILLRACE_FULL"] === "1" && sharedKafka() !== undefined;

describe.skipIf(!isWanted)("three brokers", () => {
  let kafka: LocalKafka;
  beforeAll(async () => {
    kafka = await startKafka({ nodes: 3 });
  }, 120_000);
  afterAll(async () => kafka.stop());

  const world = (): KafkaWorld => {
    const tools = new KafkaTools(kafka.bootstrapServers);
    return {
      client: kafkajsClient,
      bootstrapServers: kafka.bootstrapServers,
      createTopic: (topic, partitions) => tools.createTopic(topic, partitions),
      advance: (durationMs) => sleep(durationMs),
      rounds: 40,
    };
  };

  kafkaClientConformance("kafkajs", world);

  test("each dies in turn, under transactions: all that was acknowledged is there, once and in order", async () => {
    const bench = new KafkaBench(world());
    const client = bench.client({ retryForMs: 60_000, requestTimeoutMs: 5_000 });
    const topic = await bench.topic(3);
    const id = bench.name("id");
    let round = 0;
    let isOver = false;
    const transactions = async (): Promise<void> => {
      while (!isOver) {
        const transaction = await client.begin(id);
        const partitions = [0, 1, 2].map((partition) => ({ topic, partition }));
        await client.add(transaction, ...partitions);
        await Promise.all(
          partitions.map(({ partition }) => client.writeIn(transaction, topic, partition, [`${round}`])),
        );
        await client.addOffsets(transaction, id, { topic, partition: 0, offset: round, metadata: `${round}` });
        expect(await client.end(transaction, "commit")).toBe("ok");
        expect((await client.groupOffsets(id)).map(({ offset }) => offset)).toEqual([round]);
        round += 1;
      }
    };
    const running = transactions();
    for (const node of kafka.nodes) {
      await Promise.race([sleep(2_000), running]);
      await node.kill();
      await Promise.race([sleep(3_000), running]);
      await node.start();
    }
    await Promise.race([sleep(2_000), running]);
    isOver = true;
    await running;
    const expected = Array.from({ length: round }, (_, index) => `${index}`);
    expect(round).toBeGreaterThan(5);
    for (const partition of [0, 1, 2]) {
      await bench.eventually("all is visible", async () => (await client.values(topic, partition)).length === round);
      expect(await client.values(topic, partition)).toEqual(expected);
    }
    await bench.close();
  });
});
