/** What `simulate` refuses, and in which words: calls that reach out of the simulation, options that make no sense. */
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { fileSource, ndjson } from "../../connectors/files/index.ts";
import { defineJob, WatermarkStrategy } from "../../core/index.ts";
import type { Source, SourceSplit, StreamExecutionEnvironment } from "../../core/index.ts";
import { checkExactlyOnce } from "./check-exactly-once.ts";
import { simulate } from "./simulate.ts";
import { countingJob, messageOf } from "./user-jobs/counting-jobs.ts";

test.each([
  ["in a function", (): unknown => readFileSync("package.json", "utf8")],
  [
    "and its error swallowed",
    (): unknown => {
      try {
        return readFileSync("package.json", "utf8");
      } catch {
        return "";
      }
    },
  ],
  ["by asking the network", (): unknown => void fetch("http://localhost:1/")],
])("reaching out is refused by name: %s", async (_, reach) => {
  const job = (env: StreamExecutionEnvironment): void =>
    void env
      .fromData(1, 2)
      .map((n) => [n, String(reach())])
      .print();
  expect(await messageOf(simulate(job, { faults: "some" }))).toMatch(
    /^MR8001: (?:fs\.readFileSync|fetch)\(…\) reaches out of the simulation/,
  );
});

test("fake timers are refused, but those of Date alone are no trouble", async () => {
  try {
    vi.useFakeTimers();
    expect(await messageOf(simulate(countingJob))).toMatch(/^MR8003: fake timers are on/);
    expect(await messageOf(checkExactlyOnce(countingJob, {}))).toMatch(/^MR8003: fake timers are on/);
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ["Date", "performance"], now: 5 });
    expect((await simulate(countingJob)).output("counts")).toHaveLength(40);
    expect(Date.now()).toBe(5);
  } finally {
    vi.useRealTimers();
  }
});

test("a source that was forgotten is named", async () => {
  const read = (path: string): Source<string, SourceSplit, unknown> => fileSource<string>({ path, format: ndjson() });
  const job = (env: StreamExecutionEnvironment): void => {
    const none = WatermarkStrategy.noWatermarks<string>();
    env
      .fromSource(read("a"), none, "given")
      .union(env.fromSource(read("b"), none, "forgotten"))
      .print();
  };
  const found = await messageOf(simulate(job, { inputs: { given: ["x"] } }));
  expect(found).toMatch(/^MR8001: fs\.[^]* \(not replaced in this run: the source "forgotten"\)$/);
});

test.each<[string, () => Promise<unknown>, RegExp]>([
  [
    "an input that no source has",
    () => simulate(countingJob, { inputs: { visit: [] } }),
    /MR8003: `inputs` names "visit", .* it has "visits"/,
  ],
  [
    "a kept sink that is not there",
    () => simulate(countingJob, { keepSinks: ["sums"] }),
    /MR8003: `keepSinks` names "sums", .* it has "counts"/,
  ],
  [
    "a record that cannot travel",
    () => simulate(countingJob, { inputs: { visits: [{ user: () => "ada" }] } }),
    /MR8003: inputs\["visits"\], split 0, record 0/,
  ],
  [
    "a word for faults",
    () => simulate(countingJob, { faults: "few" as "some" }),
    /MR8003: `faults` is "none", "some", "many"/,
  ],
  [
    "a parallelism of 0",
    () => simulate(countingJob, { rescale: [0] }),
    /MR8003: a parallelism is a whole number of 1 or more, not 0/,
  ],
  ["a replay of something else", () => simulate(countingJob, { replay: "seed 7" }), /MR8003: `replay` is the text/],
  [
    "a job that executes itself",
    () =>
      simulate((env) => {
        env.fromData(1).print();
        void env.execute();
      }),
    /MR8003: the job executes itself/,
  ],
  [
    "a job that is built later",
    () =>
      simulate(
        defineJob("later", async (env) => {
          await Promise.resolve();
          env.fromData(1).print();
        }),
      ),
    /MR8003: the job builds its graph asynchronously/,
  ],
  [
    "a job that is another one each time",
    () => {
      let builds = 0;
      return simulate((env) => void env.fromData(1).print().uid(`print ${++builds}`));
    },
    /^MR8003: the job builds another graph each time/,
  ],
  ["what is no job", () => simulate(undefined as never), /^MR8003: the job is what `defineJob` returned/],
  [
    "an input that is no array",
    () => simulate(countingJob, { inputs: { visits: 5 as never } }),
    /^MR8003: inputs\["visits"\] is an array of records/,
  ],
  [
    "a mistyped option",
    () => simulate(countingJob, { fault: "some" } as object),
    /^MR8003: the options of simulate have no "fault": did you mean "faults"\?/,
  ],
  [
    "a mistyped rate",
    () => simulate(countingJob, { faults: { rates: { "comit-after": 3 } as object } }),
    /^MR8003: the `rates` of `faults` have no "comit-after": did you mean "commit-after"\?/,
  ],
  [
    "an unknown disaster",
    () => simulate(countingJob, { faults: { disasters: [{ kind: "fire" as never, atMs: 1, who: 0, durationMs: 0 }] } }),
    /^MR8003: the `disasters` have no "fire": there are crash-slot, /,
  ],
  ["faults that are neither", () => simulate(countingJob, { faults: true as never }), /^MR8003: `faults` is "none"/],
  [
    "a mistyped property of the plan",
    () => simulate(countingJob, { plan: { burts: 1 } as object }),
    /^MR8003: the properties of `plan` have no "burts": did you mean "burst"\?/,
  ],
  [
    "an invariant that says no",
    () => simulate(countingJob, { invariants: { "all is well": () => false as never } }),
    /^MR8003: the invariant "all is well" throws, or returns a sentence, .* it returned false$/,
  ],
  [
    "a whenCommitted that nobody awaits",
    () => simulate(countingJob, { whenCommitted: () => Promise.reject(new Error("no")) as never }),
    /^MR8003: `whenCommitted` throws, .* it returned a promise/,
  ],
  ["no runs", () => checkExactlyOnce(countingJob, {}, { runs: 0 }), /^MR8003: `runs` is a whole number of 1 or more/],
  [
    "a job without a sink",
    () => checkExactlyOnce((env) => void env.fromData(1), {}),
    /^MR8003: the job has no sink, so that there is nothing to compare/,
  ],
])("says what is wrong with %s", async (_, simulated, message) => {
  expect(await messageOf(simulated())).toMatch(message);
});
