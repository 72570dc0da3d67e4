/** The job around the functions of a program: first messages from a list, what they tell to the outside world. */
import { deadLetter, routable, statefun } from "../../statefun/index.ts";
import type { Routable } from "../../statefun/index.ts";
import { listSource } from "../sim/pipelines/list-source.ts";
import type { TimedRecord } from "../sim/pipelines/list-source.ts";
import type { Pipeline, PipelineRun } from "../sim/pipelines/pipeline.ts";
import { punctual } from "../sim/pipelines/sources.ts";
import type { AtOnce } from "./at-once.ts";
import { payloadOf } from "./cargo.ts";
import type { Payload } from "./cargo.ts";
import { isNumbered } from "./messages.ts";
import type { Message } from "./messages.ts";
import type { Originals } from "./originals.ts";
import type { ProgramFunction, Script } from "./program-functions.ts";
import { textOf } from "./program.ts";
import type { Program, Target, Visit } from "./program.ts";
import { addressOfTarget, dead, hint, witness } from "./vocabulary.ts";

/** From outside: a message, or somebody who looks after an address. */
type First = { readonly to: Target; readonly payload: Payload } | { readonly visit: Visit };

interface Parts {
  readonly script: Script;
  readonly atOnce: AtOnce;
  readonly originals: Originals;
}

/** Between two records of a split. */
const STEP_MS = 50;

function firstsOf(
  { splits, visits }: Program,
  { script, originals }: Parts,
): readonly (readonly TimedRecord<First>[])[] {
  const firsts: First[][] = splits.map(() => []);
  const numbers = new Map<string, number>();
  const next = (lane: string): number => {
    const number = (numbers.get(lane) ?? 0) + 1;
    numbers.set(lane, number);
    return number;
  };
  for (const message of script.values()) {
    const { name, to, split, parent } = message;
    if (parent !== undefined) continue;
    const number = isNumbered(message) ? next(`${split} ${textOf(to)}`) : undefined;
    firsts[split]?.push({ to, payload: originals.keep(payloadOf(name, number)) });
  }
  if (visits.length > 0) firsts.push(visits.map((visit) => ({ visit })));
  return firsts.map((split) => split.map((value, at) => ({ value, timestampMs: at * STEP_MS })));
}

function routed(first: First): Routable {
  if ("payload" in first) return routable(addressOfTarget(first.to), "run", first.payload);
  const { id, how } = first.visit;
  const { type } = addressOfTarget({ fn: "frail", id });
  return { to: type, id, from: "", fromId: "", kind: how === "retry" ? "$retry" : "$skip", value: null };
}

/** What no function takes, or one has refused: a message, or the outcome of an operation. */
function nameIn(value: unknown): string {
  const { name, metadata } = value as Partial<Payload> & { readonly metadata?: Payload }; // functions of programs get nothing else that they refuse
  return name ?? metadata?.name ?? "?";
}

export function scriptOf(messages: readonly Message[]): Script {
  return new Map(messages.map((message) => [message.name, message]));
}

export function programPipeline(program: Program, functions: readonly ProgramFunction[], parts: Parts): Pipeline {
  const { onEndOfInput, asyncOperationsMax, mailboxBytesMax } = program;
  return {
    name: JSON.stringify(program),
    promise: "exact",
    build(run: PipelineRun) {
      const firsts = run
        .read(listSource<First>("program", firstsOf(program, parts)), punctual<First>(1), "program")
        .map(routed);
      const streams = statefun(run.env, {
        onEndOfInput,
        onUnknownFunction: deadLetter(dead),
        ...(asyncOperationsMax !== undefined && { asyncOperationsMax }),
        ...(mailboxBytesMax !== undefined && { mailboxBytesMax }),
      })
        .from(firsts)
        .functions(...functions)
        .egresses({ witness, hint, dead })
        .build();
      run.write(streams.witness, "witness");
      run.write(
        streams.dead.map(({ value }) => ({ lane: "~dead", value: nameIn(value) })),
        "dead",
      );
      streams.hint.sinkTo(parts.atOnce.sink()).name("hint").uid("sink-hint");
    },
  };
}
