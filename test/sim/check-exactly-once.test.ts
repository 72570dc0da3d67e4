/**
 * `checkExactlyOnce` passes a job that keeps what it promises, and catches the bugs that users write.
 *
 * Goal:   none of the planted bugs gets through, and the sound twin of each does.
 * Method: the same job with and without the bug, under plans from fixed seeds.
 * Replay: the error holds the line.
 */
import { expect, test } from "vitest";
import type { StreamExecutionEnvironment } from "../../core/index.ts";
import { checkExactlyOnce } from "./check-exactly-once.ts";
import {
  arrivalOrderJob,
  closureJob,
  countingJob,
  forgetfulSourceJob,
  Ledger,
  messageOf,
  VISITS,
} from "./user-jobs/counting-jobs.ts";
import type { Visit } from "./user-jobs/counting-jobs.ts";
import { planOfReplay, replayOf } from "./user-jobs/replay.ts";
import { plans } from "./generate-plan.ts";
import { sampled } from "./pipelines/generate.ts";

/** Long enough wherever it runs: the number of runs decides. */
const ENOUGH = { timeMs: 50_000, shrinkMs: 300 } as const;

test("a job that keeps its state in state passes, also in order per key", async () => {
  const order = (row: string): string | undefined => row.split(" ")[0];
  const { runs } = await checkExactlyOnce(countingJob, { visits: VISITS }, { ...ENOUGH, runs: 8, order });
  expect(runs).toBe(8);
});

test("state in a closure is caught, and the line that the error shows brings it again", async () => {
  const found = await messageOf(checkExactlyOnce(closureJob, { visits: VISITS }, ENOUGH));
  expect(found).toContain('MR8002: "exactly once" does not hold: sink "counts" committed');
  expect(found).toContain("the job starts with parallelism");
  const replay = /replay: '(.*)' \}\)$/m.exec(found)?.[1] ?? "";
  const again = await messageOf(checkExactlyOnce(closureJob, { visits: VISITS }, { replay }));
  expect(again).toBe(found);
  await expect(checkExactlyOnce(countingJob, { visits: VISITS }, { replay })).resolves.toEqual({ runs: 1 });
});

test("a source that saves a wrong position is caught", async () => {
  const found = await messageOf(checkExactlyOnce(forgetfulSourceJob, {}, ENOUGH));
  expect(found).toMatch(/MR8002: "exactly once" does not hold: [^]*missing/);
});

/** A checkpoint rots, and then everything has to start from it: the job gives up. */
const GIVES_UP = `{"seed":2,"burst":1,"pauseMs":500,"tolerable":1000,"disasters":[${[
  `{"kind":"damage","atMs":1500,"who":2,"durationMs":0}`,
  `{"kind":"crash-all","atMs":1600,"who":2,"durationMs":0}`,
].join(",")}]}`;

test("a job that a damaged checkpoint keeps from going on may have committed less, but nothing else", async () => {
  const check = (job: (env: StreamExecutionEnvironment) => void, options: object = {}): Promise<{ runs: number }> =>
    checkExactlyOnce(job, { visits: VISITS }, { replay: GIVES_UP, ...options });
  expect(await check(countingJob, { order: (row: string) => row.split(" ")[0] })).toEqual({ runs: 1 });
  const ledger = new Ledger({ idempotent: true });
  expect(await check((env) => ledger.job(env), { keepSinks: { ledger } })).toEqual({ runs: 1 });
  const dated = (env: StreamExecutionEnvironment): void =>
    void env
      .fromData(...VISITS)
      .map(({ user }) => [user, Date.now()])
      .print();
  const found = checkExactlyOnce(dated, {}, { replay: GIVES_UP });
  expect(await messageOf(found)).toMatch(/committed \d+ records, where a calm run commits 40\n {2}not in the calm run/);
});

test("a committer that is not idempotent is caught", async () => {
  const check = (ledger: Ledger, runs: number): Promise<unknown> =>
    checkExactlyOnce((env) => ledger.job(env), { visits: VISITS }, { ...ENOUGH, runs, keepSinks: { ledger } });
  expect(await messageOf(check(new Ledger({ idempotent: false }), 50))).toMatch(
    /"exactly once" does not hold: sink "ledger"/,
  );
  await check(new Ledger({ idempotent: true }), 6);
});

test("a job whose order depends on chance is caught only where order counts", async () => {
  const order = (row: { readonly team: string }): string => row.team;
  const check = (options: object): Promise<unknown> =>
    checkExactlyOnce(arrivalOrderJob, { visits: VISITS }, { ...ENOUGH, runs: 20, ...options });
  expect(await messageOf(check({ order }))).toContain("in another order");
  await check({ runs: 6 });
});

test("a result that depends on the order in which splits are read is told from one that a crash has broken", async () => {
  const job = (env: StreamExecutionEnvironment): void => {
    const sums = env.fromSequence(1, 20).keyBy((n) => n % 3);
    sums.reduce((left, right) => left + right).print();
  };
  expect(await messageOf(checkExactlyOnce(job, {}, ENOUGH))).toContain("nothing goes wrong in this run");
});

test("says what is wrong with what it is given", async () => {
  expect(await messageOf(checkExactlyOnce(countingJob, { visit: [] }))).toBe(
    'MR8003: `inputs` names "visit", but the job has no source of that name: it has "visits"',
  );
  const equal = (actual: string, expected: string): boolean => actual[0] === expected[0];
  const upper = (visit: Visit): Visit => ({ user: visit.user.toUpperCase() });
  await checkExactlyOnce(countingJob, { visits: VISITS.map(upper) }, { runs: 2, equal });
});

test("a job that fails by itself is told from one that loses records", async () => {
  const found = await messageOf(
    checkExactlyOnce(
      (env) =>
        void env
          .fromData(1, 2, 3)
          .map((n) => {
            if (n === 3) throw new Error("three is too many");
            return n;
          })
          .print(),
      {},
    ),
  );
  expect(found).toMatch(/"the job comes to its end" does not hold: the job gave up: .*three is too many/);
});

test("what a failure prints brings any plan again", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const plan = sampled(plans, seed);
    expect(planOfReplay(replayOf(plan))).toEqual(plan);
    expect(replayOf(planOfReplay(replayOf(plan)))).toBe(replayOf(plan));
  }
});
