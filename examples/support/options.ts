/** Options of the command line that are numbers; what is none is refused with a sentence. */
import { parseArgs } from "node:util";

/** How many records a generator makes, and how fast. */
export interface Load {
  readonly count: number;
  /** Default: full speed. */
  readonly ratePerSecond?: number;
}

/** `--count N` and `--rate N`, the options of the examples with generated input. */
export function loadOptions(args: readonly string[], usualCount: number): Load {
  const { values } = parseArgs({
    args: [...args],
    options: { count: { type: "string", default: String(usualCount) }, rate: { type: "string", default: "0" } },
  });
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
  throw new Error(`--${name} must be a whole number, 0 or more, not "${text}"`);
}
