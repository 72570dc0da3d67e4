/**
 * The transaction coordinator: who may write under a transactional id, and how each transaction ends.
 *
 * In:    the requests of producers; transactions that take too long; markers that were written. Out: refusals, and transactions whose markers are to be written (`seams`).
 * State: one record per transactional id, as Kafka's coordinator keeps it; the alarms of open transactions.
 *
 * The rules are those of Kafka 2.5 to 3.9 (KIP-98, KIP-360), to the letter where a client could tell: an end is answered before its markers are written, and asked for
 * again it waits until they are; a takeover first aborts, under an epoch that nobody gets, and then counts once more; `known` is compared with the newest epoch and, for a
 * repeated request, with the one before, but only once nothing is open any more: even a stale one aborts what it finds.
 */
import type {
  InitProducerRequest,
  ProducerIdentity,
  TopicPartition,
  TransactionalProducer,
} from "../../../connectors/kafka/client/kafka-client.ts";
import type { Cancel, TimeMs } from "../../../core/time/clock.ts";
import { BrokerRefusal } from "./refusal.ts";

export type TransactionState =
  | "Empty"
  | "Ongoing"
  | "PrepareCommit"
  | "PrepareAbort"
  | "CompleteCommit"
  | "CompleteAbort";

export interface TransactionRecord {
  readonly transactionalId: string;
  producerId: number;
  /** -1: there was none. */
  lastProducerId: number;
  /** -1: nobody has one yet. */
  epoch: number;
  lastEpoch: number;
  state: TransactionState;
  timeoutMs: number;
  startedMs: TimeMs;
  /** In which its marker is still to be written. */
  partitions: ReadonlyMap<string, TopicPartition>;
  groups: ReadonlySet<string>;
}

export interface CoordinatorSeams {
  nowMs(): TimeMs;
  later(delayMs: number, event: () => void): Cancel;
  newProducerId(): number;
  /** The end of a transaction is decided: to be said to its partitions and groups, each with {@link TransactionCoordinator.marked}. */
  decided(record: TransactionRecord): void;
  /** How long after its timeout a transaction is looked at. */
  lateMs(): number;
}

export interface CoordinatorOptions {
  readonly timeoutMaxMs: number;
  /** No client gets it, so that whoever has the one below can be fenced. */
  readonly epochMax: number;
}

type Initialised = NonNullable<InitProducerRequest["transactional"]>;

const NONE = -1;

export class TransactionCoordinator {
  readonly #seams: CoordinatorSeams;
  readonly #options: CoordinatorOptions;
  readonly #records: Map<string, TransactionRecord>;
  readonly #alarms = new Map<string, Cancel>();

  constructor(seams: CoordinatorSeams, options: CoordinatorOptions, records: readonly TransactionRecord[] = []) {
    this.#seams = seams;
    this.#options = options;
    this.#records = new Map(records.map((record) => [record.transactionalId, { ...record }]));
  }

  /** What was under way when the records were copied goes on. */
  resume(): void {
    for (const record of this.#records.values()) {
      if (record.state === "Ongoing") this.#watch(record);
      else if (isEnding(record)) this.#seams.decided(record);
    }
  }

  records(): readonly TransactionRecord[] {
    return [...this.#records.values()];
  }

  init({ transactionalId, timeoutMs, known }: Initialised): ProducerIdentity {
    if (transactionalId === "") throw new BrokerRefusal("REFUSED", "a transactional id must not be empty");
    if (timeoutMs <= 0 || timeoutMs > this.#options.timeoutMaxMs)
      throw new BrokerRefusal(
        "REFUSED",
        `the transaction timeout of ${timeoutMs} ms of "${transactionalId}" is not between 1 and ${this.#options.timeoutMaxMs} ms, which the broker allows (transaction.max.timeout.ms)`,
      );
    const record = this.#records.get(transactionalId) ?? this.#create(transactionalId, timeoutMs);
    if (known !== undefined && !this.#mayBe(record, known)) throw new BrokerRefusal("FENCED", transactionalId);
    if (record.state === "Ongoing") this.#fence(record);
    if (isEnding(record)) throw new BrokerRefusal("CONCURRENT_TRANSACTIONS", transactionalId);
    if (this.#isExhausted(record.epoch) && (known === undefined || known.epoch === record.epoch))
      this.#rotate(record, known !== undefined);
    else this.#count(record, known);
    record.state = "Empty";
    record.timeoutMs = timeoutMs;
    return { producerId: record.producerId, epoch: record.epoch };
  }

  addPartitions(producer: TransactionalProducer, partitions: readonly TopicPartition[]): void {
    const record = this.#writable(producer);
    record.partitions = new Map([...record.partitions, ...partitions.map((each) => [placeOf(each), each] as const)]);
    this.#begin(record);
  }

  addGroup(producer: TransactionalProducer, group: string): void {
    const record = this.#writable(producer);
    record.groups = new Set([...record.groups, group]);
    this.#begin(record);
  }

  end(producer: TransactionalProducer, result: "commit" | "abort"): void {
    const record = this.#current(producer);
    const { transactionalId } = producer;
    const [prepare, complete] =
      result === "commit"
        ? (["PrepareCommit", "CompleteCommit"] as const)
        : (["PrepareAbort", "CompleteAbort"] as const);
    if (record.state === complete) return;
    if (record.state === prepare) throw new BrokerRefusal("CONCURRENT_TRANSACTIONS", transactionalId);
    if (record.state !== "Ongoing") throw new BrokerRefusal("INVALID_TXN_STATE", transactionalId);
    this.#decide(record, prepare);
  }

  /** Throws unless the partition is part of the producer's open transaction. */
  verify({ transactionalId, producerId, epoch }: TransactionalProducer, partition: TopicPartition): void {
    const record = this.#records.get(transactionalId);
    if (record?.producerId === producerId && record.epoch !== epoch) throw new BrokerRefusal("FENCED", transactionalId);
    if (record?.producerId !== producerId || record.state !== "Ongoing" || !record.partitions.has(placeOf(partition)))
      throw new BrokerRefusal("INVALID_TXN_STATE", transactionalId);
  }

  /** A marker of a transaction whose end is decided has been written. `partition`: as {@link placeOf} names it. */
  marked(record: TransactionRecord, place: { readonly partition?: string; readonly group?: string } = {}): void {
    record.partitions = new Map([...record.partitions].filter(([partition]) => partition !== place.partition));
    record.groups = new Set([...record.groups].filter((group) => group !== place.group));
    if (record.partitions.size > 0 || record.groups.size > 0 || !isEnding(record)) return;
    record.state = record.state === "PrepareCommit" ? "CompleteCommit" : "CompleteAbort";
  }

  /** As though its timeout had passed. Nothing, if it is not open. */
  expire(transactionalId: string): void {
    const record = this.#records.get(transactionalId);
    if (record?.state === "Ongoing") this.#fence(record);
  }

  #create(transactionalId: string, timeoutMs: number): TransactionRecord {
    const record: TransactionRecord = {
      transactionalId,
      producerId: this.#seams.newProducerId(),
      lastProducerId: NONE,
      epoch: NONE,
      lastEpoch: NONE,
      state: "Empty",
      timeoutMs,
      startedMs: NONE,
      partitions: new Map(),
      groups: new Set(),
    };
    this.#records.set(transactionalId, record);
    return record;
  }

  /** The epoch is compared later. */
  #mayBe(record: TransactionRecord, known: ProducerIdentity): boolean {
    return (
      record.epoch === NONE ||
      known.producerId === record.producerId ||
      (known.producerId === record.lastProducerId && this.#isExhausted(known.epoch))
    );
  }

  #isExhausted(epoch: number): boolean {
    return epoch >= this.#options.epochMax - 1;
  }

  #rotate(record: TransactionRecord, remembersEpoch: boolean): void {
    record.lastProducerId = record.producerId;
    record.lastEpoch = remembersEpoch ? record.epoch : NONE;
    record.producerId = this.#seams.newProducerId();
    record.epoch = 0;
  }

  #count(record: TransactionRecord, known: ProducerIdentity | undefined): void {
    // A repeated request, whose answer was lost.
    if (known !== undefined && record.epoch !== NONE && known.epoch !== record.epoch) {
      if (known.epoch === record.lastEpoch) return;
      throw new BrokerRefusal("FENCED", record.transactionalId);
    }
    record.lastEpoch = known === undefined ? NONE : record.epoch;
    record.lastProducerId = record.producerId;
    record.epoch += 1;
  }

  #current({ transactionalId, producerId, epoch }: TransactionalProducer): TransactionRecord {
    const record = this.#records.get(transactionalId);
    if (record?.producerId !== producerId) throw new BrokerRefusal("INVALID_TXN_STATE", transactionalId);
    if (record.epoch !== epoch) throw new BrokerRefusal("FENCED", transactionalId);
    return record;
  }

  #writable(producer: TransactionalProducer): TransactionRecord {
    const record = this.#current(producer);
    if (isEnding(record)) throw new BrokerRefusal("CONCURRENT_TRANSACTIONS", producer.transactionalId);
    return record;
  }

  #begin(record: TransactionRecord): void {
    if (record.state === "Ongoing") return;
    record.state = "Ongoing";
    record.startedMs = this.#seams.nowMs();
    this.#watch(record);
  }

  #watch(record: TransactionRecord): void {
    const { nowMs, later, lateMs } = this.#seams;
    const leftMs = record.startedMs + record.timeoutMs - nowMs();
    const expire = (): void => this.expire(record.transactionalId);
    this.#alarms.set(record.transactionalId, later(Math.max(leftMs, 0) + lateMs(), expire));
  }

  /** Nobody gets this epoch: whoever comes next gets one above it. */
  #fence(record: TransactionRecord): void {
    record.epoch += 1;
    record.lastEpoch = NONE;
    this.#decide(record, "PrepareAbort");
  }

  #decide(record: TransactionRecord, state: "PrepareCommit" | "PrepareAbort"): void {
    this.#alarms.get(record.transactionalId)?.();
    this.#alarms.delete(record.transactionalId);
    record.state = state;
    this.#seams.decided(record);
  }
}

export function isEnding({ state }: TransactionRecord): boolean {
  return state === "PrepareCommit" || state === "PrepareAbort";
}

export function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
