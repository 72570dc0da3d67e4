/** An attempt that was believed dead comes back, or only a request of it does: it aborts nothing that its successor has prepared, and begins nothing for which readers would wait. */
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
  readonly parallelism?: number;
  readonly restored?: SinkSnapshot<KafkaSinkState, KafkaCommittable> | undefined;
  readonly jobId?: string;
  /** Default: that of the cluster. */
  readonly client?: KafkaClientFactory;
  /** Default: `"job"`. */
  readonly prefix?: string;
}

function attemptOf(kafka: SimulatedKafka, { client = kafka.client, prefix = "job", ...attempt }: Attempt): Harness {
  const sink = kafkaSink<number>({
    bootstrapServers: "simulated:9092",
    client,
    topic: "out",
    value: String,
    deliveryGuarantee: "exactly-once",
    transactionalIdPrefix: prefix,
    linger: 1,
  });
  return new SinkHarness({ sink, ...attempt, clock, pump: () => clock.advance(1) });
}

async function checkpoint(harness: Harness, id: number, record: number): Promise<void> {
  await harness.write(0, record);
  await harness.barrier(id);
  await harness.complete(id);
}

async function wait(harness: Harness, ms: number): Promise<void> {
  const untilMs = clock.nowMs() + ms;
  await harness.settle(() => clock.nowMs() >= untilMs);
}

function simulated(): SimulatedKafka {
  const kafka = new SimulatedKafka({ clock });
  kafka.createTopic("out");
  return kafka;
}

function committed(kafka: SimulatedKafka): readonly (string | null)[] {
  clock.advance(100);
  return kafka.committed("out").map(({ value }) => value);
}

/** Requests for ids that wait until they are let go. */
class Late {
  readonly client: KafkaClientFactory;
  readonly #waiting: (() => void)[] = [];
  #holds: (transactionalId: string) => boolean;

  constructor(kafka: SimulatedKafka, holds: (transactionalId: string) => boolean) {
    this.#holds = holds;
    this.client = (options) => {
      const made = kafka.client(options);
      const initProducer = made.initProducer.bind(made);
      made.initProducer = (request: InitProducerRequest, done) => {
        const go = (): void => initProducer(request, done);
        if (this.#holds(request.transactional?.transactionalId ?? "")) this.#waiting.push(go);
        else go();
      };
      return made;
    };
  }

  letGo(): void {
    this.#holds = () => false;
    if (this.#waiting.length === 0) throw new Error("nothing is on its way");
    for (const go of this.#waiting.splice(0)) go();
  }
}

const isOwner = (id: string): boolean => id.endsWith("-owner");

/** Its records are with the brokers, so that nothing tells it that it is late until it asks for its next transaction. */
test("between its last record and its barrier, it aborts nothing of its successor", async () => {
  const kafka = simulated();
  const revenant = attemptOf(kafka, { attempt: 0 });
  await revenant.start();
  await checkpoint(revenant, 1, 1);
  await checkpoint(revenant, 2, 2);
  await revenant.write(0, 3);
  await wait(revenant, 50);
  const successor = attemptOf(kafka, { attempt: 1, restored: revenant.completed });
  await successor.start();
  await successor.write(0, 3);
  await successor.barrier(3);
  // It goes on where it was, and asks for the id that its successor has prepared a transaction of.
  await revenant.barrier(3);
  await expect(wait(revenant, 200)).rejects.toThrow(/MR6405|MR6406/);
  await successor.complete(3);
  expect(committed(kafka)).toEqual(["1", "2", "3"]);
});

test("told late that a checkpoint is complete, it takes no ids over that are its successor's", async () => {
  const kafka = simulated();
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
  await expect(revenant.complete(2).then(() => wait(revenant, 200))).rejects.toThrow(/MR6405|MR6406/);
  await successor.complete(3);
  expect(committed(kafka)).toEqual(["1", "2", "3"]);
});

test("of a subtask that is no more, it is refused before it begins anything", async () => {
  const kafka = simulated();
  const revenant = attemptOf(kafka, { attempt: 0, parallelism: 2, jobId: "one" });
  await revenant.start();
  await revenant.write(1, 1);
  await revenant.barrier(1);
  await revenant.complete(1);
  await revenant.write(1, 2);
  await wait(revenant, 50);
  const successor = attemptOf(kafka, { attempt: 0, jobId: "two", restored: revenant.completed });
  await successor.start();
  await checkpoint(successor, 2, 2);
  // Its next id is one that nobody has seen.
  await revenant.barrier(2);
  await expect(wait(revenant, 50)).rejects.toThrow(/MR6405/);
  for (let n = 3; n < 6; n++) await checkpoint(successor, n, n);
  expect(committed(kafka)).toEqual(["1", "2", "3", "4", "5"]);
  expect(kafka.openTransactions()).toEqual([]);
});

test("begun only after its successor, it sees that, and begins nothing", async () => {
  const kafka = simulated();
  const successor = attemptOf(kafka, { attempt: 1 });
  await successor.start();
  for (let n = 1; n <= 4; n++) await checkpoint(successor, n, n);
  const earlier = attemptOf(kafka, { attempt: 0 });
  await expect(wait(earlier, 100)).rejects.toThrow(/MR6405: a later attempt writes for this subtask.*harness_\.1\.1-/);
  for (let n = 5; n <= 8; n++) await checkpoint(successor, n, n);
  expect(committed(kafka)).toHaveLength(8);
  expect(kafka.openTransactions()).toEqual([]);
});

test("heard late for the first time, between two others, it begins nothing that the third does not know", async () => {
  const kafka = simulated();
  const late = new Late(kafka, () => true);
  const zombie = attemptOf(kafka, { attempt: 0, client: late.client });
  await wait(zombie, 50);
  const second = attemptOf(kafka, { attempt: 1 });
  await second.start();
  for (let n = 1; n <= 4; n++) await checkpoint(second, n, n);
  late.letGo();
  await expect(wait(zombie, 50)).rejects.toThrow(/MR6405/);
  const third = attemptOf(kafka, { attempt: 2, restored: second.completed });
  await third.start();
  for (let n = 5; n <= 8; n++) await checkpoint(third, n, n);
  expect(committed(kafka)).toHaveLength(8);
  expect(kafka.openTransactions()).toEqual([]);
});

test("of another job, whose list is slow, it takes over nothing of a subtask that it did not have", async () => {
  const kafka = simulated();
  const late = new Late(kafka, (id) => id.includes("-3-two"));
  const client: KafkaClientFactory = (options) => {
    const made = late.client(options);
    const list = made.listTransactions.bind(made);
    made.listTransactions = (prefix, done) => void clock.schedule(60, () => list(prefix, done));
    return made;
  };
  const dead = attemptOf(kafka, { attempt: 0, parallelism: 2, jobId: "one", client });
  await wait(dead, 20);
  const slow = new Late(kafka, (id) => id === "job-1-two_____-owner");
  const successor = attemptOf(kafka, { attempt: 0, parallelism: 4, jobId: "two", client: slow.client });
  await wait(successor, 30);
  await successor.write(3, 7);
  await expect(wait(dead, 200)).rejects.toThrow(/MR6405/);
  await wait(successor, 5);
  slow.letGo();
  await successor.start();
  await successor.barrier(1);
  await successor.complete(1);
  expect(committed(kafka)).toEqual(["7"]);
});

test("what later attempts under another prefix have left open, whoever was renamed ends", async () => {
  const kafka = simulated();
  const first = attemptOf(kafka, { attempt: 0, jobId: "a" });
  await first.start();
  await checkpoint(first, 1, 1);
  const killed = attemptOf(kafka, { attempt: 1, jobId: "a", restored: first.completed });
  await killed.start();
  await killed.write(0, 2);
  await wait(killed, 50);
  expect(kafka.openTransactions()).toEqual(["job-0-a_______.1.1-0"]);
  const renamed = attemptOf(kafka, { attempt: 0, jobId: "b", restored: first.completed, prefix: "renamed" });
  await renamed.start();
  await checkpoint(renamed, 2, 2);
  expect(committed(kafka)).toEqual(["1", "2"]);
  expect(kafka.openTransactions()).toEqual([]);
});

describe("a request that arrives when its sender is dead", () => {
  interface Scene {
    readonly kafka: SimulatedKafka;
    readonly dead: Harness;
    readonly successor: Harness;
  }

  /** What one attempt prepares while each request for an id that `holds` names is on its way from the other. */
  async function outlived(
    holds: (transactionalId: string) => boolean,
    jobs: readonly [string, string],
  ): Promise<Scene> {
    const kafka = simulated();
    const late = new Late(kafka, holds);
    const dead = attemptOf(kafka, { attempt: 0, jobId: jobs[0], client: late.client });
    await wait(dead, 100);
    const successor = attemptOf(kafka, { attempt: 1, jobId: jobs[1] });
    await successor.start();
    await successor.write(0, 1);
    await successor.barrier(1);
    late.letGo();
    return { kafka, dead, successor };
  }

  it.each([
    ["of the same job", ["job", "job"]],
    ["of another job", ["job", "another"]],
  ] as const)("for an id, %s, aborts nothing", async (_, jobs) => {
    const { kafka, dead, successor } = await outlived((id) => !isOwner(id), jobs);
    await expect(wait(dead, 100)).rejects.toThrow(/MR6405/);
    await successor.complete(1);
    expect(committed(kafka)).toEqual(["1"]);
  });

  it("for the subtask, of the same job, may end its successor, but takes nothing over that it has prepared", async () => {
    const { kafka, dead, successor } = await outlived(isOwner, ["job", "job"]);
    successor.markComplete(1);
    await expect(wait(dead, 100)).rejects.toThrow(/MR6405: a later attempt/);
    const third = attemptOf(kafka, { attempt: 2, restored: successor.completed });
    await third.start();
    expect(committed(kafka)).toEqual(["1"]);
  });
});

/** How many ids each start asks for. */
class Counted {
  count = 0;
  readonly client: KafkaClientFactory;

  constructor(kafka: SimulatedKafka) {
    this.client = (options) => {
      const made = kafka.client(options);
      const initProducer = made.initProducer.bind(made);
      made.initProducer = (request: InitProducerRequest, done) => {
        this.count++;
        initProducer(request, done);
      };
      return made;
    };
  }
}

test.each([
  ["that starts again and again", (start: number) => ({ attempt: start, jobId: "job" })],
  ["that is upgraded again and again", (start: number) => ({ attempt: 0, jobId: `job${start}` })],
])("a job %s, with checkpoints in between, asks for no more ids each time", async (_, named) => {
  const kafka = simulated();
  const counted = new Counted(kafka);
  const asked: number[] = [];
  let restored: Attempt["restored"];
  for (let start = 0; start < 12; start++) {
    const harness = attemptOf(kafka, { ...named(start), restored, client: counted.client });
    counted.count = 0;
    await harness.start();
    await wait(harness, 1_000);
    asked.push(counted.count);
    for (let n = 1; n <= 3; n++) await checkpoint(harness, 3 * start + n, n);
    restored = harness.completed;
    await harness.close();
  }
  expect(new Set(asked.slice(2)).size).toBe(1);
  expect(asked.at(-1)).toBeLessThan(12);
});
