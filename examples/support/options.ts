/** Options of an example: one table says what they are called, what they mean and what holds without them, for the parser and for `--help` alike. */
import { parseArgs } from "node:util";
import { MillraceError } from "millrace";

export interface OptionSpec {
  /** What stands behind the option, such as `N`. */
  readonly value: string;
  readonly meaning: string;
  readonly default: string;
}

/** Each option with a value. What is no option of the table is refused, which the command turns into a sentence. */
export function optionValues<N extends string>(
  args: readonly string[],
  specs: Readonly<Record<N, OptionSpec>>,
): Readonly<Record<N, string>> {
  const table = Object.entries<OptionSpec>(specs);
  const options = Object.fromEntries(
    table.map(([name, spec]) => [name, { type: "string" as const, default: spec.default }]),
  );
  const { values } = parseArgs({ args: [...args], options });
  return values as Readonly<Record<N, string>>; // all have a text by default
}

/** What `millrace run <job> -- --help` prints. */
export function usageOf(specs: Readonly<Record<string, OptionSpec>>): string {
  const rows = Object.entries(specs).map(([name, spec]) => ({ ...spec, call: `--${name} ${spec.value}` }));
  const width = Math.max(...rows.map(({ call }) => call.length));
  const lines = rows.map((row) => {
    const otherwise = row.default === "" ? "" : ` (default: ${row.default})`;
    return `  ${row.call.padEnd(width)}  ${row.meaning}${otherwise}`;
  });
  return ["Options of the job, after --:", ...lines].join("\n");
}

/** How many records a generator makes, and how fast. */
export interface Load {
  readonly count: number;
  /** Default: full speed. */
  readonly ratePerSecond?: number;
}

/** The options of the examples with generated input. */
export function loadSpecs(usualCount: number): { readonly count: OptionSpec; readonly rate: OptionSpec } {
  return {
    count: { value: "N", meaning: "records to generate", default: String(usualCount) },
    rate: { value: "N", meaning: "records per second; 0: full speed", default: "0" },
  };
}

export function loadOptions(args: readonly string[], usualCount: number): Load {
  const values = optionValues(args, loadSpecs(usualCount));
  const count = numberOption("count", values.count);
  const ratePerSecond = numberOption("rate", values.rate);
  return ratePerSecond === 0 ? { count } : { count, ratePerSecond };
}

/** That of a stream with one record for every `times` of another. */
export function rarer({ count, ratePerSecond }: Load, times: number): Load {
  const rate = ratePerSecond === undefined ? {} : { ratePerSecond: ratePerSecond / times };
  return { count: Math.ceil(count / times), ...rate };
}

export function numberOption(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(number) && number >= 0) return number;
  throw new MillraceError("MR2113", `--${name} must be a whole number, 0 or more, not "${text}"`);
}

/** Where none would make no sense. */
export function countOption(name: string, text: string): number {
  const count = numberOption(name, text);
  if (count > 0) return count;
  throw new MillraceError("MR2113", `--${name} must be a whole number, 1 or more, not "${text}"`);
}
