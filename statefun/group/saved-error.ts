/** An error as state and dead letters keep it: plain data. */
import { asError, isMillraceError } from "../../core/util/errors.ts";

export interface SavedError {
  /** Of errors that have one, such as `MR9010` of a message that does not fit its schema. */
  readonly code?: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly timeMs: number;
}

const STACK_MAX = 4_000;

export function savedError(thrown: unknown, timeMs: number): SavedError {
  const { name, message, stack = "" } = asError(thrown);
  const code = isMillraceError(thrown) ? thrown.code : codeOf(thrown);
  const plain = { name: String(name), message: String(message), stack: String(stack).slice(0, STACK_MAX), timeMs };
  return code === undefined ? plain : { code, ...plain };
}

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
