/** What an egress that shows values at once must not show. */
import { expect, test } from "vitest";
import type { SinkContext } from "../../core/index.ts";
import { CALM } from "../sim/plan.ts";
import type { SimRun } from "../sim/run.ts";
import { AtOnce } from "./at-once.ts";
import { messagesOf } from "./messages.ts";
import type { Program } from "./program.ts";

const A = { fn: "plain", id: "a" } as const;
const PROGRAM: Program = {
  splits: [[{ to: A, body: { commands: [{ do: "send", to: "self", body: { commands: [] } }] } }]],
  visits: [],
  onEndOfInput: "fire",
};
const calm = { plan: CALM, restarts: 0 } as SimRun; // it looks at the plan, and how the run went
const disturbed = { plan: { ...CALM, rates: { record: 5 } }, restarts: 1 } as SimRun;

/** `attempts`: what each of them shows. */
function shown(...attempts: readonly (readonly string[])[]): AtOnce {
  const atOnce = new AtOnce(messagesOf(PROGRAM), () => ({}));
  const sink = atOnce.sink();
  for (const names of attempts) {
    const writer = sink.createWriter({} as SinkContext, []);
    for (const name of names) writer.write({ name }, { timestampMs: 0, currentWatermarkMs: 0 });
  }
  return atOnce;
}

test("each message is shown, and again by another attempt", () => {
  expect(shown(["0/0", "0/0.0"]).check(calm)).toBeUndefined();
  expect(shown(["0/0"], ["0/0", "0/0.0"]).check(disturbed)).toBeUndefined();
});

test.each([
  [shown(["0/0"]), calm, /0\/0\.0 was applied, and never shown/],
  [shown(["0/0", "0/0", "0/0.0"]), disturbed, /0\/0 was shown twice by one attempt/],
  [shown(["0/0"], ["0/0", "0/0.0"]), calm, /0\/0 was shown twice, and nothing was rolled back/],
  [shown(["0/0", "0/0.0", "0/7"]), calm, /0\/7 was shown, and never sent/],
])("what is wrong is told: %#", (atOnce, run, complaint) => {
  expect(atOnce.check(run)).toMatch(complaint);
});

test("an outcome is unknown only after a restore", () => {
  const atOnce = shown(["0/0", "0/0.0"]);
  atOnce.heard("unknown");
  expect(atOnce.check(calm)).toMatch(/nothing was restored/);
  expect(atOnce.check(calm)).toBeUndefined(); // of a run that starts from a checkpoint of the first
});
