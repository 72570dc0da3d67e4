/** Carries out what a message tells its receiver to do, through the context of its turn. */
import { isMillraceError } from "../../core/index.ts";
import { payloadOf, spoil } from "./cargo.ts";
import type { Payload } from "./cargo.ts";
import { pairLane, told } from "./expectation.ts";
import { isNumbered, outgoing } from "./messages.ts";
import type { Outgoing, Place } from "./messages.ts";
import { nextCard, summed } from "./notes.ts";
import { textOf } from "./program.ts";
import type { Command, StateChange } from "./program.ts";
import { addressOfTarget, complain, hint, witness } from "./vocabulary.ts";
import type { Context } from "./vocabulary.ts";

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** An open message has arrived, or never will. */
export function settle(ctx: Context, name: string): void {
  ctx.state.settled.push(name);
  ctx.send(witness, told(name));
}

export function carryOut(ctx: Context, command: Command, place: Place): void {
  const sent = outgoing(command, place);
  switch (command.do) {
    case "send":
    case "burst":
    case "ring":
      send(ctx, sent, { place, isReply: command.do === "send" && command.to === "caller" });
      return;
    case "transfer":
      ctx.state.balance -= command.amount;
      send(ctx, sent, { place, isReply: false });
      return;
    case "after":
      for (const message of sent) sendLater(ctx, command, message);
      return;
    case "schedule":
      for (const message of sent) schedule(ctx, command, message);
      return;
    case "unschedule":
      unschedule(ctx, command);
      return;
    case "operation":
      for (const { name } of sent) begin(ctx, command, payloadOf(name));
      return;
    case "change":
      for (const one of command.changes) change(ctx, one);
      return;
    default:
  }
}

/** One object for all of them, spoilt in between and afterwards. */
function send(
  ctx: Context,
  messages: readonly Outgoing[],
  { place, isReply }: { readonly place: Place; readonly isReply: boolean },
): void {
  const payload = payloadOf("");
  for (const message of messages) {
    const { name, to } = message;
    const lane = pairLane(textOf(place.at), to);
    const number = isNumbered(message) ? (ctx.state.sent.get(lane) ?? 0) + 1 : undefined;
    if (number !== undefined) ctx.state.sent.set(lane, number);
    Object.assign(payload, { number: undefined, dueMs: undefined, ...payloadOf(name, number) });
    if (isReply) ctx.reply("run", payload);
    else ctx.send(addressOfTarget(to), "run", payload);
    spoil(payload);
  }
}

function sendLater(ctx: Context, command: Command & { do: "after" }, { name, to }: Outgoing): void {
  const { ms, by, takenBack } = command;
  const payload = by === "clock" ? dueIn(ctx, ms, name) : payloadOf(name);
  const address = addressOfTarget(to);
  const token = by === "clock" ? ctx.sendAfter(ms, address, "run", payload) : ctx.sendAt(ms, address, "run", payload);
  spoil(payload);
  if (takenBack === "race") ctx.send(ctx.self, "takeBack", { token, name });
  if (takenBack !== "at-once") return;
  if (!ctx.cancel(token)) complain(ctx, `${name} was just scheduled, and is gone`);
  if (ctx.cancel(token)) complain(ctx, `${name} was taken back twice`);
  settle(ctx, name);
}

function dueIn(ctx: Context, ms: number, name: string): Payload {
  return { ...payloadOf(name), dueMs: ctx.processingTimeMs() + ms };
}

function schedule(ctx: Context, command: Command & { do: "schedule" }, { name, to }: Outgoing): void {
  const { token, ms, replaces } = command;
  const { tokens } = ctx.state;
  const payload = dueIn(ctx, ms, name);
  try {
    if (replaces) unschedule(ctx, command);
    ctx.sendAfter(ms, addressOfTarget(to), "run", payload, { token, onDuplicate: "error" });
    tokens.set(token, name);
  } catch (error) {
    if (!isMillraceError(error) || error.code !== "MR9023") throw error;
    if (replaces) complain(ctx, `${token} is free, and was refused`);
    settle(ctx, name);
  }
  spoil(payload);
}

function unschedule(ctx: Context, { token }: { readonly token: "s" | "t" }): void {
  if (!ctx.cancel(token)) return;
  const name = ctx.state.tokens.get(token);
  if (name === undefined) complain(ctx, `took back ${token}, which was never sent`);
  else settle(ctx, name);
}

function begin(ctx: Context, { ms, fails }: Command & { do: "operation" }, payload: Payload): void {
  const { cargo } = payloadOf(payload.name);
  ctx.async("done", payload, async () => {
    await pause(ms);
    if (fails) throw new Error("no luck");
    return cargo;
  });
  spoil(payload);
}

function change(ctx: Context, what: StateChange): void {
  const { state } = ctx;
  switch (what.state) {
    case "sum":
      state.sum = summed(state.sum, what.op, what.by);
      return;
    case "shelf":
      if (what.op === "set") state.shelf.set(what.key, what.by);
      else if (what.op === "delete") state.shelf.delete(what.key);
      else state.shelf.clear();
      return;
    case "pile":
      if (what.op === "push") state.pile.pushAll(what.values);
      else if (what.op === "replace") state.pile.replace(what.values);
      else state.pile.clear();
      return;
    case "card":
      state.card = what.op === "clear" ? undefined : nextCard(state.card, what.by);
  }
}

/** To those who want to know at once. */
export function sayAtOnce(ctx: Context, name: string): void {
  const hinted = { name };
  ctx.send(hint, hinted);
  hinted.name = "spoilt";
}
