/**
 * The brokers as coordinators: of groups, of transactional ids, and of the markers with which transactions end.
 *
 * In:    requests about groups and transactions, one at a time. Out: answers, or a `BrokerRefusal` that is thrown; markers, later. State: offsets of groups, transactions, producer ids.
 */
import type {
  InitProducerRequest,
  ListedTransaction,
  OffsetWithMetadata,
  ProducerIdentity,
  TopicPartition,
  TransactionalProducer,
} from "../../../connectors/kafka/client/kafka-client.ts";
import { GroupOffsets } from "./group-offsets.ts";
import type { KafkaState } from "./kafka-state.ts";
import type { Leaders } from "./leaders.ts";
import { BrokerRefusal } from "./refusal.ts";
import { isEnding, TransactionCoordinator } from "./transactions.ts";
import type { TransactionRecord } from "./transactions.ts";

const AWAY_MS = 1_000;

export class Coordinators {
  readonly #leaders: Leaders;
  readonly #groups: Map<string, GroupOffsets>;
  readonly #transactions: TransactionCoordinator;
  #producerIds: number;
  #awayUntilMs = 0;

  constructor(leaders: Leaders, { groups, transactions, producerIds }: KafkaState) {
    this.#leaders = leaders;
    this.#groups = groups;
    this.#producerIds = producerIds;
    const { driver, options } = leaders;
    this.#transactions = new TransactionCoordinator(
      {
        nowMs: () => driver.nowMs(),
        later: driver.later,
        newProducerId: () => this.#producerIds++,
        decided: (record) => this.#sendMarkers(record),
        lateMs: () => driver.random.next() * options.expiryCheckMs,
      },
      options,
      transactions,
    );
    this.#transactions.resume();
  }

  state(): Omit<KafkaState, "topics"> {
    return { groups: this.#groups, transactions: this.#transactions.records(), producerIds: this.#producerIds };
  }

  /** Throws unless the partition is part of the producer's open transaction. */
  verify(transaction: TransactionalProducer, partition: TopicPartition): void {
    this.#transactions.verify(transaction, partition);
  }

  committedOffsets(group: string, { waits }: { readonly waits: boolean }): readonly OffsetWithMetadata[] {
    this.#coordinator(group);
    const offsets = this.#groups.get(group);
    return (waits ? offsets?.stable(group) : offsets?.committed()) ?? [];
  }

  commitOffsets(group: string, offsets: readonly OffsetWithMetadata[]): void {
    this.#coordinator(group);
    for (const offset of offsets) this.#leaders.log(offset);
    this.#group(group).commit(offsets);
  }

  initProducer({ transactional }: InitProducerRequest): ProducerIdentity {
    if (transactional === undefined) return { producerId: this.#producerIds++, epoch: 0 };
    this.#coordinator(transactional.transactionalId);
    return this.#transactions.init(transactional);
  }

  addPartitions(transaction: TransactionalProducer, partitions: readonly TopicPartition[]): void {
    this.#coordinator(transaction.transactionalId);
    for (const partition of partitions) this.#leaders.log(partition);
    this.#transactions.addPartitions(transaction, partitions);
    this.#mayExpire(transaction);
  }

  addOffsets(transaction: TransactionalProducer, group: string, offsets: readonly OffsetWithMetadata[]): void {
    this.#coordinator(transaction.transactionalId);
    for (const offset of offsets) this.#leaders.log(offset);
    this.#transactions.addGroup(transaction, group);
    this.#group(group).commitInTransaction(transaction.producerId, offsets);
    this.#mayExpire(transaction);
  }

  endTransaction(transaction: TransactionalProducer, result: "commit" | "abort"): void {
    this.#coordinator(transaction.transactionalId);
    this.#transactions.end(transaction, result);
  }

  listTransactions(prefix: string): readonly ListedTransaction[] {
    const known = this.#transactions.records().filter(({ transactionalId }) => transactionalId.startsWith(prefix));
    return known.map((record) => ({
      transactionalId: record.transactionalId,
      isOpen: record.state === "Ongoing" || isEnding(record),
    }));
  }

  openTransactions(prefix: string): readonly string[] {
    return this.listTransactions(prefix)
      .flatMap(({ transactionalId, isOpen }) => (isOpen ? [transactionalId] : []))
      .sort();
  }

  expire(transactionalId: string): void {
    this.#transactions.expire(transactionalId);
  }

  /** Without those of open transactions. */
  groupOffsets(group: string): readonly OffsetWithMetadata[] {
    return this.#groups.get(group)?.committed() ?? [];
  }

  #coordinator(about: string): void {
    const { driver, faults } = this.#leaders;
    const nowMs = driver.nowMs();
    if (nowMs >= this.#awayUntilMs && faults.strike("coordinator-away", about))
      this.#awayUntilMs = nowMs + driver.random.next() * AWAY_MS;
    if (nowMs < this.#awayUntilMs) throw new BrokerRefusal("COORDINATOR_NOT_AVAILABLE", about);
  }

  #group(name: string): GroupOffsets {
    const group = this.#groups.get(name) ?? new GroupOffsets();
    this.#groups.set(name, group);
    return group;
  }

  #mayExpire({ transactionalId }: TransactionalProducer): void {
    const { driver, faults } = this.#leaders;
    if (!faults.strike("transaction-expires", transactionalId)) return;
    driver.later(driver.random.next() * AWAY_MS, () => this.#transactions.expire(transactionalId));
  }

  /** One by one, each at its own time. */
  #sendMarkers(record: TransactionRecord): void {
    const { driver, options } = this.#leaders;
    const { later } = driver;
    const afterMs = (): number => driver.random.next() * options.markerMs;
    const { producerId, epoch, partitions, groups } = record;
    const result = record.state === "PrepareCommit" ? "commit" : "abort";
    for (const [place, partition] of partitions) {
      later(afterMs(), () => {
        this.#leaders.mark(partition, { producerId, epoch, result, timestampMs: driver.nowMs() });
        this.#transactions.marked(record, { partition: place });
      });
    }
    for (const group of groups) {
      later(afterMs(), () => {
        this.#group(group).transactionEnded(producerId, result);
        this.#transactions.marked(record, { group });
      });
    }
    // Begun, but with nothing in it: there is nobody to tell.
    if (partitions.size + groups.size === 0) later(afterMs(), () => this.#transactions.marked(record));
  }
}
