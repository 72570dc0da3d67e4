/**
 * Brings records to the brokers in batches: many per request, one per partition at a time.
 *
 * In:    records with their partition; a producer, and in transactions the next one after each. Out: produce requests; `flush` answers when all that was appended is acknowledged.
 * State: the lanes of all partitions that were written to. It holds `bufferBytes` and then blocks the task, until half of it is gone.
 *
 * Without a producer records wait. Batches go when they are full, or `lingerMs` after the first record that waits, or with a flush.
 */
import type { SinkContext } from "../../../core/operators/contracts/sink.ts";
import type { Counter } from "../../../core/metrics/registry.ts";
import type {
  KafkaClient,
  ProduceBatch,
  ProduceRequest,
  ProducerIdentity,
  TopicPartition,
  TransactionalProducer,
} from "../client/kafka-client.ts";
import type { Codec, Compression } from "../records/batch-format.ts";
import type { BatchBuilder, Bytes, RecordHeader } from "../records/batch-builder.ts";
import { Lane } from "./lane.ts";
import type { TaskCalls } from "../client/task-calls.ts";

export interface SenderOptions {
  readonly acks: ProduceRequest["acks"];
  readonly batchBytes: number;
  readonly bufferBytes: number;
  readonly lingerMs: number;
  readonly compression: { readonly by: Compression; readonly codec: Codec } | undefined;
  /** The transaction has its first partition. */
  readonly onBegun?: (place: TopicPartition) => void;
}

/** Who writes now. */
export type Writing =
  /** Without a producer: nobody notices if a batch is lost, and those behind it are taken all the same. */
  | { readonly kind: "plain"; readonly producer: ProducerIdentity | undefined }
  | { readonly kind: "transaction"; readonly producer: TransactionalProducer };

interface Sending {
  readonly lane: Lane;
  readonly builder: BatchBuilder;
}

export class Sender {
  readonly #ctx: SinkContext;
  readonly #client: KafkaClient;
  readonly #calls: TaskCalls;
  readonly #options: SenderOptions;
  readonly #lanes = new Map<string, Lane[]>();
  readonly #all: Lane[] = [];
  readonly #bytesSent: Counter;
  #writing: Writing | undefined = undefined;
  /** Of records that are not acknowledged. */
  #bytes = 0;
  #underWay = 0;
  #records = 0;
  #lingers = false;
  #isAdding = false;
  #blocked = false;
  #flushed: (() => void) | undefined = undefined;

  constructor(
    ctx: SinkContext,
    {
      client,
      calls,
      options,
    }: { readonly client: KafkaClient; readonly calls: TaskCalls; readonly options: SenderOptions },
  ) {
    this.#ctx = ctx;
    this.#client = client;
    this.#calls = calls;
    this.#options = options;
    this.#bytesSent = ctx.metrics.counter("numBytesSend");
    ctx.metrics.gauge("bufferedBytes", () => this.#bytes);
  }

  /** Appended since the producer began. */
  get records(): number {
    return this.#records;
  }

  /** Hot. */
  append(
    topic: string,
    partition: number,
    key: Bytes | null,
    value: Bytes | null,
    timestampMs: number,
    headers: readonly RecordHeader[] | undefined,
  ): void {
    const lane = this.#lanes.get(topic)?.[partition] ?? this.#open(topic, partition);
    this.#bytes += lane.append(key, value, timestampMs, headers);
    this.#records++;
    if (lane.hasFull && !lane.isSending) this.#send();
    // Also behind a full batch that cannot go yet: nobody else would ask for what is left.
    if (!this.#lingers && !lane.isEmpty) this.#linger();
    if (this.#bytes >= this.#options.bufferBytes && !this.#blocked) this.#block();
  }

  /** Everything that waits is written by this one, and all that comes. Nothing may be under way. */
  begin(writing: Writing): void {
    this.#writing = writing;
    for (const lane of this.#all) lane.begin();
    this.#send();
  }

  /** Records wait from now on. Whatever was appended so far must have been flushed. */
  end(): void {
    this.#writing = undefined;
    this.#records = 0;
  }

  /** `done` perhaps before it returns. */
  flush(done: () => void): void {
    this.#flushed = done;
    this.#send();
    this.#checkFlushed();
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#writing = undefined;
  }

  #open(topic: string, partition: number): Lane {
    const lane = new Lane({ topic, partition }, this.#options.batchBytes);
    const lanes = this.#lanes.get(topic) ?? [];
    this.#lanes.set(topic, lanes);
    lanes[partition] = lane;
    this.#all.push(lane);
    return lane;
  }

  #linger(): void {
    this.#lingers = true;
    this.#ctx.schedule(this.#options.lingerMs, () => {
      this.#lingers = false;
      this.#hurry();
    });
  }

  /** What waits now waits for nothing but its turn. */
  #hurry(): void {
    for (const lane of this.#all) lane.isDue = !lane.isEmpty;
    this.#send();
  }

  /** What may go: full batches, and what has waited long enough; in a flush, all. While partitions are added to the transaction, nothing. */
  #send(): void {
    const writing = this.#writing;
    if (writing === undefined || this.#isAdding) return;
    const isFlush = this.#flushed !== undefined;
    const due = this.#all.filter(
      (lane) => !lane.isSending && (lane.hasFull || ((isFlush || lane.isDue) && !lane.isEmpty)),
    );
    if (due.length === 0) return;
    const added = writing.kind === "transaction" ? due.filter(({ isAdded }) => !isAdded) : [];
    if (writing.kind === "plain" || added.length === 0) return this.#seal(writing, due);
    this.#isAdding = true;
    const partitions = added.map(({ topic, partition }) => ({ topic, partition }));
    const transaction = writing.producer;
    const isFirst = !this.#all.some(({ isAdded }) => isAdded);
    const begun = this.#calls.answer<void>(() => {
      this.#isAdding = false;
      for (const lane of added) lane.isAdded = true;
      const [place] = partitions;
      if (isFirst && place !== undefined) this.#options.onBegun?.(place);
      this.#send();
    });
    this.#client.addPartitions({ transaction, partitions }, begun);
  }

  #seal(writing: Writing, due: readonly Lane[]): void {
    const sending = due.map((lane): Sending => {
      lane.isSending = true;
      return { lane, builder: lane.take() };
    });
    this.#underWay += sending.length;
    const { compression } = this.#options;
    if (compression === undefined) return this.#produce(writing, sending, []);
    const compressed = sending.map(({ builder }) => compression.codec.compress(builder.records));
    if (compressed.every((bytes) => bytes instanceof Uint8Array)) this.#produce(writing, sending, compressed);
    else
      this.#calls.await(Promise.all(compressed.map(async (one) => one)), (all) => this.#produce(writing, sending, all));
  }

  #produce(writing: Writing, sending: readonly Sending[], compressed: readonly Uint8Array[]): void {
    const isTransactional = writing.kind === "transaction";
    const { producer: identity } = writing;
    const { compression, acks } = this.#options;
    const batches = sending.map(({ lane, builder }, at): ProduceBatch => {
      const records = compressed[at];
      const producer = identity && {
        producerId: identity.producerId,
        epoch: identity.epoch,
        firstSequence: lane.sequence,
        isTransactional,
      };
      const bytes = builder.seal(
        producer,
        records === undefined || compression === undefined ? undefined : { by: compression.by, records },
      );
      lane.sequence = (lane.sequence + builder.count) % 0x8000_0000;
      this.#bytesSent.count += bytes.length;
      return { topic: lane.topic, partition: lane.partition, bytes };
    });
    const transaction = writing.kind === "transaction" ? writing.producer : undefined;
    this.#client.produce(
      { transaction, batches, acks },
      this.#calls.answer<void>(() => this.#acknowledged(sending)),
    );
  }

  #acknowledged(sending: readonly Sending[]): void {
    for (const { lane, builder } of sending) {
      lane.isSending = false;
      this.#bytes -= builder.bytes;
    }
    this.#underWay -= sending.length;
    if (this.#blocked && this.#bytes * 2 <= this.#options.bufferBytes) this.#unblock();
    this.#send();
    this.#checkFlushed();
  }

  #checkFlushed(): void {
    const flushed = this.#flushed;
    if (flushed === undefined || this.#underWay > 0 || !this.#all.every(({ isEmpty }) => isEmpty)) return;
    this.#flushed = undefined;
    flushed();
  }

  #block(): void {
    this.#blocked = true;
    this.#ctx.block();
    // Otherwise what fills the buffer might wait for the timer.
    this.#hurry();
  }

  #unblock(): void {
    this.#blocked = false;
    this.#ctx.unblock();
  }
}
