/**
 * Random runs of window operators: configurations, steps, and the loop that compares each step with the naive model.
 *
 * A run interleaves records in any order with watermarks, may find the output full in the middle of a watermark, and may at any point continue in a new
 * operator from a snapshot. The operator must emit in each step exactly what the model says, no matter what.
 */
import fc from "fast-check";
import { expect } from "vitest";
import type { Operator, OperatorServices } from "../../../../core/operators/operator.ts";
import { sliding, session, tumbling } from "../../../../core/operators/window/assigners.ts";
import type { WindowAssigner } from "../../../../core/operators/window/assigners.ts";
import { chooseWindowModule } from "../../../../core/operators/window/choose.ts";
import type { WindowOperatorOptions } from "../../../../core/operators/window/functions.ts";
import * as merging from "../../../../core/operators/window/merging.ts";
import * as sessions from "../../../../core/operators/window/session.ts";
import * as slidings from "../../../../core/operators/window/sliding.ts";
import { eventTime, processingTime } from "../../../../core/operators/window/triggers.ts";
import * as tumblings from "../../../../core/operators/window/tumbling.ts";
import * as general from "../../../../core/operators/window/window.ts";
import type { KeyGroupRange } from "../../../../core/state/key-groups.ts";
import type { HarnessSnapshot } from "../../../harness/harness-state.ts";
import type { ManualClock } from "../../../harness/manual-clock.ts";
import { OperatorHarness } from "../../../harness/operator-harness.ts";
import type { Recorded } from "../../../harness/recording-output.ts";
import { heapState } from "./heap-state.ts";
import { NaiveGrid, NaiveSessions } from "./naive-windows.ts";
import type { Emission, Expected, NaiveWindows } from "./naive-windows.ts";

export interface Item {
  readonly key: string;
  readonly id: number;
  readonly ids: readonly number[];
  readonly gapMs: number;
}

type AnyOptions = WindowOperatorOptions<string, Item, unknown, unknown, unknown>;
type Create = (services: OperatorServices<unknown>, options: AnyOptions) => Operator;

const MODULES: Readonly<Record<string, Create>> = {
  "window/tumbling": tumblings.createOperator,
  "window/sliding": slidings.createOperator,
  "window/session": sessions.createOperator,
  "window/merging": merging.createOperator,
  "window/window": general.createOperator,
};

/** What is made of a window. `nested` hands on parts of its arguments when it merges, and `flat` an argument itself: both are allowed to. */
export const FOLDS: readonly ["reduce", "nested", "flat", "unmergeable", "collect"] = [
  "reduce",
  "nested",
  "flat",
  "unmergeable",
  "collect",
];
export type Fold = (typeof FOLDS)[number];

interface Nested {
  boxes: { ids: number[] }[];
}

function functionsOf(fold: Fold): Pick<AnyOptions, "reduce" | "aggregate" | "process"> {
  switch (fold) {
    case "reduce":
      return { reduce: (left, right) => ({ ...left, ids: [...left.ids, ...right.ids] }) };
    case "nested":
      return { aggregate: { ...nestedAdd, merge: mergeNested } as NonNullable<AnyOptions["aggregate"]> }; // typed as what runs it
    case "unmergeable":
      return { aggregate: nestedAdd as unknown as NonNullable<AnyOptions["aggregate"]> }; // typed as what runs it
    case "flat":
      return { aggregate: flat as unknown as NonNullable<AnyOptions["aggregate"]> }; // typed as what runs it
    case "collect":
      return {
        process: {
          process(ctx, elements: Iterable<Item>, out) {
            const ids = [...elements].map(({ id }) => id);
            out.collect({ key: ctx.key, window: ctx.window, value: { ids } });
          },
        },
      };
  }
}

const nestedAdd = {
  createAccumulator: (): Nested => ({ boxes: [] }),
  add(item: Item, nested: Nested): Nested {
    const [box] = nested.boxes;
    if (box === undefined) nested.boxes.push({ ids: [item.id] });
    else box.ids.push(item.id);
    return nested;
  },
  getResult: (nested: Nested): { ids: number[] } => ({ ids: nested.boxes.flatMap(({ ids }) => ids) }),
};

function mergeNested(left: Nested, right: Nested): Nested {
  const [into] = left.boxes;
  if (into === undefined) left.boxes.push(...right.boxes);
  else for (const box of right.boxes) into.ids.push(...box.ids);
  return left;
}

const flat = {
  createAccumulator: (): { text: string } => ({ text: "" }),
  add(item: Item, all: { text: string }): { text: string } {
    all.text += `${item.id},`;
    return all;
  },
  getResult: (all: { text: string }): { text: string } => all,
  merge(left: { text: string }, right: { text: string }): { text: string } {
    if (left.text === "") return right;
    left.text += right.text;
    return left;
  },
};

/** `tumbling` has gaps at times, `sliding` mostly overlaps. */
export const KINDS: readonly ["tumbling", "sliding", "session"] = ["tumbling", "sliding", "session"];
export type Kind = (typeof KINDS)[number];

export interface Setup {
  readonly kind: Kind;
  readonly time: "event" | "processing";
  readonly fold: Fold;
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
  /** 0: dynamic. */
  readonly gapMs: number;
}

export type Step =
  | { readonly kind: "record"; readonly key: string; readonly timeMs: number; readonly gapMs: number }
  | { readonly kind: "watermark"; readonly byMs: number; readonly room: number; readonly restoreInside: boolean }
  | { readonly kind: "restore" };

export const setups = (kind: Kind): fc.Arbitrary<Setup> =>
  fc
    .record({
      kind: fc.constant(kind),
      time: fc.constantFrom("event", "event", "event", "event", "event", "processing"),
      fold: fc.constantFrom(...FOLDS),
      sizeMs: fc.integer({ min: 1, max: 20 }),
      slideMs: kind === "tumbling" ? fc.constantFrom(0, 0, 0, 1, 5) : fc.integer({ min: 1, max: 12 }),
      offsetMs: fc.integer({ min: -19, max: 19 }),
      latenessMs: fc.constantFrom(0, 1, 3, 7, 20),
      gapMs: fc.constantFrom(0, 1, 4, 9),
    })
    .map((setup) => (kind === "tumbling" ? { ...setup, slideMs: setup.sizeMs + setup.slideMs } : setup))
    .map((setup) => ({
      ...setup,
      offsetMs: setup.offsetMs % setup.slideMs,
      latenessMs: setup.time === "event" ? setup.latenessMs : 0,
      fold: kind === "session" && setup.fold === "unmergeable" ? "nested" : setup.fold,
    }));

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("record" as const),
        key: fc.constantFrom("ash", "birch", "cedar"),
        timeMs: fc.integer({ min: -30, max: 40 }),
        gapMs: fc.integer({ min: 1, max: 9 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("watermark" as const),
        byMs: fc.oneof(
          { weight: 7, arbitrary: fc.integer({ min: 0, max: 12 }) },
          { weight: 1, arbitrary: fc.constantFrom(30, Infinity) },
        ),
        room: fc.constantFrom(Infinity, 1, 1, 2, 3),
        restoreInside: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore" as const) }) },
  ),
  { minLength: 5, maxLength: 60 },
);

export function assignerOf({ kind, sizeMs, slideMs, offsetMs, gapMs, time }: Setup): WindowAssigner<Item> {
  if (kind === "session") return session<Item>(gapMs === 0 ? (item) => item.gapMs : gapMs, { time });
  if (slideMs === sizeMs) return tumbling<Item>(sizeMs, { offset: offsetMs, time });
  return sliding<Item>(sizeMs, slideMs, { offset: offsetMs, time });
}

export function naiveOf(setup: Setup): NaiveWindows {
  return setup.kind === "session" ? new NaiveSessions(setup) : new NaiveGrid(setup);
}

/** The fast path, if there is one, and the general one. */
export type Path = "chosen" | "general";

/** Changes what the operator gets, to see that the comparison notices. */
export interface Sabotage {
  readonly options?: Partial<AnyOptions>;
  readonly services?: (services: OperatorServices<unknown>) => OperatorServices<unknown>;
}

export function makerOf(
  setup: Setup,
  path: Path,
  sabotage: Sabotage = {},
): (services: OperatorServices<never>) => Operator {
  const functions = functionsOf(setup.fold);
  const assigner = assignerOf(setup);
  const usual = setup.time === "event" ? eventTime<Item>() : processingTime<Item>();
  const trigger = path === "general" && setup.kind === "session" ? usual : undefined;
  const chosen = chooseWindowModule({ assigner, trigger, ...functions });
  const module = path === "general" && setup.kind !== "session" ? "window/window" : chosen;
  const options: AnyOptions = {
    keyOf: ({ key }) => key,
    assigner,
    trigger,
    allowedLatenessMs: setup.latenessMs,
    lateTag: "late",
    ...functions,
  };
  const create = MODULES[module];
  if (create === undefined) throw new Error(`no module ${module}`);
  const open = (services: OperatorServices<unknown>): OperatorServices<unknown> => services;
  return (services) =>
    create((sabotage.services ?? open)(services as unknown as OperatorServices<unknown>), {
      ...options,
      ...sabotage.options,
    });
}

interface Result {
  readonly key: string;
  readonly window: { readonly startMs: number; readonly endMs: number };
  readonly value: { readonly ids?: readonly number[]; readonly text?: string };
}

function emissionOf({ key, window, value }: Result): Emission {
  const ids = value.ids ?? (value.text ?? "").split(",").slice(0, -1).map(Number);
  return { key, startMs: window.startMs, endMs: window.endMs, ids: [...ids].sort((a, b) => a - b) };
}

function ordered(emissions: readonly Emission[]): Emission[] {
  return emissions.toSorted((a, b) => a.key.localeCompare(b.key) || a.startMs - b.startMs);
}

/** What one step wrote to the log, against what the model says. Results are stamped, in order of time, and before the watermark that fired them. */
export function compare(log: readonly Recorded[], expected: Expected): void {
  const results: Emission[] = [];
  const late: number[] = [];
  let lastMs = -Infinity;
  let passed = false;
  for (const entry of log) {
    if (entry.kind === "watermark") passed = true;
    if (entry.kind === "side") late.push((entry.value as Item).id);
    if (entry.kind !== "record") continue;
    const emission = emissionOf(entry.value as Result);
    if (entry.timestampMs !== emission.endMs - 1)
      throw new Error(`a result of the window until ${emission.endMs} is stamped ${entry.timestampMs}`);
    if (entry.timestampMs < lastMs) throw new Error(`a result of ${entry.timestampMs} came after one of ${lastMs}`);
    if (passed) throw new Error("the watermark overtook a result");
    lastMs = entry.timestampMs;
    results.push(emission);
  }
  const [seen, wanted] = [
    { emitted: ordered(results), late },
    { emitted: ordered(expected.emitted), late: expected.late },
  ];
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) expect(seen).toEqual(wanted);
}

export class WindowRun {
  readonly #setup: Setup;
  readonly #make: (services: OperatorServices<never>) => Operator;
  readonly #keyGroups: KeyGroupRange;
  harness: OperatorHarness;
  /** Of all harnesses so far, without what was compared already. */
  #unread: Recorded[] = [];
  #checkpoints = 0;

  constructor(
    setup: Setup,
    make: (services: OperatorServices<never>) => Operator,
    restored?: readonly HarnessSnapshot[],
    keyGroups: KeyGroupRange = { first: 0, last: 127 },
  ) {
    this.#setup = setup;
    this.#make = make;
    this.#keyGroups = keyGroups;
    this.harness = this.#start(undefined, restored);
    if (setup.time === "processing") this.harness.advance(0);
  }

  #start(clock: ManualClock | undefined, restored: readonly HarnessSnapshot[] | undefined): OperatorHarness {
    return new OperatorHarness({
      create: this.#make,
      keyedState: (clock) => heapState(clock, this.#keyGroups),
      ...(clock === undefined ? {} : { clock }),
      ...(restored === undefined ? {} : { restored }),
    });
  }

  take(): Recorded[] {
    const log = [...this.#unread, ...this.harness.log.splice(0)];
    this.#unread = [];
    return log;
  }

  snapshot(): HarnessSnapshot {
    this.#checkpoints += 1;
    const snapshot = this.harness.trySnapshot(this.#checkpoints);
    if (snapshot === undefined) throw new Error("a barrier may always pass");
    return snapshot;
  }

  /** Goes on in a new operator, whose output has room. */
  restore(): void {
    const snapshot = this.snapshot();
    this.#unread = this.take();
    this.harness = this.#start(this.harness.clock, [snapshot]);
  }

  record(key: string, timeMs: number, id: number, gapMs: number): void {
    this.harness.processRecord({ key, id, ids: [id], gapMs }, timeMs);
  }

  /** Until the time is reached and everything it caused is out, through all interruptions. */
  reach(timeMs: number, step: { readonly room: number; readonly restoreInside: boolean }): void {
    if (step.room < Infinity) this.harness.makeRoom(step.room);
    if (this.#setup.time === "event") this.harness.processWatermark(timeMs);
    else this.harness.advance(timeMs - this.harness.clock.nowMs());
    if (step.restoreInside && step.room < Infinity) this.restore();
    else for (let round = 0; step.room < Infinity && round < 50; round++) this.harness.makeRoom(1);
    this.harness.makeRoom();
  }
}

/** Runs the steps against the model; throws where they differ. Returns the watermark that the operator has reached. */
export function runAgainstModel(setup: Setup, run: WindowRun, model: NaiveWindows, walk: readonly Step[]): number {
  const processing = setup.time === "processing";
  let reachedMs = processing ? 0 : -30;
  let started = false;
  for (const [id, step] of walk.entries()) {
    let expected: Expected = { emitted: [], late: [] };
    if (step.kind === "record") {
      run.record(step.key, step.timeMs, id, step.gapMs);
      expected = model.record(
        step.key,
        processing ? reachedMs : step.timeMs,
        id,
        setup.gapMs === 0 ? step.gapMs : setup.gapMs,
      );
    } else if (step.kind === "watermark") {
      const byMs = processing && step.byMs === Infinity ? 100 : step.byMs;
      if (byMs === 0 && started) continue;
      started = true;
      reachedMs += byMs;
      run.reach(reachedMs, step);
      expected = model.watermark(processing ? reachedMs - 1 : reachedMs);
    } else {
      run.restore();
    }
    compare(run.take(), expected);
  }
  return started ? reachedMs : -Infinity;
}

/** The end of the input: what is left fires, and nothing is left behind. */
export function finish(setup: Setup, run: WindowRun, model: NaiveWindows): void {
  const processing = setup.time === "processing";
  const endMs = processing ? run.harness.clock.nowMs() + 1_000 : Infinity;
  run.reach(endMs, { room: Infinity, restoreInside: false });
  compare(run.take(), model.watermark(processing ? endMs - 1 : endMs));
  expect(run.harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
}
