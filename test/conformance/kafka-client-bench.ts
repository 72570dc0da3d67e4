/** What the parts of `kafka-client.ts` share: a world with a cluster in it, and calls of clients as promises. */
import { expect } from "vitest";
import type {
  FetchedPartition,
  FetchRequest,
  Isolation,
  KafkaClient,
  KafkaClientFactory,
  KafkaClientOptions,
  OffsetQuery,
  OffsetWithMetadata,
  ProduceRequest,
  ProducerIdentity,
  TopicPartition,
  TransactionalProducer,
  ListedTransaction,
} from "../../connectors/kafka/client/kafka-client.ts";
import { BatchBuilder } from "../../connectors/kafka/records/batch-builder.ts";
import { openBatches } from "../../connectors/kafka/records/open-batches.ts";
import { RecordCursor } from "../../connectors/kafka/records/record-cursor.ts";
import { answerOf, codeOf, valueOf } from "./seam.ts";

/** A cluster, and what a test cannot do through a client. */
export interface KafkaWorld {
  readonly client: KafkaClientFactory;
  readonly bootstrapServers: readonly string[];
  /** Settles when it can be written to. Names of topics, groups and ids differ from test to test. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Lets time pass, for the cluster too. */
  advance(durationMs: number): Promise<void>;
  /** How often something is tried that a race could break. Default: 3. */
  readonly rounds?: number;
}

/** Records by their values; the key is the same. */
export interface Seen {
  readonly offset: number;
  readonly value: string;
}

const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_FOR_MS = 20_000;
/** Of now, nearly: brokers begin a new file, and delete, by the times of records. */
export const NOW_MS: number = Date.now() - 60_000;

export class KafkaBench {
  readonly world: KafkaWorld;
  readonly #run = `${process.pid}-${process.hrtime.bigint().toString(36)}`;
  readonly #clients: KafkaClient[] = [];
  #names = 0;

  constructor(world: KafkaWorld) {
    this.world = world;
  }

  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}-${this.#run}-${this.#names}`;
  }

  async topic(partitions = 1): Promise<string> {
    const topic = this.name("topic");
    await this.world.createTopic(topic, partitions);
    return topic;
  }

  client(options: Partial<KafkaClientOptions> = {}): BenchClient {
    const { bootstrapServers } = this.world;
    const client = this.world.client({
      bootstrapServers,
      clientId: `conformance-${this.#clients.length}`,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      retryForMs: RETRY_FOR_MS,
      ...options,
    });
    this.#clients.push(client);
    return new BenchClient(client);
  }

  /** Until it is true; a cluster may take its time, but not forever. */
  async eventually(what: string, check: () => Promise<boolean>): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      if (await check()) return;
      await this.world.advance(50);
    }
    expect.fail(`it never came to be that ${what}`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

/** Of one partition, one batch. `producer`: with the sequence of its first record. */
export function batchOf(
  values: readonly string[],
  producer?: ProducerIdentity & { readonly sequence: number; readonly transactional?: boolean },
  timestampMs: number = NOW_MS,
): Uint8Array {
  const builder = new BatchBuilder();
  for (const [index, value] of values.entries()) builder.append("key", value, timestampMs + index);
  if (producer === undefined) return builder.seal(undefined);
  const { producerId, epoch, sequence, transactional = false } = producer;
  return builder.seal({ producerId, epoch, firstSequence: sequence, isTransactional: transactional });
}

/** A client whose calls are promises, with short forms of what tests do most. */
export class BenchClient {
  readonly raw: KafkaClient;

  constructor(raw: KafkaClient) {
    this.raw = raw;
  }

  async write(topic: string, partition: number, values: readonly string[], timestampMs?: number): Promise<void> {
    await this.produce({
      transaction: undefined,
      acks: "all",
      batches: [{ topic, partition, bytes: batchOf(values, undefined, timestampMs) }],
    });
  }

  produce(request: ProduceRequest): Promise<void> {
    return valueOf<void>((done) => this.raw.produce(request, done));
  }

  async offset(
    topic: string,
    partition: number,
    at: OffsetQuery["at"],
    isolation: Isolation = "read_committed",
  ): Promise<number> {
    const [found] = await valueOf<readonly { readonly offset: number }[]>((done) =>
      this.raw.listOffsets({ queries: [{ topic, partition, at }], isolation }, done),
    );
    return found?.offset ?? Number.NaN;
  }

  async nodeOf(topic: string, partition: number): Promise<number> {
    const [found] = await valueOf<readonly { readonly node: number }[]>((done) =>
      this.raw.locate([{ topic, partition }], done),
    );
    return found?.node ?? Number.NaN;
  }

  async fetch(
    topic: string,
    partition: number,
    offset: number,
    options: Partial<FetchRequest> = {},
  ): Promise<FetchedPartition> {
    const node = options.node ?? (await this.nodeOf(topic, partition));
    const request: FetchRequest = {
      node,
      partitions: [{ topic, partition, offset }],
      isolation: "read_committed",
      waitMs: 0,
      bytesMax: 10_000_000,
      partitionBytesMax: 1_000_000,
      ...options,
    };
    const [first] = await valueOf<readonly FetchedPartition[]>((done) => this.raw.fetch(request, done));
    if (first === undefined) throw new Error("a partition has no answer");
    return first;
  }

  /** All that there is, from the beginning, in one partition. */
  async read(topic: string, partition: number, isolation: Isolation = "read_committed"): Promise<Seen[]> {
    const seen: Seen[] = [];
    const end = await this.offset(topic, partition, "latest", isolation);
    for (let offset = await this.offset(topic, partition, "earliest"); offset < end;) {
      const fetched = await this.fetch(topic, partition, offset, { isolation });
      const records = recordsOf(fetched, offset);
      seen.push(...records.seen);
      if (records.position === offset) throw new Error(`nothing at offset ${offset}, before the end at ${end}`);
      offset = records.position;
    }
    return seen;
  }

  async values(topic: string, partition: number, isolation: Isolation = "read_committed"): Promise<string[]> {
    return (await this.read(topic, partition, isolation)).map(({ value }) => value);
  }

  groupOffsets(group: string, options?: { readonly waits: boolean }): Promise<readonly OffsetWithMetadata[]> {
    return valueOf<readonly OffsetWithMetadata[]>((done) => this.raw.committedOffsets(group, done, options));
  }

  async begin(transactionalId: string, timeoutMs = 60_000): Promise<TransactionalProducer> {
    const identity = await valueOf<ProducerIdentity>((done) =>
      this.raw.initProducer({ transactional: { transactionalId, timeoutMs } }, done),
    );
    return { transactionalId, ...identity };
  }

  /** From `known` to the next epoch, as a code if that fails. */
  async goOn({ transactionalId, producerId, epoch }: TransactionalProducer): Promise<TransactionalProducer | string> {
    const outcome = await answerOf<ProducerIdentity>((done) =>
      this.raw.initProducer(
        { transactional: { transactionalId, timeoutMs: 60_000, known: { producerId, epoch } } },
        done,
      ),
    );
    return outcome.ok ? { transactionalId, ...outcome.value } : outcome.error.code;
  }

  async add(transaction: TransactionalProducer, ...partitions: readonly TopicPartition[]): Promise<void> {
    await valueOf<void>((done) => this.raw.addPartitions({ transaction, partitions }, done));
  }

  /** In a transaction, in a partition that was added to it. */
  async writeIn(
    transaction: TransactionalProducer,
    topic: string,
    partition: number,
    values: readonly string[],
    sequence = 0,
  ): Promise<void> {
    const bytes = batchOf(values, { ...transaction, sequence, transactional: true });
    await this.produce({ transaction, acks: "all", batches: [{ topic, partition, bytes }] });
  }

  async addOffsets(
    transaction: TransactionalProducer,
    group: string,
    ...offsets: readonly OffsetWithMetadata[]
  ): Promise<void> {
    await valueOf<void>((done) => this.raw.addOffsets({ transaction, group, offsets }, done));
  }

  /** "ok" or a code. */
  end(transaction: TransactionalProducer, result: "commit" | "abort"): Promise<string> {
    return codeOf<void>((done) => this.raw.endTransaction({ transaction, result }, done));
  }

  /** Those with a transaction that is open or about to end. */
  async open(prefix: string): Promise<readonly string[] | undefined> {
    const listed = await this.known(prefix);
    return listed?.flatMap(({ transactionalId, isOpen }) => (isOpen ? [transactionalId] : []));
  }

  known(prefix: string): Promise<readonly ListedTransaction[] | undefined> {
    return valueOf<readonly ListedTransaction[] | undefined>((done) => this.raw.listTransactions(prefix, done));
  }
}

export function recordsOf(
  fetched: FetchedPartition,
  from: number,
): { readonly seen: Seen[]; readonly position: number } {
  if (fetched.error !== undefined) throw fetched.error;
  const opened = openBatches(fetched.batches, { codecs: {}, place: fetched.topic });
  if (!Buffer.isBuffer(opened)) throw new Error("nothing here is compressed");
  const cursor = new RecordCursor(opened, { from, aborted: fetched.aborted });
  const seen: Seen[] = [];
  while (cursor.next()) {
    const { offset, bytes, valueAt, valueBytes } = cursor;
    seen.push({ offset, value: bytes.toString("utf8", valueAt, valueAt + valueBytes) });
  }
  return { seen, position: cursor.position };
}
