/**
 * Goal:   a source emits every record exactly once through any stops and rescales; no record is behind a watermark that its subtask sent before it;
 *         a restored subtask starts where it was.
 * Method: splits with rising timestamps and monotonous generators, so that a record may never be late. Random polls, time, room, snapshots with
 *         restores at another parallelism; everything emitted is collected over all lives.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOperator } from "../../../core/operators/source.ts";
import { WatermarkStrategy } from "../../../core/time/watermark-strategy.ts";
import { listSource, listSplit } from "../../harness/list-source.ts";
import type { ListSourceOptions, ListSplit } from "../../harness/list-source.ts";
import type { HarnessSnapshot } from "../../harness/harness-state.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import { replay } from "../../harness/replay.ts";

type Step =
  | { readonly kind: "poll"; readonly subtask: number; readonly records: number }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "room"; readonly subtask: number; readonly records: number }
  | { readonly kind: "restore"; readonly parallelism: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("poll" as const),
      subtask: fc.nat(2),
      records: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.constantFrom(50, 200, 300) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("room" as const), subtask: fc.nat(2), records: fc.nat(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("restore" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
  },
);

const scenario = fc.record({
  splits: fc.array(fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 12 }), {
    minLength: 1,
    maxLength: 4,
  }),
  parallelism: fc.integer({ min: 1, max: 3 }),
  order: fc.constantFrom<NonNullable<ListSourceOptions["order"]>>("in-turns", "one-by-one"),
  steps: fc.array(step, { maxLength: 40, size: "max" }),
});

function splitsOf(timestamps: readonly (readonly number[])[]): ListSplit[] {
  return timestamps.map((some, at) =>
    listSplit(
      `split-${at}-`,
      [...new Set(some)].toSorted((left, right) => left - right),
    ),
  );
}

/** One run of all subtasks, from a start or restore to the next. */
class Life {
  readonly subtasks: readonly OperatorHarness[];

  constructor(
    parallelism: number,
    order: ListSourceOptions["order"],
    restored: readonly HarnessSnapshot[] | undefined,
  ) {
    const source = listSource(order === undefined ? {} : { order });
    const strategy = WatermarkStrategy.forMonotonousTimestamps<string>();
    this.subtasks = Array.from(
      { length: parallelism },
      (_, subtaskIndex) =>
        new OperatorHarness({
          create: (services) => createOperator<string, ListSplit>(services, { source, strategy }),
          subtaskIndex,
          parallelism,
          ...(restored === undefined ? {} : { restored }),
        }),
    );
  }

  subtask(index: number): OperatorHarness {
    const subtask = this.subtasks[index % this.subtasks.length];
    if (subtask === undefined) throw new Error("there is at least one subtask");
    return subtask;
  }

  save(): HarnessSnapshot[] {
    return this.subtasks.flatMap((subtask) => subtask.trySnapshot(1) ?? []);
  }

  finish(): void {
    for (const subtask of this.subtasks) {
      subtask.makeRoom();
      subtask.handleEvent({ type: "no-more-splits" });
      while (subtask.poll(10) !== "finished") continue;
    }
  }

  apply(step: Exclude<Step, { kind: "restore" }>): void {
    if (step.kind === "poll") this.subtask(step.subtask).poll(step.records);
    else if (step.kind === "room") this.subtask(step.subtask).makeRoom(step.records);
    else for (const subtask of this.subtasks) subtask.advance(step.ms);
  }
}

/** Every record comes after lower watermarks only, and watermarks rise. */
function checkTime(subtask: OperatorHarness): void {
  const behind: unknown[] = [];
  let watermarkMs = -Infinity;
  for (const entry of subtask.log) {
    if (entry.kind === "record" && !(entry.timestampMs > watermarkMs)) behind.push(entry);
    if (entry.kind !== "watermark") continue;
    if (!(entry.watermarkMs > watermarkMs)) behind.push(entry);
    watermarkMs = entry.watermarkMs;
  }
  expect(behind).toEqual([]);
}

function checkRestored(before: Life, after: Life): void {
  const sameParallelism = before.subtasks.length === after.subtasks.length;
  const furthestBehind = Math.min(...before.subtasks.map((subtask) => subtask.operator.watermarkMs ?? NaN));
  for (const [index, subtask] of after.subtasks.entries()) {
    const startMs = subtask.watermarks[0] ?? -Infinity;
    if (sameParallelism) expect(startMs).toBe(before.subtasks[index]?.operator.watermarkMs);
    else expect(startMs).toBeGreaterThanOrEqual(furthestBehind);
  }
}

describe("source", () => {
  test("loses, doubles and delays no record through restores and rescales", () => {
    fc.assert(
      fc.property(scenario, ({ splits: timestamps, parallelism, order, steps }) => {
        const splits = splitsOf(timestamps);
        const emitted: string[] = [];
        let life = new Life(parallelism, order, undefined);
        splits.forEach((split, at) => life.subtask(at).handleEvent({ type: "add-splits", splits: [split] }));
        const close = (): void => {
          for (const subtask of life.subtasks) checkTime(subtask);
          emitted.push(...life.subtasks.flatMap((subtask) => subtask.values.map(String)));
        };
        for (const one of steps) {
          if (one.kind !== "restore") {
            life.apply(one);
            continue;
          }
          const next = new Life(one.parallelism, order, life.save());
          close();
          checkRestored(life, next);
          life = next;
        }
        life.finish();
        close();
        for (const subtask of life.subtasks) expect(subtask.watermarks.at(-1)).toBe(Infinity);
        for (const split of splits) {
          const expected = split.records.map(([value]) => value);
          expect(emitted.filter((value) => value.startsWith(split.splitId))).toEqual(expected);
        }
      }),
      { numRuns: 200, ...replay },
    );
  });
});
