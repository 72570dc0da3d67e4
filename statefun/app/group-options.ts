/**
 * What may be said about the operator that runs the functions, checked where the graph is built: most of it would show only when it is too late, in messages that are lost or a job that
 * stands still.
 */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import { policyOf } from "../define/error-policies.ts";
import type { FunctionGroupOptions, OnEndOfInput } from "../group/function-group.ts";

type UnknownPolicy = NonNullable<FunctionGroupOptions["onUnknownFunction"]>;

/** What may be said about the operator that runs the functions. */
export interface GroupOptions extends Partial<
  Pick<FunctionGroupOptions, "onEndOfInput" | "mailboxBytesMax" | "asyncOperationsMax">
> {
  /** Messages to types that are no function: `"fail-job"`, or `deadLetter(egress)`. Default: `"fail-job"`. */
  readonly onUnknownFunction?: UnknownPolicy | "fail-job";
}

export type CheckedOptions = Partial<
  Pick<FunctionGroupOptions, "onUnknownFunction" | "mailboxBytesMax" | "asyncOperationsMax">
> &
  Pick<FunctionGroupOptions, "onEndOfInput">;

const ENDS: readonly OnEndOfInput[] = ["fire", "wait", "drop"];

/** `egresses`: those that are bound; undefined: whichever there may be. Errors: `MR9042` an option makes no sense; `MR9041` there is no such egress. */
export function checkedOptions(options: GroupOptions, egresses: readonly TypeName[] | undefined): CheckedOptions {
  const { onEndOfInput = "fire", onUnknownFunction, mailboxBytesMax, asyncOperationsMax } = options;
  if (!ENDS.includes(onEndOfInput))
    refuse("MR9042", `onEndOfInput is "fire", "wait" or "drop", not ${described(onEndOfInput)}`);
  requireCount("mailboxBytesMax", mailboxBytesMax, { min: 0 });
  requireCount("asyncOperationsMax", asyncOperationsMax, { min: 1 });
  return {
    onEndOfInput,
    ...(onUnknownFunction !== undefined && { onUnknownFunction: unknownPolicy(onUnknownFunction, egresses) }),
    ...(mailboxBytesMax !== undefined && { mailboxBytesMax }),
    ...(asyncOperationsMax !== undefined && { asyncOperationsMax }),
  };
}

function requireCount(option: string, given: unknown, { min }: { readonly min: number }): void {
  if (given === undefined || (Number.isSafeInteger(given) && Number(given) >= min)) return;
  refuse("MR9042", `${option} is a whole number, ${min} or more, not ${described(given)}`);
}

function unknownPolicy(given: UnknownPolicy | "fail-job", egresses: readonly TypeName[] | undefined): UnknownPolicy {
  const kind = given === "fail-job" ? given : memberOf(given, "kind");
  if (kind !== "fail-job" && kind !== "dead-letter")
    return refuse("MR9042", `onUnknownFunction is "fail-job" or deadLetter(egress), not ${described(given)}`);
  const policy = policyOf(given);
  if (policy.kind !== "dead-letter") return { kind: "fail-job" };
  if (egresses === undefined || egresses.includes(policy.egress)) return policy;
  return refuse(
    "MR9041",
    `onUnknownFunction sends its dead letters to the egress ${policy.egress}, which is not bound: bind it with a sink`,
  );
}
