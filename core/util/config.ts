/**
 * The settings of a job or a process: values for the options of `options.ts`.
 *
 * Values come from code, the command line or a file, as text or typed; `Config` checks them when it is made, so a wrong one never reaches a
 * running job.
 */
import { toMs } from "./duration.ts";
import type { Duration } from "./duration.ts";
import { MillraceError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { OPTIONS } from "./options.ts";
import type { Option } from "./options.ts";

export { OPTIONS } from "./options.ts";

const BY_KEY: ReadonlyMap<string, Option<boolean | number | string>> = new Map(
  Object.values(OPTIONS).map((option) => [option.key, option]),
);

/** Option values as users write them. */
export type ConfigValues = Readonly<Record<string, boolean | number | string>>;

/**
 * A checked set of option values; immutable. `env.configure` takes the same values.
 *
 * Units:  durations in ms, or text such as `"10s"`; digits alone are ms, as on a command line.
 * Errors: `MR1001` no duration; `MR2001` no option of that name; `MR2002` a value that the option does not take. All of them when it is made.
 * Source: Flink's `Configuration`; the options and their defaults stand in docs/configuration.md.
 *
 * @example
 * const config = new Config({ "parallelism.default": 2 }).with({ "execution.checkpointing.interval": "10s" });
 * const other = new StreamExecutionEnvironment(config.toValues());
 */
export class Config {
  readonly #values: ReadonlyMap<string, boolean | number | string>;

  constructor(values: ConfigValues = {}) {
    this.#values = new Map(Object.entries(values).map(([key, raw]) => [key, parse(optionOf(key), raw)]));
  }

  /** The value of an option; durations in ms. */
  get<T extends boolean | number | string>(option: Option<T>): T {
    return (this.#values.get(option.key) as T | undefined) ?? option.default; // `parse` made it of the option's type
  }

  /** Whether it was set, rather than left at its default. */
  has(option: Option<boolean | number | string>): boolean {
    return this.#values.has(option.key);
  }

  /** A new configuration; `values` win. */
  with(values: ConfigValues): Config {
    return new Config({ ...this.toValues(), ...values });
  }

  /** The values that were set, by key; a `Config` made of them is the same. */
  toValues(): Record<string, boolean | number | string> {
    return Object.fromEntries(this.#values);
  }
}

/** What follows is a key of the application's own: text that the modules of stateful functions read. */
export const GLOBAL_CONFIG_PREFIX = "statefun.module.global-config.";

function optionOf(key: string): Option<boolean | number | string> {
  const option = BY_KEY.get(key);
  if (option !== undefined) return option;
  if (key.startsWith(GLOBAL_CONFIG_PREFIX)) return { key, type: "string", default: "", doc: "" };
  const suggestion = nearest(key, [...BY_KEY.keys()]);
  throw new MillraceError(
    "MR2001",
    `there is no option "${key}"${suggestion === undefined ? "" : `; did you mean "${suggestion}"?`}`,
  );
}

function parse(option: Option<boolean | number | string>, raw: boolean | number | string): boolean | number | string {
  switch (option.type) {
    case "boolean":
      if (raw === true || raw === "true") return true;
      if (raw === false || raw === "false") return false;
      return refuse(option, raw, `"true" or "false"`);
    case "string":
      if (typeof raw !== "string") return refuse(option, raw, "text");
      if (option.values !== undefined && !option.values.includes(raw))
        return refuse(option, raw, `one of ${option.values.join(", ")}`);
      return raw;
    case "duration":
      return checkMinimum(option, durationMs(option, raw));
    case "integer":
    case "number": {
      const amount = typeof raw === "string" && raw.trim() !== "" ? Number(raw) : raw;
      if (typeof amount !== "number" || !Number.isFinite(amount)) return refuse(option, raw, "a number");
      if (option.type === "integer" && !Number.isInteger(amount)) return refuse(option, raw, "a whole number");
      return checkMinimum(option, amount);
    }
  }
}

function checkMinimum(option: Option<boolean | number | string>, amount: number): number {
  return option.min !== undefined && amount < option.min ? refuse(option, amount, `${option.min} or more`) : amount;
}

function refuse(option: Option<boolean | number | string>, raw: unknown, wanted: string): never {
  throw new MillraceError("MR2002", `option "${option.key}" must be ${wanted}, not ${JSON.stringify(raw)}`);
}

/** Text that is only digits counts as ms, as on a command line. */
function durationMs(option: Option<boolean | number | string>, raw: boolean | number | string): number {
  if (typeof raw === "string" && raw.trim() !== "" && Number.isFinite(Number(raw))) return Number(raw);
  return toMs(raw as Duration, option.key); // `toMs` refuses what is none
}
