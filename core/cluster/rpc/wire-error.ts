/**
 * Errors as plain data and back, for messages between threads and processes: name, sentence, stack, cause, and what millrace's own have besides.
 *
 * What other classes of errors carry in fields of their own is lost; whoever has to tell errors apart by a field does so on the side where they happen.
 */
import { asError, isMillraceError, MillraceError } from "../../util/errors.ts";
import type { ErrorCode } from "../../util/errors.ts";

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: WireError | undefined;
  /** Of a `MillraceError`. */
  readonly code: ErrorCode | undefined;
  readonly retryable: boolean;
}

/** Of causes, and causes of causes. */
const DEPTH_MAX = 8;

export function toWire(thrown: unknown, depth: number = 0): WireError {
  const error = asError(thrown);
  const own = isMillraceError(error) ? error : undefined;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    cause: error.cause === undefined || depth >= DEPTH_MAX ? undefined : toWire(error.cause, depth + 1),
    code: own?.code,
    retryable: own?.retryable ?? true,
  };
}

export function fromWire({ name, message, stack, cause, code, retryable }: WireError): Error {
  const options = cause === undefined ? {} : { cause: fromWire(cause) };
  const error =
    code === undefined
      ? new Error(message, options)
      : new MillraceError(code, message.replace(`${code}: `, ""), { ...options, retryable });
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
