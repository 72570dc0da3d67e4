/**
 * `SimulatedKafka`: a Kafka cluster in memory, for tests of jobs that read from Kafka and write to it.
 *
 * In:    what a test puts there; the calls of clients. Out: answers; what a reader would see. State: the cluster, as the test has set it up, and as the run at hand has changed it.
 */
import { BatchBuilder } from "../../../connectors/kafka/records/batch-builder.ts";
import type { Bytes } from "../../../connectors/kafka/records/batch-builder.ts";
import type {
  Isolation,
  KafkaClientFactory,
  OffsetWithMetadata,
  TopicPartition,
} from "../../../connectors/kafka/client/kafka-client.ts";
import { SystemClock } from "../../../core/time/system-clock.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { currentWorld } from "../user-code/current-world.ts";
import type { KeptOutside } from "../check-exactly-once.ts";
import type { OutsideMoment, OutsideWorld } from "../outside-world.ts";
import { Brokers } from "./brokers.ts";
import { recordsOf } from "./committed-records.ts";
import type { ReadRecord } from "./committed-records.ts";
import { clockDriver, unawaited } from "./driver.ts";
import { senseless, unknownToTheRun } from "./errors.ts";
import { KafkaMoment } from "./kafka-moment.ts";
import { NOTHING } from "./kafka-state.ts";
import { brokerOptions } from "./options.ts";
import type { SimulatedKafkaOptions } from "./options.ts";
import type { PartitionLog } from "./partition-log.ts";
import { BrokerRefusal } from "./refusal.ts";
import { SimulatedClient } from "./simulated-client.ts";

/** What somebody outside writes. */
export interface WrittenRecord {
  readonly key?: Bytes | null;
  readonly value: Bytes | null;
  /** Default: the one that its key belongs to; without a key, one after the other. */
  readonly partition?: number;
  /** Default: now. */
  readonly timestampMs?: number;
  readonly headers?: Readonly<Record<string, Bytes | null>>;
}

/**
 * A Kafka cluster in memory: topics, consumer groups, producers and transactions, with faults where a test asks for them.
 *
 * Shape:  `client` goes into the options of a Kafka source or sink; `outside: [kafka]` into those of `simulate` and `checkExactlyOnce`. What the test does itself is done at once.
 * Time:   that of the simulated run; outside of runs that of `clock`, by default real time.
 * State:  a run begins with what the test has set up, and what it leaves can be read until the next one begins.
 * Errors: `MR6470` a job in a run uses a cluster that the run does not know; `MR6471` an option, topic or partition makes no sense; `MR6472` records cannot be decoded at once.
 * Source: Kafka's brokers, 2.5 to 3.9: the coordinator of transactions and the log keep their rules.
 *
 * @example
 * import { strict as assert } from "node:assert";
 * const kafka = new SimulatedKafka({ clock: new ManualClock(1_000) });
 * kafka.createTopic("clicks", 2);
 * kafka.produce("clicks", [{ key: "ada", value: "tea", partition: 1 }]);
 * assert.deepEqual(kafka.committed("clicks").map(({ partition, value }) => [partition, value]), [[1, "tea"]]);
 */
export class SimulatedKafka implements OutsideWorld {
  /** For the option `client` of sources and sinks. Which servers its options name does not count. */
  readonly client: KafkaClientFactory;
  readonly #options: SimulatedKafkaOptions;
  /** As the test has set it up. */
  #own: Brokers;
  /** Of the run that goes on, or was the last. */
  #run: KafkaMoment | undefined = undefined;
  #isRunning = false;
  #isDown = false;
  #next = 0;

  constructor(options: SimulatedKafkaOptions = {}) {
    const { clock, seed = 1 } = options;
    const driver = clockDriver(
      clock ?? new SystemClock(),
      new SeededRandom(seed),
      clock === undefined ? unawaited : undefined,
    );
    this.#options = options;
    this.#own = new Brokers(brokerOptions(options), driver, NOTHING);
    const cluster = { brokers: () => this.#called(), isDown: () => this.#isDown };
    this.client = (clientOptions) => new SimulatedClient(cluster, clientOptions);
  }

  /** `timestamps`: `"append"` gives records the time at which they arrive. Default: the one that their producer gave them. */
  createTopic(topic: string, partitions = 1, options: { readonly timestamps?: "create" | "append" } = {}): void {
    const brokers = this.#changing;
    if (brokers.leaders.describe([topic]).length > 0) throw senseless(`the topic "${topic}" is there already`);
    requireCount(topic, partitions);
    brokers.leaders.createTopic(topic, { partitions, timestamps: options.timestamps ?? "create" });
  }

  /** So many more. */
  addPartitions(topic: string, count: number): void {
    const brokers = this.#changing;
    partitionsOf(brokers, topic);
    requireCount(topic, count);
    brokers.leaders.addPartitions(topic, count);
  }

  /** With all that is in it. */
  deleteTopic(topic: string): void {
    const brokers = this.#changing;
    partitionsOf(brokers, topic);
    brokers.leaders.deleteTopic(topic);
  }

  /** As a producer outside, without transactions. A text is a record with that value and no key. */
  produce(topic: string, records: readonly (string | WrittenRecord)[]): void {
    const brokers = this.#changing;
    const count = partitionsOf(brokers, topic);
    const nowMs = brokers.driver.nowMs();
    const builders = new Map<number, BatchBuilder>();
    for (const given of records) {
      const record = typeof given === "string" ? { value: given } : given;
      const { key = null, value, timestampMs = nowMs, headers = {} } = record;
      const partition = record.partition ?? (key === null ? this.#next++ : hashOf(key)) % count;
      logOf(brokers, { topic, partition });
      const builder = builders.get(partition) ?? new BatchBuilder();
      builders.set(partition, builder);
      const list = Object.entries(headers).map(([name, of]) => ({ key: name, value: of }));
      builder.append(key, value, timestampMs, list);
    }
    for (const [partition, builder] of builders)
      brokers.leaders.write({ topic, partition, bytes: builder.seal(undefined) });
  }

  /** What a `read_committed` reader sees up to now, partition by partition. */
  committed(topic: string): readonly ReadRecord[] {
    return this.#read(topic, "read_committed");
  }

  /** What is there, also of transactions that are open or were aborted. */
  uncommitted(topic: string): readonly ReadRecord[] {
    return this.#read(topic, "read_uncommitted");
  }

  /** What a consumer group has committed, without what open transactions hold. */
  groupOffsets(group: string): readonly OffsetWithMetadata[] {
    return this.#shown.coordinators.groupOffsets(group);
  }

  /** Transactional ids with a transaction that is open or about to end. */
  openTransactions(prefix = ""): readonly string[] {
    return this.#shown.coordinators.openTransactions(prefix);
  }

  /** Aborts what is open, as though its timeout had passed. */
  expireTransactions(prefix = ""): void {
    const brokers = this.#changing;
    for (const transactionalId of brokers.coordinators.openTransactions(prefix))
      brokers.coordinators.expire(transactionalId);
  }

  /** As retention does: readers find nothing before that offset any more. */
  deleteRecordsBefore(topic: string, partition: number, offset: number): void {
    logOf(this.#changing, { topic, partition }).deleteBefore(offset);
  }

  /** As compaction does, which keeps some offsets without records. Default: the headers of emptied batches stay. */
  compact(
    topic: string,
    partition: number,
    range: { readonly from: number; readonly to: number; readonly leave?: "empty batches" | "gaps" },
  ): void {
    logOf(this.#changing, { topic, partition }).compact({ leave: "empty batches", ...range });
  }

  /** Another broker leads it. */
  moveLeader(topic: string, partition: number): void {
    const brokers = this.#changing;
    logOf(brokers, { topic, partition });
    brokers.leaders.moveLeader({ topic, partition }, 0);
  }

  /** Nobody answers until `start`. */
  stop(): void {
    this.#isDown = true;
  }

  /** After `stop`: everything is still there. */
  start(): void {
    this.#isDown = false;
  }

  /** For `keepSinks` of `checkExactlyOnce`: what a sink wrote into a topic. `read`: what is compared. Default: key and value. */
  kept(topic: string, read: (record: ReadRecord) => unknown = ({ key, value }) => ({ key, value })): KeptOutside {
    return { clear: () => undefined, written: () => this.committed(topic).map(read), goesBack: true };
  }

  /** @internal Whether faults are asked for. */
  get fails(): boolean {
    return Object.values(this.#own.options.faults).some((rate) => rate > 0);
  }

  /** @internal A run begins. */
  begin(): OutsideMoment {
    this.#run = undefined;
    return new KafkaMoment(this.#own.options, this.#own.state(), {
      entered: (moment) => {
        this.#run = moment;
        this.#isRunning = true;
      },
      left: () => {
        this.#isRunning = false;
      },
    });
  }

  /** To look at. */
  get #shown(): Brokers {
    return this.#run?.brokers ?? this.#own;
  }

  /** To change. Outside of runs it is the next one that is set up, and what the last has left is forgotten. */
  get #changing(): Brokers {
    if (!this.#isRunning) this.#run = undefined;
    return this.#shown;
  }

  /** A client is calling. */
  #called(): Brokers {
    if (!this.#isRunning && currentWorld() !== undefined) throw unknownToTheRun();
    return this.#changing;
  }

  #read(topic: string, isolation: Isolation): readonly ReadRecord[] {
    const { codecs = {} } = this.#options;
    const brokers = this.#shown;
    return Array.from({ length: partitionsOf(brokers, topic) }, (_, partition) =>
      recordsOf(logOf(brokers, { topic, partition }), partition, { isolation, codecs }),
    ).flat();
  }
}

function partitionsOf(brokers: Brokers, topic: string): number {
  const [described] = brokers.leaders.describe([topic]);
  if (described === undefined) throw senseless(`there is no topic "${topic}": create it first`);
  return described.partitions;
}

function logOf(brokers: Brokers, place: TopicPartition): PartitionLog {
  partitionsOf(brokers, place.topic);
  try {
    return brokers.leaders.log(place);
  } catch (error) {
    if (!(error instanceof BrokerRefusal)) throw error;
    throw senseless(`the topic "${place.topic}" has no partition ${place.partition}`);
  }
}

function requireCount(topic: string, partitions: number): void {
  if (Number.isSafeInteger(partitions) && partitions >= 1) return;
  throw senseless(`the topic "${topic}" gets 1 partition or more, not ${partitions}`);
}

/** Not the one of Kafka's own producers: nothing should rely on it. */
function hashOf(key: Bytes): number {
  let hash = 0;
  for (const byte of Buffer.from(key)) hash = (Math.imul(hash, 31) + byte) >>> 0;
  return hash;
}
