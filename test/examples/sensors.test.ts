/**
 * Goal:   windows and late readings are those of a plain loop that keeps the watermark by hand; with several subtasks, where it is not known who is
 *         late, nothing is lost or counted twice.
 * Method: the example's pipeline; its generator emits a watermark after every record, so one subtask has one right answer.
 */
import { StreamExecutionEnvironment } from "millrace";
import { expect, test, vi } from "vitest";
import { pipeline, readingOf } from "../../examples/sensors.ts";
import type { Mean, Peak, Reading } from "../../examples/sensors.ts";
import { collectStreams, sortedTexts } from "./collect.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

const COUNT = 3_000;
const readings = Array.from({ length: COUNT }, (_, index) => readingOf(index));

/** Readings by sensor and window, of those that came before the watermark passed the window's end. */
function naiveWindows(sizeMs: number, slideMs: number): { windows: Map<string, Reading[]>; late: Reading[] } {
  const windows = new Map<string, Reading[]>();
  const late: Reading[] = [];
  let watermarkMs = -Infinity;
  for (const reading of readings) {
    let taken = false;
    for (
      let startMs = Math.floor(reading.atMs / slideMs) * slideMs;
      startMs > reading.atMs - sizeMs;
      startMs -= slideMs
    ) {
      if (startMs + sizeMs - 1 <= watermarkMs) continue;
      const key = `${reading.sensor} ${startMs}`;
      windows.set(key, [...(windows.get(key) ?? []), reading]);
      taken = true;
    }
    if (!taken) late.push(reading);
    watermarkMs = Math.max(watermarkMs, reading.atMs - 3_001);
  }
  return { windows, late };
}

test("one subtask finds the windows and the late readings of the plain loop", async () => {
  const env = StreamExecutionEnvironment.create();
  const { records } = await collectStreams(env, pipeline(env, { count: COUNT }));
  const short = naiveWindows(10_000, 10_000);
  const means = [...short.windows].map(([key, list]): Mean => {
    const [sensor = "", fromMs] = key.split(" ");
    const celsius = list.reduce((sum, reading) => sum + reading.celsius, 0) / list.length;
    return { sensor, fromMs: Number(fromMs), readings: list.length, celsius };
  });
  const peaks = [...naiveWindows(60_000, 10_000).windows].map(([key, list]): Peak => {
    const [sensor = "", fromMs] = key.split(" ");
    return { sensor, toMs: Number(fromMs) + 60_000, celsius: Math.max(...list.map(({ celsius }) => celsius)) };
  });
  expect(short.late.length).toBeGreaterThan(10);
  expect(sortedTexts(records.means)).toEqual(sortedTexts(means));
  expect(sortedTexts(records.peaks)).toEqual(sortedTexts(peaks));
  expect(records.late).toEqual(short.late);
});

test.each([2, 3])("%i subtasks lose no reading and fire each window once", async (parallelism) => {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelism });
  const { records } = await collectStreams(env, pipeline(env, { count: COUNT }));
  const onTime = records.means.reduce((sum, mean) => sum + mean.readings, 0);
  expect(onTime + records.late.length).toBe(COUNT);
  const fired = records.means.map(({ sensor, fromMs }) => `${sensor} ${fromMs}`);
  expect(new Set(fired).size).toBe(fired.length);
});
