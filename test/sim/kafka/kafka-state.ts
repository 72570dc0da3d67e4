/** What a simulated Kafka cluster keeps: topics, groups, transactions. Plain state, which can be copied and go two ways. */
import type { GroupOffsets } from "./group-offsets.ts";
import type { PartitionLog } from "./partition-log.ts";
import type { TransactionRecord } from "./transactions.ts";

export interface PartitionState {
  readonly log: PartitionLog;
  /** The broker that leads it. */
  leader: number;
  leaderEpoch: number;
  /** Until then it has none. */
  leaderlessUntilMs: number;
}

export interface KafkaState {
  readonly topics: Map<string, PartitionState[]>;
  readonly groups: Map<string, GroupOffsets>;
  readonly transactions: readonly TransactionRecord[];
  readonly producerIds: number;
}

export const NOTHING: KafkaState = { topics: new Map(), groups: new Map(), transactions: [], producerIds: 0 };

export function copyState({ topics, groups, transactions, producerIds }: KafkaState): KafkaState {
  return {
    topics: new Map(
      [...topics].map(([topic, partitions]) => [topic, partitions.map((each) => ({ ...each, log: each.log.copy() }))]),
    ),
    groups: new Map([...groups].map(([name, group]) => [name, group.copy()])),
    transactions: transactions.map((record) => ({ ...record })),
    producerIds,
  };
}
