/** A topic that a restarted job reads no more: its partitions are in the checkpoint, with watermarks that would never rise. */
import { expect, test } from "vitest";
import { kafkaSource } from "../../../../connectors/kafka/source/kafka-source.ts";
import { text } from "../../../../connectors/kafka/source/deserializers.ts";
import type { KafkaSplit } from "../../../../connectors/kafka/source/splits.ts";
import { createOperator } from "../../../../core/operators/source.ts";
import { WatermarkStrategy } from "../../../../core/index.ts";
import { ManualClock } from "../../../harness/manual-clock.ts";
import { OperatorHarness } from "../../../harness/operator-harness.ts";
import type { HarnessSnapshot } from "../../../harness/harness-state.ts";
import { SimulatedKafka } from "../../../sim/kafka/simulated-kafka.ts";

const clock = new ManualClock(1_000);
const kafka = new SimulatedKafka({ clock });

function reading(topics: readonly string[], restored: readonly HarnessSnapshot[]): OperatorHarness {
  const source = kafkaSource({ bootstrapServers: "s:1", client: kafka.client, topics, value: text() });
  return new OperatorHarness({
    clock,
    restored,
    create: (services) =>
      createOperator(services, { source, strategy: WatermarkStrategy.forMonotonousTimestamps<string>() }),
  });
}

function readAll(harness: OperatorHarness): void {
  for (let step = 0; step < 300; step++) {
    harness.poll(10);
    harness.advance(2);
  }
}

test("holds nobody's watermark back", async () => {
  for (const topic of ["kept", "dropped"]) {
    kafka.createTopic(topic, 1);
    kafka.produce(topic, [{ value: topic, timestampMs: 100 }]);
  }
  const splits = ["kept", "dropped"].map((topic): KafkaSplit => {
    return { splitId: `${topic}-0`, topic, partition: 0, offset: 0, stop: undefined };
  });
  const both = reading(["kept", "dropped"], []);
  both.handleEvent({ type: "add-splits", splits });
  readAll(both);
  expect(both.watermarks.at(-1)).toBe(99);
  const one = reading(["kept"], [await both.snapshot(1)]);
  kafka.produce("kept", [{ value: "later", timestampMs: 5_000 }]);
  readAll(one);
  expect(one.records.map(([value]) => value)).toEqual(["later"]);
  expect(one.watermarks.at(-1)).toBe(4_999);
});
