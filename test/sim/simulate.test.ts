/** `simulate`: what a run shows, what it replaces and keeps, and that a seed decides all of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { defineJob, tumbling, value, WatermarkStrategy } from "../../core/index.ts";
import type { Collector, Sink, Source, SourceSplit, StreamExecutionEnvironment } from "../../core/index.ts";
import { dataGenerator } from "../../connectors/datagen/index.ts";
import { simulate } from "./simulate.ts";
import type { SimulateOptions } from "./simulate.ts";
import { countingJob, Ledger, messageOf, VISITS } from "./user-jobs/counting-jobs.ts";
import type { Visit } from "./user-jobs/counting-jobs.ts";

const COUNTS = VISITS.map(({ user }, index) => `${user} ${Math.floor(index / 5) + 1}`).toSorted();

test("brings what the sinks committed, and tells what happened", async () => {
  const calm = await simulate(countingJob, { inputs: { visits: VISITS } });
  expect(calm.sinks).toEqual(["counts"]);
  expect(calm.output<string>("counts").toSorted()).toEqual(COUNTS);
  expect(calm).toMatchObject({ seed: 1, restarts: 0, masters: 1, faults: {} });

  const disasters = [{ kind: "crash-all", atMs: 1_500, who: 0, durationMs: 0 }] as const;
  const rough = await simulate(countingJob, {
    inputs: { visits: VISITS },
    faults: { rates: { "commit-after": 500 }, disasters },
    rescale: [3],
    plan: { burst: 2, pauseMs: 800 },
  });
  expect(rough.output<string>("counts").toSorted()).toEqual(COUNTS);
  expect(rough.faults).toMatchObject({ "crash-all": 1 });
  expect(rough.restarts).toBeGreaterThan(0);
  expect(rough.masters).toBeGreaterThan(1);
  expect(rough.checkpoints).toBeGreaterThan(1);
  expect(rough.simulatedMs).toBeGreaterThan(1_500);
  expect(rough.history.join("\n")).toMatch(/fault crash-all/);
});

/** Looks at everything that differs from run to run outside of a simulation. */
const worldly = defineJob("worldly", (env) => {
  const stamped = env
    .fromSequence(1, 30)
    .keyBy((n) => n % 3)
    .process({
      async open() {
        await sleep(20);
      },
      processElement(n: number, ctx, out: Collector<object>) {
        setTimeout(() => undefined, 5);
        out.collect({ n, key: ctx.key, atMs: Date.now(), day: new Date().getDay(), chance: Math.random() });
      },
    });
  const slow: Sink<object, never, object> = {
    createWriter() {
      const rows: object[] = [];
      return {
        write: (row) => void rows.push(row),
        flush: () => new Promise((resolve) => void setTimeout(resolve, 30 * Math.random())),
        prepareCommit: () => rows.splice(0),
      };
    },
    createCommitter: () => ({
      commit: () => sleep(10),
    }),
  };
  stamped.sinkTo(slow).name("slow");
  stamped.print().name("stamped");
});

test("a seed decides everything, also what the job asks the clock, chance and timers", async () => {
  const play = (seed: number) => simulate(worldly, { seed, faults: "many", rescale: [2], keepSinks: ["slow"] });
  const [first, again, other] = [await play(3), await play(3), await play(4)];
  expect(again.digest).toBe(first.digest);
  expect(again.output("stamped")).toEqual(first.output("stamped"));
  expect(other.digest).not.toBe(first.digest);
  expect(first.output<{ readonly atMs: number }>("stamped")[0]?.atMs).toBeGreaterThanOrEqual(
    Date.UTC(2030, 0, 1) - 30_000,
  );
  const [left, right] = await Promise.all([play(3), play(4)]);
  expect([left.digest, right.digest]).toEqual([first.digest, other.digest]);
});

test("timestamps come with the records, or from the strategy of the source that the inputs replace", async () => {
  const job = (env: StreamExecutionEnvironment): void => {
    const inOrder = WatermarkStrategy.forMonotonousTimestamps<Visit>();
    env
      .fromSource<Visit, SourceSplit, unknown>(unread, inOrder, "visits")
      .keyBy((visit) => visit.user)
      .window(tumbling("1min"))
      .aggregate({ createAccumulator: () => 0, add: (_, count) => count + 1, getResult: (count) => count })
      .map(({ key, window, value: count }) => `${key} ${window.startMs} ${count}`)
      .print();
  };
  const timed = (user: string, timestampMs: number): unknown => ({ value: { user }, timestampMs });
  const splits = [
    [timed("ada", 1_000), timed("ada", 61_000), timed("ada", 62_000)],
    [timed("bob", 2_000), timed("ada", 65_000)],
  ];
  const run = await simulate(job, { inputs: { visits: splits }, parallelism: 2, faults: "some", seed: 9 });
  expect(run.output<string>("print-sink").toSorted()).toEqual(["ada 0 1", "ada 60000 3", "bob 0 1"]);
});

const unread: Source<Visit, SourceSplit> = {
  boundedness: "continuous-unbounded",
  createReader: () => {
    throw new Error("the source itself is not read");
  },
  createEnumerator: () => {
    throw new Error("the source itself is not read");
  },
};

test("a sink that is kept commits to its own world, under faults", async () => {
  const ledger = new Ledger({ idempotent: true });
  const run = await simulate((env) => ledger.job(env), {
    keepSinks: ["ledger"],
    faults: { rates: { "commit-after": 300, "commit-before": 300 } },
  });
  expect(ledger.rows.toSorted()).toEqual(COUNTS);
  expect(run.sinks).toEqual([]);
  expect(await messageOf(Promise.resolve().then(() => run.output("ledger")))).toMatch(
    /MR8003: no sink of the name "ledger"/,
  );
});

test("sinks of one name are numbered", async () => {
  const run = await simulate((env) => {
    const numbers = env.fromData(1, 2);
    numbers.print();
    numbers.map((n) => -n).print();
  });
  expect([run.output("print-sink"), run.output("print-sink 2")]).toEqual([
    [1, 2],
    [-1, -2],
  ]);
});

test("a job whose source never ends is drained", async () => {
  const job = (env: StreamExecutionEnvironment): void => {
    env
      .fromSource(dataGenerator({ generate: (index) => index }), WatermarkStrategy.noWatermarks<number>(), "naturals")
      .print()
      .name("out");
  };
  const run = await simulate(job, { drainAfter: 30 });
  const numbers = run.output<number>("out");
  expect(numbers.length).toBeGreaterThanOrEqual(30);
  expect(numbers).toEqual(numbers.map((_, index) => index));
});

test("broken invariants are told by name, with the line that brings the run again", async () => {
  const options: SimulateOptions = { inputs: { visits: VISITS }, seed: 5, faults: "some" };
  const sentence = await messageOf(
    simulate(countingJob, {
      ...options,
      invariants: { "nobody came": (run) => (run.output("counts").length === 0 ? undefined : "somebody did") },
    }),
  );
  expect(sentence).toContain('MR8002: "nobody came" does not hold: somebody did\nwhat happened in this run (seed 5):');
  const replay = /replay: '(.*)' \}\)$/m.exec(sentence)?.[1] ?? "";
  const again = await simulate(countingJob, { inputs: { visits: VISITS }, replay });
  expect(again.digest).toBe((await simulate(countingJob, options)).digest);

  const few = (run: { output(sink: string): readonly unknown[] }): void => expect(run.output("counts")).toHaveLength(1);
  expect(await messageOf(simulate(countingJob, { ...options, invariants: { few } }))).toMatch(
    /"few" does not hold: expected .* a length of 1 but got 40/,
  );
  const later = (): Promise<string> => Promise.resolve("too late");
  expect(await messageOf(simulate(countingJob, { ...options, invariants: { later } }))).toMatch(
    /"later" does not hold: too late/,
  );
  const whenCommitted: SimulateOptions["whenCommitted"] = (_, { sink, soFar }) =>
    soFar.length < 7 ? undefined : `${sink} is full`;
  expect(await messageOf(simulate(countingJob, { ...options, whenCommitted }))).toContain(
    'record 8 of "counts": counts is full',
  );
});

test("development mode finds a function that changes what it was given", async () => {
  const job = (env: StreamExecutionEnvironment): void => {
    env
      .fromData({ user: "ada", seen: false })
      .map((visit) => Object.assign(visit, { seen: true }))
      .print();
  };
  expect(await messageOf(simulate(job))).toMatch(/the job gave up/);
});

test("a job gets its arguments", async () => {
  const run = await simulate(
    defineJob("args", (env, args) => {
      env
        .fromData(...args)
        .keyBy((arg) => arg)
        .process({
          state: { last: value<string>() },
          processElement: (arg, ctx, out: Collector<string>) =>
            out.collect(`${arg} ${ctx.state.last.value() ?? "none"}`),
        })
        .print()
        .name("out");
    }),
    { args: ["a", "b"] },
  );
  expect(run.output("out")).toEqual(["a none", "b none"]);
});

test("many records are read faster, so that a hundred thousand come to their end within the bound of a run", async () => {
  const inputs = { visits: Array.from({ length: 5_000 }, () => ({ user: "ada" })) };
  const run = await simulate(countingJob, { inputs });
  expect(run.output("counts")).toHaveLength(5_000);
  expect(run.simulatedMs).toBeLessThan(20_000);
});
