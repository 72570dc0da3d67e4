/** The checkers that look on while a run goes on are content with what is sound, and see what is not. */
import { expect, test } from "vitest";
import type { SimRun } from "../run.ts";
import { boundedQueues } from "./bounded-queues.ts";
import { singleWriter } from "./single-writer.ts";

const RUN = {} as SimRun; // neither looks at it

test("bounded queues: more under way than the consumer has room for, beyond what one call may emit", () => {
  const sound = boundedQueues();
  sound.granted?.("a b 0", 16);
  sound.sent?.("a b 0", 16 + 128);
  expect(sound.check(RUN)).toBeUndefined();
  sound.sent?.("a b 0", 1);
  expect(sound.check(RUN)).toMatch(/a b 0 has 129 records more under way/);
});

test("single writer: an attempt that begins before the last one has ended", () => {
  const checker = singleWriter();
  const task = { vertex: 1, subtask: 2 };
  checker.deployed?.("slot#1", { ...task, attempt: 0 });
  checker.terminated?.("slot#1", { ...task, attempt: 0 });
  checker.deployed?.("slot#1", { ...task, attempt: 1 });
  checker.deployed?.("another#1", { ...task, attempt: 1 });
  expect(checker.check(RUN)).toBeUndefined();
  checker.deployed?.("slot#1", { ...task, attempt: 2 });
  expect(checker.check(RUN)).toMatch(/attempt 2 of subtask 1\/2 began in slot#1 while attempt 1 ran/);
});
