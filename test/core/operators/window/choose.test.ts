/** Which file serves which window. */
import { expect, test } from "vitest";
import { global, session, sliding, tumbling } from "../../../../core/operators/window/assigners.ts";
import { chooseWindowModule } from "../../../../core/operators/window/choose.ts";
import { count, eventTime } from "../../../../core/operators/window/triggers.ts";

const reduce = (left: number, right: number): number => left + right;
const aggregate = { createAccumulator: () => 0, add: reduce, getResult: (sum: number) => sum };
const merging = { ...aggregate, merge: reduce };
const process = { process: () => {} };

test.each([
  ["tumbling, folded", { assigner: tumbling(10), reduce }, "window/tumbling"],
  ["tumbling, aggregated and processed", { assigner: tumbling(10), aggregate, process }, "window/tumbling"],
  ["tumbling, collected", { assigner: tumbling(10), process }, "window/window"],
  ["tumbling, by the clock", { assigner: tumbling(10, { time: "processing" }), reduce }, "window/window"],
  ["tumbling, with a trigger", { assigner: tumbling(10), reduce, trigger: eventTime() }, "window/window"],
  ["sliding, folded", { assigner: sliding(10, 3), reduce }, "window/sliding"],
  ["sliding, merging", { assigner: sliding(10, 3), aggregate: merging }, "window/sliding"],
  ["sliding, not merging", { assigner: sliding(10, 3), aggregate }, "window/window"],
  [
    "sliding, told of each window's end",
    { assigner: sliding(10, 3), reduce, process: { ...process, clear: () => {} } },
    "window/window",
  ],
  [
    "sliding, with state per window",
    { assigner: sliding(10, 3), reduce, process: { ...process, windowState: {} } },
    "window/window",
  ],
  ["sliding without overlap", { assigner: sliding(10, 10), aggregate }, "window/tumbling"],
  ["sliding with gaps", { assigner: sliding(10, 11), reduce }, "window/tumbling"],
  ["sessions", { assigner: session(10), process }, "window/session"],
  ["sessions with a trigger", { assigner: session(10), process, trigger: count(3) }, "window/merging"],
  ["global", { assigner: global(), reduce, trigger: count(3) }, "window/window"],
  ["by count", { reduce }, "window/count"],
])("%s", (_name, choice, module) => {
  expect(chooseWindowModule(choice)).toBe(module);
});
