/**
 * The input of a job from Kafka to Kafka: written into a simulated cluster before the run, and by others while it goes on.
 *
 * In:    a description. Out: records in the topic `in`, each of which says itself whether it is to be seen. State: the cluster.
 *
 * What others do while the job runs belongs to the world outside: where a run goes back to a savepoint, it has not happened yet, and happens again.
 */
import { BatchBuilder } from "../../connectors/kafka/records/batch-builder.ts";
import type { KafkaClient, TransactionalProducer } from "../../connectors/kafka/client/kafka-client.ts";
import type { Done } from "../../core/util/outcome.ts";
import { ManualClock } from "../harness/manual-clock.ts";
import { SimulatedKafka } from "../sim/kafka/simulated-kafka.ts";
import type { OutsideMoment, OutsideWorld } from "../sim/outside-world.ts";
import { START_MS } from "../sim/sim-clock.ts";
import { Others } from "./others.ts";
import type { OthersSeams } from "./others.ts";
import { fatesOf } from "./program.ts";
import type { KafkaProgram } from "./program.ts";

/** A record of the input, as its value holds it. */
export interface Rec {
  /** A key belongs to one partition, so that its records have an order. */
  readonly key: string;
  readonly n: number;
  /** Its transaction is aborted: nobody may see it. */
  readonly gone: boolean;
}

export const IN = "in";
/** Written at the very end, to see whether a reader gets there. */
const BEHIND = "behind";
const PATIENCE_MS = 200_000;

interface OpenTransaction {
  readonly transaction: TransactionalProducer;
  readonly result: "commit" | "abort";
}

export class KafkaInput implements OutsideWorld {
  readonly fails = false;
  readonly kafka: SimulatedKafka;
  /** Per partition, where the input ends. */
  readonly ends: readonly number[];
  readonly outTopics: readonly string[];
  readonly #program: KafkaProgram;
  readonly #clock = new ManualClock(START_MS);
  readonly #client: KafkaClient;
  #open: OpenTransaction[] = [];
  #current: Others | undefined = undefined;
  #numbers = 0;
  /** Topics in which a reader did not get to the end. */
  #blocked: readonly string[] = [];

  constructor(program: KafkaProgram, outTopics: readonly string[]) {
    this.#program = program;
    this.kafka = new SimulatedKafka({ clock: this.#clock, faults: program.faults });
    this.outTopics = outTopics;
    this.kafka.createTopic(IN, program.input.length);
    for (const topic of outTopics) this.kafka.createTopic(topic, program.outPartitions);
    this.#client = this.kafka.client({
      bootstrapServers: ["simulated:9092"],
      clientId: "others",
      requestTimeoutMs: 2_000,
      retryForMs: PATIENCE_MS,
    });
    program.input.forEach((_, partition) => this.#write(partition));
    if (program.restAfter === undefined) for (const open of this.#open.splice(0)) this.#end(open);
    this.ends = this.#endOffsets();
  }

  /** Undefined: no reader waits for a transaction that somebody has left open. */
  get blocked(): string | undefined {
    const [topic] = this.#blocked;
    return topic === undefined
      ? undefined
      : `a reader of "${topic}" waits for a transaction that was left open: ${this.kafka.openTransactions().join(", ")}`;
  }

  /** All that stands in the input, also what nobody may see, with its place. */
  records(): readonly (Rec & { readonly partition: number; readonly offset: number })[] {
    return this.kafka
      .uncommitted(IN)
      .map(({ partition, offset, value }) => ({ partition, offset, ...(JSON.parse(value ?? "") as Rec) })); // as written below
  }

  /** What readers see that the job has written. */
  written(topic: string): readonly { readonly key: string; readonly value: string }[] {
    return this.kafka
      .committed(topic)
      .flatMap(({ key, value }) => (value === null || value === BEHIND ? [] : [{ key: key ?? "", value }]));
  }

  begin(): OutsideMoment {
    this.#blocked = [];
    return new Others(this.#others(), 0);
  }

  #others(): OthersSeams {
    const { late, everyMs } = this.#program;
    return {
      everyMs,
      entered: (moment) => {
        this.#current = moment;
      },
      isCurrent: (moment) => this.#current === moment,
      do: (step) => this.#do(step),
      leave: () => this.#lookBehind(),
      steps: Math.max(late.length, this.#program.appearing.length, this.#program.restAfter ?? 0) + 1,
    };
  }

  /** Step by step, while the job runs. */
  #do(step: number): void {
    const { late, restAfter, appearing, input } = this.#program;
    const record = late[step];
    if (record !== undefined) this.#append(record.partition % input.length, [record.key]);
    const count = appearing[step];
    if (count !== undefined) {
      this.kafka.addPartitions(IN, 1);
      this.#append(
        input.length + step,
        Array.from({ length: count }, (_, index) => index),
      );
    }
    // Also by those who come later, as nobody knows what was under way when the world was as it is now: to repeat it does no harm.
    if (restAfter !== undefined && step >= restAfter)
      for (const { transaction, result } of this.#open)
        this.#client.endTransaction({ transaction, result }, () => undefined);
  }

  #append(partition: number, keys: readonly number[]): void {
    this.kafka.produce(
      IN,
      keys.map((key) => ({ partition, value: this.#value(partition, key, false) })),
    );
  }

  #value(partition: number, key: number, gone: boolean): string {
    const record: Rec = { key: `p${partition}k${key}`, n: this.#numbers++, gone };
    return JSON.stringify(record);
  }

  #lookBehind(): void {
    const { outPartitions } = this.#program;
    for (const topic of this.outTopics) {
      this.kafka.produce(
        topic,
        Array.from({ length: outPartitions }, (_, partition) => ({ partition, value: BEHIND })),
      );
    }
    const seen = (topic: string): number => this.kafka.committed(topic).filter(({ value }) => value === BEHIND).length;
    this.#blocked = this.outTopics.filter((topic) => seen(topic) < outPartitions);
  }

  /** One partition, before the job begins. */
  #write(partition: number): void {
    const given = this.#program.input[partition];
    if (given === undefined) return;
    const fates = fatesOf(given);
    const open = new Map<number, OpenTransaction>();
    /** Per producer, of its next batch. */
    const sequences = new Map<number, number>();
    for (const [index, { by, keys, ending }] of given.batches.entries()) {
      if (by === 0) {
        this.#append(partition, keys);
        continue;
      }
      const result = fates[index] ?? "abort";
      const { transaction } = open.get(by) ?? { transaction: this.#begin(partition, by) };
      const firstSequence = open.has(by) ? (sequences.get(by) ?? 0) : 0;
      sequences.set(by, firstSequence + keys.length);
      const builder = new BatchBuilder();
      for (const key of keys) builder.append(null, this.#value(partition, key, result === "abort"), 0, undefined);
      const bytes = builder.seal({ ...transaction, firstSequence, isTransactional: true });
      const batches = [{ topic: IN, partition, bytes }];
      this.#await<void>((done) => this.#client.produce({ transaction, batches, acks: "all" }, done));
      open.delete(by);
      if (ending === "none") open.set(by, { transaction, result });
      else this.#end({ transaction, result });
    }
    this.#open.push(...open.values());
  }

  #begin(partition: number, by: number): TransactionalProducer {
    const transactionalId = `other-${partition}-${by}`;
    const identity = this.#await<{ readonly producerId: number; readonly epoch: number }>((done) =>
      this.#client.initProducer({ transactional: { transactionalId, timeoutMs: 900_000 } }, done),
    );
    const transaction = { transactionalId, ...identity };
    this.#await<void>((done) =>
      this.#client.addPartitions({ transaction, partitions: [{ topic: IN, partition }] }, done),
    );
    return transaction;
  }

  #end({ transaction, result }: OpenTransaction): void {
    this.#await<void>((done) => this.#client.endTransaction({ transaction, result }, done));
    // Until its marker is written.
    this.#clock.advance(50);
  }

  /** Behind everything that will be written, markers included. */
  #endOffsets(): readonly number[] {
    const { input, late } = this.#program;
    const queries = input.map((_, partition) => ({ topic: IN, partition, at: "latest" as const }));
    const latest = this.#await<readonly { readonly offset: number }[]>((done) =>
      this.#client.listOffsets({ queries, isolation: "read_uncommitted" }, done),
    );
    return latest.map(({ offset }, partition) => {
      const records = late.filter((record) => record.partition % input.length === partition).length;
      const markers = this.#open.filter(({ transaction }) =>
        transaction.transactionalId.startsWith(`other-${partition}-`),
      ).length;
      return offset + records + markers;
    });
  }

  #await<T>(call: (done: Done<T>) => void): T {
    let answer: Parameters<Done<T>>[0] | undefined;
    call((outcome) => (answer = outcome));
    for (let left = PATIENCE_MS; answer === undefined && left > 0; left -= 10) this.#clock.advance(10);
    if (answer === undefined) throw new Error("the simulated Kafka does not answer");
    if (!answer.ok) throw answer.error;
    return answer.value;
  }
}
