/**
 * Every completed checkpoint is a consistent cut: each message that was sent before it is in it exactly once, as applied, as waiting, or as taken back; nothing is in it without its cause, and all states
 * are what the messages applied must have left behind. So what a turn did is in it as a whole or not at all.
 *
 * In:    checkpoints as they become complete. Out: the first thing that is wrong with one; the census of the newest.
 */
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import { asError } from "../../core/util/errors.ts";
import type { LiveChecker, Pointed } from "../sim/checkers/checker.ts";
import { positionsIn } from "../sim/pipelines/positions.ts";
import type { SimRun } from "../sim/run.ts";
import { censusOf } from "./census.ts";
import type { Census } from "./census.ts";
import { isDead, isStuck, mayStop } from "./messages.ts";
import type { Message } from "./messages.ts";
import { notesOf } from "./program-functions.ts";
import type { ProgramFunction, Script } from "./program-functions.ts";
import { textOf } from "./program.ts";

/** What is known of a program before it runs. */
export interface Known {
  readonly script: Script;
  /** Of the `frail` functions that somebody may tell to go on without a message. */
  readonly skipped: ReadonlySet<string>;
}

export class ConsistentCuts implements LiveChecker {
  readonly name = "consistent cuts";
  readonly #known: Known;
  readonly #functions: readonly ProgramFunction[];
  readonly #ids: readonly string[];
  #last: Census | undefined = undefined;
  #problem: string | undefined = undefined;

  constructor(known: Known, functions: readonly ProgramFunction[]) {
    this.#known = known;
    this.#functions = functions;
    this.#ids = [...new Set([...known.script.values()].map(({ to }) => to.id))];
  }

  completed(pointed: Pointed): void {
    const found = this.#problemOf(pointed);
    if (found !== undefined) this.#problem ??= `checkpoint ${pointed.pointer.checkpointId}: ${found}`;
  }

  /** As the newest checkpoint has it: messages at which an address has stopped, those behind them, and those that were left out there. */
  get absent(): ReadonlySet<string> {
    const { inhabitants = [], waiting = [] } = this.#last ?? {};
    const applied = new Set(inhabitants.flatMap(({ log, settled }) => [...log, ...settled]));
    const absent = new Set(waiting.filter((name) => this.#known.script.get(name)?.to.fn === "frail"));
    for (const message of this.#known.script.values())
      if (mayBeSkipped(message, this.#known) && !applied.has(message.name)) absent.add(message.name);
    return absent;
  }

  check({ struck, failure, refusal, stuck }: SimRun): string | undefined {
    if (struck.has("damage")) return undefined; // a file of an older checkpoint may be another now
    if (this.#problem !== undefined || failure !== undefined || refusal !== undefined || stuck !== undefined)
      return this.#problem;
    return strandedIn(this.#last, this.#known);
  }

  #problemOf(pointed: Pointed): string | undefined {
    try {
      const census = censusOf(pointed, this.#functions, this.#ids);
      if (census === undefined || pointed.checkpoint === undefined) return undefined;
      this.#last = census;
      return problemIn(census, pointed.checkpoint, this.#known);
    } catch (error) {
      return `nobody can start from it: ${asError(error).stack ?? ""}`;
    }
  }
}

export function problemIn(
  census: Census,
  checkpoint: Pick<CompletedCheckpoint, "drained" | "vertices" | "coordinators">,
  known: Known,
): string | undefined {
  const { script } = known;
  const misplaced = placesIn(census, positionsIn(checkpoint), known);
  if (misplaced !== undefined) return misplaced;
  const wrong = census.inhabitants.find(({ log, notes }) => notesOf(script, log) !== notes);
  if (wrong !== undefined)
    return `the states of ${wrong.at} are ${wrong.notes}, and should be ${notesOf(script, wrong.log)}`;
  return (checkpoint.drained ? strandedIn(census, known) : undefined) ?? lostMoney(census, script);
}

/** Nothing waits when all is over, unless its address has stopped. */
function strandedIn(census: Census | undefined, { script }: Known): string | undefined {
  const stranded = census?.waiting.find((name) => script.get(name)?.to.fn !== "frail");
  return stranded && `${stranded} waits for ever`;
}

function mayBeSkipped(message: Message, { skipped }: Known): boolean {
  return mayStop(message) && skipped.has(message.to.id);
}

function lostMoney({ inhabitants, waiting }: Census, script: Script): string | undefined {
  const owned = inhabitants.reduce((sum, { balance }) => sum + balance, 0);
  const onItsWay = waiting.reduce((sum, name) => sum + (script.get(name)?.body.amount ?? 0), 0);
  return owned + onItsWay === 0 ? undefined : `the balances are ${owned}, and ${onItsWay} is on its way`;
}

function placesIn(
  { inhabitants, waiting }: Census,
  positions: ReadonlyMap<string, number>,
  known: Known,
): string | undefined {
  const places = new Map<string, string[]>();
  const found = (name: string, place: string): void => void places.set(name, [...(places.get(name) ?? []), place]);
  for (const { at, log, settled } of inhabitants) {
    for (const name of log) found(name, at);
    for (const name of settled) found(name, "settled");
  }
  for (const name of waiting) found(name, "waiting");
  const applied = new Set(inhabitants.flatMap(({ log }) => log));
  for (const message of known.script.values()) {
    const { name, parent, position, split } = message;
    const isSent =
      parent === undefined ? position < (positions.get(`program-${split}`) ?? Infinity) : applied.has(parent);
    const wrong = isSent
      ? wrongPlaces(message, places.get(name) ?? [], known)
      : places.has(name) && `${name} is there without its cause`;
    if (typeof wrong === "string") return wrong;
    places.delete(name);
  }
  const [invented] = places.keys();
  return invented === undefined ? undefined : `${invented} was never sent by anybody`;
}

function wrongPlaces(message: Message, places: readonly string[], known: Known): string | undefined {
  const [place, ...others] = places;
  const complaint = `${message.name} to ${textOf(message.to)} is ${places.length === 0 ? "nowhere" : places.join(" and ")}`;
  if (others.length > 0) return complaint;
  if (place === undefined) return isDead(message) || mayBeSkipped(message, known) ? undefined : complaint;
  if (place === "waiting") return undefined;
  const isItsOwn = place === (message.way === "open" ? "settled" : textOf(message.to));
  return isItsOwn && !isDead(message) && !isStuck(message) ? undefined : complaint;
}
