/**
 * Goal:   whatever overtakes what: a checkpoint contains exactly what came before its barriers, each record either processed before the snapshot or recorded in
 *         flight, in order; an unaligned barrier waits for no record; snapshots come in the order of their ids.
 * Method: producers write scripts of records and barriers (aligned, patient, unaligned; some skip a barrier that was aborted), a consumer reads when the dice say,
 *         time passes, checkpoints are aborted; the naive model only counts the records before each barrier in each script.
 * Replay: MILLRACE_SEED=<seed>
 */
// covers: core/runtime/in-flight-recording.ts
// covers: core/runtime/barrier-overtaking.ts
// covers: core/network/in-flight.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeInFlight, encodeInFlight, forEachInFlight } from "../../../core/network/in-flight.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { mayOvertakeOn } from "../../../core/runtime/barrier-overtaking.ts";
import type { InFlightRecording } from "../../../core/runtime/in-flight-recording.ts";
import { InputGate } from "../../../core/runtime/input-gate.ts";
import { replay } from "../../harness/replay.ts";

/** A number is a barrier, at the index of its checkpoint. */
type Element = "record" | "watermark" | number;

interface Script {
  /** By checkpoint: its barriers never overtake, or after so long. */
  readonly timeouts: readonly (number | undefined)[];
  readonly channels: readonly (readonly Element[])[];
  /** Producers finish, some of them before the last barriers. */
  readonly closes: boolean;
  readonly moves: readonly Move[];
}

type Move =
  | { readonly kind: "write" | "read"; readonly who: number; readonly count: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "abort"; readonly checkpointId: number };

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("write" as const),
        who: fc.nat(3),
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("read" as const),
        who: fc.nat(3),
        count: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(1, 10, 40) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("abort" as const), checkpointId: fc.integer({ min: 1, max: 4 }) }),
    },
  ),
  { minLength: 5, maxLength: 60 },
);

const scripts: fc.Arbitrary<Script> = fc
  .record({ channels: fc.integer({ min: 1, max: 3 }), checkpoints: fc.integer({ min: 1, max: 4 }) })
  .chain(({ channels, checkpoints }) =>
    fc.record({
      timeouts: fc.array(fc.constantFrom(0, 0, undefined, 20), { minLength: checkpoints, maxLength: checkpoints }),
      channels: fc.array(
        fc
          .array(fc.array(fc.constantFrom<Element>("record", "record", "watermark"), { maxLength: 4 }), {
            minLength: checkpoints + 1,
            maxLength: checkpoints + 1,
          })
          .map((gaps) => gaps.flatMap((gap, index) => (index === 0 ? gap : [index, ...gap]))),
        { minLength: channels, maxLength: channels },
      ),
      closes: fc.boolean(),
      moves,
      ends: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: channels, maxLength: channels }),
    }),
  )
  .map(({ ends, ...script }) =>
    script.closes
      ? { ...script, channels: script.channels.map((channel, who) => channel.slice(0, ends[who])) }
      : script,
  );

interface Taken {
  readonly checkpointId: number;
  /** Records processed by then, by channel. */
  readonly processed: readonly number[];
  readonly recording: InFlightRecording | undefined;
}

/** A task, as far as barriers go. A record is its number in its channel. */
class Bench {
  readonly taken: Taken[] = [];
  readonly aborted: Set<number> = new Set();
  readonly gate: InputGate;
  readonly #script: Script;
  readonly channels: readonly InSlotChannel[];
  readonly #written: number[];
  readonly #processed: number[];
  #nowMs = 0;

  constructor(script: Script) {
    this.#script = script;
    this.channels = script.channels.map(() => new InSlotChannel(4));
    this.#written = script.channels.map(() => 0);
    this.#processed = script.channels.map(() => 0);
    this.gate = new InputGate(
      this.channels.map((reader, edge) => ({ reader, edge, isFeedback: false, input: 0 })),
      {
        exactlyOnce: true,
        restored: script.channels.map(() => ({ watermarkMs: -Infinity, status: "active" as const })),
        overtaking: { putOff: () => [], isAllowed: true, nowMs: () => this.#nowMs, schedule: () => () => undefined },
      },
    );
  }

  play(move: Move): void {
    if (move.kind === "pass") this.#nowMs += move.ms;
    else if (move.kind === "abort") this.abort(move.checkpointId);
    else if (move.kind === "write") this.write(move.who % this.channels.length, move.count);
    else this.read(move.count);
    this.step();
  }

  abort(checkpointId: number): void {
    if (this.#script.timeouts.length < checkpointId) return;
    this.aborted.add(checkpointId);
    this.gate.abort(checkpointId);
  }

  /** Producers that have heard of an abort skip the barrier; whether they have depends on the count, as good as by chance. */
  write(who: number, count: number): void {
    const script = this.#script.channels[who] ?? [];
    const channel = this.channels[who];
    for (let written = 0; written < count; written += 1) {
      const at = this.#written[who] ?? 0;
      const element = script[at];
      if (element === undefined) {
        if (at === script.length && this.#script.closes) channel?.send({ kind: "close" });
        this.#written[who] = script.length + 1;
        return;
      }
      this.#written[who] = at + 1;
      if (element === "record") channel?.push(this.#records(who, at), 7 * at);
      else if (element === "watermark") channel?.send({ kind: "watermark", watermarkMs: at });
      else if (!(this.aborted.has(element) && count % 2 === 0)) channel?.send(this.#barrier(element));
    }
  }

  read(count: number): void {
    for (let turn = 0; turn < count; turn += 1) {
      if (this.#due() !== undefined) return;
      const index = this.gate.next(false);
      const reader = this.channels[index];
      if (reader === undefined) return;
      const control = reader.peekControl();
      if (control === undefined) {
        this.#processed[index] = (this.#processed[index] ?? 0) + 1;
        reader.values[reader.head & reader.mask] = undefined;
        reader.consumed(1);
        continue;
      }
      reader.takeControl();
      if (control.kind === "barrier") this.gate.alignment.barrier(index, control);
      if (control.kind === "close") this.gate.alignment.close(index);
    }
  }

  step(): void {
    this.gate.overtaking.advance();
    for (let due = this.#due(); due !== undefined; due = this.#due()) {
      const recording = this.gate.overtaking.record(due.checkpointId);
      this.gate.alignment.taken(due.checkpointId);
      this.taken.push({ checkpointId: due.checkpointId, processed: [...this.#processed], recording });
    }
  }

  /** Everything is written and read. */
  finish(): void {
    for (const [who, script] of this.#script.channels.entries()) this.write(who, script.length + 2);
    this.step();
    for (let turn = 0; turn < 400; turn += 1) {
      this.read(1);
      this.step();
    }
  }

  /** Of an unaligned checkpoint that came through some channel, and that no older one stands in front of. */
  get waitsInVain(): boolean {
    const live = this.channels.flatMap((channel) =>
      [...channel.controls()].flatMap(({ element }) =>
        element.kind === "barrier" && this.gate.alignment.isLive(element.checkpointId) ? [element] : [],
      ),
    );
    const collecting = this.gate.alignment.current;
    const oldest = [...live, ...(collecting === undefined ? [] : [collecting])].toSorted(
      (left, right) => left.checkpointId - right.checkpointId,
    )[0];
    return oldest?.options.alignedTimeoutMs === 0;
  }

  #due(): { readonly checkpointId: number } | undefined {
    return this.gate.alignment.complete() ?? this.gate.overtaking.due(undefined);
  }

  #barrier(checkpointId: number): Parameters<InSlotChannel["send"]>[0] {
    const alignedTimeoutMs = this.#script.timeouts[checkpointId - 1];
    const options = { kind: "checkpoint", directory: "chk" } as const;
    return {
      kind: "barrier",
      checkpointId,
      options: { ...options, ...(alignedTimeoutMs !== undefined && { alignedTimeoutMs }) },
    };
  }

  #records(who: number, end: number): number {
    return recordsBefore(this.#script.channels[who] ?? [], end);
  }
}

function recordsBefore(script: readonly Element[], end: number): number {
  return script.slice(0, end).filter((element) => element === "record").length;
}

/** The numbers of the records that one channel had in flight. */
function recorded(recording: InFlightRecording | undefined, channel: number): readonly unknown[] {
  const parts = (recording?.parts(1) ?? []).flatMap((part) => decodeInFlight(encodeInFlight(part.read())));
  const values: unknown[] = [];
  forEachInFlight(
    parts.filter(({ edge }) => edge === channel),
    (value) => values.push(value),
  );
  return values;
}

function check(script: Script, bench: Bench): void {
  const ids = bench.taken.map(({ checkpointId }) => checkpointId);
  expect(ids).toEqual([...new Set(ids)].toSorted((left, right) => left - right));
  for (const { checkpointId, processed, recording } of bench.taken) {
    if (bench.aborted.has(checkpointId) || recording?.failure !== undefined) continue;
    if (recording?.isOpen === true) continue;
    for (const [channel, elements] of script.channels.entries()) {
      const barrier = elements.indexOf(checkpointId);
      const expected = recordsBefore(elements, barrier === -1 ? elements.length : barrier);
      const first = processed[channel] ?? 0;
      const inFlight = Array.from({ length: expected - first }, (_, index) => first + index);
      expect([checkpointId, channel, recorded(recording, channel)]).toEqual([checkpointId, channel, inFlight]);
    }
  }
}

describe("barriers that overtake", () => {
  test("every checkpoint contains exactly what came before its barriers", () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const bench = new Bench(script);
        for (const move of script.moves) {
          bench.play(move);
          expect(bench.waitsInVain).toBe(false);
        }
        check(script, bench);
        bench.finish();
        check(script, bench);
        // Nobody is forgotten: what was not aborted was taken, and is whole.
        if (bench.aborted.size > 0) return;
        expect(bench.taken.map(({ checkpointId }) => checkpointId)).toEqual(
          script.timeouts
            .map((_, index) => index + 1)
            .filter((id) => script.channels.some((channel) => channel.includes(id))),
        );
        for (const { recording } of bench.taken) expect(recording?.isOpen ?? false).toBe(false);
      }),
      { numRuns: 300, ...replay },
    );
  });

  test("one that a producer has skipped fails, once a later barrier shows it", () => {
    const bench = new Bench({
      timeouts: [0, 0],
      channels: [
        [1, "record", 2],
        ["record", 2],
      ],
      closes: false,
      moves: [],
    });
    bench.write(0, 1);
    bench.step();
    expect(bench.taken[0]?.recording?.isOpen).toBe(true);
    bench.write(1, 2);
    bench.step();
    expect(bench.taken[0]?.recording?.failure).toMatchObject({
      reason: "CHECKPOINT_SUBSUMED",
      cause: { code: "MR3008" },
    });
    expect(bench.taken[0]?.recording?.isOpen).toBe(false);
  });
});

describe("a task", () => {
  test("records nothing that cannot be encoded, and says so", () => {
    const bench = new Bench({ timeouts: [0], channels: [[], [1]], closes: false, moves: [] });
    bench.channels[0]?.push(() => undefined, 0);
    bench.write(1, 1);
    bench.step();
    expect(bench.taken[0]?.recording?.failure).toMatchObject({ reason: "CHECKPOINT_ASYNC_EXCEPTION" });
  });

  test("passes on what is left of a barrier's patience, and looks again when it is over", () => {
    const later: { readonly delayMs: number; readonly mail: () => void }[] = [];
    let nowMs = 0;
    const channels = [new InSlotChannel(4), new InSlotChannel(4)];
    const gate = new InputGate(
      channels.map((reader) => ({ reader, edge: 0, isFeedback: false, input: 0 })),
      {
        exactlyOnce: true,
        restored: channels.map(() => ({ watermarkMs: -Infinity, status: "active" as const })),
        overtaking: {
          putOff: () => [],
          isAllowed: true,
          nowMs: () => nowMs,
          schedule: (delayMs, mail) => {
            later.push({ delayMs, mail });
            return () => undefined;
          },
        },
      },
    );
    const options = { kind: "checkpoint", directory: "chk", alignedTimeoutMs: 30 } as const;
    channels[0]?.push("a", 0);
    channels[0]?.send({ kind: "barrier", checkpointId: 1, options });
    expect(gate.overtaking.due(undefined)).toBe(undefined);
    nowMs = 10;
    expect(gate.overtaking.due(undefined)).toBe(undefined);
    expect(later.map(({ delayMs }) => delayMs)).toEqual([30]);
    expect(gate.overtaking.forwarded({ checkpointId: 1, options }).alignedTimeoutMs).toBe(20);
    channels[1]?.send({ kind: "barrier", checkpointId: 1, options: { ...options, alignedTimeoutMs: 5 } });
    expect(gate.overtaking.due(undefined)).toMatchObject({ checkpointId: 1 });
    expect(
      gate.overtaking.forwarded({ checkpointId: 1, options: { ...options, alignedTimeoutMs: 5 } }).alignedTimeoutMs,
    ).toBe(0);
  });
});

test.each([
  ["hash", true],
  ["rebalance", true],
  ["shuffle", true],
  ["global", true],
  ["custom", true],
  ["forward", false],
  ["rescale", false],
  ["broadcast", false],
] as const)("a barrier may overtake on %s edges: %s", (kind, may) => {
  expect(mayOvertakeOn(kind)).toBe(may);
});
