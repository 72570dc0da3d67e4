/** A simulated Kafka in a simulated run: what belongs to whom, what goes on when somebody dies, and how a state of it goes two ways. */
import { beforeEach, describe, expect, test } from "vitest";
import type {
  KafkaClient,
  OffsetWithMetadata,
  ProducerIdentity,
  TransactionalProducer,
} from "../../../connectors/kafka/client/kafka-client.ts";
import { BatchBuilder } from "../../../connectors/kafka/records/batch-builder.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import type { OutsideMoment, OutsideSeams } from "../outside-world.ts";
import { SimScheduler } from "../scheduler.ts";
import type { SimProcess } from "../scheduler.ts";
import { SimulatedKafka } from "./simulated-kafka.ts";
import { batchOf } from "./stepped.ts";

const T0 = { topic: "t", partition: 0 };
const OPTIONS = { bootstrapServers: ["s:1"], clientId: "c", requestTimeoutMs: 1_000, retryForMs: 5_000 };

class InRun {
  readonly scheduler: SimScheduler = new SimScheduler({ seed: 1 });
  readonly kafka: SimulatedKafka;
  readonly moment: OutsideMoment;
  readonly seams: OutsideSeams;
  readonly process: SimProcess;
  readonly client: KafkaClient;

  constructor(options: ConstructorParameters<typeof SimulatedKafka>[0] = {}) {
    const { scheduler } = this;
    this.kafka = new SimulatedKafka({ latencyMs: 10, markerMs: 100, ...options });
    this.kafka.createTopic("t");
    this.moment = this.kafka.begin();
    this.seams = {
      scheduler,
      random: new SeededRandom(1),
      startMs: 1_000_000,
      isHealed: () => false,
      note: () => undefined,
    };
    this.moment.enter(this.seams);
    this.process = scheduler.process("one");
    this.client = this.kafka.client(OPTIONS);
  }

  /** As an event of the process, and what follows from it within a time. */
  async in<T>(
    process: SimProcess,
    ms: number,
    call: (done: (answer: Outcome<T>) => void) => void,
  ): Promise<Outcome<T>[]> {
    const answers: Outcome<T>[] = [];
    this.scheduler.soon(process, () => call((answer) => answers.push(answer)));
    await this.pass(ms);
    return answers;
  }

  async value<T>(call: (done: (answer: Outcome<T>) => void) => void): Promise<T> {
    const [answer] = await this.in(this.process, 200, call);
    if (answer?.ok !== true) throw new Error("no answer", { cause: answer?.error });
    return answer.value;
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.scheduler.nowMs + ms;
    let isOver = false;
    this.scheduler.at(undefined, ms, () => {
      isOver = true;
    });
    await this.scheduler.run(() => isOver || this.scheduler.nowMs > untilMs, 100_000);
  }

  async open(value: string, timeoutMs = 60_000): Promise<TransactionalProducer> {
    const transactional = { transactionalId: "a", timeoutMs };
    const identity = await this.value<ProducerIdentity>((done) => this.client.initProducer({ transactional }, done));
    const transaction = { transactionalId: "a", ...identity };
    await this.value<void>((done) => this.client.addPartitions({ transaction, partitions: [T0] }, done));
    const batches = [{ ...T0, bytes: batchOf([value], transaction, 0) }];
    await this.value<void>((done) => this.client.produce({ transaction, batches, acks: "all" }, done));
    return transaction;
  }

  get values(): (string | null)[] {
    return this.kafka.committed("t").map(({ value }) => value);
  }
}

let run: InRun;
beforeEach(() => {
  run = new InRun();
});

describe("a process that is gone", () => {
  test("has what it asked for done, and hears nothing", async () => {
    const transaction = await run.open("x");
    const answers: unknown[] = [];
    run.scheduler.soon(run.process, () => {
      run.client.endTransaction({ transaction, result: "commit" }, (answer) => answers.push(answer));
      run.process.die();
    });
    await run.pass(1_000);
    expect(answers).toEqual([]);
    expect(run.values).toEqual(["x"]);
  });

  test("or that stands still, is fenced by the next one", async () => {
    const transaction = await run.open("x");
    const zombie = run.process;
    const answers: Outcome<void>[] = [];
    // Under way, but it stands still before it can send it again.
    zombie.pause();
    const next = run.scheduler.process("two");
    const transactional = { transactionalId: "a", timeoutMs: 60_000 };
    const [taken] = await run.in<ProducerIdentity>(next, 2_000, (done) =>
      run.client.initProducer({ transactional }, done),
    );
    expect(taken?.ok).toBe(true);
    run.scheduler.soon(zombie, () => {
      run.client.endTransaction({ transaction, result: "commit" }, (answer) => answers.push(answer));
    });
    await run.pass(100);
    expect(answers).toEqual([]);
    zombie.resume();
    await run.pass(1_000);
    expect(answers.map((answer) => !answer.ok && answer.error.code)).toEqual(["MR6405"]);
    expect(run.values).toEqual([]);
  });
});

describe("a fork", () => {
  test("goes its own way: what is prepared in it can be committed, though the other was aborted", async () => {
    const transaction = await run.open("x");
    const fork = run.moment.fork();
    await run.value<void>((done) => run.client.endTransaction({ transaction, result: "abort" }, done));
    await run.pass(1_000);
    expect(run.values).toEqual([]);
    fork.enter(run.seams);
    expect(run.kafka.openTransactions()).toEqual(["a"]);
    await run.value<void>((done) => run.client.endTransaction({ transaction, result: "commit" }, done));
    await run.pass(1_000);
    expect(run.values).toEqual(["x"]);
    run.moment.enter(run.seams);
    expect(run.values).toEqual([]);
  });

  test("finishes what is decided, and lets time out what is open", async () => {
    const transaction = await run.open("x");
    const offsets = [{ ...T0, offset: 1, metadata: "" }];
    await run.value<void>((done) => run.client.addOffsets({ transaction, group: "g", offsets }, done));
    // Answered before any marker is written: the clock stands still meanwhile.
    const decided: OutsideMoment[] = [];
    run.scheduler.soon(run.process, () =>
      run.client.endTransaction({ transaction, result: "commit" }, () => decided.push(run.moment.fork())),
    );
    await run.pass(1_000);
    const [fork] = decided;
    fork?.enter(run.seams);
    await run.pass(1_000);
    expect(run.values).toEqual(["x"]);
    const found = await run.value<readonly OffsetWithMetadata[]>((done) => run.client.committedOffsets("g", done));
    expect(found).toEqual(offsets);
    const open = await run.open("y", 2_000);
    const later = run.moment.fork();
    later.enter(run.seams);
    await run.pass(5_000);
    expect(run.kafka.openTransactions()).toEqual([]);
    expect(open.epoch).toBeGreaterThan(transaction.epoch);
  });

  test("does not begin before it is entered", async () => {
    await run.open("x", 1_000);
    const fork = run.moment.fork();
    await run.pass(10_000);
    fork.enter(run.seams);
    expect(run.kafka.openTransactions()).toEqual(["a"]);
  });
});

test("what is lost, late or unheard is written once, and in order", async () => {
  run = new InRun({ faults: { "request-lost": 150, "answer-lost": 150, "request-late": 150 }, strikesMax: 10_000 });
  const written: string[] = [];
  for (let n = 0; n < 40; n++) {
    const builder = new BatchBuilder();
    builder.append(null, String(n), 1_000);
    const bytes = builder.seal({ producerId: 500, epoch: 0, firstSequence: n, isTransactional: false });
    const request = { transaction: undefined, acks: "all" as const, batches: [{ ...T0, bytes }] };
    const [answer] = await run.in<void>(run.process, 6_000, (done) => run.client.produce(request, done));
    expect(answer?.ok).toBe(true);
    written.push(String(n));
  }
  await run.pass(10_000);
  expect(run.values).toEqual(written);
});
