/**
 * How people use a web site and its app: `npx millrace run examples/clicks.ts -- --count 5000`.
 *
 * What one learns: a process function that sorts records into side outputs, sessions, windows by count, and a rolling `maxBy`.
 *
 * In:    generated clicks on pages. Out: visits, batches of app clicks, each user's longest stay so far, and clicks without a user, printed.
 * State: per user the open visit, the batch at hand, and one click.
 *
 * Windows by count and `maxBy` depend on the order of a user's clicks, so all clicks of a user come from one split of the source. Splits keep their order
 * at any parallelism.
 */
import { defineJob, OutputTag, session, WatermarkStrategy } from "millrace";
import type { AggregateFunction, Collector, DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { clockTime } from "./support/clock-time.ts";
import { dice, pick } from "./support/dice.ts";
import { loadOptions, loadSpecs, usageOf } from "./support/options.ts";
import type { Load } from "./support/options.ts";

/** Unless `--count` says otherwise. */
const COUNT = 300;
const START_MS = Date.UTC(2026, 0, 1);
const SPLITS = 4;
const USERS_PER_SPLIT = 4;
const BATCH = 5;

export interface Click {
  readonly user: string;
  readonly page: string;
  readonly device: "web" | "app";
  readonly atMs: number;
  readonly stayMs: number;
}

/** Clicks of one user without a pause of more than two minutes. */
export interface Visit {
  readonly user: string;
  readonly fromMs: number;
  readonly clicks: number;
  readonly stayMs: number;
}

/** Five clicks of one user in the app, one after the other. */
export interface AppBatch {
  readonly user: string;
  readonly stayMs: number;
}

export interface Usage {
  readonly visits: DataStream<Visit>;
  readonly appBatches: DataStream<AppBatch>;
  readonly longest: DataStream<Click>;
  readonly anonymous: DataStream<Click>;
}

const ANONYMOUS = new OutputTag<Click>("anonymous");
const APP = new OutputTag<Click>("app");

const job: JobDefinition = defineJob(
  "clicks",
  (env, args) => {
    const { visits, appBatches, longest, anonymous } = pipeline(env, loadOptions(args, COUNT));
    visits.map(({ user, fromMs, clicks }) => `${clockTime(fromMs)} ${user}: ${clicks} clicks`).print("visit");
    appBatches.map(({ user, stayMs }) => `${user}: ${seconds(stayMs)} on five pages`).print("app");
    longest
      .filter(({ user }) => user === "u1")
      .map(({ page, stayMs }) => `${seconds(stayMs)} on ${page}`)
      .print("u1, longest stay so far");
    anonymous.map(({ page }) => page).print("anonymous");
  },
  { usage: usageOf(loadSpecs(COUNT)) },
);
export default job;

function seconds(timeMs: number): string {
  return `${Math.round(timeMs / 1_000)} s`;
}

export function pipeline(env: StreamExecutionEnvironment, load: Load): Usage {
  const source = dataGenerator({ ...load, generate: clickOf, splits: SPLITS });
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness("10s").withTimestampAssigner(
    (click: Click) => click.atMs,
  );
  const known = env
    .fromSource(source, strategy, "clicks")
    .uid("clicks")
    .process({
      processElement(click, ctx, out: Collector<Click>) {
        if (click.user === "") return ctx.output(ANONYMOUS, click);
        out.collect(click);
        if (click.device === "app") ctx.output(APP, click);
      },
    })
    .name("sort");
  const byUser = known.keyBy((click) => click.user);
  const visits = byUser
    .window(session("2min"))
    .aggregate(summary)
    .name("visits")
    .uid("visits")
    .map(({ key, window, value }): Visit => ({ user: key, fromMs: window.startMs, ...value }));
  const appBatches = known
    .getSideOutput(APP)
    .keyBy((click) => click.user)
    .countWindow(BATCH)
    .aggregate(summary)
    .name("app batches")
    .uid("app-batches")
    .map(({ key, value }): AppBatch => ({ user: key, stayMs: value.stayMs }));
  const longest = byUser.maxBy("stayMs").name("longest").uid("longest");
  return { visits, appBatches, longest, anonymous: known.getSideOutput(ANONYMOUS) };
}

type Summary = Pick<Visit, "clicks" | "stayMs">;

const summary: AggregateFunction<Click, Summary, Summary> = {
  createAccumulator: () => ({ clicks: 0, stayMs: 0 }),
  add: (click, { clicks, stayMs }) => ({ clicks: clicks + 1, stayMs: stayMs + click.stayMs }),
  getResult: (total) => total,
  merge: (left, right) => ({ clicks: left.clicks + right.clicks, stayMs: left.stayMs + right.stayMs }),
};

/** A click every 5 s, up to 8 s out of order. Each split has one user on line at a time, and changes who it is every 200 s. */
export function clickOf(index: number): Click {
  const split = index % SPLITS;
  const turn = Math.floor(index / 40) * SPLITS + split;
  const user = split * USERS_PER_SPLIT + Math.floor(dice(turn, 0) * USERS_PER_SPLIT);
  return {
    user: dice(index, 1) < 0.05 ? "" : `u${user}`,
    page: pick(["/", "/search", "/basket", "/help"], index, 2),
    device: user % 2 === 0 ? "app" : "web",
    atMs: START_MS + index * 5_000 - Math.floor(dice(index, 3) * 8_000),
    stayMs: Math.floor(dice(index, 4) * 60_000),
  };
}
