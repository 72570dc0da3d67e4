/**
 * The functions that carry out programs.
 *
 * In:    messages with names; the script says what each is about. Out: what the outside world is told, and complaints if anything is not as it has to be.
 * State: per address what it has applied, and what that must have left behind, which every turn compares.
 */
import { deadLetter, fn, retry } from "../../statefun/index.ts";
import type { AsyncResult, OnError, StatefulFn } from "../../statefun/index.ts";
import { isSound, spoil } from "./cargo.ts";
import type { Cargo, Payload } from "./cargo.ts";
import { carryOut, pause, sayAtOnce, settle } from "./carry-out.ts";
import { arrivalAt, pairLane, splitName, told } from "./expectation.ts";
import { lookAtExpiring, lookAtFading } from "./expiring.ts";
import { isDead, isStuck, mayStop } from "./messages.ts";
import type { Message } from "./messages.ts";
import { digested, note, noNotes, textOfNotes } from "./notes.ts";
import { KINDS, textOf } from "./program.ts";
import type { Command, FunctionKind } from "./program.ts";
import { ACCEPTS, complain, dead, STATE, witness } from "./vocabulary.ts";
import type { Accepted, Context } from "./vocabulary.ts";

/** By name: all that may ever be sent. */
export type Script = ReadonlyMap<string, Message>;

export type ProgramFunction = StatefulFn<Accepted>;

const ON_ERROR: Readonly<Record<FunctionKind, OnError>> = {
  plain: "quarantine",
  slow: retry({ attempts: 1_000, initialDelay: 5, maxDelay: 50 }),
  shaky: retry({ attempts: 1_000, initialDelay: 5, maxDelay: 50 }),
  brittle: deadLetter(dead),
  frail: "quarantine",
};

/** Longer than most delays and checkpoint intervals. */
const LINGER_MS = 700;
const TAKING_BACK_MS = 30;

/** What the functions of one run know. */
export interface Knowledge {
  readonly script: Script;
  /** The clocks of all processes agree, and have never gone back. */
  hasOneClock(): boolean;
  /** No part of the run is drained, after which event time begins anew. */
  readonly hasOneTime: boolean;
  /** Nothing that waits for the clock comes before its time, also at the end of the input. */
  readonly isPatient: boolean;
  /** How operations came out, which only a restore may leave unknown. */
  heard(status: string): void;
}

export function programFunctions(knowledge: Knowledge): readonly ProgramFunction[] {
  return KINDS.map((kind) => makeFunction(kind, new Turns(kind, knowledge)));
}

function makeFunction(kind: FunctionKind, turns: Turns): ProgramFunction {
  const takeBack = (ctx: Context, { token, name }: { readonly token: string; readonly name: string }): void => {
    if (ctx.cancel(token)) settle(ctx, name);
  };
  const isSlow = kind === "slow";
  return fn(`program/${kind}`, {
    accepts: ACCEPTS,
    state: STATE,
    onError: ON_ERROR[kind],
    handle: {
      run: isSlow
        ? async (ctx, payload) => {
            await pause(5);
            const { name } = payload;
            turns.apply(ctx, payload);
            await pause(turns.lingerMs(name));
          }
        : (ctx, payload) => turns.apply(ctx, payload),
      // What falls due meanwhile is held until it is certain whether it was taken back.
      takeBack: isSlow
        ? async (ctx, message) => {
            takeBack(ctx, message);
            await pause(LINGER_MS);
            if (Math.random() < 0.3) throw new Error("it was not");
          }
        : takeBack,
      done: (ctx, result) => turns.hear(ctx, result),
    },
  });
}

/** What those messages must have left behind, as text. */
export function notesOf(script: Script, log: Iterable<string>): string {
  const notes = noNotes();
  for (const name of log) note(notes, name, script.get(name)?.body ?? { commands: [] });
  return textOfNotes(notes);
}

class Turns {
  readonly #kind: FunctionKind;
  readonly #knowledge: Knowledge;
  readonly #script: Script;

  constructor(kind: FunctionKind, knowledge: Knowledge) {
    this.#kind = kind;
    this.#knowledge = knowledge;
    this.#script = knowledge.script;
  }

  /** Whoever takes back takes his time, so that it falls due meanwhile. */
  lingerMs(name: string): number {
    const commands = this.#script.get(name)?.body.commands ?? [];
    const linger = commands.find((command) => command.do === "linger");
    const takesBack = commands.some((command) => command.do === "schedule" || command.do === "unschedule");
    return linger?.ms ?? (takesBack ? TAKING_BACK_MS : 1);
  }

  apply(ctx: Context, payload: Payload): void {
    const isShaky = this.#kind === "shaky";
    if (isShaky && Math.random() < 0.3) throw new Error("not now");
    const message = this.#script.get(payload.name);
    if (message === undefined || !isSound(payload)) {
      complain(ctx, `got ${payload.name}, which nobody has sent like that`);
      return;
    }
    if (isDead(message) || isStuck(message)) throw new Error("poison");
    if (mayStop(message) && Math.random() < 0.5) throw new Error("ill");
    this.#complainOfAddresses(ctx, message);
    const { isPatient } = this.#knowledge;
    if (isPatient && this.#knowledge.hasOneClock() && ctx.processingTimeMs() < (payload.dueMs ?? -Infinity))
      complain(ctx, `got ${message.name} at ${ctx.processingTimeMs()}, before ${payload.dueMs}`);
    if (message.way === "open") settle(ctx, message.name);
    else this.#run(ctx, message, payload);
    if (isShaky && Math.random() < 0.2) throw new Error("not so late");
    if (!Object.isFrozen(payload)) spoil(payload);
  }

  /** An operation came out. */
  hear(ctx: Context, result: AsyncResult<Payload, Cargo>): void {
    const { status, metadata } = result;
    this.#knowledge.heard(status);
    const message = this.#script.get(metadata.name);
    const begun = message && this.#commandOf(message);
    if (begun?.do !== "operation" || (status !== "unknown" && (status === "failure") !== begun.fails))
      complain(ctx, `heard of ${metadata.name}: ${status}`);
    if (status === "success" && !isSound({ name: metadata.name, cargo: result.value }))
      complain(ctx, `got something else than ${metadata.name} has returned`);
    this.apply(ctx, metadata);
  }

  #run(ctx: Context, message: Message, { number }: Payload): void {
    const { name, to, from, body, split } = message;
    const { state } = ctx;
    ctx.send(witness, told(name));
    state.count += 1;
    state.log.push(name);
    state.seen.set(name, state.count);
    state.digest = digested(state.digest, name);
    state.balance += body.amount ?? 0;
    for (const out of arrivalAt(to, name, state.count)) ctx.send(witness, out);
    const sender = from === undefined ? splitName(split) : textOf(from);
    if (number !== undefined) ctx.send(witness, { lane: pairLane(sender, to), value: number });
    sayAtOnce(ctx, name);
    for (const [index, command] of body.commands.entries())
      carryOut(ctx, command, { at: to, caller: from, name: `${name}.${index}` });
    // In other turns the time goes on before the states are written.
    if (this.#kind !== "slow" && this.#kind !== "shaky") this.#lookAtStatesThatExpire(ctx, message);
    this.#compareStates(ctx);
  }

  #lookAtStatesThatExpire(ctx: Context, { name, body }: Message): void {
    const touches = body.commands.some((command) => command.do === "touch") ? name : undefined;
    if (this.#knowledge.hasOneClock()) lookAtExpiring(ctx, touches); // with several, what has expired by one comes back by another
    if (this.#knowledge.hasOneTime) lookAtFading(ctx, touches);
  }

  #complainOfAddresses(ctx: Context, { name, to, from }: Message): void {
    if (ctx.self.type !== `program/${to.fn}` || ctx.self.id !== to.id)
      complain(ctx, `got ${name}, which is not its own`);
    const { caller } = ctx;
    const isFromThere =
      from === undefined ? caller === undefined : caller?.type === `program/${from.fn}` && caller.id === from.id;
    if (!isFromThere) complain(ctx, `got ${name} from ${caller?.type} ${caller?.id}`);
  }

  /** With each other, and with what the messages in the log must have left behind. */
  #compareStates(ctx: Context): void {
    const { count, log, seen, digest, sum, balance, shelf, pile, card } = ctx.state;
    if (log.length !== count || seen.size !== count)
      complain(ctx, `applied ${count} messages, and has noted ${log.length} and ${seen.size}`);
    const expected = notesOf(this.#script, log);
    const actual = textOfNotes({ digest, sum, balance, shelf: new Map(shelf), pile: pile.toArray(), card });
    if (actual !== expected) complain(ctx, `its states are ${actual}, and should be ${expected}`);
  }

  #commandOf({ name, parent }: Message): Command | undefined {
    if (parent === undefined) return undefined;
    return this.#script.get(parent)?.body.commands[Number(name.slice(parent.length + 1).split(".")[0])];
  }
}
