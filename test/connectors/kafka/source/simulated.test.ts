/** Jobs that read from a simulated Kafka, on a simulated cluster that crashes, loses readers and changes its parallelism: the engine's side of what the properties check by themselves. */
import { describe, expect, test } from "vitest";
import { kafkaSink } from "../../../../connectors/kafka/sink/sink.ts";
import { json } from "../../../../connectors/kafka/source/deserializers.ts";
import { kafkaSource } from "../../../../connectors/kafka/source/kafka-source.ts";
import { WatermarkStrategy } from "../../../../core/index.ts";
import type { Source, StreamExecutionEnvironment } from "../../../../core/index.ts";
import type { KafkaEnumeratorState, KafkaSplit } from "../../../../connectors/kafka/source/splits.ts";
import { checkExactlyOnce } from "../../../sim/check-exactly-once.ts";
import type { SimulatedKafkaOptions } from "../../../sim/kafka/options.ts";
import { SimulatedKafka } from "../../../sim/kafka/simulated-kafka.ts";

const RECORDS = 45;
type KafkaSource = Source<number, KafkaSplit, KafkaEnumeratorState>;

function given(options: SimulatedKafkaOptions = {}): SimulatedKafka {
  const kafka = new SimulatedKafka(options);
  kafka.createTopic("out", 2);
  kafka.createTopic("in", 5);
  kafka.produce(
    "in",
    Array.from({ length: RECORDS }, (_, index) => ({ value: String(index), timestampMs: index })),
  );
  return kafka;
}

/** From "in" to "out", by key; `change` may damage the source. */
function jobOf(kafka: SimulatedKafka, change: (source: KafkaSource) => KafkaSource = (source) => source) {
  const connection = { bootstrapServers: "simulated:9092", client: kafka.client };
  return (env: StreamExecutionEnvironment): void => {
    const source = kafkaSource({
      ...connection,
      topics: "in",
      value: json<number>(),
      bounded: true,
      groupId: "readers",
      partitionBytesMax: 1,
    });
    const sink = kafkaSink<number>({
      ...connection,
      topic: "out",
      key: String,
      value: String,
      deliveryGuarantee: "exactly-once",
      transactionalIdPrefix: "job",
    });
    env.fromSource(change(source), WatermarkStrategy.noWatermarks(), "in").sinkTo(sink).name("kafka");
  };
}

describe("each record once, whatever crashes", () => {
  test.each<[string, SimulatedKafkaOptions]>([
    ["with brokers that are well", {}],
    ["with brokers that are not", { faults: { "request-lost": 20, "answer-lost": 20, slow: 5, "leader-moves": 20 } }],
  ])("%s", async (_name, options) => {
    const kafka = given(options);
    const keepSinks = { kafka: kafka.kept("out") };
    await checkExactlyOnce(jobOf(kafka), {}, { outside: [kafka], keepSinks, runs: 8 });
  });

  test("and a reader that saves too small an offset is caught", async () => {
    const kafka = given();
    const forgetful = (source: KafkaSource): KafkaSource => ({
      ...source,
      createReader: (ctx) => {
        const reader = source.createReader(ctx);
        const snapshot = reader.snapshot.bind(reader);
        reader.snapshot = (checkpointId) =>
          snapshot(checkpointId).map((split) => ({ ...split, offset: Math.max(0, split.offset - 1) }));
        return reader;
      },
    });
    const check = checkExactlyOnce(
      jobOf(kafka, forgetful),
      {},
      { outside: [kafka], keepSinks: { kafka: kafka.kept("out") }, runs: 40, timeMs: 50_000, shrinkMs: 50 },
    );
    await expect(check).rejects.toThrow("MR8002");
  });
});
