/** The client, and exactly once, on a broker of Kafka 4. Takes minutes, so only `npm run test:integration -- --full` runs it. */
// covers: connectors/kafka/client/kafkajs/*
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, test } from "vitest";
import { kafkajsClient } from "../../../connectors/kafka/client/kafkajs/kafkajs-client.ts";
import { kafkaClientConformance } from "../../conformance/kafka-client.ts";
import { expectExact, killedAtRandom, onScene } from "./counting-scene.ts";
import { KafkaTools } from "./kafka-tools.ts";
import { startKafka } from "./local-kafka.ts";
import type { LocalKafka } from "./local-kafka.ts";
import { sharedKafka } from "./shared-kafka.ts";

const VERSION = "4.3.1";
const isWanted = process.env["MILLRACE_FULL"] === "1" && sharedKafka() !== undefined;

describe.skipIf(!isWanted)(`Kafka ${VERSION}`, () => {
  let kafka: LocalKafka;
  beforeAll(async () => {
    kafka = await startKafka({ version: VERSION });
  }, 180_000);
  afterAll(async () => kafka.stop());

  kafkaClientConformance("kafkajs", () => {
    const tools = new KafkaTools(kafka.bootstrapServers);
    return {
      client: kafkajsClient,
      bootstrapServers: kafka.bootstrapServers,
      createTopic: (topic, partitions) => tools.createTopic(topic, partitions),
      advance: (durationMs) => sleep(durationMs),
      rounds: 40,
    };
  });

  test("exactly once, killed ten times", { timeout: 600_000 }, () =>
    onScene(async (scene) => expectExact(await killedAtRandom(scene, 10)), kafka.bootstrapServers),
  );
});
