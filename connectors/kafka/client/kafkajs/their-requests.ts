/**
 * The requests that kafkajs has in the version that we need, with types.
 *
 * Its `parse` throws at the first error in an answer and says not of what; so answers are taken as they are decoded, and whoever asked looks at each error.
 */
import type { OffsetWithMetadata, TopicPartition, TransactionalProducer } from "../kafka-client.ts";
import { byTopic } from "./by-topic.ts";
import { REQUEST_VERSIONS } from "./load-kafkajs.ts";
import type { Exchange, Kafkajs, RequestName } from "./load-kafkajs.ts";

interface PartitionErrors {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
}

export interface MetadataAnswer {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly isInternal: boolean;
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
  }[];
}

export interface CoordinatorAnswer {
  readonly errorCode: number;
  readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number };
}

export interface ListOffsetsAnswer {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly offset: string }[];
  }[];
}

export interface ConfigsAnswer {
  readonly resources: readonly {
    readonly errorCode: number;
    readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[];
  }[];
}

export interface ErrorAnswer {
  readonly errorCode: number;
}

export class TheirRequests {
  readonly #kafkajs: Kafkajs;

  constructor(kafkajs: Kafkajs) {
    this.#kafkajs = kafkajs;
  }

  /** Empty: all topics. */
  metadata(topics: readonly string[]): Exchange<MetadataAnswer> {
    return this.#make("Metadata", { topics, allowAutoTopicCreation: false });
  }

  findCoordinator(kind: "group" | "transaction", key: string): Exchange<CoordinatorAnswer> {
    return this.#make("GroupCoordinator", { groupId: key, coordinatorType: kind === "group" ? 0 : 1 });
  }

  listOffsets(
    queries: readonly (TopicPartition & { readonly timestamp: number })[],
    isolation: "read_committed" | "read_uncommitted",
  ): Exchange<ListOffsetsAnswer> {
    return this.#make("ListOffsets", {
      isolationLevel: isolation === "read_committed" ? 1 : 0,
      topics: byTopic(queries).map(({ topic, items }) => ({ topic, partitions: items })),
    });
  }

  offsetCommit(
    groupId: string,
    offsets: readonly OffsetWithMetadata[],
  ): Exchange<{ readonly responses: readonly PartitionErrors[] }> {
    // Of a group without members, as its committer.
    return this.#make("OffsetCommit", { groupId, groupGenerationId: -1, memberId: "", topics: topicsOf(offsets) });
  }

  /** `broker`: whose; it must be asked itself. */
  describeBroker(node: number, configNames: readonly string[]): Exchange<ConfigsAnswer> {
    return this.#make("DescribeConfigs", {
      resources: [{ type: 4, name: String(node), configNames }],
      includeSynonyms: false,
    });
  }

  addPartitions(
    transaction: TransactionalProducer,
    partitions: readonly TopicPartition[],
  ): Exchange<{
    readonly errors: readonly { readonly topic: string; readonly partitionErrors: PartitionErrors["partitions"] }[];
  }> {
    const topics = byTopic(partitions).map(({ topic, items }) => ({
      topic,
      partitions: items.map(({ partition }) => partition),
    }));
    return this.#make("AddPartitionsToTxn", { ...producerOf(transaction), topics });
  }

  addOffsets(transaction: TransactionalProducer, groupId: string): Exchange<ErrorAnswer> {
    return this.#make("AddOffsetsToTxn", { ...producerOf(transaction), groupId });
  }

  transactionalOffsetCommit(
    transaction: TransactionalProducer,
    groupId: string,
    offsets: readonly OffsetWithMetadata[],
  ): Exchange<{ readonly topics: readonly PartitionErrors[] }> {
    return this.#make("TxnOffsetCommit", { ...producerOf(transaction), groupId, topics: topicsOf(offsets) });
  }

  endTransaction(transaction: TransactionalProducer, transactionResult: boolean): Exchange<ErrorAnswer> {
    return this.#make("EndTxn", { ...producerOf(transaction), transactionResult });
  }

  #make<T>(name: RequestName, options: object): Exchange<T> {
    const make = this.#kafkajs.requests[name].protocol({ version: REQUEST_VERSIONS[name] });
    if (make === undefined) throw new TypeError(`kafkajs has no ${name}`); // looked at when it was loaded
    const { request, response } = make(options);
    const parse = async (decoded: unknown): Promise<T> => decoded as T; // T describes what kafkajs decodes
    return { request, response: { decode: response.decode, parse } };
  }
}

interface KafkajsProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

function producerOf({ transactionalId, producerId, epoch }: TransactionalProducer): KafkajsProducer {
  return { transactionalId, producerId, producerEpoch: epoch };
}

function topicsOf(
  offsets: readonly OffsetWithMetadata[],
): { readonly topic: string; readonly partitions: readonly OffsetWithMetadata[] }[] {
  return byTopic(offsets).map(({ topic, items }) => ({ topic, partitions: items }));
}
