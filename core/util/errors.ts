/**
 * The one error class of millrace, and the assertion for our own mistakes.
 *
 * Every error that a user can meet has a stable code, a sentence that says what to do, and, where there is one, its cause. All codes
 * are listed in `docs/errors.md`; the tidy test checks that list and code agree.
 */

/** `MR` and four digits: 1 building a graph, 2 configuration and command line, 3 running, 4 state and values, 5 checkpoints, 6 connectors, 7 cluster, 8 simulation, 9 stateful functions. */
export type ErrorCode = `MR${number}`;

const BRAND = Symbol.for("millrace.error");

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Whether a restart may help. Default: true; false ends the job at once. */
  readonly retryable?: boolean;
}

/** What goes wrong in millrace, with a stable code; `cause` is what it came from. */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MillraceError";
    this.code = code;
    this.retryable = options.retryable ?? true;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Recognises errors of any copy of the package, which `instanceof` would not.
 *
 * Shape:  a type guard for `MillraceError`.
 * Errors: none, whatever the value.
 * Source: own; docs/errors.md lists the codes.
 *
 * @example
 * try {
 *   env.configure({ "parallelism.defualt": 2 });
 * } catch (error) {
 *   if (isMillraceError(error)) console.log(error.code, error.message);
 * }
 */
export function isMillraceError(error: unknown): error is MillraceError {
  return typeof error === "object" && error !== null && BRAND in error;
}

/** The same error, with the place where it happened in front of its sentence: still one code and one sentence. The error itself is the cause. */
export function located(error: MillraceError, where: string): MillraceError {
  const { code, message, retryable } = error;
  return new MillraceError(code, `${where}: ${message.replace(/^MR\d+: /, "")}`, { cause: error, retryable });
}

/** What was thrown, as an `Error`: user code may throw anything. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(described(thrown));
}

/** Also those of another realm, as test runners make them, which are no `instanceof` of ours. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === "[object Error]";
}

/** Any value as text, for sentences; as JSON where all that an object calls itself is "[object Object]". */
export function described(thrown: unknown): string {
  try {
    const text = String(thrown);
    if (!text.startsWith("[object ")) return text;
    const json = JSON.stringify(thrown) as string | undefined; // undefined for what has no JSON, which its type conceals
    return json === undefined || json === "{}" ? text : json;
  } catch {
    return "something that cannot be written as text";
  }
}

/** States what must be true if millrace itself has no bug. Stays on in production. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) {
    throw new MillraceError("MR3000", `a bug in millrace: ${sentence}; please report it`, { retryable: false });
  }
}
