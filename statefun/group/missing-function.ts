/** Names that are no function: why, and what is said of it to the application and to strangers. */
import { asError, isMillraceError, MillraceError } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { Envelope } from "../envelope.ts";
import type { Refusal } from "../http-messages.ts";
import { savedError } from "./saved-error.ts";

/**
 * `unbound`: nobody has bound it. `refused`: the provider of its namespace threw, or returned no function object. `too-many`: it would be one function more than requests may bring about.
 */
export type MissingFunction =
  | { readonly why: "unbound" }
  | { readonly why: "refused"; readonly thrown: unknown }
  | { readonly why: "too-many"; readonly max: number };

/** A message went there. What a provider threw may pass with a restart; an address that is wrong does not. */
export function unknownFunction({ to, id, from, fromId }: Envelope, missing: MissingFunction): MillraceError {
  const sender = from === "" ? "from outside" : `from ${from} "${fromId}"`;
  const message = `a message ${sender} went to ${to} "${id}"`;
  if (missing.why !== "refused") {
    const sentence = `${message}, but there is no such function: bind it in a module, or correct the address`;
    return new MillraceError("MR9030", sentence, { retryable: false });
  }
  const { thrown } = missing;
  const sentence = `${message}, but the provider of its namespace makes no such function: ${asError(thrown).message}`;
  return new MillraceError("MR9030", sentence, {
    cause: thrown,
    retryable: !isMillraceError(thrown) || thrown.retryable,
  });
}

/** A request asked for it. Of what was thrown, strangers hear what it is called. */
export function refusalOf(
  to: TypeName,
  missing: MissingFunction,
): { readonly status: number; readonly value: Refusal } {
  if (missing.why === "too-many") {
    const message = `requests have brought about ${missing.max} functions already, and ${to} would be one more`;
    return { status: 503, value: { code: "MR9066", message } };
  }
  const refusal: Refusal = { code: "MR9051", message: `there is no function ${to}` };
  if (missing.why === "unbound") return { status: 404, value: refusal };
  const { code, name } = savedError(missing.thrown, 0);
  return { status: 404, value: { ...refusal, error: code === undefined ? { name } : { code, name } } };
}
