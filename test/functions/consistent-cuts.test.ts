/** What a checkpoint must not look like: for each way of being wrong, a census that is. And that a census finds what waits. */
import { describe, expect, test } from "vitest";
import { encodeValue } from "../../core/types/value-codec.ts";
import { CALM } from "../sim/plan.ts";
import type { Census, Inhabitant } from "./census.ts";
import { problemIn } from "./consistent-cuts.ts";
import type { Known } from "./consistent-cuts.ts";
import { messagesOf } from "./messages.ts";
import { notesOf } from "./program-functions.ts";
import { scriptOf } from "./program-pipeline.ts";
import type { Command, Program } from "./program.ts";
import { examineScenario } from "./search.ts";

const A = { fn: "plain", id: "a" } as const;
const B = { fn: "plain", id: "b" } as const;

/** `0/0` makes a send money to b, and writes something; `0/1` has not been read yet. */
const COMMANDS: readonly Command[] = [
  { do: "transfer", to: B, amount: 5 },
  { do: "change", changes: [{ state: "pile", op: "push", values: [1] }] },
  { do: "schedule", token: "s", ms: 10, to: B, replaces: false },
];
const PROGRAM: Program = {
  splits: [
    [
      { to: A, body: { commands: COMMANDS } },
      { to: B, body: { commands: [] } },
    ],
  ],
  visits: [],
  onEndOfInput: "fire",
};
const KNOWN: Known = { script: scriptOf(messagesOf(PROGRAM)), skipped: new Set() };

/** Read up to the first message. */
const checkpoint = {
  drained: false,
  vertices: [],
  coordinators: [{ operatorId: "1", state: encodeValue([{ splitId: "program-0", ordinal: 0, position: 1 }]) }],
};

function inhabitant(at: string, log: readonly string[], rest: Partial<Inhabitant> = {}): Inhabitant {
  const balance = (at === "plain a" && log.includes("0/0") ? -5 : 0) + (log.includes("0/0.0") ? 5 : 0);
  return { at, log, settled: [], balance, notes: notesOf(KNOWN.script, log), ...rest };
}

const ask = (census: Census): string | undefined => problemIn(census, checkpoint, KNOWN);

describe("a checkpoint", () => {
  test("has every message once, wherever that is", () => {
    expect(ask({ inhabitants: [], waiting: ["0/0"] })).toBeUndefined();
    expect(ask({ inhabitants: [inhabitant("plain a", ["0/0"])], waiting: ["0/0.0", "0/0.2"] })).toBeUndefined();
    const received = inhabitant("plain b", ["0/0.0"], { settled: ["0/0.2"] });
    expect(ask({ inhabitants: [inhabitant("plain a", ["0/0"]), received], waiting: [] })).toBeUndefined();
  });

  const applied = inhabitant("plain a", ["0/0"]);
  test.each<readonly [string, Census, RegExp]>([
    ["a message is lost", { inhabitants: [applied], waiting: ["0/0.2"] }, /0\/0\.0 to plain b is nowhere/],
    ["a first message is lost", { inhabitants: [], waiting: [] }, /0\/0 to plain a is nowhere/],
    [
      "a message has arrived and waits",
      { inhabitants: [applied, inhabitant("plain b", ["0/0.0"])], waiting: ["0/0.0", "0/0.2"] },
      /0\/0\.0 to plain b is plain b and waiting/,
    ],
    [
      "a message waits without its cause",
      { inhabitants: [], waiting: ["0/0", "0/0.0"] },
      /0\/0\.0 is there without its cause/,
    ],
    [
      "a message is there before it was read",
      { inhabitants: [], waiting: ["0/0", "0/1"] },
      /0\/1 is there without its cause/,
    ],
    ["a message was invented", { inhabitants: [applied], waiting: ["0/0.0", "0/0.2", "7/7"] }, /7\/7 was never sent/],
    [
      "a message is elsewhere",
      { inhabitants: [applied, inhabitant("plain c", ["0/0.0"])], waiting: ["0/0.2"] },
      /0\/0\.0 to plain b is plain c/,
    ],
    [
      "a state is not what it should be",
      { inhabitants: [{ ...applied, notes: "[]" }], waiting: ["0/0.0", "0/0.2"] },
      /the states of plain a are \[\]/,
    ],
    [
      "money is lost",
      { inhabitants: [{ ...applied, balance: 0 }], waiting: ["0/0.0", "0/0.2"] },
      /the balances are 0, and 5 is on its way/,
    ],
  ])("is refused if %s", (_, census, complaint) => {
    expect(ask(census)).toMatch(complaint);
  });

  test("that was drained has nothing that waits", () => {
    const census: Census = { inhabitants: [applied], waiting: ["0/0.0", "0/0.2"] };
    expect(problemIn(census, { ...checkpoint, drained: true }, KNOWN)).toMatch(/0\/0\.0 waits for ever/);
  });
});

test("of a run is looked at, and an address that stops keeps what waits", async () => {
  const frail = { fn: "frail", id: "a" } as const;
  const program: Program = {
    splits: [
      [
        { to: frail, body: { commands: [{ do: "poison" }] } },
        { to: frail, body: { commands: [] } },
        { to: A, body: { commands: [{ do: "after", ms: 2_000, by: "clock", to: "self", body: { commands: [] } }] } },
      ],
    ],
    visits: [],
    onEndOfInput: "wait",
  };
  const { run, violation } = await examineScenario({
    program,
    plan: { ...CALM, checkpointMs: 300, legs: [{ parallelism: 2 }] },
  });
  expect(violation).toBeUndefined();
  expect(run?.completed).toBeGreaterThan(2);
});
