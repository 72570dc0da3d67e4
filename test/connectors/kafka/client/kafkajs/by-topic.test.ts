/** Items by their topics, as Kafka's requests want them, and the names of partitions. */
import { expect, test } from "vitest";
import { byTopic, partitionKey, partitionText } from "../../../../../connectors/kafka/client/kafkajs/by-topic.ts";

test("topics come once, in the order in which they come first, with all their items", () => {
  const items = [
    { topic: "b", partition: 1 },
    { topic: "a", partition: 0 },
    { topic: "b", partition: 0 },
  ];
  expect(byTopic(items)).toEqual([
    { topic: "b", items: [items[0], items[2]] },
    { topic: "a", items: [items[1]] },
  ]);
  expect(items.map(partitionKey)).toEqual(["b/1", "a/0", "b/0"]);
  expect(items.map(partitionText)[0]).toBe('partition 1 of topic "b"');
});
