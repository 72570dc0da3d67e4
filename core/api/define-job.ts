/**
 * `defineJob`: the default export of a job module.
 *
 * In:   a name, and a function that builds the graph on an environment from its arguments and from nothing else.
 * Out:  a plain, branded description. Every thread and process that takes part in the job imports the module and builds the same graph from it.
 */
import type { StreamExecutionEnvironment } from "./environment.ts";
import type { JobResult } from "./job-client.ts";
import { refuse } from "./refuse.ts";

const BRAND: unique symbol = Symbol.for("millrace.job");

/** Builds the graph. Called once per thread that runs a part of the job, so it must do the same each time. */
export type BuildJob = (env: StreamExecutionEnvironment, args: readonly string[]) => void | Promise<void>;

export interface JobOptions {
  /** Called by `millrace run` once the job has finished, in the process of the command: the place for a summary. Default: nothing. */
  report?(result: JobResult, args: readonly string[]): void | Promise<void>;
}

export interface JobDefinition extends JobOptions {
  readonly name: string;
  readonly build: BuildJob;
}

/**
 * Describes a job, for `millrace run` and for clusters: whoever runs it makes the environment, calls `build`, and executes.
 *
 * Shape:  `JobDefinition`; export it as the default of its module.
 * Cost:   `build` runs in every thread that takes part in the job: read arguments there, not clocks, files or the environment's variables.
 * Errors: `MR1058` the name is empty, or the second argument is no function.
 * Source: Flink's programs with a `main`; a module takes the place of the jar.
 *
 * @example
 * export default defineJob("squares", (env, args) => {
 *   const count = Number(args[0] ?? 10);
 *   env.fromSequence(1, count).map((n) => n * n).print();
 * });
 */
export function defineJob(name: string, build: BuildJob, options: JobOptions = {}): JobDefinition {
  if (typeof name !== "string" || name === "" || typeof build !== "function") {
    refuse("MR1058", "defineJob takes a name that is not empty and a function (env, args) that builds the graph");
  }
  const definition: JobDefinition = { ...options, name, build };
  Object.defineProperty(definition, BRAND, { value: true });
  return definition;
}

/** Recognises definitions of any copy of the package, which `instanceof` would not. */
export function isJobDefinition(value: unknown): value is JobDefinition {
  return typeof value === "object" && value !== null && BRAND in value;
}
