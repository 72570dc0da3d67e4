/** `statefunJob`: modules as a job, for `millrace run` and for clusters. */
import { parseArgs } from "node:util";
import { defineJob } from "../../core/api/define-job.ts";
import type { JobDefinition, JobOptions } from "../../core/api/define-job.ts";
import type { StreamExecutionEnvironment } from "../../core/api/environment.ts";
import { refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import { assemble } from "../module/application.ts";
import { globalConfigOf } from "../module/global-config.ts";
import type { StatefulFunctionModule } from "../module/module.ts";
import { addApplication } from "./dataflow.ts";
import type { GroupOptions } from "./group-options.ts";

export interface StatefunJobOptions extends JobOptions, GroupOptions {
  /** Values of the global configuration; options and arguments win over them. */
  readonly globalConfig?: Readonly<Record<string, string>>;
  /** Makes global configuration of the job's arguments. Default: they are `--global-config key=value`, which may be repeated. */
  readonly configOfArgs?: (args: readonly string[]) => Readonly<Record<string, string>>;
  /** Settings in code, such as `env.enableCheckpointing(...)`. Called once per thread, before the modules. */
  readonly configure?: (env: StreamExecutionEnvironment) => void;
}

const USAGE = "Options of the job, after --:\n  --global-config KEY=VALUE  for the modules; may be repeated";

/**
 * Makes a job of modules, to be the default export of its file: `millrace run job.ts -- --global-config kafka-address=broker:9092`.
 *
 * Shape:  `JobDefinition`. The order of the modules does not matter.
 * Time:   `onEndOfInput` says what becomes of delayed messages when all ingresses have ended: `"fire"` at once (default), `"wait"` for the clock, `"drop"`.
 * State:  in one operator, `statefun-functions`; states are found again by the function's type and the state's name.
 * Cost:   `configure` of the modules runs in every thread that takes part in the job.
 * Errors: `MR9040` something is bound twice, naming both modules; `MR9041` a part is missing; `MR9042` something is not what it should be, an option included; `MR9046` an
 *         argument that is no `--global-config key=value`. All of them when the job is built.
 * Source: `StatefulFunctionsJob` of Flink's Stateful Functions.
 *
 * @example
 * const names = ingress("docs/names", type<string>());
 * const greeter = fn("docs/greeter", {
 *   accepts: { greet: type<string>() },
 *   handle: { greet: (ctx, name) => console.log(ctx.self.id, name) },
 * });
 * export default statefunJob("greeter", [
 *   module(({ config }) => [
 *     greeter,
 *     names.from((environment) => environment.fromData(config.get("name") ?? "ann")),
 *     router(names, (name, downstream) => downstream.forward(greeter.at(name), "greet", name)),
 *   ]),
 * ]);
 */
export function statefunJob(
  name: string,
  modules: StatefulFunctionModule | readonly StatefulFunctionModule[],
  options: StatefunJobOptions = {},
): JobDefinition {
  const { globalConfig, configOfArgs, configure, usage = USAGE, ...group } = options;
  const list: readonly StatefulFunctionModule[] = isList(modules) ? modules : [modules];
  return defineJob(
    name,
    (env, args) => {
      requireConfigure(configure);
      configure?.(env);
      const config = globalConfigOf({
        code: globalConfig,
        options: env.config.toValues(),
        args: configOfArgs === undefined ? pairsIn(args) : pairsOf(configOfArgs(args)),
      });
      addApplication(env, assemble(list, config), group);
    },
    options.report === undefined ? { usage } : { usage, report: (result, args) => options.report?.(result, args) },
  );
}

function isList(
  modules: StatefulFunctionModule | readonly StatefulFunctionModule[],
): modules is readonly StatefulFunctionModule[] {
  return Array.isArray(modules);
}

/** What is no such option makes `parseArgs` throw, of which the command makes a sentence. */
function pairsIn(args: readonly string[]): readonly string[] {
  const { values } = parseArgs({ args: [...args], options: { "global-config": { type: "string", multiple: true } } });
  return values["global-config"] ?? [];
}

function requireConfigure(configure: unknown): void {
  if (configure !== undefined && typeof configure !== "function")
    refuse("MR9042", `configure of statefunJob is a function of the environment, not ${described(configure)}`);
}

function pairsOf(values: Readonly<Record<string, string>>): readonly string[] {
  if (typeof values !== "object" || values === null)
    refuse("MR9042", `configOfArgs of statefunJob returns an object of texts, not ${described(values)}`);
  return Object.entries(values).map(([key, value]) => `${key}=${value}`);
}
