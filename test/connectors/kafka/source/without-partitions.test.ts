/** More subtasks than partitions: those without any hold nobody's watermark back, also while new partitions are looked for, and though nobody says what idleness is. */
import { expect, test } from "vitest";
import { StreamExecutionEnvironment, tumbling, WatermarkStrategy } from "../../../../core/index.ts";
import { json } from "../../../../connectors/kafka/source/deserializers.ts";
import { kafkaSource } from "../../../../connectors/kafka/source/kafka-source.ts";
import { SimulatedKafka } from "../../../sim/kafka/simulated-kafka.ts";

test("windows fire although two of three subtasks have no partition", async () => {
  const kafka = new SimulatedKafka();
  kafka.createTopic("in", 1);
  const values = Array.from({ length: 6 }, (_, n) => ({ value: String(n), timestampMs: n * 400 }));
  kafka.produce("in", values);
  const env = StreamExecutionEnvironment.create({ "parallelism.default": 3, "pipeline.auto-watermark-interval": 5 });
  const source = kafkaSource({
    bootstrapServers: "simulated:9092",
    client: kafka.client,
    topics: "in",
    value: json<number>(),
    discoverEvery: "1h",
  });
  const sums = env
    .fromSource(source, WatermarkStrategy.forMonotonousTimestamps(), "in")
    .keyBy(() => "all")
    .window(tumbling("1s"))
    .reduce((left, right) => left + right)
    .collectAsync();
  const job = await env.executeAsync();
  const seen: number[] = [];
  for await (const { value } of sums) {
    seen.push(value);
    if (seen.length === 2) break;
  }
  await job.cancel();
  expect(seen).toEqual([0 + 1 + 2, 3 + 4]);
});
