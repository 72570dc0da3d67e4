/**
 * Goal:   every partitioning sends each record to exactly the channels it promises, and control elements to all of them.
 * Method: recording channels; keys against the key-group arithmetic of the consumer.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Partitioning } from "../../../core/graph/stream-graph.ts";
import type { ChannelWriter, ControlElement } from "../../../core/network/channel.ts";
import { createPartitionWriter } from "../../../core/runtime/partition-writer.ts";
import type { PartitionWriter } from "../../../core/runtime/partition-writer.ts";
import { keyGroupRange } from "../../../core/state/key-groups.ts";
import { keyGroupOf } from "../../../core/types/key-hash.ts";
import { isMillraceError } from "../../../core/util/errors.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { replay } from "../../harness/replay.ts";

const MAX_PARALLELISM = 128;

class RecordingChannel implements ChannelWriter {
  readonly values: unknown[] = [];
  readonly controls: ControlElement[] = [];

  push(value: unknown): void {
    this.values.push(value);
  }

  send(element: ControlElement): void {
    this.controls.push(element);
  }
}

function writer(
  partitioning: Partitioning,
  count: number,
): { readonly writer: PartitionWriter; readonly channels: readonly RecordingChannel[] } {
  const channels = Array.from({ length: count }, () => new RecordingChannel());
  const options = {
    partitioning,
    channels,
    maxParallelism: MAX_PARALLELISM,
    producer: 1,
    isFeedback: false,
    random: new SeededRandom(7),
  };
  return { writer: createPartitionWriter(options), channels };
}

describe("partition writers", () => {
  test("hash: each key goes to the subtask that owns its key group", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer(), fc.string())),
        fc.integer({ min: 2, max: 9 }),
        (keys, parallelism) => {
          const { writer: hash, channels } = writer(
            { kind: "hash", keyOf: (value: { key: unknown }) => value.key },
            parallelism,
          );
          for (const key of keys) hash.processRecord({ key }, 0);
          for (const [subtask, channel] of channels.entries()) {
            const owned = keyGroupRange(MAX_PARALLELISM, parallelism, subtask);
            for (const value of channel.values) {
              const group = keyGroupOf((value as { key: unknown }).key, MAX_PARALLELISM);
              expect(group >= owned.first && group <= owned.last).toBe(true);
            }
          }
          expect(channels.reduce((sum, channel) => sum + channel.values.length, 0)).toBe(keys.length);
        },
      ),
      { numRuns: 100, ...replay },
    );
  });

  test("rebalance deals in turn, beginning at a place of the producer's own", () => {
    const { writer: rebalance, channels } = writer({ kind: "rebalance" }, 3);
    for (let n = 0; n < 6; n += 1) rebalance.processRecord(n, 0);
    expect(channels.map(({ values }) => values)).toEqual([
      [2, 5],
      [0, 3],
      [1, 4],
    ]);
  });

  test("broadcast sends to all, global to the first, shuffle to someone", () => {
    const broadcast = writer({ kind: "broadcast" }, 3);
    broadcast.writer.processRecord("a", 0);
    expect(broadcast.channels.map(({ values }) => values)).toEqual([["a"], ["a"], ["a"]]);
    const global = writer({ kind: "global" }, 3);
    global.writer.processRecord("a", 0);
    expect(global.channels.map(({ values }) => values.length)).toEqual([1, 0, 0]);
    const shuffle = writer({ kind: "shuffle" }, 3);
    for (let n = 0; n < 300; n += 1) shuffle.writer.processRecord(n, 0);
    expect(shuffle.channels.every(({ values }) => values.length > 50)).toBe(true);
  });

  test("a custom partitioner must name a target that exists", () => {
    const keyOf = (value: number): number => value;
    const custom = writer(
      { kind: "custom", keyOf, partitioner: (key: number, partitions: number) => key % partitions },
      2,
    );
    custom.writer.processRecord(3, 0);
    expect(custom.channels.map(({ values }) => values)).toEqual([[], [3]]);
    const wrong = writer({ kind: "custom", keyOf, partitioner: (key: number) => key }, 2);
    let caught: unknown;
    try {
      wrong.writer.processRecord(5, 0);
    } catch (error) {
      caught = error;
    }
    expect(isMillraceError(caught) && caught.code).toBe("MR3005");
  });

  test("time and barriers reach every channel", () => {
    for (const count of [1, 3]) {
      const { writer: rebalance, channels } = writer({ kind: "rebalance" }, count);
      rebalance.processWatermark(5);
      rebalance.processIdle(true);
      rebalance.send({ kind: "end-of-data" });
      for (const { controls } of channels) {
        expect(controls).toEqual([
          { kind: "watermark", watermarkMs: 5 },
          { kind: "idle", idle: true },
          { kind: "end-of-data" },
        ]);
      }
    }
  });
});
