/**
 * The brokers as leaders of partitions: topics, logs, and whoever waits for records.
 *
 * In:    requests about partitions, one at a time; markers of transactions. Out: answers, or a `BrokerRefusal` that is thrown. State: the logs and who leads them; readers that wait.
 */
import type {
  FetchedPartition,
  FetchRequest,
  Isolation,
  LocatedPartition,
  OffsetQuery,
  PartitionOffset,
  ProduceBatch,
  TopicDescription,
  TopicPartition,
} from "../../../connectors/kafka/client/kafka-client.ts";
import { flawOf } from "./batch-bytes.ts";
import type { Marker } from "./batch-bytes.ts";
import type { KafkaDriver } from "./driver.ts";
import { fetchedBy } from "./fetching.ts";
import type { KafkaFaults } from "./kafka-faults.ts";
import type { PartitionState } from "./kafka-state.ts";
import type { BrokerOptions } from "./options.ts";
import { PartitionLog } from "./partition-log.ts";
import { BrokerRefusal } from "./refusal.ts";
import { placeOf } from "./transactions.ts";

const LEADERLESS_MS = 500;

export interface LeaderSeams {
  readonly driver: KafkaDriver;
  readonly faults: KafkaFaults;
  readonly options: BrokerOptions;
}

export class Leaders {
  readonly driver: KafkaDriver;
  readonly faults: KafkaFaults;
  readonly options: BrokerOptions;
  readonly #topics: Map<string, PartitionState[]>;
  /** Readers that wait for something to read. */
  readonly #waiting = new Set<() => void>();

  constructor({ driver, faults, options }: LeaderSeams, topics: Map<string, PartitionState[]>) {
    this.driver = driver;
    this.faults = faults;
    this.options = options;
    this.#topics = topics;
  }

  createTopic(topic: string, options: { readonly partitions: number; readonly timestamps: "create" | "append" }): void {
    this.#topics.set(topic, []);
    this.addPartitions(topic, options.partitions, options.timestamps);
  }

  addPartitions(topic: string, count: number, timestamps?: "create" | "append"): void {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw new BrokerRefusal("UNKNOWN_PARTITION", `the topic "${topic}"`);
    const given = timestamps ?? partitions[0]?.log.options.timestamps ?? "create";
    for (let left = count; left > 0; left--) {
      const partition = partitions.length;
      const log = new PartitionLog({ place: placeOf({ topic, partition }), timestamps: given });
      partitions.push({ log, leader: partition % this.options.nodes, leaderEpoch: 0, leaderlessUntilMs: 0 });
    }
  }

  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
    this.#changed();
  }

  describe(topics: readonly string[] | undefined): readonly TopicDescription[] {
    return (topics ?? [...this.#topics.keys()]).flatMap((topic) => {
      const partitions = this.#topics.get(topic);
      return partitions === undefined ? [] : [{ topic, partitions: partitions.length }];
    });
  }

  locate(partitions: readonly TopicPartition[]): readonly LocatedPartition[] {
    return partitions.flatMap(({ topic, partition }) => {
      const state = this.#at({ topic, partition });
      return this.#isLed(state) ? [{ topic, partition, node: state.leader }] : [];
    });
  }

  listOffsets(queries: readonly OffsetQuery[], isolation: Isolation): readonly PartitionOffset[] {
    return queries.map(({ topic, partition, at }) => {
      const { log } = this.#led({ topic, partition });
      const latest = log.limit(isolation);
      if (typeof at === "object")
        return { topic, partition, offset: log.offsetAt(at.timestampMs, isolation) ?? latest };
      return { topic, partition, offset: at === "earliest" ? log.startOffset : latest };
    });
  }

  /** Answers at once if there is something to read, or to say; else when there is, or the time is up. */
  fetch(request: FetchRequest, answer: (partitions: readonly FetchedPartition[]) => void): void {
    for (const partition of request.partitions) this.#mayMove(partition);
    const read = (): ReturnType<typeof fetchedBy> =>
      fetchedBy(request, (partition) => this.#fetchable(partition, request.node));
    const first = read();
    if (first.isWorthAnAnswer || request.waitMs <= 0) return answer(first.partitions);
    const finish = (): void => {
      this.#waiting.delete(look);
      cancel();
      answer(read().partitions);
    };
    const look = (): void => {
      if (read().isWorthAnAnswer) finish();
    };
    const cancel = this.driver.later(request.waitMs, finish);
    this.#waiting.add(look);
    return undefined;
  }

  /** From outside, whoever leads. */
  write({ bytes, ...partition }: ProduceBatch): void {
    const { log, leaderEpoch } = this.#at(partition);
    log.append(bytes, { nowMs: this.driver.nowMs(), leaderEpoch, verify: () => undefined });
    this.#changed();
  }

  produce(batch: ProduceBatch, verify: () => void): void {
    const place = placeOf(batch);
    this.#mayMove(batch);
    const { log, leaderEpoch } = this.#led(batch);
    const flaw = flawOf(batch.bytes);
    if (flaw !== undefined) throw new BrokerRefusal("REFUSED", `${place}: ${flaw}`);
    if (batch.bytes.length > this.options.batchBytesMax)
      throw new BrokerRefusal(
        "REFUSED",
        `${place}: a batch of ${batch.bytes.length} bytes is larger than the topic allows (max.message.bytes: ${this.options.batchBytesMax})`,
      );
    log.append(batch.bytes, {
      nowMs: this.driver.nowMs(),
      leaderEpoch,
      verify,
    });
    this.#changed();
  }

  /** The end of a transaction in a partition, if there still is one. */
  mark({ topic, partition }: TopicPartition, marker: Marker): void {
    const state = this.#topics.get(topic)?.[partition];
    state?.log.mark(marker, state.leaderEpoch);
    this.#changed();
  }

  moveLeader(partition: TopicPartition, leaderlessMs: number): void {
    const state = this.#at(partition);
    state.leader = (state.leader + 1) % this.options.nodes;
    state.leaderEpoch += 1;
    state.leaderlessUntilMs = this.driver.nowMs() + this.driver.random.next() * leaderlessMs;
    this.#changed();
  }

  /** For tests and for those who read without a client. */
  log(partition: TopicPartition): PartitionLog {
    return this.#at(partition).log;
  }

  #at({ topic, partition }: TopicPartition): PartitionState {
    const state = this.#topics.get(topic)?.[partition];
    if (state === undefined) throw new BrokerRefusal("UNKNOWN_PARTITION", placeOf({ topic, partition }));
    return state;
  }

  #isLed({ leaderlessUntilMs }: PartitionState): boolean {
    return this.driver.nowMs() >= leaderlessUntilMs;
  }

  #led(partition: TopicPartition): PartitionState {
    const state = this.#at(partition);
    if (!this.#isLed(state)) throw new BrokerRefusal("NOT_LEADER", placeOf(partition));
    return state;
  }

  #fetchable(partition: TopicPartition, node: number): PartitionLog {
    const { log, leader } = this.#led(partition);
    if (leader !== node) throw new BrokerRefusal("NOT_LEADER", placeOf(partition));
    return log;
  }

  #mayMove(partition: TopicPartition): void {
    const exists = this.#topics.get(partition.topic)?.[partition.partition] !== undefined;
    if (exists && this.faults.strike("leader-moves", placeOf(partition))) this.moveLeader(partition, LEADERLESS_MS);
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }
}
