/**
 * What a completed checkpoint holds, told by functions that are restored from it: what each address has applied and noted, and which messages wait somewhere, be it on their way, in mailboxes, for
 * their time, or for an outcome.
 *
 * In:    a checkpoint on the disk of a simulation. Out: plain data. The functions have the names and states of those of programs, apply nothing, and tell what reaches them; so this knows
 *        nothing of how the runtime saves what waits.
 */
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import { decodeInFlight, forEachInFlight } from "../../core/network/in-flight.ts";
import type { OperatorSnapshot } from "../../core/graph/messages.ts";
import type { StateFile } from "../../core/state/keyed-state.ts";
import type { FunctionContext } from "../../statefun/define/function-context.ts";
import type { FunctionDefinition, Handler } from "../../statefun/define/function-definition.ts";
import type { Envelope } from "../../statefun/envelope.ts";
import type { HarnessSnapshot } from "../harness/harness-state.ts";
import type { Pointed } from "../sim/checkers/checker.ts";
import { LoopHarness } from "../statefun/group/loop-harness.ts";
import { bufferOf, OUT, tableOf } from "../statefun/group/make-function.ts";
import type { Payload } from "./cargo.ts";
import { textOfNotes } from "./notes.ts";
import type { Card } from "./notes.ts";
import type { ProgramFunction } from "./program-functions.ts";

export interface Inhabitant {
  /** As `textOf` writes an address. */
  readonly at: string;
  readonly log: readonly string[];
  readonly settled: readonly string[];
  readonly balance: number;
  /** As `textOfNotes` writes them. */
  readonly notes: string;
}

export interface Census {
  readonly inhabitants: readonly Inhabitant[];
  /** Names of messages, in no order. */
  readonly waiting: readonly string[];
}

const FAR_MS = 1e15;

/** Undefined: there is no such operator in it, or a file is away. */
export function censusOf(
  { checkpoint, disk, root }: Pointed,
  functions: readonly ProgramFunction[],
  ids: readonly string[],
): Census | undefined {
  const read = ({ path }: StateFile): Uint8Array | undefined => disk.bytesOf(`${root}/${path}`);
  const group = checkpoint && savedGroup(checkpoint, read);
  if (checkpoint === undefined || group === undefined) return undefined;
  const { arrived, elsewhere } = onTheWay(checkpoint, read);
  const loop = new LoopHarness({
    functions: [...functions.map(({ definition }) => telling(definition)), telling(NOBODY)],
    restored: { subtasks: group.subtasks, loop: arrived },
    maxParallelism: group.maxParallelism,
  });
  const everywhere = functions.flatMap(({ type }) => ids.map((id) => ({ type, id })));
  for (const { type, id } of everywhere) loop.send(type, id, "$retry", null); // what has stopped there goes on, to be told
  loop.advance(FAR_MS);
  if (!loop.finish()) throw new Error("what was restored from a checkpoint does not come to rest");
  for (const { type, id } of everywhere) loop.send(type, id, "census", null);
  if (loop.failures.length > 0) throw loop.failures[0];
  const told = loop.out() as (Inhabitant | string)[]; // as `teller` sends it
  return {
    inhabitants: told.filter((one) => typeof one !== "string"),
    waiting: [...told.filter((one) => typeof one === "string"), ...elsewhere],
  };
}

const NOBODY: FunctionDefinition = {
  type: "program/nobody",
  accepts: undefined,
  state: [],
  onError: { kind: "fail-job" },
  createHandler: () => () => undefined,
};

function telling(definition: FunctionDefinition): FunctionDefinition {
  return { ...definition, accepts: undefined, onError: { kind: "fail-job" }, createHandler: () => tell };
}

const tell: Handler = (ctx, kind, value) => {
  if (kind === "census") ctx.send(OUT, inhabitant(ctx));
  else if (kind === "run") ctx.send(OUT, (value as Payload).name);
  else if (kind === "done") ctx.send(OUT, (value as { readonly metadata: Payload }).metadata.name);
};

function inhabitant(ctx: FunctionContext): Inhabitant {
  const { state, self } = ctx;
  const numberIn = (property: string): number => Number(state[property]);
  return {
    at: `${self.type.slice("program/".length)} ${self.id}`,
    log: bufferOf(ctx, "log").toArray() as string[],
    settled: bufferOf(ctx, "settled").toArray() as string[],
    balance: numberIn("balance"),
    notes: textOfNotes({
      digest: numberIn("digest"),
      sum: numberIn("sum"),
      balance: numberIn("balance"),
      shelf: new Map(tableOf(ctx, "shelf").entries() as Iterable<[string, number]>),
      pile: bufferOf(ctx, "pile").toArray() as number[],
      card: state["card"] as Card | undefined,
    }),
  };
}

type Read = (file: StateFile) => Uint8Array | undefined;

/** The state of the functions, by subtask. */
function savedGroup(
  { vertices }: CompletedCheckpoint,
  read: Read,
): { readonly subtasks: readonly HarnessSnapshot[]; readonly maxParallelism: number } | undefined {
  for (const { operators, subtasks, maxParallelism } of vertices) {
    const id = operators.find(({ uid }) => uid === "statefun-functions")?.id;
    if (id === undefined) continue;
    const saved = subtasks.flatMap((subtask) => subtask.operators.filter(({ operatorId }) => operatorId === id));
    const loaded = saved.map((operator) => loadedFrom(operator, read));
    return loaded.includes(undefined)
      ? undefined
      : { subtasks: loaded.filter((one) => one !== undefined), maxParallelism };
  }
  return undefined;
}

function loadedFrom({ keyed, watermarkMs }: OperatorSnapshot, read: Read): HarnessSnapshot | undefined {
  if (keyed === undefined) return { lists: [], keyed, watermarkMs };
  const contents = keyed.files.map(read);
  if (contents.includes(undefined)) return undefined;
  return {
    lists: [],
    keyed: { handle: keyed, contents: contents.filter((bytes) => bytes !== undefined) },
    watermarkMs,
  };
}

/** Messages in the channels. `elsewhere`: those that have not been addressed yet, by name. */
function onTheWay(
  { vertices }: CompletedCheckpoint,
  read: Read,
): { readonly arrived: readonly (readonly [Envelope, number])[]; readonly elsewhere: readonly string[] } {
  const arrived: (readonly [Envelope, number])[] = [];
  const elsewhere: string[] = [];
  const take = (value: unknown, timestampMs: number): void => {
    const record = value as Partial<Envelope> & { readonly payload?: Payload }; // or something that has left the functions
    if (record.fromId !== undefined) arrived.push([value as Envelope, timestampMs]);
    else if (record.payload !== undefined) elsewhere.push(record.payload.name);
  };
  for (const { subtasks } of vertices) {
    for (const { inFlight } of subtasks) {
      for (const file of inFlight?.files ?? []) {
        const bytes = read(file);
        if (bytes !== undefined) forEachInFlight(decodeInFlight(bytes), take);
      }
    }
  }
  return { arrived, elsewhere };
}
