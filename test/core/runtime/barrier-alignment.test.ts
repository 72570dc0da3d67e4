/**
 * Goal:   a snapshot is taken exactly when the barrier of its checkpoint has come through every channel that still delivers, and holds exactly what came
 *         before the barriers.
 * Method: channels are scripts of records and barriers, interleaved at random, with aborts and closes in between; a naive count says what each snapshot
 *         must contain.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BarrierAlignment } from "../../../core/runtime/barrier-alignment.ts";
import { replay } from "../../harness/replay.ts";

type Alignment = Pick<BarrierAlignment, "blocked" | "barrier" | "complete" | "taken" | "abort">;

type Element = "record" | number;

interface Script {
  readonly channels: readonly (readonly Element[])[];
  readonly picks: readonly number[];
  readonly aborts: ReadonlyMap<number, number>;
}

/** Every channel carries the barriers 1..n in order, with records in between. */
const scripts: fc.Arbitrary<Script> = fc
  .record({ channels: fc.integer({ min: 1, max: 4 }), barriers: fc.integer({ min: 1, max: 5 }) })
  .chain(({ channels, barriers }) =>
    fc.record({
      channels: fc.array(
        fc
          .array(fc.nat(3), { minLength: barriers, maxLength: barriers })
          .map((gaps) =>
            gaps.flatMap((gap, index): Element[] => [
              ...Array.from({ length: gap }, (): Element => "record"),
              index + 1,
            ]),
          ),
        { minLength: channels, maxLength: channels },
      ),
      picks: fc.array(fc.nat(20), { minLength: 1, maxLength: 60 }),
      aborts: fc
        .array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: barriers })), { maxLength: 2 })
        .map((pairs) => new Map(pairs)),
    }),
  );

const options = { kind: "checkpoint", directory: "chk" } as const;

/** Records before the barrier of `id`, in one channel. */
function before(channel: readonly Element[], id: number): number {
  return channel.slice(0, channel.indexOf(id)).filter((element) => element === "record").length;
}

function run({ channels, picks, aborts }: Script, alignment: BarrierAlignment): void {
  const positions = channels.map(() => 0);
  const taken = channels.map(() => 0);
  const aborted = new Set<number>();
  let last = 0;
  for (let step = 0; positions.some((position, index) => position < (channels[index]?.length ?? 0)); step += 1) {
    const abort = aborts.get(step);
    if (abort !== undefined && abort > last) {
      aborted.add(abort);
      alignment.abort(abort);
    }
    const open = channels
      .map((_, index) => index)
      .filter((index) => alignment.blocked[index] !== true && (positions[index] ?? 0) < (channels[index]?.length ?? 0));
    expect(open.length).toBeGreaterThan(0); // otherwise the task would hang for ever
    const index = open[(picks[step % picks.length] ?? 0) % open.length] ?? 0;
    const element = channels[index]?.[positions[index] ?? 0];
    positions[index] = (positions[index] ?? 0) + 1;
    if (element === "record") taken[index] = (taken[index] ?? 0) + 1;
    else alignment.barrier(index, { checkpointId: element ?? 0, options });
    const complete = alignment.complete();
    if (complete === undefined) continue;
    expect(aborted.has(complete.checkpointId)).toBe(false);
    expect(complete.checkpointId).toBeGreaterThan(last);
    expect(taken).toEqual(channels.map((channel) => before(channel, complete.checkpointId)));
    last = complete.checkpointId;
    alignment.taken(complete.checkpointId);
  }
}

/** Channels are never held back, so that those picked often run ahead. Taking a checkpoint ends the older ones, as in the task. */
function runAtLeastOnce({ channels, picks, aborts }: Script, alignment: Alignment): void {
  const positions = channels.map(() => 0);
  const arrived = new Map<number, number>();
  let last = 0;
  for (let step = 0; positions.some((position, index) => position < (channels[index]?.length ?? 0)); step += 1) {
    const abort = aborts.get(step);
    if (abort !== undefined && abort > last) {
      arrived.set(abort, -Infinity);
      alignment.abort(abort);
    }
    expect(alignment.blocked).toEqual(channels.map(() => false));
    const open = channels.flatMap((elements, index) => ((positions[index] ?? 0) < elements.length ? [index] : []));
    const index = open[(picks[step % picks.length] ?? 0) % open.length] ?? 0;
    const element = channels[index]?.[positions[index] ?? 0];
    positions[index] = (positions[index] ?? 0) + 1;
    if (typeof element !== "number") continue;
    arrived.set(element, (arrived.get(element) ?? 0) + 1);
    expect(alignment.barrier(index, { checkpointId: element, options })).toBeUndefined();
    const due = element > last && arrived.get(element) === channels.length;
    expect(alignment.complete()?.checkpointId).toBe(due ? element : undefined);
    if (!due) continue;
    last = element;
    alignment.taken(element);
  }
}

/** As it is where channels are held back, and as it must not be where they are not. */
function givingUpTheOvertaken(channels: number): Alignment {
  const alignment = new BarrierAlignment({ channels, exactlyOnce: false });
  return {
    blocked: alignment.blocked,
    barrier: (channel, checkpoint) => {
      const { current } = alignment;
      if (current !== undefined && current.checkpointId < checkpoint.checkpointId)
        alignment.abort(current.checkpointId);
      return alignment.barrier(channel, checkpoint);
    },
    complete: () => alignment.complete(),
    taken: (checkpointId) => alignment.taken(checkpointId),
    abort: (checkpointId) => alignment.abort(checkpointId),
  };
}

describe("barrier alignment", () => {
  test("snapshots hold exactly what came before the barriers, and nothing blocks for ever", () => {
    fc.assert(
      fc.property(scripts, (script) =>
        run(script, new BarrierAlignment({ channels: script.channels.length, exactlyOnce: true })),
      ),
      { numRuns: 500, ...replay },
    );
  });

  test("the property catches a task that does not hold channels back", () => {
    const found = fc.check(
      fc.property(scripts, (script) =>
        run(script, new BarrierAlignment({ channels: script.channels.length, exactlyOnce: false })),
      ),
      { numRuns: 500, ...replay },
    );
    expect(found.failed).toBe(true);
  });

  test("a closed channel is not waited for", () => {
    const alignment = new BarrierAlignment({ channels: 2, exactlyOnce: true });
    alignment.barrier(0, { checkpointId: 1, options });
    expect(alignment.complete()).toBeUndefined();
    alignment.close(1);
    expect(alignment.complete()?.checkpointId).toBe(1);
  });

  test("a newer barrier supersedes an older checkpoint and says which", () => {
    const alignment = new BarrierAlignment({ channels: 2, exactlyOnce: true });
    expect(alignment.barrier(0, { checkpointId: 1, options })).toBeUndefined();
    expect(alignment.barrier(1, { checkpointId: 2, options })).toBe(1);
    expect(alignment.blocked).toEqual([false, true]);
    expect(alignment.barrier(0, { checkpointId: 1, options })).toBeUndefined();
    alignment.barrier(0, { checkpointId: 2, options });
    expect(alignment.complete()?.checkpointId).toBe(2);
  });

  test("at least once, every checkpoint completes once its barrier has come through every channel, however far ahead another channel is", () => {
    fc.assert(
      fc.property(scripts, (script) =>
        runAtLeastOnce(script, new BarrierAlignment({ channels: script.channels.length, exactlyOnce: false })),
      ),
      { numRuns: 500, ...replay },
    );
  });

  test("that property catches a task that gives up what a newer barrier has overtaken", () => {
    const found = fc.check(
      fc.property(scripts, (script) => runAtLeastOnce(script, givingUpTheOvertaken(script.channels.length))),
      { numRuns: 500, ...replay },
    );
    expect(found.failed).toBe(true);
  });

  test("at least once, what is collected side by side has a bound: then the oldest is given up", () => {
    const alignment = new BarrierAlignment({ channels: 2, exactlyOnce: false });
    for (let id = 1; id <= 50; id += 1) expect(alignment.barrier(0, { checkpointId: id, options })).toBeUndefined();
    expect(alignment.barrier(0, { checkpointId: 51, options })).toBe(1);
    alignment.barrier(1, { checkpointId: 1, options });
    expect(alignment.complete()).toBeUndefined();
    alignment.barrier(1, { checkpointId: 2, options });
    expect(alignment.complete()?.checkpointId).toBe(2);
    expect(alignment.blocked).toEqual([false, false]);
  });
});
