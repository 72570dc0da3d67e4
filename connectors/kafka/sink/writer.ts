/**
 * The writer of a Kafka sink: records in, batches out, and at a barrier everything acknowledged.
 *
 * In:    values. Out: records in topics; with `exactly-once`, a committable per checkpoint with records. State: what `Transactions` saves.
 *
 * The first record of a topic waits until its partitions are known; the task is blocked meanwhile. With `exactly-once` records gather until the first transaction has begun.
 */
import type { SinkContext, SinkWriter, WriteContext } from "../../../core/operators/contracts/sink.ts";
import type { TimeMs } from "../../../core/time/clock.ts";
import type { KafkaClient, ProduceRequest, TopicPartition } from "../client/kafka-client.ts";
import { partitionOfKey } from "./partitioner.ts";
import { Sender } from "./sender.ts";
import type { SenderOptions } from "./sender.ts";
import { checkedKey, checkedPartition, checkedValue, topicOf } from "./serializer.ts";
import type { RecordParts } from "./serializer.ts";
import { idOwner } from "./sink-state.ts";
import type { KafkaCommittable, KafkaSinkState } from "./sink-state.ts";
import { TaskCalls } from "../client/task-calls.ts";
import { Topics } from "./topics.ts";
import { Transactions } from "./transactions.ts";

export interface WriterOptions<T> {
  readonly parts: RecordParts<T>;
  readonly guarantee: "none" | "at-least-once" | "exactly-once";
  readonly sending: Omit<SenderOptions, "onBegun" | "acks"> & { readonly acks: ProduceRequest["acks"] };
  readonly transactions:
    | { readonly prefix: string; readonly timeoutMs: (maxMs: number | undefined) => number }
    | undefined;
}

interface Waiting<T> {
  readonly topic: string;
  readonly value: T;
  readonly timestampMs: TimeMs;
}

export class KafkaWriter<T> implements SinkWriter<T, KafkaSinkState, KafkaCommittable> {
  readonly #ctx: SinkContext;
  readonly #client: KafkaClient;
  readonly #calls: TaskCalls;
  readonly #parts: RecordParts<T>;
  readonly #topicOf: (value: T) => string;
  readonly #topics: Topics;
  readonly #sender: Sender;
  readonly #guarantee: WriterOptions<T>["guarantee"];
  readonly #transactions: Transactions | undefined;
  /** Of topics that nobody has described yet. */
  #waiting: Waiting<T>[] = [];
  readonly #asked = new Set<string>();
  #onPlaced: (() => void) | undefined = undefined;
  /** The transaction at hand carries its witness, or has no partition yet. */
  #isWitnessed = true;
  #onWitnessed: (() => void) | undefined = undefined;
  /** For records without a key. */
  #roundRobin: number;
  #keyless = 0;
  #ended = false;

  constructor(ctx: SinkContext, client: KafkaClient, options: WriterOptions<T>, restored: readonly KafkaSinkState[]) {
    this.#ctx = ctx;
    this.#client = client;
    this.#calls = new TaskCalls(ctx);
    this.#parts = options.parts;
    this.#topicOf = topicOf(options.parts);
    this.#guarantee = options.guarantee;
    this.#roundRobin = ctx.subtaskIndex;
    const shared = { client, calls: this.#calls };
    this.#topics = new Topics(ctx, shared);
    const onBegun = (place: TopicPartition): void => this.#witness(place);
    this.#sender = new Sender(ctx, { ...shared, options: { ...options.sending, onBegun } });
    this.#transactions =
      options.transactions === undefined ? undefined : this.#transactionsOf(options.transactions, restored);
    if (this.#transactions === undefined) this.#startPlain(options.sending.acks);
    else this.#transactions.start();
    ctx.metrics.gauge("transactionAgeMs", () => this.#transactions?.ageMs ?? 0);
    ctx.metrics.gauge("transactionalIds", () => this.#transactions?.size ?? 0);
  }

  /** Hot. */
  write(value: T, ctx: WriteContext): void {
    const topic = this.#topicOf(value);
    const partitions = this.#topics.partitions(topic);
    if (partitions === undefined || this.#waiting.length > 0)
      this.#wait({ topic, value, timestampMs: ctx.timestampMs });
    else this.#place(topic, partitions, value, ctx.timestampMs);
  }

  flush(endOfInput: boolean): Promise<void> | undefined {
    this.#ended = endOfInput;
    if (this.#guarantee === "none" && !endOfInput) return undefined;
    return new Promise((resolve) =>
      this.#whenStarted(() => this.#whenPlaced(() => this.#sender.flush(() => this.#whenWitnessed(resolve)))),
    );
  }

  prepareCommit(): readonly KafkaCommittable[] {
    const transactions = this.#transactions;
    if (transactions === undefined) return [];
    const committable = transactions.prepare(this.#sender.records);
    if (committable === undefined) return [];
    this.#sender.end();
    if (!this.#ended) transactions.next();
    return [committable];
  }

  snapshot(checkpointId: number, uncommitted: readonly KafkaCommittable[]): readonly KafkaSinkState[] {
    const ids = uncommitted.map(({ transactionalId }) => transactionalId);
    return this.#transactions === undefined ? [] : [this.#transactions.snapshot(checkpointId, ids)];
  }

  checkpointCompleted(checkpointId: number): void {
    this.#transactions?.checkpointCompleted(checkpointId);
  }

  close(): Promise<void> {
    this.#calls.close();
    this.#sender.close();
    return this.#client.close(this.#transactions?.unprepared);
  }

  #startPlain(acks: ProduceRequest["acks"]): void {
    // A batch that is lost would leave a gap in the sequence, and the broker refuse all that come after it, unheard.
    if (acks === "none") return this.#sender.begin({ kind: "plain", producer: undefined });
    const ready = this.#calls.answer<{ readonly producerId: number; readonly epoch: number }>((producer) =>
      this.#sender.begin({ kind: "plain", producer }),
    );
    this.#client.initProducer({}, ready);
  }

  #transactionsOf(
    { prefix, timeoutMs }: NonNullable<WriterOptions<T>["transactions"]>,
    restored: readonly KafkaSinkState[],
  ): Transactions {
    return new Transactions({
      owner: idOwner(prefix, this.#ctx),
      parallelism: this.#ctx.parallelism,
      timeoutMs,
      restored,
      client: this.#client,
      calls: this.#calls,
      nowMs: () => this.#ctx.nowMs(),
      onReady: (producer) => this.#sender.begin({ kind: "transaction", producer }),
      fail: (error) => this.#ctx.fail(error),
    });
  }

  #place(topic: string, partitions: number, value: T, timestampMs: TimeMs): void {
    const parts = this.#parts;
    const key = parts.key === undefined ? null : checkedKey(parts.key(value));
    const bytes = checkedValue(parts.value(value));
    const partition = this.#partitionOf(value, key, { topic, partitions });
    const time = parts.timestampMs?.(value) ?? timestampMs;
    // A record without event time has none that Kafka could store.
    const stored = Math.floor(time >= 0 && time < Infinity ? time : this.#ctx.nowMs());
    this.#sender.append(topic, partition, key, bytes, stored, parts.headers?.(value));
  }

  #partitionOf(
    value: T,
    key: Uint8Array | null,
    place: { readonly topic: string; readonly partitions: number },
  ): number {
    const chosen: unknown = this.#parts.partition?.(value, place); // only its type says that it is a number
    if (chosen !== undefined) return checkedPartition(chosen, place);
    if (key !== null) return partitionOfKey(key, place.partitions);
    // Some to one partition before the next: batches are larger then, and fewer.
    if (this.#keyless % KEYLESS_RUN === 0) this.#roundRobin++;
    this.#keyless++;
    return this.#roundRobin % place.partitions;
  }

  #wait(waiting: Waiting<T>): void {
    this.#waiting.push(waiting);
    if (this.#waiting.length === 1) this.#ctx.block();
    const { topic } = waiting;
    if (this.#topics.partitions(topic) !== undefined || this.#asked.has(topic)) return;
    this.#asked.add(topic);
    this.#topics.ask(topic, () => this.#placeWaiting());
  }

  /** In their order, up to one whose topic is still not known. */
  #placeWaiting(): void {
    while (this.#waiting[0] !== undefined) {
      const { topic, value, timestampMs } = this.#waiting[0];
      const partitions = this.#topics.partitions(topic);
      if (partitions === undefined) return;
      this.#waiting.shift();
      this.#place(topic, partitions, value, timestampMs);
    }
    this.#ctx.unblock();
    this.#onPlaced?.();
    this.#onPlaced = undefined;
  }

  #whenStarted(then: () => void): void {
    if (this.#transactions === undefined) then();
    else this.#transactions.whenStarted(then);
  }

  #whenPlaced(then: () => void): void {
    if (this.#waiting.length === 0) then();
    else this.#onPlaced = then;
  }

  #witness(place: TopicPartition): void {
    this.#isWitnessed = false;
    this.#transactions?.begun(place, () => {
      this.#isWitnessed = true;
      this.#onWitnessed?.();
      this.#onWitnessed = undefined;
    });
  }

  #whenWitnessed(then: () => void): void {
    if (this.#isWitnessed) then();
    else this.#onWitnessed = then;
  }
}

/** Records without a key that go to one partition before the next is chosen. */
const KEYLESS_RUN = 512;
