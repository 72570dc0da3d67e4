/** The clock of idleness stands still under back-pressure. */
import { expect, test } from "vitest";
import { IdleClock } from "../../../core/time/idle-clock.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

test("stands still while paused, however often that is said", () => {
  const clock = new ManualClock();
  const idleClock = new IdleClock(clock);
  clock.advance(10);
  idleClock.pause();
  clock.advance(100);
  idleClock.pause();
  clock.advance(100);
  expect(idleClock.nowMs()).toBe(10);
  idleClock.resume();
  idleClock.resume();
  clock.advance(5);
  expect(idleClock.nowMs()).toBe(15);
});
