/** Jobs that write to a simulated Kafka, in simulated runs: it lives in their time, dies with none of their processes, and goes back where they do. */
import { describe, expect, test } from "vitest";
import { kafkaSink } from "../../../connectors/kafka/sink/sink.ts";
import { text } from "../../../connectors/kafka/source/deserializers.ts";
import { kafkaSource } from "../../../connectors/kafka/source/kafka-source.ts";
import { WatermarkStrategy } from "../../../core/index.ts";
import type { StreamExecutionEnvironment } from "../../../core/index.ts";
import { checkExactlyOnce } from "../check-exactly-once.ts";
import type { OutsideMoment, OutsideWorld } from "../outside-world.ts";
import { CALM } from "../plan.ts";
import type { SimPlan } from "../plan.ts";
import { simulateJob } from "../run.ts";
import { keepUserWorlds } from "../user-code/user-world.ts";
import { ProcessWorlds } from "../user-jobs/process-worlds.ts";
import { UserJob } from "../user-jobs/user-job.ts";
import { simulate } from "../simulate.ts";
import { SimulatedKafka } from "./simulated-kafka.ts";
import type { SimulatedKafkaOptions } from "./options.ts";

const COUNT = 40;

interface Given {
  readonly kafka: SimulatedKafka;
  readonly job: (env: StreamExecutionEnvironment) => void;
}

interface Wanted extends SimulatedKafkaOptions {
  readonly count?: number;
  readonly guarantee?: "exactly-once" | "at-least-once";
}

function given({ count = COUNT, guarantee = "exactly-once", ...options }: Wanted = {}): Given {
  const kafka = new SimulatedKafka(options);
  kafka.createTopic("out", 2);
  const sink = (): ReturnType<typeof kafkaSink<number>> =>
    kafkaSink<number>({
      bootstrapServers: "simulated:9092",
      client: kafka.client,
      topic: "out",
      key: String,
      value: String,
      deliveryGuarantee: guarantee,
      ...(guarantee === "exactly-once" && { transactionalIdPrefix: "job" }),
    });
  return { kafka, job: (env) => void env.fromSequence(1, count).sinkTo(sink()).name("kafka") };
}

function values(kafka: SimulatedKafka): number[] {
  return kafka
    .committed("out")
    .map(({ value }) => Number(value))
    .sort((left, right) => left - right);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

const ALL = numbers(COUNT);

test("what a job commits is there when it has ended", async () => {
  const { kafka, job } = given();
  await simulate(job, { keepSinks: ["kafka"], outside: [kafka] });
  expect(values(kafka)).toEqual(ALL);
  expect(kafka.openTransactions()).toEqual([]);
});

test("each run begins with what the test has set up", async () => {
  const { kafka, job } = given();
  kafka.produce("out", ["0"]);
  const [one, two] = [
    await simulate(job, { keepSinks: ["kafka"], outside: [kafka], seed: 3, faults: "some" }),
    await simulate(job, { keepSinks: ["kafka"], outside: [kafka], seed: 3, faults: "some" }),
  ];
  expect(values(kafka)).toEqual([0, ...ALL]);
  expect(one.digest).toBe(two.digest);
  // Setting up more forgets the run.
  kafka.produce("out", ["-1"]);
  expect(values(kafka)).toEqual([-1, 0]);
});

describe("exactly once, whatever crashes", () => {
  const keepSinks = (kafka: SimulatedKafka) => ({ kafka: kafka.kept("out") });

  test("with brokers that are well", async () => {
    const { kafka, job } = given();
    await checkExactlyOnce(job, {}, { outside: [kafka], keepSinks: keepSinks(kafka), runs: 8 });
  });

  test("with brokers that are not", async () => {
    const { kafka, job } = given({
      faults: { "request-lost": 30, "answer-lost": 30, slow: 5, "coordinator-away": 10, "leader-moves": 20 },
    });
    await checkExactlyOnce(job, {}, { outside: [kafka], keepSinks: keepSinks(kafka), runs: 8 });
  });

  test("and a sink that writes at least once is caught", async () => {
    const { kafka, job } = given({ guarantee: "at-least-once" });
    const check = checkExactlyOnce(
      job,
      {},
      { outside: [kafka], keepSinks: keepSinks(kafka), runs: 40, timeMs: 50_000, shrinkMs: 50 },
    );
    await expect(check).rejects.toThrow("MR8002");
  });
});

describe("a job that starts from a savepoint, from which another has gone on and written more", () => {
  const plan: Partial<SimPlan> = {
    burst: 3,
    pauseMs: 2_000,
    checkpointMs: 300,
    legs: [{ parallelism: 2, stop: { how: "savepoint", after: 12 } }, { parallelism: 1 }],
  };
  // For longer than the job goes on after its savepoint.
  const count = 300;

  test("finds the cluster as it was then", async () => {
    const { kafka, job } = given({ count });
    const run = await simulate(job, { keepSinks: ["kafka"], outside: [kafka], plan });
    expect(run.masters).toBe(2);
    expect(values(kafka)).toEqual(numbers(count));
  });

  test("would find more in one that does not go back", async () => {
    const { kafka, job } = given({ count });
    const stubborn: OutsideWorld = {
      fails: false,
      begin: () => {
        const moment = kafka.begin();
        const same: OutsideMoment = {
          fork: () => same,
          enter: (seams) => moment.enter(seams),
          leave: () => moment.leave(),
        };
        return same;
      },
    };
    await simulate(job, { keepSinks: ["kafka"], outside: [stubborn], plan });
    expect(values(kafka).length).toBeGreaterThan(count);
  });
});

test("every completed checkpoint is a valid start, in the cluster as it was then", async () => {
  const { kafka, job } = given();
  const subject = new UserJob(job, { inputs: {}, keepSinks: ["kafka"], args: [], planSetsInterval: true });
  const worlds = new ProcessWorlds(1);
  const { around } = worlds;
  const release = keepUserWorlds();
  try {
    for (let seed = 1; seed <= 5; seed++) {
      const plan = { ...CALM, seed, burst: 2, pauseMs: 500, checkpointMs: 300 };
      const run = await simulateJob(subject.simJob(worlds), plan, { around, outside: [kafka] });
      expect(values(kafka)).toEqual(ALL);
      expect(run.moment).toBeDefined();
      const leg = { ...CALM, seed, legs: [{ parallelism: 2 }] };
      const again = await simulateJob(subject.simJob(worlds), leg, { around, from: run.moment });
      expect([again.stuck, again.failure, again.refusal]).toEqual([undefined, undefined, undefined]);
      expect(again.completed).toBeGreaterThan(0);
      expect(values(kafka)).toEqual(ALL);
    }
  } finally {
    release();
  }
});

test("reads from the cluster as well, also where it fails by itself, and without faults of the plan", async () => {
  const { kafka } = given({ faults: { "request-lost": 30, "answer-lost": 30, "leader-moves": 30 } });
  kafka.createTopic("in", 3);
  kafka.produce(
    "in",
    numbers(30).map((n) => ({ value: String(n), timestampMs: n })),
  );
  const connection = { bootstrapServers: "simulated:9092", client: kafka.client };
  const job = (env: StreamExecutionEnvironment): void => {
    const source = kafkaSource({ ...connection, topics: "in", value: text(), bounded: true, groupId: "readers" });
    const sink = kafkaSink<string>({
      ...connection,
      topic: "out",
      value: (value) => value,
      deliveryGuarantee: "exactly-once",
      transactionalIdPrefix: "job",
    });
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "in").sinkTo(sink).name("kafka");
  };
  const run = await simulate(job, { keepSinks: ["kafka"], outside: [kafka], parallelism: 2, rescale: [1] });
  expect(values(kafka)).toEqual(numbers(30));
  expect(run.history.some((line) => line.includes("fault kafka"))).toBe(true);
});

test("a job whose cluster the run does not know is told so", async () => {
  const { kafka, job } = given();
  await expect(simulate(job, { keepSinks: ["kafka"] })).rejects.toThrow("MR6470");
  expect(values(kafka)).toEqual([]);
});
