/** An attempt that was believed dead comes back: in the middle of its work, when its successor has prepared something under the same transactional id. */
import { expect, test } from "vitest";
import type { KafkaCommittable, KafkaSinkState } from "../../connectors/kafka/sink/sink-state.ts";
import { kafkaSink } from "../../connectors/kafka/sink/sink.ts";
import { ManualClock } from "../harness/manual-clock.ts";
import { SinkHarness } from "../harness/sink-harness.ts";
import type { SinkSnapshot } from "../harness/sink-harness.ts";
import { SimulatedKafka } from "../sim/kafka/simulated-kafka.ts";

type Harness = SinkHarness<number, KafkaSinkState, KafkaCommittable>;

const clock = new ManualClock(1_000_000);

function attemptOf(
  kafka: SimulatedKafka,
  attempt: number,
  restored?: SinkSnapshot<KafkaSinkState, KafkaCommittable>,
): Harness {
  const sink = kafkaSink<number>({
    bootstrapServers: "simulated:9092",
    client: kafka.client,
    topic: "out",
    value: String,
    deliveryGuarantee: "exactly-once",
    transactionalIdPrefix: "job",
    linger: 1,
  });
  return new SinkHarness({ sink, attempt, restored, clock, pump: () => clock.advance(1) });
}

async function checkpoint(harness: Harness, id: number, record: number): Promise<void> {
  await harness.write(0, record);
  await harness.barrier(id);
  await harness.complete(id);
}

/** Its records are with the brokers, so that nothing tells it that it is late until it asks for its next transaction. */
test("between its last record and its barrier, it aborts nothing of its successor", async () => {
  const kafka = new SimulatedKafka({ clock });
  kafka.createTopic("out");
  const revenant = attemptOf(kafka, 0);
  await revenant.start();
  await checkpoint(revenant, 1, 1);
  await checkpoint(revenant, 2, 2);
  await revenant.write(0, 3);
  const untilMs = clock.nowMs() + 50;
  await revenant.settle(() => clock.nowMs() >= untilMs);
  const successor = attemptOf(kafka, 1, revenant.completed);
  await successor.start();
  await successor.write(0, 3);
  await successor.barrier(3);
  // It goes on where it was, and asks for the id that its successor has prepared a transaction of.
  await revenant.barrier(3);
  const laterMs = clock.nowMs() + 200;
  await expect(revenant.settle(() => clock.nowMs() >= laterMs)).rejects.toThrow(/MR6405|MR6406/);
  await successor.complete(3);
  clock.advance(100);
  expect(kafka.committed("out").map(({ value }) => value)).toEqual(["1", "2", "3"]);
});

test("told late that a checkpoint is complete, it takes no ids over that are its successor's", async () => {
  const kafka = new SimulatedKafka({ clock });
  kafka.createTopic("out");
  const first = attemptOf(kafka, 0);
  await first.start();
  await first.write(0, 1);
  await first.barrier(1);
  first.markComplete(1);
  const revenant = attemptOf(kafka, 1, first.completed);
  await revenant.start();
  await revenant.write(0, 2);
  await revenant.barrier(2);
  revenant.markComplete(2);
  const successor = attemptOf(kafka, 2, revenant.completed);
  await successor.start();
  await successor.write(0, 3);
  await successor.barrier(3);
  await expect(lateWord(revenant, 2)).rejects.toThrow(/MR6405|MR6406/);
  await successor.complete(3);
  clock.advance(100);
  expect(kafka.committed("out").map(({ value }) => value)).toEqual(["1", "2", "3"]);
});

async function lateWord(harness: Harness, checkpointId: number): Promise<void> {
  await harness.complete(checkpointId);
  const untilMs = clock.nowMs() + 200;
  await harness.settle(() => clock.nowMs() >= untilMs);
}
