/** `StreamExecutionEnvironment`: configuration from every direction, sources, plans, and the hand-over to the executor, once. */
// covers: core/api/pipeline.ts, core/api/checkpointing.ts, core/api/restart-strategies.ts
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  Config,
  StreamExecutionEnvironment,
  WatermarkStrategy,
  exponentialDelay,
  failureRate,
  fixedDelay,
  noRestart,
} from "../../../core/index.ts";
import type { JobSubmission } from "../../../core/api/job-client.ts";
import { FakeJob } from "./fake-cluster.ts";
import { edgeLines, lastNode, nodeLines, refusalOf } from "./graph-view.ts";

const jobs: FakeJob[] = [];

vi.mock("../../../core/cluster/local.ts", () => ({
  executeLocally(submission: JobSubmission): FakeJob {
    const job = new FakeJob(submission);
    jobs.push(job);
    return job;
  },
}));

afterEach(() => void jobs.splice(0));

describe("configuration", () => {
  test("what code sets wins over what the environment was created with, and the rest stays", () => {
    const env = StreamExecutionEnvironment.create({ "parallelism.default": 2, "pipeline.max-parallelism": 64 });
    env.setParallelism(4);
    expect(env.config.toValues()).toEqual({ "parallelism.default": 4, "pipeline.max-parallelism": 64 });
    const copy = StreamExecutionEnvironment.create(env.config)
      .setMaxParallelism(8)
      .configure({ "pipeline.auto-watermark-interval": "50ms" });
    expect(copy.config.toValues()).toEqual({
      "parallelism.default": 4,
      "pipeline.max-parallelism": 8,
      "pipeline.auto-watermark-interval": 50,
    });
    expect(env.config.toValues()["pipeline.max-parallelism"]).toBe(64);
  });

  test("checkpointing stands for its options, and only for those that were given", () => {
    const env = new StreamExecutionEnvironment().enableCheckpointing("10s");
    expect(env.config.toValues()).toEqual({ "execution.checkpointing.interval": 10_000 });
    env.enableCheckpointing(500, {
      mode: "AT_LEAST_ONCE",
      timeout: "1min",
      minPause: 100,
      maxConcurrent: 2,
      tolerableFailures: 3,
      directory: "checkpoints",
      retained: 5,
      retention: "RETAIN_ON_CANCELLATION",
    });
    expect(env.config.toValues()).toEqual({
      "execution.checkpointing.interval": 500,
      "execution.checkpointing.mode": "AT_LEAST_ONCE",
      "execution.checkpointing.timeout": 60_000,
      "execution.checkpointing.min-pause": 100,
      "execution.checkpointing.max-concurrent-checkpoints": 2,
      "execution.checkpointing.tolerable-failed-checkpoints": 3,
      "execution.checkpointing.dir": "checkpoints",
      "execution.checkpointing.num-retained": 5,
      "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    });
  });

  test.each([
    [noRestart(), { "restart-strategy.type": "none" }],
    [fixedDelay(), { "restart-strategy.type": "fixed-delay" }],
    [
      fixedDelay({ attempts: 3, delay: "1s" }),
      {
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 3,
        "restart-strategy.fixed-delay.delay": 1_000,
      },
    ],
    [
      failureRate({ maxFailuresPerInterval: 2, interval: "1h", delay: 0 }),
      {
        "restart-strategy.type": "failure-rate",
        "restart-strategy.failure-rate.max-failures-per-interval": 2,
        "restart-strategy.failure-rate.failure-rate-interval": 3_600_000,
        "restart-strategy.failure-rate.delay": 0,
      },
    ],
    [
      exponentialDelay({ initialBackoff: 10, maxBackoff: 99, multiplier: 2, jitter: 0, resetAfter: "1d", attempts: 7 }),
      {
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": 10,
        "restart-strategy.exponential-delay.max-backoff": 99,
        "restart-strategy.exponential-delay.backoff-multiplier": 2,
        "restart-strategy.exponential-delay.jitter-factor": 0,
        "restart-strategy.exponential-delay.reset-backoff-threshold": 86_400_000,
        "restart-strategy.exponential-delay.attempts-before-reset-backoff": 7,
      },
    ],
  ])("a restart strategy stands for its options: $kind", (strategy, values) => {
    expect(new StreamExecutionEnvironment().setRestartStrategy(strategy).config.toValues()).toEqual(values);
  });

  test.each([
    ["MR1027", (env: StreamExecutionEnvironment) => env.setParallelism(0)],
    ["MR1029", (env: StreamExecutionEnvironment) => env.setMaxParallelism(-1)],
    ["MR1002", (env: StreamExecutionEnvironment) => env.enableCheckpointing(0)],
    ["MR1001", (env: StreamExecutionEnvironment) => env.enableCheckpointing("often" as never)],
    ["MR2002", (env: StreamExecutionEnvironment) => env.setRestartStrategy(fixedDelay({ attempts: -1 }))],
    ["MR2001", (env: StreamExecutionEnvironment) => env.configure({ "parallelism.defualt": 2 })],
  ])("%s: %s", (code, configure) => {
    expect(refusalOf(() => configure(new StreamExecutionEnvironment()))).toBe(code);
  });

  test("an unknown option when creating is refused, and the nearest is suggested", () => {
    expect(() => StreamExecutionEnvironment.create({ "parallelism.defualt": 2 })).toThrow(
      'did you mean "parallelism.default"',
    );
    expect(StreamExecutionEnvironment.create(new Config()).config.toValues()).toEqual({});
  });
});

describe("sources", () => {
  test("given data runs in one subtask unless told otherwise; sequences and sources as the environment says", () => {
    const env = new StreamExecutionEnvironment();
    const reader = { createReader: () => ({}), createEnumerator: () => ({}) };
    env.fromData(1, 2);
    env.fromSequence(1, 2);
    env.fromSource({ ...reader, boundedness: "bounded" } as never, WatermarkStrategy.noWatermarks(), "orders");
    env.fromSource(
      { ...reader, boundedness: "bounded", parallelismMax: 1 } as never,
      WatermarkStrategy.noWatermarks(),
      "events",
    );
    env.fromSource(
      { ...reader, boundedness: "bounded", parallelismMax: 3 } as never,
      WatermarkStrategy.noWatermarks(),
      "parts",
    );
    expect(
      env
        .getStreamGraph()
        .nodes.map(({ kind, name, parallelism, parallelismMax }) => [kind, name, parallelism, parallelismMax]),
    ).toEqual([
      ["data-source", "data-source", 1, undefined],
      ["sequence-source", "sequence-source", undefined, undefined],
      ["source", "orders", undefined, undefined],
      ["source", "events", 1, 1],
      ["source", "parts", undefined, 3],
    ]);
    expect(nodeLines(env)[2]).toBe("2 source: source(; source strategy kept) stateful");
  });

  const readerOnly = { createReader: () => ({}) };
  test.each([
    ["MR1065", (env: StreamExecutionEnvironment) => env.fromSource({} as never, WatermarkStrategy.noWatermarks(), "x")],
    [
      "MR1053",
      (env: StreamExecutionEnvironment) =>
        env.fromSource({ ...readerOnly, createEnumerator: () => ({}) } as never, WatermarkStrategy.noWatermarks(), ""),
    ],
    [
      "MR1065",
      (env: StreamExecutionEnvironment) => env.fromSource(readerOnly as never, WatermarkStrategy.noWatermarks(), "x"),
    ],
    [
      "MR1065",
      (env: StreamExecutionEnvironment) =>
        env.fromSource({ ...readerOnly, createEnumerator: () => ({}) } as never, undefined as never, "x"),
    ],
    ["MR1063", (env: StreamExecutionEnvironment) => env.fromSequence(0, 1.5)],
    ["MR1063", (env: StreamExecutionEnvironment) => env.fromSequence(-Infinity, 0)],
    [
      "MR1063",
      (env: StreamExecutionEnvironment) => env.fromSequence(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    ],
  ])("%s: %s", (code, build) => {
    expect(refusalOf(() => build(new StreamExecutionEnvironment()))).toBe(code);
  });
});

describe("execution", () => {
  test("hands over name, graph, configuration and listeners, and resolves with the result", async () => {
    const env = new StreamExecutionEnvironment().setParallelism(2);
    const lines: string[] = [];
    env.fromSequence(1, 2).print({ prefix: "n", write: (line) => void lines.push(line) });
    const executed = env.execute("squares");
    await vi.waitFor(() => expect(jobs).toHaveLength(1));
    const [job] = jobs;
    expect(job?.submission).toMatchObject({
      jobName: "squares",
      streamGraph: env.getStreamGraph(),
      config: env.config,
    });
    job?.send("print-sink", "n> 1");
    job?.finish();
    await expect(executed).resolves.toMatchObject({ jobName: "squares" });
    expect(lines).toEqual(["n> 1"]);
  });

  test("the cause of a failure reaches the caller", async () => {
    const env = new StreamExecutionEnvironment();
    env.fromSequence(1, 2).discard();
    const executed = env.execute();
    await vi.waitFor(() => expect(jobs).toHaveLength(1));
    const cause = new Error("boom");
    jobs[0]?.fail(cause);
    await expect(executed).rejects.toBe(cause);
  });

  test("afterwards nothing can change any more", async () => {
    const env = new StreamExecutionEnvironment();
    const numbers = env.fromSequence(1, 2);
    const keyed = numbers.keyBy((n) => n);
    const sink = numbers.discard();
    await env.executeAsync();
    await expect(env.executeAsync()).rejects.toMatchObject({ code: "MR1054" });
    await expect(numbers.executeAndCollect()).rejects.toMatchObject({ code: "MR1054" });
    const changes = [
      () => numbers.map((n) => n),
      () => numbers.rebalance(),
      () => numbers.union(numbers),
      () => numbers.keyBy((n) => n),
      () => numbers.name("late"),
      () => keyed.reduce((left) => left),
      () => sink.uid("late"),
      () => env.fromData(1),
      () => env.setParallelism(2),
    ];
    expect(changes.map(refusalOf)).toEqual(changes.map(() => "MR1054"));
  });

  test("explain shows the plan without executing", () => {
    const env = new StreamExecutionEnvironment();
    env
      .fromSequence(1, 2)
      .map((n) => n)
      .name("square")
      .discard();
    expect(env.explain()).toContain("square");
    expect(JSON.parse(env.explain({ format: "json", name: "squares" }))).toMatchObject({ name: "squares" });
    expect(env.explain({ format: "dot" })).toContain("digraph");
    expect(edgeLines(env)).toHaveLength(2);
    expect(lastNode(env).kind).toBe("discard-sink");
  });
});
