/** Offsets that groups have committed. */
import type { OffsetWithMetadata, TopicPartition } from "../kafka-client.ts";
import { BrokerError, meaningOf } from "./broker-errors.ts";
import { partitionKey, partitionText } from "./by-topic.ts";
import type { Cluster } from "./cluster.ts";
import { offsetFetchRequest } from "./our-requests.ts";
import type { FetchedOffset } from "./our-requests.ts";

/**
 * Asked for all offsets of a group, a broker says nothing of a partition whose first offset is in a transaction that is just being committed; asked for that
 * partition by name, it says that its offset is not stable yet. So all partitions that there are, are asked for by name.
 */
export async function committedOffsets(
  cluster: Cluster,
  group: string,
  { waits }: { readonly waits: boolean },
): Promise<OffsetWithMetadata[]> {
  const partitions = waits ? await allPartitions(cluster) : [];
  const [all, named] = await Promise.all([
    fetchOffsets(cluster, group, { waits }),
    partitions.length === 0 ? [] : fetchOffsets(cluster, group, { waits, among: partitions }),
  ]);
  const found = new Map([...all, ...named].map((offset) => [partitionKey(offset), offset]));
  return [...found.values()]
    .filter(({ offset }) => offset >= 0)
    .map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }));
}

async function allPartitions(cluster: Cluster): Promise<TopicPartition[]> {
  const { topicMetadata } = await cluster.metadata([]);
  return topicMetadata
    .filter(({ topicErrorCode, isInternal }) => topicErrorCode === 0 && !isInternal)
    .flatMap(({ topic, partitionMetadata }) =>
      partitionMetadata.map(({ partitionId }) => ({ topic, partition: partitionId })),
    );
}

async function fetchOffsets(
  cluster: Cluster,
  group: string,
  wanted: { readonly waits: boolean; readonly among?: readonly TopicPartition[] },
): Promise<readonly FetchedOffset[]> {
  const { errorNumber, offsets } = await cluster.askCoordinator("group", group, offsetFetchRequest(group, wanted));
  if (errorNumber !== 0) throw new BrokerError(errorNumber, `group "${group}"`);
  return offsets.filter(({ errorNumber: ofPartition, ...partition }) => {
    // A topic that was deleted since, or that one may not see, has no offset for us.
    if (ofPartition === 0 || meaningOf(ofPartition) === "unknown-topic" || meaningOf(ofPartition) === "not-allowed")
      return true;
    throw new BrokerError(ofPartition, `offset of group "${group}" for ${partitionText(partition)}`);
  });
}

export async function commitOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly OffsetWithMetadata[],
): Promise<void> {
  if (offsets.length === 0) return;
  const { responses } = await cluster.askCoordinator("group", group, cluster.requests.offsetCommit(group, offsets));
  failOnError(responses);
}

export function failOnError(
  topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[],
): void {
  for (const { topic, partitions } of topics) {
    for (const { partition, errorCode } of partitions) {
      if (errorCode !== 0 && errorCode !== NOT_ATTEMPTED)
        throw new BrokerError(errorCode, partitionText({ topic, partition }));
    }
  }
  // Not attempted because of another one, which would have been found above.
  for (const { topic, partitions } of topics) {
    const left = partitions.find(({ errorCode }) => errorCode !== 0);
    if (left !== undefined) throw new BrokerError(left.errorCode, partitionText({ topic, partition: left.partition }));
  }
}

const NOT_ATTEMPTED = 55;
