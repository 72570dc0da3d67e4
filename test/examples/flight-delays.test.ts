/**
 * Goal:   the main job writes exactly the rows that a plain loop over the whole input gives, with and without a failure.
 * Method: the job's own module, executed in this process on the real file; rows are read back from the directory.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StreamExecutionEnvironment } from "millrace";
import type { ConfigValues, JobClient, JobResult } from "millrace";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import job, { readRows } from "../../examples/flight-delays.ts";
import type { OriginDay } from "../../examples/flight-delays.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

interface Flight {
  readonly date: string;
  readonly delay: number;
  readonly origin: string;
}

const INPUT = join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "..", "data", "flights-20k.json");
/** No pause before a restart; time comes in many small steps, although the job is soon over. */
const AT_ONCE: ConfigValues = {
  "pipeline.auto-watermark-interval": "1ms",
  "restart-strategy.type": "fixed-delay",
  "restart-strategy.fixed-delay.attempts": 3,
  "restart-strategy.fixed-delay.delay": "0ms",
};

const ENDED = new Set(["FINISHED", "FAILED", "CANCELED"]);

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-flights-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Sorted by origin and day. */
function naiveRows(flights: readonly Flight[]): OriginDay[] {
  const days = new Map<string, number[]>();
  for (const { date, delay, origin } of flights) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = date.split(/[/ :]/).map(Number);
    const left = new Date(Date.UTC(year, month - 1, day, hour, minute + delay));
    const key = `${origin} ${left.toISOString().slice(0, 10)}`;
    days.set(key, [...(days.get(key) ?? []), delay]);
  }
  const records = new Map<string, number>();
  return [...days.keys()].toSorted().map((key) => {
    const [origin = "", day = ""] = key.split(" ");
    const list = days.get(key) ?? [];
    const maxDelay = Math.max(...list);
    const newRecord = maxDelay > (records.get(origin) ?? -Infinity);
    if (newRecord) records.set(origin, maxDelay);
    const meanDelay = Math.round((list.reduce((sum, delay) => sum + delay, 0) * 100) / list.length) / 100;
    return { origin, day, flights: list.length, meanDelay, maxDelay, newRecord };
  });
}

function inOrder(rows: readonly OriginDay[]): OriginDay[] {
  const key = ({ origin, day }: OriginDay): string => `${origin} ${day}`;
  return rows.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}

async function start(args: readonly string[], config: ConfigValues = AT_ONCE): Promise<JobClient> {
  const env = StreamExecutionEnvironment.create(config);
  await job.build(env, ["--out", join(directory, "out"), ...args]);
  return env.executeAsync(job.name);
}

async function run(args: readonly string[], config: ConfigValues = AT_ONCE): Promise<JobResult> {
  const client = await start(args, config);
  return client.result();
}

const flights = JSON.parse(readFileSync(INPUT, "utf8")) as Flight[];
const expected = naiveRows(flights);

describe("flight-delays", () => {
  test("the plain loop finds as many rows as the data has", () => {
    expect(expected).toHaveLength(6_901);
    expect(expected.filter(({ newRecord }) => newRecord).length).toBeGreaterThan(0);
  });

  test("writes the rows of the plain loop, field by field, and reports the ten worst days with at least five flights", async () => {
    const result = await run(["--rate", "0"]);
    const rows = readRows(join(directory, "out"));
    expect(inOrder(rows)).toEqual(expected);
    expect(Object.keys(rows[0] ?? {})).toEqual(["origin", "day", "flights", "meanDelay", "maxDelay", "newRecord"]);

    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await job.report?.(result, ["--out", join(directory, "out")]);
    const [, , ...table] = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    const worst = expected
      .filter((row) => row.flights >= 5)
      .toSorted((left, right) => right.meanDelay - left.meanDelay);
    expect(table.map((line) => line.split(/\s+/)[3])).toEqual(
      worst.slice(0, 10).map((row) => row.meanDelay.toFixed(2)),
    );
  });

  test("writes the same rows with several subtasks", async () => {
    await run(["--rate", "0"], { ...AT_ONCE, "parallelism.default": 3 });
    expect(inOrder(readRows(join(directory, "out")))).toEqual(expected);
  });

  test("writes the same rows after a failure and a restore from a checkpoint", async () => {
    const client = await start(["--rate", "12000", "--kill-after", "12000"]);
    let before = 0;
    while (metric(client, "numRestarts") === 0 && !ENDED.has(client.status())) {
      before = metric(client, "numberOfCompletedCheckpoints");
      await pause(5);
    }
    const result = await client.result();
    expect(result.restarts).toBe(1);
    expect(before).toBeGreaterThanOrEqual(3);
    expect(inOrder(readRows(join(directory, "out")))).toEqual(expected);
    expect(readdirSync(join(directory, "out")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("empties the directory at a fresh start", async () => {
    for (const count of [200, 100]) {
      const input = join(directory, `${count}.json`);
      writeFileSync(input, JSON.stringify(flights.slice(0, count)));
      await run(["--rate", "0", "--input", input]);
      expect(inOrder(readRows(join(directory, "out")))).toEqual(naiveRows(flights.slice(0, count)));
    }
  });
});

describe("records that are no flights", () => {
  const bad = [
    { date: "yesterday", delay: 5, origin: "SEA" },
    17,
    { date: "2001/01/01 00:47", delay: "5", origin: "SEA" },
  ];

  function damagedInput(): string {
    const input = join(directory, "damaged.json");
    const texts = [...flights.slice(0, 50), ...bad, ...flights.slice(50, 100)].map((element) =>
      JSON.stringify(element),
    );
    writeFileSync(input, `[${texts.join(",")}, {"date": oops}, ${JSON.stringify(flights[100])}]`);
    return input;
  }

  test("fail the job with their place in the file", async () => {
    const input = damagedInput();
    const failure = run(["--rate", "0", "--input", input]);
    await expect(failure).rejects.toThrow(/damaged\.json", element 50, byte \d+.*date should be like.*yesterday/);
  });

  test("or go to a directory of their own", async () => {
    await run(["--rate", "0", "--malformed", "side", "--input", damagedInput()]);
    expect(inOrder(readRows(join(directory, "out")))).toEqual(naiveRows(flights.slice(0, 101)));
    const records = readRows(join(directory, "out-malformed")) as unknown as { index: number; text: string }[]; // the side output's rows
    expect(records.map(({ index }) => index)).toEqual([50, 51, 52, 103]);
    expect(records.map(({ text }) => text)).toEqual([
      ...bad.map((element) => JSON.stringify(element)),
      '{"date": oops}',
    ]);
  });
});

describe("options", () => {
  const env = StreamExecutionEnvironment.create();
  test.each([
    [["--rate", "fast"], /--rate must be a whole number/],
    [["--kill-after", "-1"], /kill-after/],
    [["--malformed", "drop"], /--malformed must be fail or side/],
    [["--speed", "3"], /Unknown option '--speed'/],
  ])("%j is refused", (args, sentence) => {
    expect(() => job.build(env, args)).toThrow(sentence);
  });
});

function metric(client: JobClient, name: string): number {
  return client
    .metrics()
    .filter((sample) => sample.name === name)
    .reduce((total, { value }) => total + Number(value), 0);
}
