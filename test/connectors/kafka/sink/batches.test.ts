/** How the Kafka sink fills its batches and when it sends them: to which partition, how large, after how long, and what a lost one does to others. */
// covers: connectors/kafka/sink/sender.ts, connectors/kafka/sink/lane.ts, connectors/kafka/sink/writer.ts
import { describe, expect, it } from "vitest";
import { EXACTLY_ONCE, Scene, writeAll } from "./scene.ts";

describe("a record", () => {
  it("without a key goes to each partition in turn, also while the engine counts records too", async () => {
    const scene = new Scene();
    const harness = scene.start();
    const counted = harness.metrics.counter("numRecordsSend");
    await writeAll(harness, ["first"]);
    for (let n = 0; n < 1_100; n++) {
      counted.count++;
      harness.writeNow(0, String(n));
    }
    await harness.barrier(1);
    expect(new Set(scene.kafka.committed("out").map(({ partition }) => partition)).size).toBe(2);
    expect(counted.count).toBe(1_100);
    await harness.close();
  });

  it("that is large does not make a batch of others larger than the topic allows", async () => {
    const scene = new Scene();
    const harness = scene.start({ key: () => "k", headers: () => [{ key: "h", value: "x".repeat(10) }] });
    await writeAll(harness, ["first"]);
    const small = Array.from({ length: 200 }, () => "x".repeat(1_000));
    // Text of two bytes per unit: 1,000,000 bytes.
    const values = [...small, "é".repeat(500_000), ...small];
    for (const value of values) harness.writeNow(0, value);
    await harness.barrier(1);
    expect(scene.seen()).toEqual(["first", ...values]);
    await harness.close();
  });

  it("is sent after linger, also behind a full batch that cannot go yet", async () => {
    const scene = new Scene();
    // Full before there is a producer; then while another partition is added to the transaction.
    const plain = scene.start({ key: () => "k", batchBytes: 100 });
    plain.writeNow(0, "x".repeat(200));
    await plain.settle(() => !plain.blocked(0));
    plain.writeNow(0, "small");
    await plain.settle(() => scene.seen().length === 2 || scene.clock.nowMs() > 1_000_500);
    expect(scene.seen()).toHaveLength(2);
    await plain.close();
    scene.kafka.createTopic("other", 2);
    const partition = (value: string): number => (value.startsWith("b") ? 1 : 0);
    const seen = (): number => scene.kafka.uncommitted("other").length;
    const harness = scene.start({ ...EXACTLY_ONCE, topic: "other", partition, batchBytes: 100 });
    await writeAll(harness, ["a"]);
    await harness.settle(() => seen() === 1);
    for (const value of ["b".repeat(300), "a".repeat(300), "a"]) harness.writeNow(0, value);
    const giveUpMs = scene.clock.nowMs() + 500;
    await harness.settle(() => seen() === 4 || scene.clock.nowMs() > giveUpMs);
    expect(seen()).toBe(4);
    await harness.close();
  });
});

it("none, without acks: a batch that is lost does not take those behind it along", async () => {
  const seen: number[] = [];
  for (const seed of [1, 2, 3, 5]) {
    const scene = new Scene({ faults: { "request-lost": 200 }, strikesMax: 1, seed });
    const harness = scene.start({ deliveryGuarantee: "none", acks: "none", partition: () => 0 });
    for (let n = 0; n < 30; n++) {
      await writeAll(harness, [String(n)]);
      const untilMs = scene.clock.nowMs() + 20;
      await harness.settle(() => scene.clock.nowMs() > untilMs);
    }
    seen.push(scene.seen().length);
    await harness.close();
  }
  expect(Math.min(...seen)).toBe(29);
});
