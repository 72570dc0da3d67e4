/** `readInstances`: the state of all instances of a function, as of one completed checkpoint or savepoint. */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import type { SavedKeyedState } from "../../core/state/keyed-state.ts";
import { nearest } from "../../core/util/nearest.ts";
import type { TypeName } from "../address.ts";
import type { StatefulFn } from "../define/fn.ts";
import type { FunctionDefinition } from "../define/function-definition.ts";
import type { FunctionType } from "../define/function-type.ts";
import { providedFunction } from "../define/provided-function.ts";
import type { StatefulFunctionProvider } from "../define/stateful-function.ts";
import { savedName, typeOfSaved } from "../group/saved-names.ts";
import { bindParts, readParts } from "./instance-state.ts";
import type { InstanceState } from "./instance-state.ts";
import { openGroup } from "./saved-groups.ts";
import type { ReadOptions } from "./saved-groups.ts";

/** One instance as it was. */
export interface Instance<S = unknown> {
  readonly id: string;
  readonly state: InstanceState<S>;
}

/** A function in the form of the original, with what makes its objects, which declare its state. */
export interface ProvidedFunction {
  readonly type: FunctionType;
  readonly provider: StatefulFunctionProvider;
}

/**
 * Reads the state of all instances of a function out of a checkpoint: all as they were when that was taken, never a mixture, whatever the job does meanwhile.
 *
 * Shape:  an async iterable of `{ id, state }`, each instance once, in no order. `state` has what the function declares: values, tables as maps, buffers as
 *         arrays, frozen where they can be. Instances that have no state are not there.
 * Time:   what has expired is not shown; `atMs` says as of when, by default as of the checkpoint.
 * State:  none, and nothing is written. The path is that of a savepoint, a checkpoint, or the directory of a job, whose newest checkpoint it takes.
 * Cost:   memory for the keyed state of one subtask at a time, and its files are read while the loop goes on. A running job deletes its older checkpoints: read a
 *         savepoint, or keep more of them (`execution.checkpointing.num-retained`).
 * Errors: with the first instance: `MR5001` to `MR5003` not a checkpoint; `MR9070` without functions; `MR9071` with several groups of them; `MR9072` none of the
 *         function's state in it; `MR9073` the function declares none. On the way: `MR5203`, `MR5204`, `MR4005` a file is gone or damaged; `MR4004` a state of another kind.
 * Source: own; Flink has its State Processor API.
 *
 * @example
 * const wallet = fn("docs/wallet", {
 *   accepts: { add: type<number>() },
 *   state: { cents: value({ default: 0 }) },
 *   handle: {
 *     add(ctx, cents) {
 *       ctx.state.cents += cents;
 *     },
 *   },
 * });
 * export async function total(checkpoint: string): Promise<number> {
 *   let sum = 0;
 *   for await (const { state } of readInstances(wallet, checkpoint)) sum += state.cents;
 *   return sum;
 * }
 */
export function readInstances<S>(
  of: StatefulFn<unknown, unknown, S>,
  checkpointPath: string,
  options?: ReadOptions,
): AsyncIterableIterator<Instance<S>>;
export function readInstances(
  of: ProvidedFunction,
  checkpointPath: string,
  options?: ReadOptions,
): AsyncIterableIterator<Instance>;
export async function* readInstances(
  of: StatefulFn<unknown> | ProvidedFunction,
  checkpointPath: string,
  { name, atMs }: ReadOptions = {},
): AsyncGenerator<Instance<unknown>, void> {
  const definition = definitionOf(of);
  const { saved, group } = await openGroup(checkpointPath, name);
  const names = new Set<string>();
  let isKnown = false;
  for await (const keyed of group.keyedStates(atMs ?? saved.completedAtMs)) {
    for (const savedAs of keyed.savedNames) names.add(savedAs);
    if (!knows(keyed, definition)) continue;
    isKnown = true;
    yield* instancesIn(keyed, definition);
  }
  // Where nothing at all was saved, nobody can tell which functions there are.
  if (!isKnown && names.size > 0) refuseUnknown(definition.type, checkpointPath, names);
}

/** What is not used up need not be read: a subtask is let go before the next is loaded. */
function* instancesIn(keyed: SavedKeyedState, definition: FunctionDefinition): Generator<Instance<unknown>, void> {
  const parts = bindParts(definition, keyed);
  for (const key of keyed.keys()) {
    keyed.setCurrentKey(key);
    const state = readParts(parts);
    if (state !== undefined) yield { id: String(key), state };
  }
}

function knows({ savedNames }: SavedKeyedState, { type, state }: FunctionDefinition): boolean {
  return state.some(({ name }) => savedNames.includes(savedName(type, name)));
}

function definitionOf(of: StatefulFn<unknown> | ProvidedFunction): FunctionDefinition {
  const definition = "provider" in of ? providedFunction(of.type, of.provider) : of.definition;
  if (typeof memberOf(definition, "createHandler") !== "function")
    refuse("MR9073", `readInstances() takes a function, made with fn(type, { ... }), or { type, provider }`);
  if (definition.state.length === 0)
    refuse("MR9073", `${definition.type} declares no state, so that there is nothing to read of it`);
  return definition;
}

function refuseUnknown(type: TypeName, path: string, names: ReadonlySet<string>): never {
  const types = [...new Set([...names].map(typeOfSaved))].filter((one) => one !== undefined).toSorted();
  const suggestion = nearest(type, types);
  const has = types.length === 0 ? "it has none of any function" : `it has that of ${types.join(", ")}`;
  const hint = suggestion === undefined ? has : `did you mean ${suggestion}?`;
  return refuse("MR9072", `the checkpoint at ${path} has no state of ${type}: ${hint}`);
}
