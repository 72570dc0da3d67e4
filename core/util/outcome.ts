/**
 * How asynchronous seams answer: through a callback with a value or an error, never through a promise.
 *
 * Promises settle in the order that V8 chooses, and a simulator could not replay it; so no seam returns one to engine code.
 */
import type { MillraceError } from "./errors.ts";

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: MillraceError };

/** Called exactly once, never before the call that received it has returned. */
export type Done<T> = (outcome: Outcome<T>) => void;

export function succeeded<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function failed(error: MillraceError): { readonly ok: false; readonly error: MillraceError } {
  return { ok: false, error };
}
