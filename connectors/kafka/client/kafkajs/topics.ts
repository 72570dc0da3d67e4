/** What one asks of topics: which there are, who leads their partitions, where their records begin and end. */
import type {
  Isolation,
  LocatedPartition,
  OffsetQuery,
  PartitionOffset,
  TopicDescription,
  TopicPartition,
} from "../kafka-client.ts";
import { BrokerError, meaningOf, UNKNOWN_TOPIC_OR_PARTITION } from "./broker-errors.ts";
import { groupBy, partitionKey, partitionText } from "./by-topic.ts";
import type { Cluster } from "./cluster.ts";

const LATEST = -1;
const EARLIEST = -2;

export async function describeTopics(
  cluster: Cluster,
  topics: readonly string[] | undefined,
): Promise<TopicDescription[]> {
  // No names would mean all.
  if (topics?.length === 0) return [];
  const { topicMetadata } = await cluster.metadata([...new Set(topics)]);
  return topicMetadata.flatMap(({ topic, topicErrorCode, isInternal, partitionMetadata }) => {
    if (meaningOf(topicErrorCode) === "unknown-topic") return [];
    if (topicErrorCode !== 0) throw new BrokerError(topicErrorCode, `topic "${topic}"`);
    return topics === undefined && isInternal ? [] : [{ topic, partitions: partitionMetadata.length }];
  });
}

export async function locate(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<LocatedPartition[]> {
  if (partitions.length === 0) return [];
  const { topicMetadata } = await cluster.metadata([...new Set(partitions.map(({ topic }) => topic))]);
  const leaders = new Map<string, number>();
  for (const { topic, topicErrorCode, partitionMetadata } of topicMetadata) {
    if (topicErrorCode !== 0) throw new BrokerError(topicErrorCode, `topic "${topic}"`);
    for (const { partitionId, leader } of partitionMetadata)
      leaders.set(partitionKey({ topic, partition: partitionId }), leader);
  }
  return partitions.flatMap(({ topic, partition }) => {
    const node = leaders.get(partitionKey({ topic, partition }));
    if (node === undefined) throw new BrokerError(UNKNOWN_TOPIC_OR_PARTITION, partitionText({ topic, partition }));
    return node < 0 ? [] : [{ topic, partition, node }];
  });
}

interface NumberedQuery extends TopicPartition {
  readonly index: number;
  readonly timestamp: number;
}

export async function listOffsets(
  cluster: Cluster,
  request: { readonly queries: readonly OffsetQuery[]; readonly isolation: Isolation },
): Promise<PartitionOffset[]> {
  const numbered = request.queries.map(({ topic, partition, at }, index) => ({
    topic,
    partition,
    index,
    timestamp: timestampOf(at),
  }));
  const offsets = await askOffsets(cluster, numbered, request.isolation);
  // No record of that time or later: the end.
  const beyond = numbered.filter(({ index }) => (offsets.get(index) ?? -1) < 0);
  const ends = await askOffsets(
    cluster,
    beyond.map((query) => ({ ...query, timestamp: LATEST })),
    request.isolation,
  );
  return numbered.map(({ topic, partition, index }) => ({
    topic,
    partition,
    offset: ends.get(index) ?? offsets.get(index) ?? 0,
  }));
}

/** Negative times have meanings of their own in the protocol. */
function timestampOf(at: OffsetQuery["at"]): number {
  if (at === "earliest") return EARLIEST;
  return at === "latest" ? LATEST : Math.max(0, Math.ceil(at.timestampMs));
}

/** By the number of the query. A request may name a partition once only, so those that are asked for twice go into another one. */
async function askOffsets(
  cluster: Cluster,
  queries: readonly NumberedQuery[],
  isolation: Isolation,
): Promise<Map<number, number>> {
  const offsets = new Map<number, number>();
  const rounds = groupBy(
    queries,
    (query) =>
      queries.filter((other) => other.index < query.index && partitionKey(other) === partitionKey(query)).length,
  );
  await Promise.all(
    [...rounds.values()].map(async (round) => {
      const perLeader = await cluster.byLeader(round);
      await Promise.all([...perLeader].map(([node, mine]) => askOneLeader(cluster, node, mine, isolation, offsets)));
    }),
  );
  return offsets;
}

async function askOneLeader(
  cluster: Cluster,
  node: number,
  queries: readonly NumberedQuery[],
  isolation: Isolation,
  offsets: Map<number, number>,
): Promise<void> {
  const { responses } = await cluster.ask(node, cluster.requests.listOffsets(queries, isolation));
  const indexes = new Map(queries.map((query) => [partitionKey(query), query.index]));
  for (const { topic, partitions } of responses) {
    for (const { partition, errorCode, offset } of partitions) {
      if (errorCode !== 0) throw new BrokerError(errorCode, partitionText({ topic, partition }));
      const index = indexes.get(partitionKey({ topic, partition }));
      if (index !== undefined) offsets.set(index, Number(offset));
    }
  }
}
