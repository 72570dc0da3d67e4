/** Under which names things are saved, so that who reads a checkpoint finds what the operator has written. */
import type { KeyedStateOptions } from "../../core/state/descriptors.ts";
import type { TypeName } from "../address.ts";
import type { Expiration } from "../define/function-definition.ts";

/** Of the functions of a job that has no others. */
export const USUAL_GROUP = "statefun";
const GROUP_SUFFIX = "-functions";
/** Of the operator, in graphs and metrics. */
export const GROUP_OPERATOR = "functions";

/** The uid of the operator that runs functions. */
export function groupUid(name: string): string {
  return name + GROUP_SUFFIX;
}

/** The other way round; undefined for operators of other kinds. */
export function groupOf(operator: { readonly name: string; readonly uid: string | undefined }): string | undefined {
  const { name, uid } = operator;
  return name === GROUP_OPERATOR && uid?.endsWith(GROUP_SUFFIX) === true
    ? uid.slice(0, -GROUP_SUFFIX.length)
    : undefined;
}

/** The name of a function's state among those of all functions. */
export function savedName(type: TypeName, state: string): string {
  return `${type}.${state}`;
}

/** Which function a state belongs to, as far as can be told: names may have dots, too. */
export function typeOfSaved(name: string): string | undefined {
  const slash = name.lastIndexOf("/");
  const dot = name.indexOf(".", slash);
  return slash > 0 && dot > 0 ? name.slice(0, dot) : undefined;
}

export function lifetimeOf(expiration: Expiration | undefined): KeyedStateOptions {
  if (expiration === undefined) return {};
  const { after, refresh, time } = expiration;
  return { ttl: { after, refresh, time } };
}
