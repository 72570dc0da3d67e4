/** What `simulate` refuses, and in which words: calls that reach out of the simulation, options that make no sense. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { defineJob } from "../../core/index.ts";
import type { StreamExecutionEnvironment } from "../../core/index.ts";
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
])("says what is wrong with %s", async (_, simulated, message) => {
  expect(await messageOf(simulated())).toMatch(message);
});
