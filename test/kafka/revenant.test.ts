/** An attempt that was believed dead comes back, or only a request of it does: its successor has prepared something, which must not be aborted. */
import { describe, expect, it, test } from "vitest";
import type { InitProducerRequest, KafkaClientFactory } from "../../connectors/kafka/client/kafka-client.ts";
import type { KafkaCommittable, KafkaSinkState } from "../../connectors/kafka/sink/sink-state.ts";
import { kafkaSink } from "../../connectors/kafka/sink/sink.ts";
import { ManualClock } from "../harness/manual-clock.ts";
import { SinkHarness } from "../harness/sink-harness.ts";
import type { SinkSnapshot } from "../harness/sink-harness.ts";
import { SimulatedKafka } from "../sim/kafka/simulated-kafka.ts";

type Harness = SinkHarness<number, KafkaSinkState, KafkaCommittable>;

const clock = new ManualClock(1_000_000);

interface Attempt {
  readonly attempt: number;
  readonly restored?: SinkSnapshot<KafkaSinkState, KafkaCommittable> | undefined;
  readonly jobId?: string;
  /** Default: that of the cluster. */
  readonly client?: KafkaClientFactory;
}

function attemptOf(kafka: SimulatedKafka, { client = kafka.client, ...attempt }: Attempt): Harness {
  const sink = kafkaSink<number>({
    bootstrapServers: "simulated:9092",
    client,
    topic: "out",
    value: String,
    deliveryGuarantee: "exactly-once",
    transactionalIdPrefix: "job",
    linger: 1,
  });
  return new SinkHarness({ sink, ...attempt, clock, pump: () => clock.advance(1) });
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
  const revenant = attemptOf(kafka, { attempt: 0 });
  await revenant.start();
  await checkpoint(revenant, 1, 1);
  await checkpoint(revenant, 2, 2);
  await revenant.write(0, 3);
  const untilMs = clock.nowMs() + 50;
  await revenant.settle(() => clock.nowMs() >= untilMs);
  const successor = attemptOf(kafka, { attempt: 1, restored: revenant.completed });
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
  const first = attemptOf(kafka, { attempt: 0 });
  await first.start();
  await first.write(0, 1);
  await first.barrier(1);
  first.markComplete(1);
  const revenant = attemptOf(kafka, { attempt: 1, restored: first.completed });
  await revenant.start();
  await revenant.write(0, 2);
  await revenant.barrier(2);
  revenant.markComplete(2);
  const successor = attemptOf(kafka, { attempt: 2, restored: revenant.completed });
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

describe("a request that arrives when its sender is dead", () => {
  /** What one attempt prepares while each request for an id that `holds` names is on its way from the other. */
  async function outlived(
    holds: (transactionalId: string) => boolean,
    jobs: readonly [string, string],
  ): Promise<Scene> {
    const kafka = new SimulatedKafka({ clock });
    kafka.createTopic("out");
    const late: (() => void)[] = [];
    const client: KafkaClientFactory = (options) => {
      const made = kafka.client(options);
      const initProducer = made.initProducer.bind(made);
      made.initProducer = (request: InitProducerRequest, done) => {
        if (holds(request.transactional?.transactionalId ?? "")) late.push(() => initProducer(request, done));
        else initProducer(request, done);
      };
      return made;
    };
    const dead = attemptOf(kafka, { attempt: 0, jobId: jobs[0], client });
    const untilMs = clock.nowMs() + 100;
    await dead.settle(() => clock.nowMs() >= untilMs);
    const successor = attemptOf(kafka, { attempt: 1, jobId: jobs[1] });
    await successor.start();
    await successor.write(0, 1);
    await successor.barrier(1);
    expect(late).not.toEqual([]);
    for (const request of late) request();
    return { kafka, dead, successor };
  }

  interface Scene {
    readonly kafka: SimulatedKafka;
    readonly dead: Harness;
    readonly successor: Harness;
  }

  async function expectCommitted({ kafka, successor }: Scene): Promise<void> {
    await successor.complete(1);
    clock.advance(100);
    expect(kafka.committed("out").map(({ value }) => value)).toEqual(["1"]);
  }

  it.each([
    ["of the same job", ["job", "job"]],
    ["of another job", ["job", "another"]],
  ] as const)("for an id, %s, aborts nothing", async (_, jobs) => {
    const scene = await outlived((id) => !id.endsWith("-owner"), jobs);
    const untilMs = clock.nowMs() + 100;
    await expect(scene.dead.settle(() => clock.nowMs() >= untilMs)).rejects.toThrow(/MR6405/);
    await expectCommitted(scene);
  });

  it("for the subtask, of the same job, may end its successor, but takes nothing over that it has prepared", async () => {
    const { kafka, dead, successor } = await outlived((id) => id.endsWith("-owner"), ["job", "job"]);
    successor.markComplete(1);
    const untilMs = clock.nowMs() + 100;
    await dead.settle(() => clock.nowMs() >= untilMs);
    const third = attemptOf(kafka, { attempt: 2, restored: successor.completed });
    await third.start();
    clock.advance(100);
    expect(kafka.committed("out").map(({ value }) => value)).toEqual(["1"]);
  });
});
