/**
 * The interface that schema libraries agreed on (standardschema.dev), as far as it is used here: zod, valibot, arktype and others have it, so that no
 * library is depended on.
 *
 * In:    schemas, as users give them. Out: whether something is one; what it said against a value, in words. State: none.
 */
import { described } from "../util/errors.ts";

export interface StandardSchema<I = unknown, O = I> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<O> | Promise<StandardResult<O>>;
    /** Carries the types only; libraries never set it. */
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}

/** `issues` decides: where there are any, the value was refused. */
export type StandardResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

const ISSUES_SHOWN = 5;

/** By its shape; schemas of some libraries are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  return typeof memberOf(memberOf(value, "~standard"), "validate") === "function";
}

/** The schema wants to be waited for. What becomes of its promise is of no interest any more. */
export function isAsync(result: StandardResult<unknown> | Promise<unknown>): result is Promise<unknown> {
  if (typeof memberOf(result, "then") !== "function") return false;
  (result as Promise<unknown>).then(undefined, () => undefined); // as just found out
  return true;
}

/** `at user.age: must be a number; at name: is missing`. */
export function issuesInWords(issues: readonly StandardIssue[]): string {
  const reasons = issues.slice(0, ISSUES_SHOWN).map(({ message, path = [] }) => {
    const place = path.map((step) => described(typeof step === "object" ? step.key : step)).join(".");
    return place === "" ? message : `at ${place}: ${message}`;
  });
  const more = issues.length > ISSUES_SHOWN ? [`and ${issues.length - ISSUES_SHOWN} more`] : [];
  return [...reasons, ...more].join("; ") || "no reason given";
}

function memberOf(value: unknown, name: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  return (value as Record<string, unknown>)[name]; // any object may be asked for any member
}
