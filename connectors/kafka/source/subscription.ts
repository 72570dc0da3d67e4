/** Which partitions a Kafka source reads: of the topics that are named, of those whose name matches, or exactly these. */
import type { TopicDescription, TopicPartition } from "../client/kafka-client.ts";

export type Subscription =
  | { readonly by: "topics"; readonly topics: readonly string[] }
  | { readonly by: "pattern"; readonly pattern: RegExp }
  | { readonly by: "partitions"; readonly partitions: readonly TopicPartition[] };

/** The topics to ask the cluster for; undefined: all. */
export function topicsOf(subscription: Subscription): readonly string[] | undefined {
  if (subscription.by === "topics") return subscription.topics;
  if (subscription.by === "pattern") return undefined;
  return [...new Set(subscription.partitions.map(({ topic }) => topic))];
}

export function covers(subscription: Subscription, { topic, partition }: TopicPartition): boolean {
  if (subscription.by === "topics") return subscription.topics.includes(topic);
  if (subscription.by === "pattern") return subscription.pattern.test(topic);
  return subscription.partitions.some((one) => one.topic === topic && one.partition === partition);
}

/** The partitions that there are and that are read. */
export function partitionsIn(subscription: Subscription, topics: readonly TopicDescription[]): TopicPartition[] {
  return topics
    .flatMap(({ topic, partitions }) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })))
    .filter((partition) => covers(subscription, partition));
}

/** What was named and is not there, in words. */
export function absentIn(subscription: Subscription, topics: readonly TopicDescription[]): string[] {
  const counts = new Map(topics.map(({ topic, partitions }) => [topic, partitions]));
  if (subscription.by === "topics")
    return subscription.topics.filter((topic) => !counts.has(topic)).map((topic) => `topic "${topic}"`);
  if (subscription.by === "pattern") return [];
  return subscription.partitions
    .filter(({ topic, partition }) => partition >= (counts.get(topic) ?? 0))
    .map(({ topic, partition }) => `partition ${partition} of topic "${topic}"`);
}
