/** One attempt to get record batches from one broker. What went wrong with a partition is told of that partition alone. */
import type { FetchedPartition, FetchRequest, TopicPartition } from "../kafka-client.ts";
import { noSuchOffset, notTheLeader } from "../errors.ts";
import { BrokerError, meaningOf } from "./broker-errors.ts";
import { partitionKey, partitionText } from "./by-topic.ts";
import type { Cluster } from "./cluster.ts";
import { fetchRequest } from "./our-requests.ts";
import type { FetchAnswer } from "./our-requests.ts";
import { verdict } from "./retry.ts";

export interface FetchEnvironment {
  readonly cluster: Cluster;
  readonly requestTimeoutMs: number;
  /** Whether the partition is there after all, with patience: rejects with what to tell if not. */
  readonly insist: (partition: TopicPartition) => Promise<unknown>;
}

export async function fetchBatches(environment: FetchEnvironment, request: FetchRequest): Promise<FetchedPartition[]> {
  const { cluster, requestTimeoutMs } = environment;
  const { node, partitions } = request;
  if (partitions.length === 0) return [];
  // A client that has only just come does not know the brokers yet.
  if (!cluster.knows(node)) await cluster.metadata([...new Set(partitions.map(({ topic }) => topic))]);
  if (!cluster.knows(node)) return partitions.map((partition) => movedAway(partition));
  const exchange = fetchRequest({ ...request, requestTimeoutMs: request.waitMs + requestTimeoutMs });
  const { errorNumber, partitions: answers } = await cluster.askToFetch(node, exchange);
  if (errorNumber !== 0) throw new BrokerError(errorNumber, `broker ${node}`);
  const byPartition = new Map(answers.map((answer) => [partitionKey(answer), answer]));
  return Promise.all(
    partitions.map(async (asked) => {
      const answer = byPartition.get(partitionKey(asked));
      return answer === undefined ? movedAway(asked) : resultOf(environment, answer, asked.offset);
    }),
  );
}

async function resultOf(environment: FetchEnvironment, answer: FetchAnswer, offset: number): Promise<FetchedPartition> {
  const { topic, partition, errorNumber } = answer;
  if (errorNumber === 0) {
    const { highWatermark, lastStableOffset, logStartOffset, aborted, batches } = answer;
    return { topic, partition, highWatermark, lastStableOffset, logStartOffset, aborted, batches };
  }
  const what = partitionText(answer);
  switch (meaningOf(errorNumber)) {
    case "out-of-range":
      return { topic, partition, error: noSuchOffset(`offset ${offset} of ${what}`) };
    case "again":
    case "moved":
      return movedAway(answer);
    case "unknown-topic":
      return environment.insist({ topic, partition }).then(
        () => movedAway(answer),
        (error: unknown) => ({ topic, partition, error: verdict(error, { what: `fetch from ${what}` }) }),
      );
    default:
      return { topic, partition, error: verdict(new BrokerError(errorNumber, what), { what: "fetch" }) };
  }
}

function movedAway({ topic, partition }: TopicPartition): FetchedPartition {
  return { topic, partition, error: notTheLeader(partitionText({ topic, partition })) };
}
