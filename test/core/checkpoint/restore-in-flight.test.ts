/**
 * Goal:   whatever the old and the new parallelism, and however the edge deals: every record in flight is processed by exactly one subtask, by the one that owns it
 *         where the record decides that, and those of one channel that stay together stay in order.
 * Method: checkpoints of real job graphs whose consumers have random records in flight, planned and loaded for another parallelism, against the edge's own selector.
 * Replay: MILLRACE_SEED=<seed>
 */
// covers: core/runtime/in-flight-loading.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import type { DataStream } from "../../../core/api/data-stream.ts";
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { describeVertices } from "../../../core/checkpoint/describe-vertices.ts";
import { planRestore } from "../../../core/checkpoint/restore-plan.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import type { InFlightHandle } from "../../../core/graph/messages.ts";
import { FrameEncoder } from "../../../core/network/columnar/frame-encoder.ts";
import { Backlog } from "../../../core/network/backlog.ts";
import { encodeInFlight } from "../../../core/network/in-flight.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { SpillSpace } from "../../../core/network/spill-space.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import type { LoadedInFlight } from "../../../core/runtime/in-flight-loading.ts";
import { loadInFlight } from "../../../core/runtime/in-flight-loading.ts";
import { keyGroupOf } from "../../../core/types/key-hash.ts";
import { crc32 } from "../../../core/util/checksum.ts";
import { Config } from "../../../core/util/config.ts";
import { replay } from "../../harness/replay.ts";
import { checkpointWith, memoryStore, put, run, subtaskSnapshot } from "./samples.ts";
import type { Store } from "./samples.ts";

const GROUPS = 16;
const CONFIG = new Config({ "pipeline.max-parallelism": GROUPS });

/** How records reach the operator "consumer"; `ownerOf`: where the record decides, who gets it. */
interface Way {
  deal(stream: DataStream<number>): DataStream<number>;
  readonly ownerOf?: (value: number, parallelism: number) => number;
}

const WAYS: Readonly<Record<string, Way>> = {
  hash: {
    deal: (stream) => stream.keyBy((value) => value).reduce((left, right) => left + right),
    ownerOf: (value, parallelism) => Math.floor((keyGroupOf(value, GROUPS) * parallelism) / GROUPS),
  },
  custom: {
    deal: (stream) =>
      stream
        .partitionCustom<number>(
          (key, count) => key % count,
          (value) => value,
        )
        .map((value) => value),
    ownerOf: (value, parallelism) => value % parallelism,
  },
  global: { deal: (stream) => stream.global().map((value) => value), ownerOf: () => 0 },
  rebalance: { deal: (stream) => stream.rebalance().map((value) => value) },
  shuffle: { deal: (stream) => stream.shuffle().map((value) => value) },
  // Where both have the same parallelism, producer and consumer are chained.
  "whatever fits": { deal: (stream) => stream.map((value) => value) },
};

function graphOf(way: Way, parallelism: { readonly source: number; readonly consumer: number }): JobGraph {
  const config = CONFIG.with({ "parallelism.default": parallelism.consumer });
  const env = StreamExecutionEnvironment.create(config);
  const source = env.fromSequence(0, 9).setParallelism(parallelism.source).uid("source");
  way.deal(source).name("consumer").uid("consumer").discard();
  return createJobGraph(env.getStreamGraph(), { name: "job", config });
}

/** Each subtask of the consumer has these records in flight, by channel. */
function checkpointOf(
  store: Store,
  graph: JobGraph,
  inFlight: readonly (readonly (readonly number[])[])[],
): CompletedCheckpoint {
  const vertices = describeVertices(graph).map((vertex, index) => ({
    ...vertex,
    subtasks: Array.from({ length: vertex.parallelism }, (_, subtask) =>
      subtaskSnapshot(index === 0 ? {} : { inFlight: fileWith(store, subtask, inFlight[subtask] ?? []) }),
    ),
  }));
  return checkpointWith(1, [], { vertices });
}

function fileWith(store: Store, subtask: number, channels: readonly (readonly number[])[]): InFlightHandle {
  const bytes = encodeInFlight(
    channels.map((values) => ({
      edge: 0,
      frames: [new FrameEncoder().encode(values, Float64Array.from(values), 0, values.length)],
    })),
  );
  const path = `in-flight-${subtask}`;
  put(store, { [path]: bytes });
  return { files: [{ path, bytes: bytes.byteLength, checksum: crc32(bytes) }], edges: [0] };
}

const space = new SpillSpace({ scratch: new MemoryScratch(), memoryBytesMax: 0, diskBytesMax: 1e9 });

function createQueue(): InSlotChannel {
  return new InSlotChannel(2, new Backlog(space));
}

/** By subtask of the consumer: what each processes first. */
function restored(store: Store, checkpoint: CompletedCheckpoint, graph: JobGraph): readonly (readonly number[])[] {
  const plan = planRestore(checkpoint, graph, CONFIG);
  const vertex = graph.vertices.findIndex(({ operators }) => operators.some(({ uid }) => uid === "consumer"));
  return Array.from({ length: graph.vertices[vertex]?.parallelism ?? 0 }, (_, subtask) => {
    const task = { vertex, subtask, attempt: 1 };
    const loaded = run<readonly LoadedInFlight[]>(store, (done) =>
      loadInFlight(
        { storage: store.storage, graph, task, createQueue },
        plan.subtask(vertex, subtask).inFlight ?? [],
        (outcome) => {
          if (!outcome.ok) throw outcome.error;
          done(outcome);
        },
      ),
    ) as readonly LoadedInFlight[]; // memory loads always
    return loaded.flatMap(({ waiting }) => {
      const values: number[] = [];
      while (waiting.readable() > 0) {
        const slot = waiting.head & waiting.mask;
        expect(waiting.timestampsMs[slot]).toBe(waiting.values[slot]);
        values.push(waiting.values[slot] as number); // as it was put
        waiting.consumed(1);
      }
      return values;
    });
  });
}

const moves = fc.record({
  way: fc.constantFrom(...Object.keys(WAYS)),
  before: fc.record({ source: fc.constantFrom(1, 2), consumer: fc.integer({ min: 1, max: 5 }) }),
  after: fc.record({ source: fc.constantFrom(1, 2), consumer: fc.integer({ min: 1, max: 5 }) }),
  sizes: fc.array(fc.nat(4), { minLength: 10, maxLength: 10 }),
});

describe("records in flight", () => {
  test("are processed once each, by their owners, and in the order of their channel", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(moves, ({ way: name, before, after, sizes }) => {
        const way = WAYS[name];
        if (way === undefined) return;
        const old = graphOf(way, before);
        if (old.vertices.length < 2) return; // chained: nothing is between them
        const store = memoryStore();
        let next = 0;
        const inFlight = Array.from({ length: before.consumer }, (_, subtask) =>
          Array.from({ length: before.source }, (__, channel) =>
            Array.from({ length: sizes[(subtask * before.source + channel) % sizes.length] ?? 0 }, () => next++),
          ),
        );
        if (way.ownerOf !== undefined) keepOwn(inFlight, way.ownerOf, before.consumer);
        const graph = graphOf(way, after);
        const found = restored(store, checkpointOf(store, old, inFlight), graph);
        expect(found.flat().toSorted(byNumber)).toEqual(inFlight.flat(2).toSorted(byNumber));
        for (const [subtask, values] of found.entries()) {
          if (way.ownerOf !== undefined)
            expect(values.filter((value) => way.ownerOf?.(value, after.consumer) !== subtask)).toEqual([]);
          for (const channel of inFlight.flat()) {
            const own = channel.filter((value) => values.includes(value));
            expect(values.filter((value) => own.includes(value))).toEqual(own);
            if (way.ownerOf === undefined) expect([0, channel.length]).toContain(own.length);
          }
        }
        if (before.consumer === after.consumer) expect(found).toEqual(inFlight.map((channels) => channels.flat()));
      }),
      { numRuns: 120, ...replay },
    );
  });

  test("to an operator that the job has no more are refused, unless they may be dropped", () => {
    const rebalance = WAYS["rebalance"];
    if (rebalance === undefined) return;
    const store = memoryStore();
    const checkpoint = checkpointOf(store, graphOf(rebalance, { source: 1, consumer: 1 }), [[[1, 2]]]);
    const env = StreamExecutionEnvironment.create(CONFIG);
    env.fromSequence(0, 9).uid("source").discard();
    const other = createJobGraph(env.getStreamGraph(), { name: "job", config: CONFIG });
    expect(() => planRestore(checkpoint, other, CONFIG)).toThrow(/MR5007.*records in flight to "consumer"/);
    const lenient = CONFIG.with({ "execution.state-recovery.ignore-unclaimed-state": true });
    expect(planRestore(checkpoint, other, lenient).subtask(0, 0).inFlight).toBe(undefined);
  });
});

/** A record lies in flight only to whom it belongs: those that do not are taken out. */
function keepOwn(
  inFlight: readonly number[][][],
  ownerOf: (value: number, parallelism: number) => number,
  parallelism: number,
): void {
  for (const [subtask, channels] of inFlight.entries()) {
    for (const [channel, values] of channels.entries())
      channels[channel] = values.filter((value) => ownerOf(value, parallelism) === subtask);
  }
}

function byNumber(left: number, right: number): number {
  return left - right;
}
