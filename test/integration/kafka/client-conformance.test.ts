/** The client of real brokers, as the contract wants it: on one broker that all tests share. */
// covers: connectors/kafka/client/kafkajs/*
import { setTimeout as sleep } from "node:timers/promises";
import { describe } from "vitest";
import { kafkajsClient } from "../../../connectors/kafka/client/kafkajs/kafkajs-client.ts";
import { kafkaClientConformance } from "../../conformance/kafka-client.ts";
import { KafkaTools } from "./kafka-tools.ts";
import { sharedKafka } from "./shared-kafka.ts";

const servers = sharedKafka();

describe.skipIf(servers === undefined)("one broker", () => {
  const bootstrapServers = servers ?? [];
  const tools = new KafkaTools(bootstrapServers);
  kafkaClientConformance("kafkajs", () => ({
    client: kafkajsClient,
    bootstrapServers,
    createTopic: (topic, partitions) => tools.createTopic(topic, partitions),
    advance: (durationMs) => sleep(durationMs),
    // As often as a race must be tried before one believes that there is none.
    rounds: 200,
  }));
});
