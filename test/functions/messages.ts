/**
 * All messages that a program can come to, with who sends them to whom.
 *
 * In:    a program. Out: its messages, parents first. Nobody computes what the runtime would do: whether a message arrives depends on its parent and on itself alone, when and in which order is
 *        open.
 */
import { KINDS } from "./program.ts";
import type { Body, Command, Program, Ref, Target } from "./program.ts";

/**
 * `ordered`: behind all that its sender has sent there before. `timed`: when its time has come. `open`: the same, and it may have been taken back. `outcome`: of an operation, from the address
 * that began it to itself.
 */
type Way = "ordered" | "timed" | "open" | "outcome";

/** What a turn sends. */
export interface Outgoing {
  readonly name: string;
  readonly to: Target;
  readonly body: Body;
  readonly way: Way;
}

export interface Message extends Outgoing {
  /** The message in whose turn it is sent. Undefined: it comes from outside. */
  readonly parent: string | undefined;
  readonly from: Target | undefined;
  /** Where its first forebear came from. */
  readonly split: number;
  readonly position: number;
}

const EMPTY: Body = { commands: [] };

/** Parents before children. */
export function messagesOf({ splits }: Program): readonly Message[] {
  const messages: Message[] = splits.flatMap((firsts, split) =>
    firsts.map(({ to, body }, position) => {
      const name = `${split}/${position}`;
      return { name, to, body, way: "ordered" as const, parent: undefined, from: undefined, split, position };
    }),
  );
  for (const message of messages) if (!isDead(message) && !isStuck(message)) messages.push(...childrenOf(message));
  return messages;
}

function childrenOf({ name: parent, to, from, body, split, position }: Message): readonly Message[] {
  return body.commands.flatMap((command, index) =>
    outgoing(command, { at: to, caller: from, name: `${parent}.${index}` }).map((sent) => ({
      ...sent,
      parent,
      from: to,
      split,
      position,
    })),
  );
}

/** The turn that carries out a command. */
export interface Place {
  readonly at: Target;
  readonly caller: Target | undefined;
  /** Of the command. */
  readonly name: string;
}

/** What a command sends. */
export function outgoing(command: Command, place: Place): readonly Outgoing[] {
  const { name } = place;
  const to = "to" in command ? resolved(command.to, place) : place.at;
  if (to === undefined) return [];
  switch (command.do) {
    case "send":
      return [{ name, to, body: command.body, way: "ordered" }];
    case "burst":
      return Array.from({ length: command.count }, (_, index) => ({
        name: `${name}.${index}`,
        to,
        body: EMPTY,
        way: "ordered",
      }));
    case "ring":
      return nextHop(command, name);
    case "transfer":
      return [{ name, to, body: { commands: [], amount: command.amount }, way: "ordered" }];
    case "after":
      return [{ name, to, body: command.body, way: command.takenBack === undefined ? "timed" : "open" }];
    case "schedule":
      return [{ name, to, body: EMPTY, way: "open" }];
    case "operation":
      return [{ name, to, body: command.body, way: "outcome" }];
    default:
      return [];
  }
}

function nextHop({ hops, through }: Command & { do: "ring" }, name: string): readonly Outgoing[] {
  const to = through[hops % through.length];
  if (to === undefined) return [];
  const commands: readonly Command[] = hops > 1 ? [{ do: "ring", hops: hops - 1, through }] : [];
  return [{ name, to, body: { commands }, way: "ordered" }];
}

function resolved(to: Ref, { at, caller }: Place): Target | undefined {
  if (to === "self") return at;
  if (to === "caller") return caller;
  if (to !== "twin") return to;
  const next = KINDS[(KINDS.findIndex((kind) => kind === at.fn) + 1) % KINDS.length];
  return { fn: next ?? "plain", id: at.id };
}

function tells(body: Body, what: "poison" | "ail"): boolean {
  return body.commands.some((command) => command.do === what);
}

/** It goes to the dead letters. */
export function isDead({ to, body }: Outgoing): boolean {
  return to.fn === "nobody" || (to.fn === "brittle" && tells(body, "poison"));
}

/** Its receiver stops at it, each time. */
export function isStuck({ to, body }: Outgoing): boolean {
  return to.fn === "frail" && tells(body, "poison");
}

/** Its receiver may stop at it. Then somebody may have it go on without the message. */
export function mayStop(message: Outgoing): boolean {
  return isStuck(message) || (message.to.fn === "frail" && tells(message.body, "ail"));
}

/** Sender and receiver number it: nothing that a receiver sees of a sender may come in another order, or not at all. */
export function isNumbered(message: Outgoing): boolean {
  return message.way === "ordered" && !isDead(message) && !mayStop(message);
}
