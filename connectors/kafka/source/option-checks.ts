/** Checks of single options of a Kafka source: TypeScript makes them as well, JavaScript does not. All refuse with `MR6423`. */
import { described } from "../../../core/util/errors.ts";
import { wrongOption } from "./errors.ts";

/** One text or several; each once. */
export function textsOf(option: string, given: string | readonly string[] | undefined): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const trimmed = list.map((one) => (typeof one === "string" ? one.trim() : ""));
  if (trimmed.length === 0 || trimmed.includes(""))
    throw wrongOption(`${option} of kafkaSource is text, or a list of texts, none empty, but is ${described(given)}`);
  return [...new Set(trimmed)];
}

export function optionalText(option: string, given: string | undefined): string | undefined {
  if (given === undefined || (typeof given === "string" && given.trim() !== "")) return given;
  throw wrongOption(`${option} of kafkaSource is text that is not empty, but is ${described(given)}`);
}

export function bytesOf(option: string, given: number): number {
  if (Number.isSafeInteger(given) && given >= 1) return given;
  throw wrongOption(`${option} of kafkaSource is a number of bytes, 1 or more, but is ${described(given)}`);
}

export function checkWord(option: string, word: unknown, words: readonly string[]): void {
  if (words.some((allowed) => allowed === word)) return;
  throw wrongOption(
    `${option} of kafkaSource is ${words.map((allowed) => `"${allowed}"`).join(" or ")}, but is ${described(word)}`,
  );
}

/** One whose result is used at once. */
export function checkedFunction<F>(option: string, given: F): F {
  if (typeof given !== "function")
    throw wrongOption(`${option} of kafkaSource is a function, but is ${described(given)}`);
  if (Object.prototype.toString.call(given).startsWith("[object Async"))
    throw wrongOption(
      `${option} of kafkaSource is async, but nobody can wait for it: return the result, not a promise`,
    );
  return given;
}
