/**
 * Goal:   where it depends on chance who is late, nothing is lost or counted twice all the same, and no window that has closed is opened again, whatever
 *         is stopped, resumed with another parallelism, or fails.
 * Method: records far out of order, in windows of every kind, which emit what they hold. What came late goes to a side output: on time and late
 *         together are the input; each window fires once, and where lateness is allowed, a later firing only adds.
 * Replay: a failure prints its plan and seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OutputTag, session, sliding, tumbling, WatermarkStrategy } from "../../core/index.ts";
import type { Collector, TimeWindow, WindowAssigner } from "../../core/index.ts";
import { SeededRandom } from "../../core/util/random.ts";
import { replay } from "../harness/replay.ts";
import { listSource } from "../sim/pipelines/list-source.ts";
import { commitsOf, runGolden } from "./loop.ts";
import type { GoldenResult, Plan } from "./loop.ts";
import type { Pipeline } from "../sim/pipelines/pipeline.ts";
import { stormPlans } from "./plans.ts";

const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 8);

interface Numbered {
  readonly id: number;
  readonly key: string;
  readonly atMs: number;
}

interface Firing {
  readonly key: string;
  readonly window: TimeWindow;
  readonly ids: readonly number[];
}

/** Each split runs on for a while, and every third record or so is up to 200 ms behind. */
function recordsOf(seed: number): { readonly value: Numbered; readonly timestampMs: number }[][] {
  const random = new SeededRandom(seed);
  return [0, 1, 2].map((split) =>
    Array.from({ length: 80 }, (_, n) => {
      const atMs = n * 6 - (random.next() < 0.35 ? Math.floor(random.next() * 200) : Math.floor(random.next() * 6));
      return { value: { id: split * 1_000 + n, key: `k${Math.floor(random.next() * 3)}`, atMs }, timestampMs: atMs };
    }),
  );
}

/** A watermark right behind each record: the next one that is older is late, if its split is the slowest. */
function punctual(): WatermarkStrategy<Numbered> {
  return WatermarkStrategy.forGenerator(() => {
    let highestMs = -Infinity;
    return {
      onEvent: (_record, timestampMs, out) => {
        highestMs = Math.max(highestMs, timestampMs);
        out.emitWatermark(highestMs - 10);
      },
      onPeriodicEmit: () => undefined,
      snapshot: () => highestMs,
      restore: (saved) => {
        highestMs = Number(saved);
      },
    };
  });
}

const LATE = new OutputTag<Numbered>("late");
const RECORDS = recordsOf(7);

function pipelineOf(assigner: WindowAssigner<Numbered>, latenessMs: number): Pipeline {
  return {
    name: `${assigner.kind}, ${latenessMs} ms late`,
    promise: "conserving",
    build({ read, write }) {
      const windows = read(listSource("records", RECORDS), punctual(), "records")
        .keyBy(({ key }) => key)
        .window(assigner)
        .allowedLateness(latenessMs)
        .sideOutputLateData(LATE)
        .process({
          process({ key, window }, elements, out: Collector<Firing>) {
            out.collect({ key, window, ids: [...elements].map(({ id }) => id) });
          },
        })
        .uid("windows");
      write(
        windows.map((firing) => ({ lane: "fired", value: firing })),
        "fired",
      );
      write(
        windows.getSideOutput(LATE).map(({ id }) => ({ lane: "late", value: id })),
        "late",
      );
    },
  };
}

function valuesOf<T>({ outside }: GoldenResult, lane: string, plan: Plan): T[] {
  const written = commitsOf(outside).filter((value) => value.lane === lane);
  return written.map(({ value }) => value as T); // as the pipeline wrote it
}

/** The firings of each window, in order. */
function firingsOf(run: GoldenResult, plan: Plan): Map<string, Firing[]> {
  const firings = new Map<string, Firing[]>();
  for (const firing of valuesOf<Firing>(run, "fired", plan)) {
    const name = `${firing.key} ${firing.window.startMs} ${firing.window.endMs}`;
    firings.set(name, [...(firings.get(name) ?? []), firing]);
  }
  return firings;
}

const ids = RECORDS.flat().map(({ value }) => value.id);

/** Every record is late, or in a window; within a window no record is twice. */
function conserves(run: GoldenResult, plan: Plan, about: string): void {
  const late = valuesOf<number>(run, "late", plan);
  const onTime = new Set<number>();
  for (const firings of firingsOf(run, plan).values()) {
    for (const firing of firings) {
      expect(new Set(firing.ids).size, about).toBe(firing.ids.length);
      for (const id of firing.ids) onTime.add(id);
    }
  }
  expect(new Set(late).size, about).toBe(late.length);
  expect(
    [...onTime, ...late].toSorted((left, right) => left - right),
    about,
  ).toEqual(ids.toSorted((left, right) => left - right));
}

function firesOnce(run: GoldenResult, plan: Plan, about: string): void {
  for (const [name, firings] of firingsOf(run, plan)) expect(firings, `${name} of ${about}`).toHaveLength(1);
}

function onlyGrows(run: GoldenResult, plan: Plan, about: string): void {
  for (const [name, firings] of firingsOf(run, plan)) {
    firings.forEach(({ ids: now }, at) => {
      const before = firings[at - 1]?.ids ?? [];
      expect(now.slice(0, before.length), `${name} of ${about}`).toEqual(before);
      expect(now.length, `${name} of ${about}`).toBeGreaterThan(before.length);
    });
  }
}

/** Sessions of one key that lie apart when they fire, and never meet later. */
function sessionsLieApart(run: GoldenResult, plan: Plan, about: string): void {
  const sessions = [...firingsOf(run, plan).values()].flat();
  for (const one of sessions) {
    for (const other of sessions) {
      if (one === other || one.key !== other.key) continue;
      expect(
        one.ids.filter((id) => other.ids.includes(id)),
        about,
      ).toEqual([]);
    }
  }
}

describe.each([
  { kind: "tumbling", pipeline: pipelineOf(tumbling(25), 0), checks: [conserves, firesOnce] },
  { kind: "tumbling, allowed to be late", pipeline: pipelineOf(tumbling(25), 40), checks: [conserves, onlyGrows] },
  { kind: "sliding", pipeline: pipelineOf(sliding(30, 10), 0), checks: [conserves, firesOnce] },
  { kind: "session", pipeline: pipelineOf(session(8), 0), checks: [conserves, firesOnce, sessionsLieApart] },
])("$kind windows", ({ pipeline, checks }) => {
  test("lose nothing, and stay closed", { timeout: 300_000 }, async () => {
    let late = 0;
    const property = fc.asyncProperty(stormPlans(240), async (plan) => {
      const run = await runGolden(pipeline, plan);
      const about = `${JSON.stringify(plan)}\n${run.warnings.join("\n")}`;
      expect(run.outside.violations, about).toEqual([]);
      for (const check of checks) check(run, plan, about);
      late += valuesOf(run, "late", plan).length;
    });
    await fc.assert(property, { numRuns, ...replay });
    if (numRuns > 5) expect(late).toBeGreaterThan(numRuns);
  });
});
