/**
 * What source and sink need of a Kafka cluster, and nothing else: the contract between them and whoever speaks to the brokers.
 *
 * Two implementations pass one conformance suite: `kafkajs/` beside this file for real brokers, and the simulated Kafka of `millrace/testing`. Another client
 * stands in by implementing this.
 *
 * Every call answers once, through its callback and never before it has returned (`Done`), within `retryForMs`. Until then the client itself repeats what may be
 * repeated: leaders and coordinators that moved, connections that broke, coordinators that are loading. What cannot be repeated without doubt is made so that it
 * can: produced batches carry sequence numbers, the end of a transaction names its producer. After `close`, nothing answers any more.
 *
 * Errors that callers tell apart have a code each; see `errors.ts`. Offsets and producer ids are numbers: brokers count them from 0 upwards, one by one.
 */
import type { TimeMs } from "../../../core/time/clock.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import type { Done } from "../../../core/util/outcome.ts";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** As `ssl` and `sasl` of kafkajs: handed on as they are. */
export interface KafkaSecurity {
  /** True: TLS with the system's authorities. Otherwise the options of Node's `tls.connect`. */
  readonly ssl?: boolean | Readonly<Record<string, unknown>>;
  /** Such as `{ mechanism: "scram-sha-512", username, password }`. */
  readonly sasl?: Readonly<Record<string, unknown>> & { readonly mechanism: string };
}

export interface KafkaClientOptions extends KafkaSecurity {
  /** `host:port`; one is enough to find the others. */
  readonly bootstrapServers: readonly string[];
  readonly clientId: string;
  /** Of one request to one broker. */
  readonly requestTimeoutMs: number;
  /** Of one call with all its repetitions; also the longest time without any broker before a call fails. */
  readonly retryForMs: number;
}

/** Makes a client; must not fail, and need not connect before the first call. */
export type KafkaClientFactory = (options: KafkaClientOptions) => KafkaClient;

export interface TopicDescription {
  readonly topic: string;
  /** From 0 upwards, without gaps. */
  readonly partitions: number;
}

export interface LocatedPartition extends TopicPartition {
  /** The broker that leads it. */
  readonly node: number;
}

export interface OffsetQuery extends TopicPartition {
  /** `latest`: one behind the last record that a reader with this isolation sees. A time: the first record of that time or later, or `latest` if there is none. */
  readonly at: "earliest" | "latest" | { readonly timestampMs: TimeMs };
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

export interface OffsetWithMetadata extends PartitionOffset {
  /** At most 4 KB, unless the broker is set otherwise. */
  readonly metadata: string;
}

export type Isolation = "read_committed" | "read_uncommitted";

export interface FetchRequest {
  /** As `locate` said. All partitions are led by it. */
  readonly node: number;
  readonly partitions: readonly PartitionOffset[];
  readonly isolation: Isolation;
  /** How long the broker may wait for the first byte. */
  readonly waitMs: number;
  /** Of the answer, and per partition. The first batch comes whole, however large. */
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** What a broker has of one partition. `error` stands alone: `MR6403` no such partition, `MR6407` no such offset, `MR6409` led by another broker now (ask `locate`), … */
export type FetchedPartition = TopicPartition &
  (
    | {
        readonly error?: undefined;
        /** Behind the last replicated record. */
        readonly highWatermark: number;
        /** Behind the last record that a `read_committed` reader may see. */
        readonly lastStableOffset: number;
        readonly logStartOffset: number;
        /** Transactions that are to be left out, by `firstOffset`; empty for `read_uncommitted`. */
        readonly aborted: readonly AbortedTransaction[];
        /** Whole record batches, one behind another, and perhaps the beginning of one more; see records/decode-batches.ts. Nobody else writes to them. */
        readonly batches: Uint8Array;
      }
    | { readonly error: MillraceError }
  );

/** One incarnation of a producer: whoever comes later with the same transactional id has a higher epoch, or another id. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

export interface TransactionalProducer extends ProducerIdentity {
  readonly transactionalId: string;
}

export interface InitProducerRequest {
  /** Left out: a producer without transactions, whose batches are still written once and in order. */
  readonly transactional?: {
    readonly transactionalId: string;
    /** The broker aborts a transaction that is open for longer. */
    readonly timeoutMs: number;
    /**
     * Only if nobody has come since; otherwise `MR6405`. Left out: takes the id over from whomever, aborts what they left open, and answers only when that is
     * over, so that offsets of their last committed transaction can be read. The transaction of `known` is to be ended first: one that is open is
     * aborted, and brokers before Kafka 4 then answer `MR6405`.
     */
    readonly known?: ProducerIdentity;
  };
}

export interface ProduceRequest {
  /** Undefined: a batch without producer. */
  readonly transaction: TransactionalProducer | undefined;
  /** At most one per partition. */
  readonly batches: readonly ProduceBatch[];
  readonly acks: "all" | "leader" | "none";
}

export interface ProduceBatch extends TopicPartition {
  /** As records/encode-batch.ts makes it, with producer and sequence in its header: what the broker has seen it does not write again. */
  readonly bytes: Uint8Array;
}

export interface ListedTransaction {
  readonly transactionalId: string;
  /** There is one, or one is about to end. */
  readonly isOpen: boolean;
}

export interface KafkaClient {
  /** Undefined: all topics that one may see, without Kafka's own. Topics that do not exist are left out. */
  describeTopics(topics: readonly string[] | undefined, done: Done<readonly TopicDescription[]>): void;
  /** Asks anew each time. Partitions without a leader are left out, those that do not exist are `MR6403`. */
  locate(partitions: readonly TopicPartition[], done: Done<readonly LocatedPartition[]>): void;
  /** In the order of the queries. */
  listOffsets(
    request: { readonly queries: readonly OffsetQuery[]; readonly isolation: Isolation },
    done: Done<readonly PartitionOffset[]>,
  ): void;
  /** One attempt, with no repetition. In the order of the request. */
  fetch(request: FetchRequest, done: Done<readonly FetchedPartition[]>): void;

  /**
   * Of all partitions for which the group has one. Waits for transactions that are about to change them: what was committed before the call is in the answer. With `waits: false` it does not:
   * all in the answer is committed, and what is just being committed may be missing.
   */
  committedOffsets(
    group: string,
    done: Done<readonly OffsetWithMetadata[]>,
    options?: { readonly waits?: boolean },
  ): void;
  commitOffsets(
    request: { readonly group: string; readonly offsets: readonly OffsetWithMetadata[] },
    done: Done<void>,
  ): void;

  initProducer(request: InitProducerRequest, done: Done<ProducerIdentity>): void;
  /** Before the first batch for them in this transaction. */
  addPartitions(
    request: { readonly transaction: TransactionalProducer; readonly partitions: readonly TopicPartition[] },
    done: Done<void>,
  ): void;
  /** Settles when all batches are acknowledged; `acks: "none"`, when they are sent. An error says nothing of the other batches. */
  produce(request: ProduceRequest, done: Done<void>): void;
  /** Visible to the group if, and only if, the transaction is committed. */
  addOffsets(
    request: {
      readonly transaction: TransactionalProducer;
      readonly group: string;
      readonly offsets: readonly OffsetWithMetadata[];
    },
    done: Done<void>,
  ): void;
  /**
   * Settled: it is decided, for good; records and offsets become visible soon. To repeat it, also by another client and after a crash, is harmless. `MR6405`: another producer
   * has come since, or the broker ended the transaction after its timeout. `MR6406`: there is no such transaction (any more), or it ended the other way.
   */
  endTransaction(
    request: { readonly transaction: TransactionalProducer; readonly result: "commit" | "abort" },
    done: Done<void>,
  ): void;
  /** All transactional ids with that prefix that any broker still knows, also those without a transaction now; undefined if the brokers cannot say (before Kafka 3.0). */
  listTransactions(prefix: string, done: Done<readonly ListedTransaction[] | undefined>): void;
  /** The broker's `transaction.max.timeout.ms`; undefined if it does not tell us. */
  transactionTimeoutMaxMs(done: Done<number | undefined>): void;

  /** `abandoned`: a transaction that nobody will commit, aborted by one attempt, so that readers need not wait for its timeout. Whether that succeeds does not matter. */
  close(abandoned?: TransactionalProducer): Promise<void>;
}
