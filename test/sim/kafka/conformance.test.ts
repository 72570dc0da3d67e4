/** The simulated Kafka keeps the contract of `KafkaClient`, on real timers as anybody may use it. */
import { kafkaClientConformance } from "../../conformance/kafka-client.ts";
import { SimulatedKafka } from "./simulated-kafka.ts";

kafkaClientConformance("simulated", () => {
  const kafka = new SimulatedKafka({ expiryCheckMs: 50 });
  return {
    client: kafka.client,
    bootstrapServers: ["simulated:9092"],
    createTopic: async (topic, partitions) => {
      kafka.createTopic(topic, partitions);
    },
    advance: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
    rounds: 5,
  };
});
