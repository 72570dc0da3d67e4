/** The task's side of a checkpoint: acknowledged when every file is durable and not before; what is not acknowledged leaves no file. */
import { describe, expect, test } from "vitest";
import type { CheckpointAck, CheckpointOptions } from "../../../core/graph/messages.ts";
import { Backlog } from "../../../core/network/backlog.ts";
import { FrameEncoder } from "../../../core/network/columnar/frame-encoder.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import type { OperatorSnapshotParts } from "../../../core/runtime/chain.ts";
import { InFlightRecording } from "../../../core/runtime/in-flight-recording.ts";
import { SubtaskCheckpoints } from "../../../core/runtime/subtask-checkpoint.ts";
import { SpillSpace } from "../../../core/network/spill-space.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import type { KeyedSnapshot, StateFile } from "../../../core/state/keyed-state.ts";
import type { BlobStore } from "../../../core/storage/blob-store.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { failed, succeeded } from "../../../core/util/outcome.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

/** Storage whose writes end when the test says so, and then are there, whatever the answer is. */
class HandStore implements BlobStore {
  readonly name: string = "by hand";
  readonly files: Set<string> = new Set();
  #writes: { readonly path: string; readonly done: Parameters<BlobStore["write"]>[2] }[] = [];

  write(path: string, _chunks: readonly Uint8Array[], done: Parameters<BlobStore["write"]>[2]): void {
    this.#writes.push({ path, done });
  }

  read(): void {
    throw new Error("nobody reads here");
  }

  list(): void {
    throw new Error("nobody lists here");
  }

  delete(path: string, done: Parameters<BlobStore["delete"]>[1]): void {
    this.files.delete(path);
    done(succeeded(undefined));
  }

  get writing(): number {
    return this.#writes.length;
  }

  settle(ok = true): void {
    for (const { path, done } of this.#writes.splice(0)) {
      this.files.add(path);
      done(ok ? succeeded(undefined) : failed(new MillraceError("MR5206", "the disk is full")));
    }
  }
}

/** Needs `slices` calls of `advance`; `bytes` of 0 is a snapshot in which nothing has changed. */
function keyedSnapshot(slices: number, bytes: number, throwAt = Infinity): KeyedSnapshot {
  let advanced = 0;
  return {
    checkpointId: 1,
    advance: () => {
      advanced += 1;
      if (advanced === throwAt) throw new Error("a function is no state");
      return advanced >= slices;
    },
    chunks: () => (bytes === 0 ? [] : [new Uint8Array(bytes)]),
    checksum: () => 7,
    stored: (file: StateFile | undefined) => ({
      keyGroups: { first: 0, last: 127 },
      files: file === undefined ? [] : [file],
      watermarkMs: 0,
      floors: [],
    }),
  };
}

function part(operatorId: string, keyed?: KeyedSnapshot): OperatorSnapshotParts {
  return { snapshot: { operatorId, lists: [], watermarkMs: 0 }, keyed };
}

class Bench {
  readonly store: HandStore = new HandStore();
  readonly acks: CheckpointAck[] = [];
  readonly declined: string[] = [];
  readonly checkpoints: SubtaskCheckpoints;
  #mails: (() => void)[] = [];

  constructor() {
    this.checkpoints = new SubtaskCheckpoints({
      task: { vertex: 2, subtask: 1, attempt: 3 },
      vertexId: "v",
      clock: new ManualClock(),
      storage: this.store,
      execute: (mail) => void this.#mails.push(mail),
      acknowledge: (ack) => void this.acks.push(ack),
      decline: (checkpointId, reason, cause) => void this.declined.push(`${checkpointId} ${reason} ${cause.message}`),
    });
  }

  begin(
    checkpointId: number,
    parts: readonly OperatorSnapshotParts[],
    recording?: InFlightRecording,
    more: Partial<CheckpointOptions> = {},
  ): void {
    const options: CheckpointOptions = { kind: "checkpoint", directory: `chk-${checkpointId}`, ...more };
    this.checkpoints.begin({ checkpointId, options }, parts, { channels: [], ended: false, alignmentMs: 4, recording });
  }

  /** As many steps as there is something to serialise. */
  run(): void {
    for (const mail of this.#mails.splice(0)) mail();
    for (let steps = 0; this.checkpoints.serialising; steps += 1) {
      if (steps > 100) throw new Error("it does not end");
      this.checkpoints.advance();
    }
  }
}

describe("records in flight", () => {
  function recordingOf(...values: readonly unknown[]): {
    readonly channel: InSlotChannel;
    readonly recording: InFlightRecording;
  } {
    const channel = new InSlotChannel(4);
    for (const value of values) channel.push(value, 7);
    const recording = new InFlightRecording({
      checkpointId: 5,
      channels: [{ reader: channel, edge: 2 }],
      putOff: [],
      encoder: new FrameEncoder(),
    });
    recording.advance();
    return { channel, recording };
  }

  const barrier = { kind: "barrier", checkpointId: 5, options: { kind: "checkpoint", directory: "chk-5" } } as const;

  test("are written once every channel has delivered its barrier, and acknowledged with the rest", () => {
    const bench = new Bench();
    const { channel, recording } = recordingOf("a", "b");
    bench.begin(5, [part("x", keyedSnapshot(1, 10))], recording);
    bench.run();
    bench.store.settle();
    bench.run();
    expect([bench.acks.length, bench.store.writing, bench.checkpoints.underWay]).toEqual([0, 0, true]);
    channel.send(barrier);
    recording.advance();
    bench.run();
    expect([bench.acks.length, bench.store.writing]).toEqual([0, 1]);
    bench.store.settle();
    bench.run();
    const inFlight = bench.acks[0]?.snapshot.inFlight;
    expect(inFlight).toMatchObject({ files: [{ path: "chk-5/v-1-3-1" }], edges: [2] });
    const inFlightBytes = inFlight?.files[0]?.bytes ?? 0;
    expect(bench.acks[0]?.metrics).toMatchObject({ bytes: 10 + inFlightBytes, inFlightBytes });
  });

  test("that are many are written in several files, and each is deleted if the checkpoint is aborted", () => {
    const bench = new Bench();
    const large = Array.from({ length: 3 }, () => "x".repeat(5 * 1024 * 1024));
    const { channel, recording } = recordingOf(...large);
    bench.begin(5, [part("x")], recording);
    channel.send(barrier);
    recording.advance();
    for (let file = 0; file < 4; file += 1) {
      bench.run();
      bench.store.settle();
    }
    bench.run();
    const files = bench.acks[0]?.snapshot.inFlight?.files ?? [];
    expect(files.length).toBeGreaterThanOrEqual(1);
    expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(15 * 1024 * 1024);
  });

  /** The files of a checkpoint of one loop channel that has delivered its barrier. */
  function saved(
    bench: Bench,
    channel: InSlotChannel,
    checkpointId: number,
    more: Partial<CheckpointOptions> = {},
  ): readonly string[] {
    const channels = [{ reader: channel, edge: 0 }];
    const recording = new InFlightRecording({ checkpointId, channels, putOff: [], encoder: new FrameEncoder() });
    channel.send({ kind: "barrier", checkpointId, options: { kind: "checkpoint", directory: "" } });
    recording.advance();
    bench.begin(checkpointId, [], recording, more);
    for (let file = 0; file < 50; file += 1) {
      bench.run();
      bench.store.settle();
    }
    return (
      bench.acks.find((ack) => ack.checkpointId === checkpointId)?.snapshot.inFlight?.files.map(({ path }) => path) ??
      []
    );
  }

  test("that wait on disk are written once: later checkpoints refer to what the newest completed one has", () => {
    const bench = new Bench();
    const space = new SpillSpace({ scratch: new MemoryScratch(), memoryBytesMax: 0, diskBytesMax: 1e9 });
    const channel = new InSlotChannel(1, new Backlog(space));
    const push = (count: number): void => {
      for (let n = 0; n < count; n += 1) channel.push({ n, text: `text ${n}` }, n);
    };
    push(2_000);
    const first = saved(bench, channel, 1);
    expect(first.length).toBeGreaterThan(4);
    push(2_000);
    const second = saved(bench, channel, 2, { completedId: 1 });
    const shared = second.filter((path) => first.includes(path));
    // All but what is in the ring, and the file that was still being filled.
    expect(first.length - shared.length).toBeLessThanOrEqual(2);
    expect(second.length).toBeGreaterThan(first.length);
    const written = bench.acks.map(({ metrics }) => metrics.inFlightBytes ?? 0);
    expect(written[1]).toBeLessThan((written[0] ?? 0) * 1.5);
    // Of the third, the files of the first are no longer there for sure unless the second has them; a savepoint shares nothing, and nobody refers to one.
    const third = saved(bench, channel, 3, { completedId: 2 });
    expect(third.filter((path) => first.includes(path))).toEqual(shared);
    const savepoint = saved(bench, channel, 4, { completedId: 3, kind: "savepoint" });
    expect(savepoint.every((path) => path.startsWith("chk-4/"))).toBe(true);
    expect(saved(bench, channel, 5).every((path) => path.startsWith("chk-5/"))).toBe(true);
    // What was taken out is in no later checkpoint.
    while (channel.waiting > 100) {
      const control = channel.peekControl();
      if (control === undefined) channel.consumed(1);
      else channel.takeControl();
    }
    const last = saved(bench, channel, 6, { completedId: 5 });
    expect(last.filter((path) => first.includes(path))).toEqual([]);
  });

  test("that were none leave no file", () => {
    const bench = new Bench();
    const { channel, recording } = recordingOf();
    bench.begin(5, [part("x")], recording);
    channel.send(barrier);
    recording.advance();
    bench.run();
    expect(bench.acks).toHaveLength(1);
    expect(bench.acks[0]?.snapshot.inFlight).toBe(undefined);
  });

  test("that cannot be encoded fail the checkpoint, not the task", () => {
    const bench = new Bench();
    bench.begin(5, [part("x")], recordingOf(() => "no value").recording);
    bench.run();
    expect(bench.declined[0]).toMatch(/^5 CHECKPOINT_ASYNC_EXCEPTION MR4101/);
    expect(bench.checkpoints.underWay).toBe(false);
  });
});

describe("a checkpoint of a subtask", () => {
  test("is acknowledged when its files are durable, not before", () => {
    const bench = new Bench();
    bench.begin(5, [part("a"), part("b", keyedSnapshot(3, 10)), part("c")]);
    bench.run();
    expect(bench.acks).toEqual([]);
    bench.store.settle();
    expect(bench.acks).toEqual([]); // the answer is a mail, so that it does not come between two records
    bench.run();
    expect(bench.acks).toHaveLength(1);
    expect(bench.acks[0]).toMatchObject({
      checkpointId: 5,
      task: { vertex: 2, subtask: 1, attempt: 3 },
      metrics: { bytes: 10, alignmentMs: 4 },
    });
    const [a, b, c] = bench.acks[0]?.snapshot.operators ?? [];
    expect([a?.operatorId, b?.operatorId, c?.operatorId]).toEqual(["a", "b", "c"]);
    expect(b?.keyed?.files).toEqual([{ path: "chk-5/v-1-3-1", bytes: 10, checksum: 7 }]);
    expect([...bench.store.files]).toEqual(["chk-5/v-1-3-1"]);
  });

  test("without changes writes nothing", () => {
    const bench = new Bench();
    bench.begin(5, [part("a", keyedSnapshot(1, 0))]);
    bench.run();
    expect(bench.store.writing).toBe(0);
    expect(bench.acks).toHaveLength(1);
  });

  test("goes one slice at a time, the oldest first; one that waits for storage holds up nobody", () => {
    const bench = new Bench();
    bench.begin(5, [part("a", keyedSnapshot(2, 10))]);
    bench.begin(6, [part("a", keyedSnapshot(2, 0))]);
    bench.checkpoints.advance();
    expect(bench.store.writing).toBe(0);
    bench.run();
    expect(bench.acks.map(({ checkpointId }) => checkpointId)).toEqual([6]);
    bench.store.settle();
    bench.run();
    expect(bench.acks.map(({ checkpointId }) => checkpointId)).toEqual([6, 5]);
  });

  test("that cannot be serialised is declined", () => {
    const bench = new Bench();
    bench.begin(5, [part("a", keyedSnapshot(3, 10, 2))]);
    bench.run();
    expect(bench.declined).toEqual(["5 CHECKPOINT_ASYNC_EXCEPTION a function is no state"]);
  });

  test("with lists that cannot be encoded is declined, and leaves no file of the operators before", () => {
    const bench = new Bench();
    const failure = new MillraceError("MR4101", "a function is no state");
    bench.begin(5, [part("a", keyedSnapshot(1, 10)), { ...part("b"), failure }]);
    bench.run();
    bench.store.settle();
    bench.run();
    expect(bench.declined).toEqual(["5 CHECKPOINT_ASYNC_EXCEPTION MR4101: a function is no state"]);
    expect([bench.acks, bench.store.files.size, bench.checkpoints.underWay]).toEqual([[], 0, false]);
  });

  test("whose write fails is declined, and leaves no file though it may have been written", () => {
    const bench = new Bench();
    bench.begin(5, [part("a", keyedSnapshot(1, 10))]);
    bench.run();
    bench.store.settle(false);
    bench.run();
    expect(bench.declined).toEqual(["5 IO_EXCEPTION MR5206: the disk is full"]);
    expect(bench.store.files.size).toBe(0);
  });
});

describe.each(["aborted", "closed"])("%s", (how) => {
  const end = (bench: Bench): void => (how === "aborted" ? bench.checkpoints.abort(5) : bench.checkpoints.close());

  test.each([
    ["while it is serialised", 0],
    ["while a file is being written", 1],
    ["when the file is durable, and the task does not know it yet", 2],
    ["with a file written and another to come", 3],
  ])("%s: nothing is acknowledged, and no file stays", (_when, at) => {
    const bench = new Bench();
    bench.begin(5, [part("a", keyedSnapshot(2, 10)), part("b", keyedSnapshot(2, 10))]);
    if (at === 0) bench.checkpoints.advance();
    if (at >= 1) bench.run();
    if (at >= 2) bench.store.settle();
    if (at >= 3) bench.run();
    end(bench);
    bench.store.settle();
    bench.run();
    expect(bench.acks).toEqual([]);
    expect(bench.declined).toEqual([]);
    expect(bench.checkpoints.serialising).toBe(false);
    expect(bench.store.files.size).toBe(0);
  });
});

test("an abort takes back no other checkpoint, and none that is acknowledged", () => {
  const bench = new Bench();
  bench.begin(5, [part("a", keyedSnapshot(1, 10))]);
  bench.begin(6, [part("a", keyedSnapshot(1, 10))]);
  bench.run();
  bench.store.settle();
  bench.run();
  bench.checkpoints.abort(5);
  bench.checkpoints.close();
  expect(bench.acks.map(({ checkpointId }) => checkpointId)).toEqual([5, 6]);
  expect(bench.store.files.size).toBe(2);
});
