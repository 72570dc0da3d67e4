/**
 * What a program must have told the outside world in the end: of every message that it has arrived, once, with what sender and receiver count; or that it was taken back, or could not be delivered.
 */
import { outcomeOf } from "../sim/pipelines/outcome.ts";
import type { Outcome } from "../sim/pipelines/outcome.ts";
import type { Out, UpTo } from "../sim/pipelines/pipeline.ts";
import { isDead, isNumbered, isStuck } from "./messages.ts";
import type { Message } from "./messages.ts";
import { textOf } from "./program.ts";
import type { Target } from "./program.ts";

/** Where a message, or that it was taken back, is told. Once, whichever of the two happens. */
export function told(name: string): Out {
  return { lane: "~once", value: name };
}

/** What an address tells of a message that it applies, the count-th. Values of one turn come in their order, too. */
export function arrivalAt(at: Target, name: string, count: number): readonly Out[] {
  return [
    { lane: `~at ${textOf(at)}`, value: name },
    { lane: `count ${textOf(at)}`, value: count },
    { lane: `count ${textOf(at)}`, value: -count },
  ];
}

/** Messages between two addresses come in the order in which they were sent: the lane of a pair holds their numbers. */
export function pairLane(from: string, to: Target): string {
  return `${from} > ${textOf(to)}`;
}

/** The sender of messages from outside. */
export function splitName(split: number): string {
  return `split ${split}`;
}

export interface Happened {
  /** How far the splits were read. */
  readonly upTo?: UpTo;
  /** What waits for ever at an address that has stopped, or was left out there. */
  readonly absent?: ReadonlySet<string>;
}

/** Those whose turns happen, or that are taken back: that is told in the same way. */
export function arriving(messages: readonly Message[], { upTo, absent }: Happened): readonly Message[] {
  const names = new Set<string>();
  return messages.filter((message) => {
    const { name, parent, split, position } = message;
    const isSent = parent === undefined ? position < (upTo?.get(`program-${split}`) ?? Infinity) : names.has(parent);
    if (!isSent || isStuck(message) || absent?.has(name) === true) return false;
    names.add(name);
    return true;
  });
}

export function expectedOf(messages: readonly Message[], happened: Happened): Outcome {
  const written: Out[] = [];
  const counts = new Map<string, number>();
  const next = (name: string): number => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count;
  };
  for (const message of arriving(messages, happened)) {
    const { name, to, from, way, split } = message;
    if (isDead(message)) {
      written.push({ lane: "~dead", value: name });
      continue;
    }
    written.push(told(name));
    if (way === "open") continue;
    written.push(...arrivalAt(to, name, next(textOf(to))));
    if (!isNumbered(message)) continue;
    const lane = pairLane(from === undefined ? splitName(split) : textOf(from), to);
    written.push({ lane, value: next(lane) });
  }
  return outcomeOf(written);
}
