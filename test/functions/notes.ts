/**
 * What an address must have noted, given the messages that it has applied, in that order: by plain variables, a Map and an Array.
 *
 * It is compared with what the states say, in every turn and in every checkpoint: so a state that is lost, doubled, mixed up with that of another address, or not undone shows.
 */
import type { Body, StateChange } from "./program.ts";

export interface Card {
  readonly by: number;
  readonly marks: readonly number[];
}

export interface Notes {
  /** Of the names that were applied: another order is another digest. */
  digest: number;
  sum: number;
  balance: number;
  /** In order of insertion. */
  shelf: Map<string, number>;
  pile: number[];
  card: Card | undefined;
}

export function noNotes(): Notes {
  return { digest: 0, sum: 1, balance: 0, shelf: new Map(), pile: [], card: undefined };
}

export function digested(digest: number, name: string): number {
  let next = digest;
  for (let at = 0; at < name.length; at += 1) next = (Math.imul(next, 31) + name.charCodeAt(at)) | 0;
  return Math.imul(next, 17) | 0;
}

export function summed(sum: number, op: "add" | "mul" | "xor", by: number): number {
  if (op === "add") return (sum + by) | 0;
  return op === "mul" ? Math.imul(sum, by) : sum ^ by;
}

/** Applies one message. */
export function note(notes: Notes, name: string, { commands, amount }: Body): void {
  notes.digest = digested(notes.digest, name);
  notes.balance += amount ?? 0;
  for (const command of commands) {
    if (command.do === "transfer") notes.balance -= command.amount;
    else if (command.do === "change") for (const one of command.changes) change(notes, one);
  }
}

function change(notes: Notes, what: StateChange): void {
  switch (what.state) {
    case "sum":
      notes.sum = summed(notes.sum, what.op, what.by);
      return;
    case "shelf":
      if (what.op === "set") notes.shelf.set(what.key, what.by);
      else if (what.op === "delete") notes.shelf.delete(what.key);
      else notes.shelf.clear();
      return;
    case "pile":
      if (what.op === "push") notes.pile.push(...what.values);
      else notes.pile = what.op === "replace" ? [...what.values] : [];
      return;
    case "card":
      notes.card = what.op === "clear" ? undefined : nextCard(notes.card, what.by);
  }
}

export function nextCard(card: Card | undefined, by: number): Card {
  return { by, marks: [...(card?.marks ?? []), by] };
}

/** Equal for equal notes. */
export function textOfNotes({ digest, sum, balance, shelf, pile, card }: Notes): string {
  return JSON.stringify([digest, sum, balance, [...shelf], pile, card ?? null]);
}
