/** Queues of partitions: who came first goes first, and nobody waits for whom they need not wait for. */
import { expect, test } from "vitest";
import { PartitionQueues } from "../../../../../connectors/kafka/client/kafkajs/producing.ts";

const place = (partition: number): { readonly topic: string; readonly partition: number } => ({
  topic: "t",
  partition,
});
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let is = false;
  void promise.then(() => (is = true));
  await new Promise((resolve) => setImmediate(resolve));
  return is;
};

test("a turn comes when all before it, in any of its queues, have left", async () => {
  const queues = new PartitionQueues();
  const [first, second] = [queues.enter([place(0)]), queues.enter([place(1)])];
  const both = queues.enter([place(0), place(1)]);
  const last = queues.enter([place(1)]);
  expect([await settled(first.come), await settled(second.come), await settled(both.come)]).toEqual([
    true,
    true,
    false,
  ]);
  first.leave();
  expect(await settled(both.come)).toBe(false);
  second.leave();
  expect([await settled(both.come), await settled(last.come)]).toEqual([true, false]);
  both.leave();
  expect(await settled(last.come)).toBe(true);
});

test("who leaves early lets nobody pass", async () => {
  const queues = new PartitionQueues();
  const [first, second, third] = [queues.enter([place(0)]), queues.enter([place(0)]), queues.enter([place(0)])];
  second.leave();
  expect(await settled(third.come)).toBe(false);
  first.leave();
  expect(await settled(third.come)).toBe(true);
  third.leave();
  expect(await settled(queues.enter([place(0)]).come)).toBe(true);
});
