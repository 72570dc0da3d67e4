/** The clock of tests keeps the promises of the contract that the engine relies on: order, no call before `schedule` returns, cancellation. */
import { expect, test } from "vitest";
import { ManualClock } from "../../harness/manual-clock.ts";

test("runs callbacks in the order of their times, each at its own", () => {
  const clock = new ManualClock(1_000);
  const ran: unknown[] = [];
  const note = (name: string) => (): void => void ran.push([name, clock.nowMs(), clock.elapsedMs()]);
  clock.schedule(20, note("late"));
  clock.schedule(10, () => {
    note("first")();
    clock.schedule(0, note("at once, but later"));
    clock.yield(note("yielded"));
  });
  clock.schedule(10, note("second"));
  const cancel = clock.schedule(15, note("never"));
  cancel();
  cancel();
  expect(ran).toEqual([]);
  clock.advance(19);
  expect(ran).toEqual([
    ["first", 1_010, 10],
    ["yielded", 1_010, 10],
    ["second", 1_010, 10],
    ["at once, but later", 1_010, 10],
  ]);
  expect([clock.nowMs(), clock.alarms]).toEqual([1_019, 1]);
  clock.advance(1);
  expect(ran.at(-1)).toEqual(["late", 1_020, 20]);
});
