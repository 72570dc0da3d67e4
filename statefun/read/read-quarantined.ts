/** `readQuarantined`: the addresses that a failed message has stopped, as of one completed checkpoint or savepoint. */
import type { TypeName } from "../address.ts";
import { quarantinedIn } from "./quarantined-in.ts";
import type { QuarantinedAddress } from "./quarantined-in.ts";
import { openGroups } from "./saved-groups.ts";

export interface QuarantinedOptions {
  /** Only those of these functions. Default: of all. */
  readonly functions?: readonly (TypeName | { readonly type: TypeName })[];
  /** Of the functions, where a job has several groups of them: that of `statefun(env, { name })`. Default: of all. */
  readonly name?: string;
}

/**
 * Lists the addresses that are quarantined in a checkpoint, each with the message that failed and its error.
 *
 * Shape:  `QuarantinedAddress`, the oldest first: type, id, error, message, since when, and how many messages wait behind. `retryAddress` and `skipAddress` say what
 *         to do about one.
 * State:  none, and nothing is written. The path is that of a savepoint, a checkpoint, or the directory of a job, whose newest checkpoint it takes.
 * Cost:   memory for the keyed state of one subtask at a time, and for the messages that failed.
 * Errors: `MR5001` to `MR5003` not a checkpoint; `MR9070` without functions; `MR5203`, `MR5204`, `MR4005` a file is gone or damaged.
 * Source: own. `millrace quarantined <checkpoint>` prints it.
 *
 * @example
 * export async function failures(checkpoint: string): Promise<readonly string[]> {
 *   const addresses = await readQuarantined(checkpoint, { functions: ["shop/cart"] });
 *   return addresses.map(({ id, error, waiting }) => `${id}: ${error.message}, ${waiting} wait`);
 * }
 */
export async function readQuarantined(
  checkpointPath: string,
  { functions, name }: QuarantinedOptions = {},
): Promise<readonly QuarantinedAddress[]> {
  const { saved, groups } = await openGroups(checkpointPath, name);
  const types = functions?.map((one) => (typeof one === "string" ? one : one.type));
  const all: QuarantinedAddress[] = [];
  for (const group of groups) {
    for await (const keyed of group.keyedStates(saved.completedAtMs)) all.push(...quarantinedIn(keyed));
  }
  return all
    .filter(({ type }) => types === undefined || types.includes(type))
    .toSorted((left, right) => left.sinceMs - right.sinceMs);
}
