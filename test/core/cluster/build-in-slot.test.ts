/** A slot builds the graph of the job's master, or says why it cannot: in a sentence that no restart cures. */
// covers: core/cluster/build-job.ts
import { describe, expect, test } from "vitest";
import { defineJob } from "../../../core/api/define-job.ts";
import type { BuildJob } from "../../../core/api/define-job.ts";
import { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import { buildInSlot } from "../../../core/cluster/build-in-slot.ts";
import type { SlotStart } from "../../../core/cluster/slot-messages.ts";
import { signatureOf } from "../../../core/graph/fingerprint.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import { OPTIONS } from "../../../core/util/config.ts";
import type { MillraceError } from "../../../core/util/errors.ts";

const CONFIG = { "parallelism.default": 2 };

const squares: BuildJob = (env, [to = "9"]) =>
  void env
    .fromSequence(1, Number(to))
    .keyBy((n) => n)
    .reduce((n) => n)
    .map((n) => n * n)
    .discard();

/** As the master would tell a slot. */
async function startOf(build: BuildJob, args: readonly string[] = [], keyGroups?: number): Promise<SlotStart> {
  const env = StreamExecutionEnvironment.create(CONFIG);
  await build(env, args);
  const built = createJobGraph(env.getStreamGraph(), { name: "squares", config: env.config });
  const vertices = built.vertices.map((vertex) => ({ ...vertex, maxParallelism: keyGroups ?? vertex.maxParallelism }));
  const graph = { ...built, vertices };
  return {
    name: "tm/0.1",
    jobName: "squares",
    module: "file:///squares.js",
    args,
    config: CONFIG,
    signature: signatureOf(graph),
    maxParallelism: graph.vertices.map((vertex) => vertex.maxParallelism),
    mounts: [],
  };
}

async function errorOf(start: SlotStart, module: () => unknown): Promise<MillraceError> {
  const outcome = await buildInSlot(start, () => Promise.resolve().then(() => ({ default: module() })));
  if (outcome.ok) throw new Error("it was built");
  expect(outcome.error).toMatchObject({ retryable: false });
  return outcome.error;
}

const job = (build: BuildJob) => (): unknown => defineJob("squares", build);

describe("a slot", () => {
  test("builds what the master has built, with the arguments and options that it was told", async () => {
    const start = await startOf(squares, ["5"]);
    const imported: string[] = [];
    const outcome = await buildInSlot(start, (url) => {
      imported.push(url);
      return Promise.resolve({ default: defineJob("squares", squares) });
    });
    if (!outcome.ok) throw outcome.error;
    expect(imported).toEqual(["file:///squares.js"]);
    expect(signatureOf(outcome.value.graph)).toEqual(start.signature);
    expect(outcome.value.config.get(OPTIONS.parallelism)).toBe(2);
  });

  test("takes over how many key groups there are in what the job starts from", async () => {
    const start = await startOf(squares, [], 50);
    const outcome = await buildInSlot(start, () => Promise.resolve({ default: defineJob("squares", squares) }));
    if (!outcome.ok) throw outcome.error;
    expect(outcome.value.graph.vertices.every((vertex) => vertex.maxParallelism === 50)).toBe(true);
  });

  test("prints both versions of what differs", async () => {
    const { code, message } = await errorOf(
      await startOf(squares),
      job(
        (env) =>
          void env
            .fromSequence(1, 9)
            .map((n) => n)
            .discard(),
      ),
    );
    expect(code).toBe("MR7011");
    expect(message).toMatch(/\n {2}there: .*\n {2}here: {2}/);
  });

  test("passes on what is wrong with the job by itself", async () => {
    const start = await startOf(squares);
    const refused = await errorOf(
      start,
      job((env) => void env.setParallelism(0)),
    );
    expect(refused.message).toMatch(/^MR\d{4}: (?!MR)/);
    const thrown = await errorOf(
      start,
      job(() => {
        throw new Error("no such file");
      }),
    );
    expect(thrown.message).toBe('MR2109: the job "squares" cannot be built: no such file');
  });

  test("says which slot cannot take the module, and why", async () => {
    const start = await startOf(squares);
    const thrown = await errorOf(start, () => {
      throw new Error("not here");
    });
    expect(thrown.message).toBe("MR7011: slot tm/0.1 cannot build the job from file:///squares.js: not here");
    const none = await errorOf(start, () => 1);
    expect(none.message).toBe(
      "MR7011: slot tm/0.1 cannot build the job from file:///squares.js: its default export is no job",
    );
  });
});
