/** The channels of a slot by region: each region counts its own attempts, and what comes too early or too late for one of them concerns no other. */
import { expect, test } from "vitest";
import { RegionChannels } from "../../../core/cluster/region-channels.ts";
import type { SlotMessage } from "../../../core/cluster/task-slot.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { ChannelWriter } from "../../../core/network/channel.ts";
import type { TaskDescriptor } from "../../../core/runtime/deployment.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { Config } from "../../../core/util/config.ts";

const CONFIG = new Config({ "parallelism.default": 1 });

/** Two pipelines that do not meet, each of a source and what it feeds: two regions. */
const GRAPH: JobGraph = (() => {
  const env = StreamExecutionEnvironment.create(CONFIG);
  for (const from of [1, 5])
    env
      .fromSequence(from, 9)
      .rebalance()
      .map((n) => n)
      .discard();
  return createJobGraph(env.getStreamGraph(), { name: "job", config: CONFIG });
})();

const EDGES = GRAPH.edges.map(({ from, to, index }) => ({ producer: from, consumer: to, index }));

/** Producers run in slot `a`, consumers in slot `b`. */
class Slots {
  readonly toA: SlotMessage[] = [];
  readonly toB: SlotMessage[] = [];
  readonly a: RegionChannels = new RegionChannels({
    slot: "a",
    scratch: new MemoryScratch(),
    send: (_slot, message) => this.toB.push(message),
  });
  readonly b: RegionChannels = new RegionChannels({
    slot: "b",
    scratch: new MemoryScratch(),
    send: (_slot, message) => this.toA.push(message),
  });

  /** The consumer of a region is there, and grants its first credit. */
  consume(region: number, attempt: number): void {
    const vertex = EDGES[region]?.consumer ?? -1;
    this.b.of(descriptorOf(vertex, attempt)).of({ vertex, subtask: 0, attempt });
    this.b.deployed();
  }

  produce(region: number, attempt: number): ChannelWriter | undefined {
    const vertex = EDGES[region]?.producer ?? -1;
    const channels = this.a.of(descriptorOf(vertex, attempt)).of({ vertex, subtask: 0, attempt });
    return channels.outputs.get(EDGES[region]?.index ?? -1)?.[0];
  }

  /** What waits on the way to `a` arrives. */
  deliver(): void {
    for (const message of this.toA.splice(0)) this.a.receive(message);
  }

  /** Edges and attempts of what was sent to `b` since it was last asked. */
  sent(): readonly string[] {
    return this.toB.splice(0).map(({ channel, attempt }) => `${channel.edge} in ${attempt}`);
  }
}

function descriptorOf(vertex: number, attempt: number): TaskDescriptor {
  const producers = new Set(EDGES.map(({ producer }) => producer));
  return {
    task: { vertex, subtask: 0, attempt },
    jobName: "job",
    jobId: "0",
    masterToken: 1,
    graph: GRAPH,
    config: CONFIG,
    restore: undefined,
    placement: GRAPH.vertices.map(({ index }) => [producers.has(index) ? "a" : "b"]),
  };
}

test("there are two regions", () => expect(EDGES).toHaveLength(2));

test("tasks of a region share the channels of their attempt, and a new attempt of one region leaves those of the other", () => {
  const { a } = new Slots();
  const [first = -1, second = -1] = EDGES.map(({ producer }) => producer);
  const before = [a.of(descriptorOf(first, 0)), a.of(descriptorOf(second, 0))];
  expect([a.of(descriptorOf(first, 0)), a.of(descriptorOf(second, 0))]).toEqual(before);
  expect(before[0]).not.toBe(before[1]);
  expect(a.of(descriptorOf(first, 1))).not.toBe(before[0]);
  expect(a.of(descriptorOf(second, 0))).toBe(before[1]);
});

test("credit that comes before its producer waits, also while tasks of another region are there", () => {
  const slots = new Slots();
  slots.consume(1, 0);
  slots.deliver();
  slots.produce(0, 0);
  slots.a.deployed();
  const writer = slots.produce(1, 0);
  writer?.send({ kind: "end-of-data" });
  expect(slots.sent()).toEqual([]);
  slots.a.deployed();
  expect(slots.sent()).toEqual([`${EDGES[1]?.index} in 0`]);
});

test("what comes of an earlier attempt of a region is dropped, though another region is still in that attempt", () => {
  const slots = new Slots();
  const writers = [slots.produce(0, 0), slots.produce(1, 0)];
  slots.consume(0, 0);
  slots.consume(1, 0);
  const [again] = [slots.produce(0, 1)];
  slots.deliver();
  for (const writer of [...writers, again]) writer?.send({ kind: "end-of-data" });
  expect(slots.sent()).toEqual([`${EDGES[1]?.index} in 0`]);
  slots.consume(0, 1);
  slots.deliver();
  expect(slots.sent()).toEqual([`${EDGES[0]?.index} in 1`]);
});

test("a slot touches a task only where a channel leads", () => {
  const { a } = new Slots();
  const [{ producer } = { producer: -1 }] = EDGES;
  const task = { vertex: producer, subtask: 0, attempt: 0 };
  expect(a.touches(task, "b")).toBe(false);
  a.of(descriptorOf(producer, 0));
  expect([a.touches(task, "b"), a.touches(task, "c")]).toEqual([true, false]);
});
