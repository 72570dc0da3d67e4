/**
 * Goal:   a channel of a loop delivers everything once and in order, however little memory it has; what is recorded at any time is exactly what waits then; memory
 *         and disk are given back when nothing waits.
 * Method: random pushes, frames, control elements and reads against a plain list; memory from nothing to plenty; recordings on the way, read at the end.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
// covers: core/network/backlog.ts, core/network/spill-space.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backlog } from "../../../core/network/backlog.ts";
import type { ControlElement } from "../../../core/network/channel.ts";
import { FrameEncoder } from "../../../core/network/columnar/frame-encoder.ts";
import { forEachInFlight } from "../../../core/network/in-flight.ts";
import type { InFlightChannel } from "../../../core/network/in-flight.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { SpillSpace } from "../../../core/network/spill-space.ts";
import { InFlightRecording } from "../../../core/runtime/in-flight-recording.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { replay } from "../../harness/replay.ts";

type Action =
  | { readonly kind: "push"; readonly times: number }
  | { readonly kind: "frame"; readonly times: number }
  | { readonly kind: "control" }
  | { readonly kind: "barrier" }
  | { readonly kind: "record" }
  | { readonly kind: "read"; readonly count: number };

const actions = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("push" as const), times: fc.nat(90) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("frame" as const), times: fc.integer({ min: 1, max: 40 }) }),
    },
    { weight: 1, arbitrary: fc.constant<Action>({ kind: "control" }) },
    { weight: 1, arbitrary: fc.constant<Action>({ kind: "barrier" }) },
    { weight: 1, arbitrary: fc.constant<Action>({ kind: "record" }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("read" as const), count: fc.nat(120) }) },
  ),
  { maxLength: 60 },
);

interface Recorded {
  readonly recording: InFlightRecording;
  /** What it must hold, once its barrier has come. */
  readonly expected: number[];
  isOpen: boolean;
}

/** A channel beside a plain list of what it holds. */
class Beside {
  readonly scratch: MemoryScratch = new MemoryScratch();
  readonly space: SpillSpace;
  readonly channel: InSlotChannel;
  readonly list: unknown[] = [];
  readonly wanted: unknown[] = [];
  readonly seen: unknown[] = [];
  readonly recorded: Recorded[] = [];
  readonly #encoder = new FrameEncoder();
  #next = 0;
  #checkpointId = 0;

  constructor(capacity: number, memoryBytesMax: number) {
    this.space = new SpillSpace({ scratch: this.scratch, memoryBytesMax, diskBytesMax: 1e9 });
    this.channel = new InSlotChannel(capacity, new Backlog(this.space));
  }

  act(action: Action): void {
    switch (action.kind) {
      case "push":
        for (const { n } of this.#made(action.times)) this.channel.push({ n }, n);
        return;
      case "frame": {
        const made = this.#made(action.times);
        const times = Float64Array.from(made, ({ n }) => n);
        const frame = this.#encoder.encode(made, times, 0, made.length);
        if (this.channel.defers(frame, made.length)) return;
        for (const record of made) this.channel.push(record, record.n);
        return;
      }
      case "control":
        return this.#send({ kind: "watermark", watermarkMs: this.#next });
      case "barrier":
        this.#advance();
        return this.#send({
          kind: "barrier",
          checkpointId: ++this.#checkpointId,
          options: { kind: "checkpoint", directory: "" },
        });
      case "record":
        return this.#record();
      case "read":
        return this.read(action.count);
    }
  }

  /** What comes out, in order, beside what should. */
  read(count: number): void {
    this.#advance();
    const { channel } = this;
    for (let step = 0; step < count && this.list.length > 0; step += 1) {
      this.wanted.push(this.list.shift());
      const control = channel.peekControl();
      if (control !== undefined) {
        channel.takeControl();
        this.seen.push(control);
        continue;
      }
      if (channel.readable() <= 0) throw new Error("something waits, and nothing can be read");
      const slot = channel.head & channel.mask;
      const { n } = channel.values[slot] as { readonly n: number }; // as it was pushed
      this.seen.push(channel.timestampsMs[slot] === n ? n : `${n} with another's timestamp`);
      channel.values[slot] = undefined;
      channel.consumed(1);
    }
  }

  /** All barriers come, and all that waits is read. Returns what each recording holds, beside what waited. */
  end(): readonly { readonly found: readonly number[]; readonly expected: readonly number[] }[] {
    while (this.recorded.some(({ isOpen }) => isOpen)) this.act({ kind: "barrier" });
    this.#advance();
    this.read(Infinity);
    return this.recorded.map(({ recording, expected }) => {
      if (recording.isOpen || recording.failure !== undefined) throw new Error("a recording is not whole");
      const found = recording.parts(200).flatMap((part) => numbersIn(part.read()));
      recording.close();
      return { found, expected };
    });
  }

  #made(count: number): { readonly n: number }[] {
    const made = Array.from({ length: count }, () => ({ n: this.#next++ }));
    this.list.push(...made.map(({ n }) => n));
    for (const open of this.recorded) if (open.isOpen) open.expected.push(...made.map(({ n }) => n));
    return made;
  }

  #send(element: ControlElement): void {
    this.channel.send(element);
    this.list.push(element);
    for (const open of this.recorded)
      if (element.kind === "barrier" && element.checkpointId === open.recording.checkpointId) open.isOpen = false;
  }

  /** Of the next checkpoint, whose barrier has not come. */
  #record(): void {
    const checkpointId = this.#checkpointId + 1;
    if (this.recorded.some(({ recording }) => recording.checkpointId === checkpointId)) return;
    const channels = [{ reader: this.channel, edge: 0 }];
    const recording = new InFlightRecording({ checkpointId, channels, putOff: [], encoder: this.#encoder });
    recording.advance();
    const expected = this.list.filter((element): element is number => typeof element === "number");
    this.recorded.push({ recording, expected, isOpen: true });
  }

  #advance(): void {
    for (const { recording } of this.recorded) recording.advance();
  }
}

function numbersIn(part: readonly InFlightChannel[]): readonly number[] {
  const numbers: number[] = [];
  forEachInFlight(part, (value) => numbers.push((value as { readonly n: number }).n)); // as it was pushed
  return numbers;
}

describe("a channel with a backlog", () => {
  test("delivers everything once and in order, and gives back what it took", () => {
    let spilled = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3, 16),
        fc.constantFrom(0, 1, 700, 5_000, 200_000, 1e7),
        actions,
        (capacity, memory, script) => {
          const beside = new Beside(capacity, memory);
          for (const action of script) {
            beside.act(action);
            expect(beside.channel.waiting).toBe(beside.list.filter((element) => typeof element === "number").length);
            if (beside.space.spilledBytes > 0) spilled += 1;
          }
          for (const { found, expected } of beside.end()) expect(found).toEqual(expected);
          expect(beside.seen).toEqual(beside.wanted);
          expect(beside.channel.waiting).toBe(0);
          expect([beside.space.memoryBytes, beside.space.spilledBytes, beside.scratch.openFiles]).toEqual([0, 0, 0]);
        },
      ),
      { numRuns: 400, ...replay },
    );
    expect(spilled).toBeGreaterThan(0);
  });

  test("whoever is told that the disk is full knows what to do", () => {
    const space = new SpillSpace({ scratch: new MemoryScratch(), memoryBytesMax: 0, diskBytesMax: 2_000 });
    const channel = new InSlotChannel(1, new Backlog(space));
    expect(() => {
      for (let n = 0; n < 10_000; n += 1) channel.push({ n, text: "some text" }, n);
    }).toThrow(expect.objectContaining({ code: "MR3040", retryable: false }));
  });

  test("a snapshot for which the disk has no room fails, and what waits goes on waiting", () => {
    const space = new SpillSpace({ scratch: new MemoryScratch(), memoryBytesMax: 0, diskBytesMax: 10 });
    const channel = new InSlotChannel(4, new Backlog(space));
    for (let n = 0; n < 10; n += 1) channel.push({ n }, n);
    const channels = [{ reader: channel, edge: 0 }];
    const recording = new InFlightRecording({ checkpointId: 1, channels, putOff: [], encoder: new FrameEncoder() });
    recording.advance();
    expect(recording.failure?.cause).toMatchObject({ code: "MR3040" });
    recording.close();
    const { backlog } = channel;
    const into = { values: [] as unknown[], timestampsMs: new Float64Array(0) };
    expect(backlog?.shift(into)).toBe(6);
    expect(into.values).toEqual([4, 5, 6, 7, 8, 9].map((n) => ({ n })));
    expect(backlog?.length).toBe(0);
  });

  test("what a neighbour writes after the end is forgotten", () => {
    const scratch = new MemoryScratch();
    const space = new SpillSpace({ scratch, memoryBytesMax: 0, diskBytesMax: 1e6 });
    const channel = new InSlotChannel(1, new Backlog(space));
    for (let n = 0; n < 100; n += 1) channel.push({ n }, n);
    expect(scratch.openFiles).toBe(1);
    space.close();
    for (let n = 0; n < 100; n += 1) channel.push({ n }, n);
    expect(scratch.openFiles).toBe(0);
  });
});
