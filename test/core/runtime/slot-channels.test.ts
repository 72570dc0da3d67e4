/** The channels of an attempt: both ends of every edge meet in the same channel, whoever asks first. */
import { expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import { SlotChannels } from "../../../core/runtime/slot-channels.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { GeneratedCodecs } from "../../../core/network/columnar/generated-codecs.ts";
import { placementOf } from "../../../core/graph/slots.ts";
import type { ChannelAddress, ChannelMessage } from "../../../core/network/remote-channel.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { Config } from "../../../core/util/config.ts";

function inOneSlot(graph: JobGraph): SlotChannels {
  const placement = placementOf(graph, () => "here");
  return new SlotChannels({
    graph,
    placement,
    slot: "here",
    capacity: 4,
    remote: { frames: 4, sharedFrames: 0, frameBytes: 32_768, codecs: new GeneratedCodecs() },
    spill: { scratch: new MemoryScratch(), memoryBytesMax: 1e6, diskBytesMax: 1e6 },
    send: (slot) => expect.unreachable(`nothing leaves the slot, not to ${slot}`),
  });
}

/** One subtask of each vertex in each slot; what one sends to the other is kept until it is carried over. */
function inThreeSlots(
  graph: JobGraph,
  room = { memoryBytesMax: 1e6, diskBytesMax: 1e6 },
): { readonly slots: SlotChannels[]; carry(): number } {
  const wire: { readonly to: number; readonly channel: ChannelAddress; readonly message: ChannelMessage }[] = [];
  const slots = [0, 1, 2].map(
    (index) =>
      new SlotChannels({
        graph,
        placement: placementOf(graph, ({ slot }) => String(slot)),
        slot: String(index),
        capacity: 4,
        remote: { frames: 4, sharedFrames: 0, frameBytes: 32_768, codecs: new GeneratedCodecs() },
        spill: { scratch: new MemoryScratch(), ...room },
        send: (slot, channel, message) => wire.push({ to: Number(slot), channel, message }),
      }),
  );
  const carry = (): number => {
    let count = 0;
    for (let next = wire.shift(); next !== undefined; next = wire.shift()) {
      count += 1;
      slots[next.to]?.receive(next.channel, next.message);
    }
    return count;
  };
  return { slots, carry };
}

function shuffled(): JobGraph {
  const config = new Config({ "parallelism.default": 3 });
  const env = StreamExecutionEnvironment.create(config);
  env
    .fromSequence(1, 9)
    .rebalance()
    .map((n) => n)
    .discard();
  return createJobGraph(env.getStreamGraph(), { name: "job", config });
}

function endOf(log: string[]): { block(): void; unblock(): void; wake(): void } {
  return { block: () => log.push("block"), unblock: () => log.push("unblock"), wake: () => undefined };
}

test("between slots, a producer waits for its consumer, and for room in the channel", () => {
  const graph = shuffled();
  const { slots, carry } = inThreeSlots(graph);
  const edge = graph.edges[0]?.index ?? -1;
  const producer = slots[0]?.of({ vertex: 0, subtask: 0, attempt: 0 });
  const log: string[] = [];
  producer?.connect(endOf(log));
  // Two of its three consumers run elsewhere, and are not there yet.
  expect(log).toEqual(["block", "block"]);
  const far = producer?.outputs.get(edge)?.[1];
  far?.send({ kind: "watermark", watermarkMs: 7 });
  expect(carry()).toBe(0);
  const consumer = slots[1]?.of({ vertex: 1, subtask: 1, attempt: 0 });
  consumer?.connect(endOf([]));
  carry();
  expect(log).toEqual(["block", "block", "unblock"]);
  const reader = consumer?.inputs[0]?.reader;
  expect(reader?.peekControl()).toEqual({ kind: "watermark", watermarkMs: 7 });
  reader?.takeControl();
  // Four frames under way, and one that waits: records of so many bytes have a frame of their own.
  const push = (n: number): void => far?.push({ n, text: "x".repeat(40_000) }, n);
  push(0);
  producer?.flush();
  for (let n = 1; n < 5; n += 1) push(n);
  expect(log).toEqual(["block", "block", "unblock", "block"]);
  carry();
  expect(reader?.readable()).toBe(4);
  expect(reader?.values[(reader.head + 3) & reader.mask]).toMatchObject({ n: 3 });
  expect(consumer?.usage()).toMatchObject({ waiting: 4, overdrawn: 0 });
  reader?.consumed(1);
  carry();
  expect(log).toEqual(["block", "block", "unblock", "block", "unblock"]);
  expect(reader?.readable()).toBe(4);
  expect(producer?.recordsSent(edge)).toBe(5);
});

test("a full disk fails the task whose loop needs it, and not the slot where a frame arrives", () => {
  const config = new Config({ "parallelism.default": 2 });
  const env = StreamExecutionEnvironment.create(config);
  env
    .fromSequence(1, 9)
    .keyBy((n) => n)
    .transform<number>("loop", () => ({ inputs: [] }), { loopBy: (n) => n })
    .discard();
  const graph = createJobGraph(env.getStreamGraph(), { name: "job", config });
  const loop = graph.edges.find(({ isFeedback }) => isFeedback);
  const vertex = loop?.to ?? -1;
  const { slots, carry } = inThreeSlots(graph, { memoryBytesMax: 1, diskBytesMax: 2_000 });
  const failures: unknown[] = [];
  const [sender, receiver] = [0, 1].map((subtask) => slots[subtask]?.of({ vertex, subtask, attempt: 0 }));
  receiver?.connect({ ...endOf([]), failed: (error) => failures.push(error) });
  carry();
  const far = sender?.outputs.get(loop?.index ?? -1)?.[1];
  for (let n = 0; failures.length === 0 && n < 100_000; n += 1) {
    far?.push(n, n);
    carry();
  }
  expect(failures).toEqual([expect.objectContaining({ code: "MR3040" })]);
});

test("which subtasks a lost slot concerns", () => {
  const graph = shuffled();
  const { slots } = inThreeSlots(graph);
  const touches = (slot: number, vertex: number, subtask: number, lost: string): boolean | undefined =>
    slots[slot]?.touches({ vertex, subtask, attempt: 0 }, lost);
  expect(touches(0, 0, 0, "2")).toBe(true);
  expect(touches(0, 1, 0, "2")).toBe(true);
  expect(touches(0, 0, 0, "elsewhere")).toBe(false);
});

test("every producer reaches every consumer of an all-to-all edge exactly once", () => {
  const config = new Config({ "parallelism.default": 3 });
  const env = StreamExecutionEnvironment.create(config);
  env
    .fromSequence(1, 9)
    .rebalance()
    .map((n) => n)
    .discard();
  const graph = createJobGraph(env.getStreamGraph(), { name: "job", config });
  const channels = inOneSlot(graph);
  const edge = graph.edges[0]?.index ?? -1;
  for (let subtask = 0; subtask < 3; subtask += 1) {
    const outputs = channels.of({ vertex: 0, subtask, attempt: 0 }).outputs.get(edge) ?? [];
    expect(outputs).toHaveLength(3);
    for (const [consumer, output] of outputs.entries()) output.push(`${subtask}->${consumer}`, 0);
  }
  for (let subtask = 0; subtask < 3; subtask += 1) {
    const { inputs, usage } = channels.of({ vertex: 1, subtask, attempt: 0 });
    expect(inputs.map(({ reader }) => reader.values[reader.head & reader.mask])).toEqual(
      [0, 1, 2].map((producer) => `${producer}->${subtask}`),
    );
    expect(usage()).toMatchObject({ waiting: 3, overdrawn: 0, inFullness: 0.25 });
    expect(channels.of({ vertex: 0, subtask, attempt: 0 }).recordsSent(edge)).toBe(3);
  }
});

test("a record for everybody is sent once, taken or not", () => {
  const config = new Config({ "parallelism.default": 3 });
  const env = StreamExecutionEnvironment.create(config);
  env
    .fromSequence(1, 9)
    .broadcast()
    .map((n) => n)
    .discard();
  const graph = createJobGraph(env.getStreamGraph(), { name: "job", config });
  const channels = inOneSlot(graph);
  const { outputs, recordsSent } = channels.of({ vertex: 0, subtask: 0, attempt: 0 });
  const edge = graph.edges[0]?.index ?? -1;
  for (const output of outputs.get(edge) ?? []) for (let n = 0; n < 7; n += 1) output.push(n, 0);
  channels.of({ vertex: 1, subtask: 0, attempt: 0 }).inputs[0]?.reader.consumed(5);
  expect(recordsSent(edge)).toBe(7);
});
