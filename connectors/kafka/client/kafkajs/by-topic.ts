/** Kafka's requests name each topic once, with its partitions behind it. */

export interface OfTopic<T> {
  readonly topic: string;
  readonly items: readonly T[];
}

/** Topics in the order in which they come first, their items in order. */
export function byTopic<T extends { readonly topic: string }>(items: readonly T[]): OfTopic<T>[] {
  return [...groupBy(items, ({ topic }) => topic)].map(([topic, ofTopic]) => ({ topic, items: ofTopic }));
}

export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Names a partition in maps: topics have no slash. */
export function partitionKey({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

export function partitionText({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `partition ${partition} of topic "${topic}"`;
}
