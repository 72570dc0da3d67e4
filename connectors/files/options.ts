/** The options of file source and file sink that TypeScript checks and JavaScript does not: refused when the source or sink is made, with `MR6106`. */
import { wrongOption } from "./errors.ts";
import type { FileEncoder, RecordEncoder } from "./formats/format.ts";

/** A path is text, and not empty. */
export function checkPath(owner: string, path: unknown, what: string): void {
  if (typeof path !== "string" || path === "")
    throw wrongOption(`the path of ${owner} is ${what}, but is ${shown(path)}`);
}

/** What a sink writes with. That a function makes bytes shows only when it does. */
export function encoderOf<T>(owner: string, format: FileEncoder<T> | RecordEncoder<T>): FileEncoder<T> {
  if (typeof format !== "function") {
    checkFormat(owner, format, "createEncoder");
    return format;
  }
  checkFunction(`the format of ${owner}`, format);
  const encode: RecordEncoder<T> = (value) => {
    const encoded: unknown = format(value); // only its type says that it is text or bytes
    if (typeof encoded === "string" || encoded instanceof Uint8Array) return encoded;
    throw wrongOption(
      `the function that is the format of ${owner} must return text or bytes, but returned ${shown(encoded)}`,
    );
  };
  return { suffix: "", createEncoder: () => encode };
}

/** `method` is what a format must have to be read, or to be written. */
export function checkFormat(owner: string, format: unknown, method: "createParser" | "createEncoder"): void {
  if (typeof format === "object" && format !== null && method in format) return;
  const able =
    method === "createParser"
      ? "that can be read"
      : "that can be written, or a function that makes the bytes of a value";
  throw wrongOption(`the format of ${owner} is one ${able}, such as ndjson(), but is ${shown(format)}`);
}

export function checkWord(option: string, word: unknown, words: readonly string[]): void {
  if (words.some((allowed) => allowed === word)) return;
  throw wrongOption(`${option} must be ${words.map(shown).join(" or ")}, but is ${shown(word)}`);
}

/** A function whose result is used at once. */
export function checkFunction(option: string, given: unknown): void {
  if (typeof given !== "function") throw wrongOption(`${option} must be a function, but is ${shown(given)}`);
  if (Object.prototype.toString.call(given).startsWith("[object Async"))
    throw wrongOption(`${option} is async, but nobody can wait for it: return the result, not a promise`);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `the function ${value.name || "without a name"}: was it to be called?`;
  return typeof value === "object" && value !== null ? "an object without it" : String(value);
}
