/** The real clock keeps the promises of the contract that need no waiting: nothing runs before the call returns, and what is cancelled never runs. */
import { expect, test } from "vitest";
import { SystemClock } from "../../../core/time/system-clock.ts";

test("calls back after the call has returned, unless cancelled", async () => {
  const clock = new SystemClock();
  const ran: string[] = [];
  const cancel = clock.schedule(0, () => ran.push("cancelled"));
  const scheduled = new Promise<void>((resolve) => {
    clock.schedule(-5, () => {
      ran.push("scheduled");
      resolve();
    });
  });
  const yielded = new Promise<void>((resolve) => {
    clock.yield(() => {
      ran.push("yielded");
      resolve();
    });
  });
  cancel();
  expect(ran).toEqual([]);
  await Promise.all([scheduled, yielded]);
  expect(ran.toSorted((left, right) => left.localeCompare(right))).toEqual(["scheduled", "yielded"]);
});

test("measured time never goes back", () => {
  const clock = new SystemClock();
  const readings = Array.from({ length: 100 }, () => clock.elapsedMs());
  expect(readings).toEqual(readings.toSorted((left, right) => left - right));
  expect(Number.isInteger(clock.nowMs())).toBe(true);
});

test("in the background keeps no process alive", () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
  const before = timers();
  const cancels = [
    new SystemClock({ isBackground: true }).schedule(60_000, () => undefined),
    new SystemClock().schedule(60_000, () => undefined),
  ];
  const during = timers();
  for (const cancel of cancels) cancel();
  expect(during).toBe(before + 1);
});
