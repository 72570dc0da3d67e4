/**
 * Goal:   the examples commit the same whatever happens to them: stopped and resumed with 1, 2, 3 or 5 subtasks, or failing at any place.
 * Method: each pipeline as its example exports it, over sources that stutter, compared with one calm run. `exact` ones must commit the same; of the
 *         `conserving` one, where it depends on chance who is late, every reading must be on time or late, and every window fire once.
 * Replay: a failure prints its plan and seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { pipeline as cardFraud } from "../../examples/card-fraud.ts";
import { pipeline as clicks } from "../../examples/clicks.ts";
import { delaysPerDay } from "../../examples/flight-delays.ts";
import { pipeline as machineLogs } from "../../examples/machine-logs.ts";
import { pipeline as sensors, readingOf } from "../../examples/sensors.ts";
import type { Mean, Reading } from "../../examples/sensors.ts";
import { asFlight } from "../../examples/support/flight.ts";
import type { Flight } from "../../examples/support/flight.ts";
import type { DataStream } from "../../core/index.ts";
import { WatermarkStrategy } from "../../core/index.ts";
import { replay } from "../harness/replay.ts";
import { outcomeOf } from "./compare.ts";
import { CALM, runGolden } from "./loop.ts";
import type { GoldenResult, Plan } from "./loop.ts";
import type { Pipeline, PipelineRun } from "../sim/pipelines/pipeline.ts";
import { faultPlans, stopPlans, stormPlans } from "./plans.ts";
import { listSource } from "../sim/pipelines/list-source.ts";
import type { TimedRecord } from "../sim/pipelines/list-source.ts";

const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 4);

/** Of each lane the order counts; lanes are what the example keeps in order. */
function write<T>(run: PipelineRun, name: string, stream: DataStream<T>, laneOf: (record: T) => string): void {
  run.write(
    stream.map((record) => ({ lane: `${name}/${laneOf(record)}`, value: record })),
    name,
  );
}

/** Flights that follow each other in the file, dealt to four splits; no record of any of them is late with the bound of the example. */
function flightsOf(count: number): TimedRecord<Flight>[][] {
  const main = createRequire(import.meta.url).resolve("vega-datasets");
  const text = readFileSync(join(dirname(main), "..", "data", "flights-20k.json"), "utf8");
  const flights = (JSON.parse(text) as unknown[]).slice(0, count).map((element) => asFlight(element)); // the file is one JSON array
  return [0, 1, 2, 3].map((split) =>
    flights.filter((_, at) => at % 4 === split).map((flight) => ({ value: flight, timestampMs: flight.departureMs })),
  );
}

const FLIGHTS = flightsOf(800);

const EXACT: readonly (Pipeline & { readonly records: number })[] = [
  {
    name: "flight-delays",
    promise: "exact",
    records: 800,
    build(run) {
      const flights = run.read(
        listSource("flights", FLIGHTS),
        WatermarkStrategy.forBoundedOutOfOrderness("9h"),
        "flights",
      );
      write(run, "rows", delaysPerDay(flights), ({ origin }) => origin);
    },
  },
  {
    name: "card-fraud",
    promise: "exact",
    hasOwnSources: true,
    records: 800,
    build(run) {
      const { alerts } = cardFraud(run.env, { count: 800 });
      write(run, "alerts", alerts, ({ card }) => String(card));
    },
  },
  {
    name: "clicks",
    promise: "exact",
    hasOwnSources: true,
    records: 300,
    build(run) {
      const usage = clicks(run.env, { count: 300 });
      write(run, "visits", usage.visits, ({ user }) => user);
      write(run, "app", usage.appBatches, ({ user }) => user);
      write(run, "longest", usage.longest, ({ user }) => user);
      // Without a key they have no order once the source is scaled.
      run.write(
        usage.anonymous.map((click) => ({ lane: "~anonymous", value: click })),
        "anonymous",
      );
    },
  },
  {
    name: "machine-logs",
    promise: "exact",
    hasOwnSources: true,
    records: 1_000,
    build(run) {
      const { alarms, planned } = machineLogs(run.env, { count: 1_000 });
      write(run, "alarms", alarms, ({ machine }) => String(machine));
      write(run, "planned", planned, ({ machine }) => String(machine));
    },
  },
];

const plansFor: Readonly<Record<string, (records: number) => fc.Arbitrary<Plan>>> = {
  "stopped and resumed": stopPlans,
  "with failures": () => faultPlans,
  "with both": stormPlans,
};

/** Examples read more records at a time: there are more of them. */
function brisk(plan: Plan): Plan {
  return { ...plan, burst: plan.burst * 8 };
}

describe.each(EXACT)("$name", { timeout: 300_000 }, ({ records, ...pipeline }) => {
  let calm: GoldenResult | undefined;

  beforeAll(async () => {
    calm = await runGolden(pipeline, CALM);
  });

  test("has something to say", () => expect(calm?.outside.commits.length).toBeGreaterThan(5));

  test.each(Object.keys(plansFor))("%s", async (kind) => {
    const plans = plansFor[kind]?.(records) ?? fc.constant(CALM);
    const property = fc.asyncProperty(plans, async (chosen) => {
      const plan = brisk(chosen);
      const run = await runGolden(pipeline, plan);
      const about = `${JSON.stringify(plan)}\n${run.warnings.join("\n")}`;
      expect(run.outside.violations, about).toEqual([]);
      expect(outcomeOf(run), about).toEqual(calm && outcomeOf(calm));
    });
    await fc.assert(property, { numRuns, ...replay });
  });
});

describe("sensors", { timeout: 300_000 }, () => {
  const COUNT = 800;
  const pipeline: Pipeline = {
    name: "sensors",
    promise: "conserving",
    hasOwnSources: true,
    build(run) {
      const { means, peaks, late } = sensors(run.env, { count: COUNT });
      write(run, "means", means, () => "all");
      write(run, "peaks", peaks, () => "all");
      write(run, "late", late, () => "all");
    },
  };

  function conserves({ outside, warnings }: GoldenResult, plan: Plan): void {
    const about = `${JSON.stringify(plan)}\n${warnings.join("\n")}`;
    const of = <T>(lane: string): T[] =>
      outside.commits.filter(({ value }) => value.lane === lane).map(({ value }) => value.value as T); // as `build` wrote it
    const means = of<Mean>("means/all");
    const late = of<Reading>("late/all");
    expect(outside.violations, about).toEqual([]);
    const windows = means.map(({ sensor, fromMs }) => `${sensor} ${fromMs}`);
    expect(new Set(windows).size, about).toBe(windows.length);
    // What is not late is in the mean of its window: count and sum by sensor and window.
    const onTime = new Map<string, { readings: number; sum: number }>();
    const add = ({ sensor, atMs, celsius }: Reading, sign: number): void => {
      const window = `${sensor} ${Math.floor(atMs / 10_000) * 10_000}`;
      const { readings, sum } = onTime.get(window) ?? { readings: 0, sum: 0 };
      onTime.set(window, { readings: readings + sign, sum: sum + sign * celsius });
    };
    for (let index = 0; index < COUNT; index += 1) add(readingOf(index), 1);
    for (const reading of late) add(reading, -1);
    const expected = [...onTime]
      .filter(([, { readings }]) => readings > 0)
      .map(([window, { readings, sum }]) => `${window} ${readings} ${sum / readings}`);
    expect(
      means.map(({ sensor, fromMs, readings, celsius }) => `${sensor} ${fromMs} ${readings} ${celsius}`).toSorted(),
      about,
    ).toEqual(expected.toSorted());
  }

  test.each(Object.keys(plansFor))("%s", async (kind) => {
    const plans = plansFor[kind]?.(COUNT) ?? fc.constant(CALM);
    const property = fc.asyncProperty(plans, async (chosen) => {
      const plan = brisk(chosen);
      conserves(await runGolden(pipeline, plan), plan);
    });
    await fc.assert(property, { numRuns, ...replay });
  });
});
