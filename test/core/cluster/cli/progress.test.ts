/** What the progress line says, given metrics, and until when. */
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { JobStatus, MetricSample } from "../../../../core/api/job-client.ts";
import { progressLine, showProgress, totalsOf } from "../../../../core/cluster/cli/progress.ts";

function metric(name: string, value: number, operator?: string): MetricSample {
  return { scope: operator === undefined ? { job: "j" } : { job: "j", task: "t", subtask: 0, operator }, name, value };
}

describe("totals", () => {
  test("count what sources read, in all attempts, and not what tasks receive", () => {
    const task: MetricSample = { scope: { job: "j", task: "t", subtask: 0 }, name: "numRecordsIn", value: 1_000 };
    const samples = [metric("numRecordsIn", 7, "Source: a"), metric("numRecordsIn", 5, "Source: b"), task];
    expect(totalsOf([...samples, metric("numRecordsInEarlierAttempts", 100)]).records).toBe(112);
  });

  test("take the lowest watermark that is being made", () => {
    const marks = [-Infinity, 5_000, 3_000, Infinity].map((mark, index) =>
      metric("currentOutputWatermark", mark, `op ${index}`),
    );
    expect(totalsOf(marks).watermarkMs).toBe(3_000);
    expect(totalsOf([metric("currentOutputWatermark", -Infinity, "op")]).watermarkMs).toBeUndefined();
  });
});

describe("the line", () => {
  const totals = { records: 1_200, watermarkMs: 0, checkpoints: 3, restarts: 0 };

  test("says how far the job is", () => {
    expect(progressLine("RUNNING", totals, 99.6)).toBe(
      "RUNNING  records 1200  rate 100/s  watermark 1970-01-01T00:00:00.000Z  checkpoints 3",
    );
    expect(progressLine("RESTARTING", { ...totals, restarts: 2 }, 0)).toMatch(/ {2}checkpoints 3 {2}restarts 2$/);
  });

  test("takes timestamps that are no dates", () => {
    expect(progressLine("RUNNING", { ...totals, watermarkMs: Number.MAX_SAFE_INTEGER }, 0)).toContain(
      "watermark 9007199254740991 ms",
    );
    expect(progressLine("RUNNING", { ...totals, watermarkMs: undefined }, 0)).toContain("watermark none");
  });
});

describe("in a log", () => {
  afterEach(() => void vi.useRealTimers());

  test("there is a line every two seconds, and none after that with the final status", () => {
    vi.useFakeTimers();
    const out = new PassThrough() as unknown as NodeJS.WriteStream; // only written to
    let status: JobStatus = "RUNNING";
    const stop = showProgress({ metrics: () => [], status: () => status }, out);
    vi.advanceTimersByTime(4_000);
    status = "CANCELED";
    vi.advanceTimersByTime(600_000);
    stop();
    const lines = String(out.read()).split("\n").slice(0, -1);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["RUNNING", "RUNNING", "CANCELED"]);
  });
});

test("the rate on a terminal is that of the last two seconds, since threads tell their counts once a second", () => {
  vi.useFakeTimers();
  try {
    const lines: string[] = [];
    const out = { isTTY: true, columns: 200, write: (text: string) => lines.push(text) };
    const startedMs = performance.now();
    const records = (): number => Math.floor((performance.now() - startedMs) / 1_000) * 4_000;
    const metrics = (): MetricSample[] => [metric("numRecordsInEarlierAttempts", records())];
    const stop = showProgress({ status: () => "RUNNING", metrics }, out as unknown as NodeJS.WriteStream); // only written to
    vi.advanceTimersByTime(6_000);
    stop();
    const rates = lines.flatMap((line) => /rate (\d+)/.exec(line)?.slice(1) ?? []).map(Number);
    expect(rates).toHaveLength(24);
    for (const rate of rates.slice(-12)) expect(rate).toBe(4_000);
  } finally {
    vi.useRealTimers();
  }
});
