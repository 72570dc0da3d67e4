/**
 * `defineJob`: the default export of a job module.
 *
 * In:   a name, and a function that builds the graph on an environment from its arguments and from nothing else.
 * Out:  a plain, branded description. Every thread and process that takes part in the job imports the module and builds the same graph from it.
 */
import type { StreamExecutionEnvironment } from "./environment.ts";
import type { JobResult } from "./job-client.ts";
import { memberOf, refuse } from "./refuse.ts";

const BRAND: unique symbol = Symbol.for("millrace.job");

/** Builds the graph. Called once per thread that runs a part of the job, so it must do the same each time. */
export type BuildJob = (env: StreamExecutionEnvironment, args: readonly string[]) => void | Promise<void>;

/** What a job says about itself beside its graph. */
export interface JobOptions {
  /**
   * Its own options, as text: printed instead of running the job where its arguments hold `--help`. Default: `--help` is an argument like any other.
   * A job refuses arguments with `throw new MillraceError("MR2113", sentence)`, or by letting `parseArgs` of `node:util` throw.
   */
  readonly usage?: string;
  /**
   * Called by `millrace run` once the job has finished and everything is committed, in the process of the command, with the job's arguments: the place for
   * a summary, printed before the command's own line. What it throws makes the command exit with 1, though the job has finished. Default: nothing.
   */
  report?(result: JobResult, args: readonly string[]): void | Promise<void>;
}

export interface JobDefinition extends JobOptions {
  readonly name: string;
  readonly build: BuildJob;
}

/**
 * Describes a job, for `millrace run` and for clusters: whoever runs it makes the environment, calls `build`, and executes.
 *
 * Shape:  `JobDefinition`; export it as the default of its module. `options` hold a `report` for the end, and the `usage` of its arguments.
 * Cost:   `build` runs in every thread that takes part in the job: read arguments there, not clocks, files or the environment's variables.
 * Errors: `MR1058` the name is empty, the second argument is no function, or an option is not what it should be.
 * Source: Flink's programs with a `main`; a module takes the place of the jar.
 *
 * @example
 * export default defineJob("squares", (env, args) => {
 *   const count = Number(args[0] ?? 10);
 *   env.fromSequence(1, count).map((n) => n * n).print();
 * }, {
 *   usage: "[count]  how many squares (default: 10)",
 *   report: ({ records, durationMs }) => console.log(`${records} squares in ${durationMs} ms`),
 * });
 */
export function defineJob(name: string, build: BuildJob, options: JobOptions = {}): JobDefinition {
  if (typeof name !== "string" || name === "" || typeof build !== "function") {
    refuse("MR1058", "defineJob takes a name that is not empty and a function (env, args) that builds the graph");
  }
  checkOptions(options);
  const definition: JobDefinition = { ...options, name, build };
  Object.defineProperty(definition, BRAND, { value: true });
  return definition;
}

function checkOptions(options: unknown): void {
  const [usage, report] = [memberOf(options, "usage"), memberOf(options, "report")];
  if (typeof options === "object" && options !== null && isUnsetOr("string", usage) && isUnsetOr("function", report))
    return;
  refuse("MR1058", "the third argument of defineJob is an object, in which usage is text and report is a function");
}

function isUnsetOr(type: "string" | "function", value: unknown): boolean {
  return value === undefined || typeof value === type;
}

/**
 * Recognises definitions of any copy of the package, which `instanceof` would not.
 *
 * Shape:  a type guard for `JobDefinition`.
 * Errors: none, whatever the value.
 * Source: own; for programs that load the modules of jobs.
 *
 * @example
 * const job: unknown = defineJob("numbers", (environment) => {
 *   environment.fromSequence(1, 3).print();
 * });
 * if (isJobDefinition(job)) console.log(job.name);
 */
export function isJobDefinition(value: unknown): value is JobDefinition {
  return typeof value === "object" && value !== null && BRAND in value;
}
