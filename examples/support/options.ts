/** Options of the command line that are numbers; what is none is refused with a sentence. */
import { parseArgs } from "node:util";

/** `--count N`, the only option of the examples with generated input. */
export function countOption(args: readonly string[], usual: number): number {
  const { values } = parseArgs({ args: [...args], options: { count: { type: "string", default: String(usual) } } });
  return numberOption("count", values.count);
}

export function numberOption(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`--${name} must be a whole number, 0 or more, not "${text}"`);
}
