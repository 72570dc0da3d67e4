/**
 * An independent look at what is committed: connections and decoder are kafkajs's, and nothing is shared with the source.
 *
 * In: a topic. Out: what a `read_committed` reader sees of it now, partition by partition. It reads up to the last stable offset that it finds when it begins.
 */
import { createRequire } from "node:module";

export interface CommittedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface TheirMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | undefined>>;
  readonly isControlRecord?: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

interface Aborted {
  readonly producerId: string;
  readonly firstOffset: string;
}

interface FetchedByThem {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly errorCode: number;
      readonly lastStableOffset: string;
      readonly messages: readonly TheirMessage[];
      readonly abortedTransactions: readonly Aborted[] | null;
    }[];
  }[];
}

interface TheirCluster {
  connect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number }[];
  findBroker(node: { readonly nodeId: string }): Promise<{ fetch(request: object): Promise<FetchedByThem> }>;
  fetchTopicsOffset(
    topics: readonly object[],
  ): Promise<readonly { readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]>;
  disconnect(): Promise<void>;
}

const require = createRequire(import.meta.url);
const Cluster = require("kafkajs/src/cluster") as new (options: object) => TheirCluster;
const { createLogger } = require("kafkajs/src/loggers") as { createLogger: (options: object) => unknown };
const socketFactory = require("kafkajs/src/network/socketFactory") as () => unknown;
const READ_COMMITTED = 1;
const SILENT = 0;

export async function readCommitted(bootstrapServers: readonly string[], topic: string): Promise<CommittedRecord[]> {
  const cluster = new Cluster({
    logger: createLogger({ level: SILENT, logCreator: () => () => undefined }),
    socketFactory: socketFactory(),
    brokers: [...bootstrapServers],
    clientId: "reader",
    connectionTimeout: 5_000,
    requestTimeout: 10_000,
    isolationLevel: READ_COMMITTED,
    allowAutoTopicCreation: false,
    metadataMaxAge: 0,
  });
  await cluster.connect();
  try {
    await cluster.addTargetTopic(topic);
    const partitions = cluster.findTopicPartitionMetadata(topic).toSorted((a, b) => a.partitionId - b.partitionId);
    const records: CommittedRecord[] = [];
    for (const { partitionId, leader } of partitions) {
      records.push(...(await readPartition(cluster, topic, partitionId, leader)));
    }
    return records;
  } finally {
    await cluster.disconnect();
  }
}

async function readPartition(
  cluster: TheirCluster,
  topic: string,
  partition: number,
  leader: number,
): Promise<CommittedRecord[]> {
  const broker = await cluster.findBroker({ nodeId: String(leader) });
  const bound = async (fromBeginning: boolean): Promise<number> => {
    const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
    return Number(found?.partitions[0]?.offset ?? 0);
  };
  const end = await bound(false);
  const all: TheirMessage[] = [];
  for (let next = await bound(true); next < end;) {
    const partitions = [{ partition, fetchOffset: String(next), maxBytes: 1_048_576 }];
    const { responses } = await broker.fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime: 100,
      topics: [{ topic, partitions }],
    });
    const found = responses[0]?.partitions[0];
    if (found === undefined || found.errorCode !== 0)
      throw new Error(`partition ${partition} of ${topic} cannot be read`);
    const { messages, abortedTransactions } = found;
    const last = messages.at(-1);
    if (last === undefined || Number(last.offset) < next) throw new Error(`nothing at offset ${next} of ${topic}`);
    // Whole batches are sent, also what is before the offset that was asked for.
    const from = next;
    all.push(
      ...committedOf(messages, abortedTransactions ?? []).filter(
        ({ offset }) => Number(offset) >= from && Number(offset) < end,
      ),
    );
    next = Number(last.offset) + 1;
  }
  return all.map((message) => recordOf(partition, message));
}

/** An aborted transaction goes from its first offset to the next control record of its producer. */
function committedOf(messages: readonly TheirMessage[], aborted: readonly Aborted[]): TheirMessage[] {
  const toCome = aborted.toSorted((a, b) => Number(a.firstOffset) - Number(b.firstOffset));
  const aborting = new Set<string>();
  return messages.filter(({ offset, isControlRecord, batchContext }) => {
    const { producerId, inTransaction } = batchContext;
    while (toCome[0] !== undefined && Number(toCome[0].firstOffset) <= Number(offset)) {
      aborting.add(toCome[0].producerId);
      toCome.shift();
    }
    if (isControlRecord === true) {
      aborting.delete(producerId);
      return false;
    }
    return !inTransaction || !aborting.has(producerId);
  });
}

function recordOf(partition: number, { offset, timestamp, key, value, headers = {} }: TheirMessage): CommittedRecord {
  const texts = Object.entries(headers).map(([name, bytes]) => [name, bytes?.toString() ?? ""] as const);
  return {
    partition,
    offset: Number(offset),
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    timestampMs: Number(timestamp),
    headers: Object.fromEntries(texts),
  };
}
