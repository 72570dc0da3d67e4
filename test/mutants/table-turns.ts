/** Planted bugs in turns: what they see of state and messages, what they do when they are over, and what of it remains if they throw. Hunted in programs of functions. */
import type { Mutant } from "./mutant.ts";

const BUFFER = "statefun/group/buffer-cell.ts";
const CONTEXT = "statefun/group/turn-context.ts";
const RUNNER = "statefun/group/turn-runner.ts";
const TABLE = "statefun/group/table-cell.ts";
const TTL = "core/state/ttl.ts";
const TURN = "statefun/group/turn.ts";

/** What a turn that threw forgets. */
const DROPPED = `    this.#sendCount = 0;
    this.#egress = undefined;
    this.#delayed = undefined;
    this.#starts = undefined;`;

function forgetting(line: string): string {
  return DROPPED.replace(`\n    ${line}`, "");
}

const IN_TURNS: readonly Omit<Mutant, "arena">[] = [
  {
    id: "failed-turn-keeps-its-state",
    file: TURN,
    find: `    for (let index = 0; index < this.#changedCount; index += 1) this.#changed[index]?.discard();`,
    replace: ``,
    about: "what a failed turn wrote shows in the next one of its function",
  },
  {
    id: "failed-turn-keeps-its-values",
    file: TURN,
    find: DROPPED,
    replace: forgetting("this.#egress = undefined;"),
    about: "what a failed turn said to egresses leaves with the next one",
  },
  {
    id: "failed-turn-schedules",
    file: TURN,
    find: DROPPED,
    replace: forgetting("this.#delayed = undefined;"),
    about: "what a failed turn scheduled or took back is so with the next one",
  },
  {
    id: "failed-turn-begins-operations",
    file: TURN,
    find: DROPPED,
    replace: forgetting("this.#starts = undefined;"),
    about: "operations of a failed turn begin with the next one",
  },
  {
    id: "sends-reversed",
    file: TURN,
    find: `        const envelope = this.#sends[index] ?? NO_ENVELOPE;
        this.#sends[index] = NO_ENVELOPE;`,
    replace: `        const envelope = this.#sends[count - 1 - index] ?? NO_ENVELOPE;
        this.#sends[count - 1 - index] = NO_ENVELOPE;`,
    about: "the messages of a turn leave in reverse",
  },
  {
    id: "egress-reversed",
    file: TURN,
    find: `    for (const { output, value } of records) output`,
    replace: `    for (const { output, value } of records.toReversed()) output`,
    about: "what a turn says to an egress leaves in reverse",
  },
  {
    id: "sent-message-shared",
    file: CONTEXT,
    find: `    ? value
    : copyMessage(value);`,
    replace: `    ? value
    : value;`,
    about: "what is done to a message after it was sent is seen by its receiver",
  },
  {
    id: "reply-to-oneself",
    file: CONTEXT,
    find: `this.send(caller, kindOrValue as string, valueOfKind);`,
    replace: `this.send(this.self, kindOrValue as string, valueOfKind);`,
    about: "a reply goes to whom it comes from",
  },
  {
    id: "async-turn-forgets-its-key",
    file: RUNNER,
    find: `      turn.detached = true;`,
    replace: ``,
    about: "a turn that goes on later reads the state of whoever had the last turn",
  },
  {
    id: "async-turn-not-alone",
    file: RUNNER,
    find: `      fn.idle = undefined;`,
    replace: ``,
    about: "a turn that goes on later shares what it has done so far with the next ones of its function",
  },
  {
    id: "buffer-not-replaced",
    file: BUFFER,
    find: `    if (!this.#replaced) this.#state.addAll`,
    replace: `    if (this.#pushed.length > 0) this.#state.addAll`,
    about: "elements that replace those of a buffer come behind them",
  },
  {
    id: "table-not-cleared",
    file: TABLE,
    find: `    if (this.#cleared) this.#state.clear();`,
    replace: ``,
    about: "the entries of a table that was cleared are still there",
  },
  {
    id: "entry-keeps-its-place",
    file: TABLE,
    find: `      if (!present || (saved && last)) this.#state.remove(key);`,
    replace: `      if (!present) this.#state.remove(key);`,
    waits:
      "a longer search than 600 runs; test/statefun/group/state-cells.property.test.ts compares the order of entries",
    about: "an entry that was deleted and set again in one turn stands where it stood",
  },
  {
    id: "value-not-cleared",
    file: "statefun/group/state-cell.ts",
    find: `    this.#state.update(value);`,
    replace: `    if (value !== undefined) this.#state.update(value);`,
    about: "a value that was cleared is still there",
  },
  {
    id: "ttl-by-wrong-clock",
    file: TTL,
    find: `    return this.#byEvent ? times.watermarkMs(keyGroup) : times.nowMs();`,
    replace: `    return this.#byEvent ? times.nowMs() : times.watermarkMs(keyGroup);`,
    about: "state that expires by the clock expires by the watermark, and the other way around",
  },
  {
    id: "ttl-not-refreshed",
    file: TTL,
    find: `    return nowMs !== undefined && (this.refreshOnRead || accessMs === undefined);`,
    replace: `    return nowMs !== undefined && accessMs === undefined;`,
    about: "reading does not keep state that expires alive",
  },
  {
    id: "ttl-begins-anew",
    file: "core/state/heap/restore.ts",
    find: `  return at.hasAccessTime ? orUndefined(reader.readFloat()) : undefined;`,
    replace: `  if (at.hasAccessTime) reader.readFloat();
  return undefined;`,
    about: "with each restore the life of state that expires begins anew",
  },
];

export const TURN_MUTANTS: readonly Mutant[] = IN_TURNS.map((mutant) => ({ ...mutant, arena: "functions" }));
