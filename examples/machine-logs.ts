/**
 * Trouble with machines, told from planned work on them: `npx millrace run examples/machine-logs.ts -- --count 20000`.
 *
 * What one learns: session windows, which grow for as long as errors follow each other; and a process function over two keyed streams, which waits for
 * the watermark of both before it judges, since neither stream waits for the other.
 *
 * In:    generated log lines and announcements of maintenance. Out: incidents, printed; those within planned work on a side output.
 * State: per machine its open sessions, the announcements that still matter, and incidents until the watermark has passed them.
 */
import { defineJob, list, map, OutputTag, session, WatermarkStrategy } from "millrace";
import type { AggregateFunction, Collector, DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { clockTime } from "./support/clock-time.ts";
import { dice } from "./support/dice.ts";
import { loadOptions, loadSpecs, rarer, usageOf } from "./support/options.ts";
import type { Load } from "./support/options.ts";

/** Unless `--count` says otherwise. */
const COUNT = 5_000;
const START_MS = Date.UTC(2026, 0, 1);
const MACHINES = 12;
const LINE_EVERY_MS = 200;
const LINES_PER_ANNOUNCEMENT = 200;

export interface LogLine {
  readonly machine: number;
  readonly level: "info" | "error";
  readonly atMs: number;
}

/** Published before the work begins. */
export interface Maintenance {
  readonly machine: number;
  readonly announcedMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Errors of one machine with no more than half a minute from one to the next. */
export interface Incident {
  readonly machine: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly errors: number;
}

const PLANNED = new OutputTag<Incident>("planned");

const job: JobDefinition = defineJob(
  "machine-logs",
  (env, args) => {
    const { alarms, planned } = pipeline(env, loadOptions(args, COUNT));
    alarms.map(textOf).print("alarm");
    planned.map(textOf).print("planned");
  },
  { usage: usageOf(loadSpecs(COUNT)) },
);
export default job;

function textOf({ machine, fromMs, toMs, errors }: Incident): string {
  return `machine ${machine}, ${clockTime(fromMs)} to ${clockTime(toMs)}, errors: ${errors}`;
}

export function pipeline(
  env: StreamExecutionEnvironment,
  load: Load,
): { alarms: DataStream<Incident>; planned: DataStream<Incident> } {
  const logTimes = WatermarkStrategy.forBoundedOutOfOrderness("5s").withTimestampAssigner((line: LogLine) => line.atMs);
  const lines = env.fromSource(dataGenerator({ ...load, generate: lineOf }), logTimes, "log").uid("log");
  const rarely = rarer(load, LINES_PER_ANNOUNCEMENT);
  const announced = WatermarkStrategy.forMonotonousTimestamps().withTimestampAssigner(
    (maintenance: Maintenance) => maintenance.announcedMs,
  );
  const maintenance = env
    .fromSource(dataGenerator({ ...rarely, generate: maintenanceOf }), announced, "maintenance")
    .uid("maintenance");
  const incidents = lines
    .filter((line) => line.level === "error")
    .keyBy((line) => line.machine)
    .window(session("30s"))
    .aggregate(summary)
    .name("incidents")
    .uid("incidents")
    .map(({ key, value }): Incident => ({ machine: key, ...value }));
  const alarms = judge(incidents, maintenance);
  return { alarms, planned: alarms.getSideOutput(PLANNED) };
}

function judge(incidents: DataStream<Incident>, maintenance: DataStream<Maintenance>): DataStream<Incident> {
  return incidents
    .keyBy((incident) => incident.machine)
    .connect(maintenance.keyBy(({ machine }) => machine))
    .process({
      state: { works: list<Maintenance>(), waiting: map<number, Incident>() },
      processElement1(incident, ctx) {
        ctx.state.waiting.put(ctx.timestampMs, incident);
        ctx.timers.registerEventTime(ctx.timestampMs);
      },
      processElement2(work, ctx) {
        ctx.state.works.add(work);
      },
      /** Work that overlaps the incident was announced before the incident's end, so it is known by now. Work that ended before it is of no more use. */
      onTimer(timeMs, ctx, out: Collector<Incident>) {
        const incident = ctx.state.waiting.get(timeMs);
        if (incident === undefined) return;
        ctx.state.waiting.remove(timeMs);
        const works = ctx.state.works.get().filter(({ toMs }) => toMs > incident.fromMs);
        ctx.state.works.update(works);
        if (works.some(({ fromMs }) => fromMs <= incident.toMs)) ctx.output(PLANNED, incident);
        else out.collect(incident);
      },
    })
    .name("judge")
    .uid("judge");
}

type Summary = Omit<Incident, "machine">;

const summary: AggregateFunction<LogLine, Summary, Summary> = {
  createAccumulator: () => ({ fromMs: Infinity, toMs: -Infinity, errors: 0 }),
  add: ({ atMs }, soFar) => together(soFar, { fromMs: atMs, toMs: atMs, errors: 1 }),
  getResult: (incident) => incident,
  merge: together,
};

/** Also for sessions that grow until they are one. */
function together(left: Summary, right: Summary): Summary {
  return {
    fromMs: Math.min(left.fromMs, right.fromMs),
    toMs: Math.max(left.toMs, right.toMs),
    errors: left.errors + right.errors,
  };
}

/** A machine has a bad spell in every fifth stretch of two minutes or so; the lines are up to 2 s out of order. */
export function lineOf(index: number): LogLine {
  const machine = Math.floor(dice(index, 0) * MACHINES);
  const stretch = Math.floor((index * LINE_EVERY_MS) / 120_000);
  const bad = dice(stretch * MACHINES + machine, 1) < 0.2;
  const level = dice(index, 2) < (bad ? 0.5 : 0.005) ? "error" : "info";
  return { machine, level, atMs: START_MS + index * LINE_EVERY_MS - Math.floor(dice(index, 4) * 2_000) };
}

/** Half a minute's notice for two minutes of work, on one machine at a time. */
export function maintenanceOf(index: number): Maintenance {
  const announcedMs = START_MS + index * LINES_PER_ANNOUNCEMENT * LINE_EVERY_MS;
  const fromMs = announcedMs + 30_000;
  return { machine: Math.floor(dice(index, 5) * MACHINES), announcedMs, fromMs, toMs: fromMs + 120_000 };
}
