/**
 * Goal:   incidents are the runs of errors that a plain loop finds in each machine's sorted log, and each is told from planned work.
 * Method: the example's pipeline at several parallelisms, so that lines and announcements overtake each other.
 */
import { StreamExecutionEnvironment } from "millrace";
import { expect, test, vi } from "vitest";
import { lineOf, maintenanceOf, pipeline } from "../../examples/machine-logs.ts";
import type { Incident } from "../../examples/machine-logs.ts";
import { collectStreams, sortedTexts } from "./collect.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

/** Time comes in small steps while the records do. */
const RATE = 25_000;
const OFTEN = { "pipeline.auto-watermark-interval": "1ms" };
const COUNT = 10_000;
const GAP_MS = 30_000;

function naiveIncidents(): Incident[] {
  const incidents: Incident[] = [];
  const errors = Array.from({ length: COUNT }, (_, index) => lineOf(index)).filter(({ level }) => level === "error");
  for (const machine of new Set(errors.map((line) => line.machine))) {
    const times = errors.filter((line) => line.machine === machine).map(({ atMs }) => atMs);
    let open: Incident | undefined;
    for (const atMs of times.toSorted((left, right) => left - right)) {
      // Sessions that touch are one, so a gap of exactly 30 s does not part them.
      if (open !== undefined && atMs - open.toMs <= GAP_MS) {
        open = { ...open, toMs: atMs, errors: open.errors + 1 };
      } else {
        if (open !== undefined) incidents.push(open);
        open = { machine, fromMs: atMs, toMs: atMs, errors: 1 };
      }
    }
    if (open !== undefined) incidents.push(open);
  }
  return incidents;
}

function isPlanned(incident: Incident): boolean {
  return Array.from({ length: COUNT / 200 }, (_, index) => maintenanceOf(index)).some(
    ({ machine, fromMs, toMs }) => machine === incident.machine && fromMs <= incident.toMs && toMs > incident.fromMs,
  );
}

test.each([1, 2, 3])(
  "alarms and planned incidents are those of the plain loop at parallelism %i",
  async (parallelism) => {
    const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelism, ...OFTEN });
    const { records } = await collectStreams(env, pipeline(env, { count: COUNT, ratePerSecond: RATE }));
    const incidents = naiveIncidents();
    const planned = incidents.filter(isPlanned);
    expect(planned.length).toBeGreaterThan(3);
    expect(planned.length).toBeLessThan(incidents.length);
    expect(sortedTexts(records.planned)).toEqual(sortedTexts(planned));
    expect(sortedTexts(records.alarms)).toEqual(sortedTexts(incidents.filter((incident) => !isPlanned(incident))));
  },
);
