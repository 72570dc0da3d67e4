/** The small parts of a task, each on its own: mailbox, availability, fan-out, processing timers, turns, user functions, failure sites. */
// covers: core/runtime/mailbox.ts
// covers: core/runtime/availability.ts
// covers: core/runtime/fan-out.ts
// covers: core/runtime/task-timers.ts
// covers: core/runtime/thread-scheduler.ts
// covers: core/runtime/user-functions.ts
// covers: core/runtime/failure-site.ts
import { describe, expect, test } from "vitest";
import type { JobOperator } from "../../../core/graph/job-graph-types.ts";
import type { Output } from "../../../core/operators/operator.ts";
import { TaskAvailability } from "../../../core/runtime/availability.ts";
import { failureSite } from "../../../core/runtime/failure-site.ts";
import { MainOutput, outputTo } from "../../../core/runtime/fan-out.ts";
import { Mailbox } from "../../../core/runtime/mailbox.ts";
import { TaskTimers } from "../../../core/runtime/task-timers.ts";
import { ThreadScheduler } from "../../../core/runtime/thread-scheduler.ts";
import { UserFunctions } from "../../../core/runtime/user-functions.ts";
import type { InternalTimers } from "../../../core/state/timers.ts";
import type { Clock } from "../../../core/time/clock.ts";

/** A clock whose callbacks run when the test says so. */
function handClock(): Clock & { nowAtMs: number; run(): void } {
  let waiting: (() => void)[] = [];
  let scheduled: { readonly atMs: number; readonly callback: () => void }[] = [];
  return {
    nowAtMs: 0,
    nowMs() {
      return this.nowAtMs;
    },
    elapsedMs() {
      return this.nowAtMs;
    },
    schedule(delayMs, callback) {
      const entry = { atMs: this.nowAtMs + delayMs, callback };
      scheduled.push(entry);
      return () => {
        scheduled = scheduled.filter((other) => other !== entry);
      };
    },
    yield(callback) {
      waiting.push(callback);
    },
    run() {
      const due = scheduled.filter(({ atMs }) => atMs <= this.nowAtMs);
      scheduled = scheduled.filter((entry) => !due.includes(entry));
      for (const { callback } of due) callback();
      const now = waiting;
      waiting = [];
      for (const callback of now) callback();
    },
  };
}

function recording(): { readonly output: Output<unknown>; readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const output: Output<unknown> = {
    processRecord: (value, timestampMs) => void seen.push(["record", value, timestampMs]),
    processWatermark: (watermarkMs) => void seen.push(["watermark", watermarkMs]),
    processIdle: (idle) => void seen.push(["idle", idle]),
  };
  return { output, seen };
}

describe("mailbox", () => {
  test("runs what waited, in order; what mails put waits for the next call", () => {
    const seen: string[] = [];
    let wakes = 0;
    const mailbox = new Mailbox(() => (wakes += 1));
    mailbox.put(() => {
      seen.push("a");
      mailbox.put(() => seen.push("c"));
    });
    mailbox.put(() => seen.push("b"));
    mailbox.run();
    expect(seen).toEqual(["a", "b"]);
    expect(mailbox.empty).toBe(false);
    mailbox.run();
    expect(seen).toEqual(["a", "b", "c"]);
    expect(wakes).toBe(3);
  });

  test("has a bound, and says so", () => {
    const mailbox = new Mailbox(() => undefined);
    expect(() => {
      for (let count = 0; count <= 100_000; count += 1) mailbox.put(() => undefined);
    }).toThrow(/MR3004/);
  });
});

describe("availability", () => {
  test("is busy for every reason, and wakes when the last is gone", () => {
    let wakes = 0;
    const availability = new TaskAvailability(() => (wakes += 1));
    availability.block();
    availability.block();
    availability.unblock();
    expect([availability.busy, availability.blocked, wakes]).toEqual([true, true, 0]);
    availability.unblock();
    expect([availability.blocked, wakes]).toEqual([false, 1]);
    availability.refresh();
    expect(availability.busy).toBe(false);
    availability.interrupted();
    expect([availability.busy, availability.blocked]).toEqual([true, false]);
  });
});

describe("outputs of an operator", () => {
  test("several get the same; with side outputs, records go to the main one only and time to all", () => {
    const first = recording();
    const second = recording();
    const side = recording();
    const main = new MainOutput(outputTo([first.output, second.output]), [side.output]);
    main.processRecord("a", 1);
    main.processWatermark(2);
    main.processIdle(true);
    const all = [
      ["record", "a", 1],
      ["watermark", 2],
      ["idle", true],
    ];
    expect([first.seen, second.seen]).toEqual([all, all]);
    expect(side.seen).toEqual(all.slice(1));
    outputTo([]).processRecord("nobody", 0);
  });
});

describe("processing timers of a task", () => {
  test("arm the clock for the earliest, fire when due, and wait while the chain is busy", () => {
    const clock = handClock();
    let due = 0;
    let times = [30, 10];
    let listener: (timeMs: number) => void = () => undefined;
    const timers = {
      fireProcessing(nowMs: number) {
        times = times.filter((timeMs) => timeMs > nowMs);
        return true;
      },
      earliestProcessingMs: () => Math.min(...times),
      onEarlierProcessing: (heard: (timeMs: number) => void) => void (listener = heard),
    } as unknown as InternalTimers; // the other half is not called
    const task = new TaskTimers({ clock, onDue: () => (due += 1) });
    task.add(timers);
    expect(task.fire({ busy: false })).toBe(true);
    expect(times).toEqual([30, 10]);
    clock.nowAtMs = 10;
    clock.run();
    expect(due).toBe(1);
    expect(task.fire({ busy: true })).toBe(false);
    expect(task.fire({ busy: false })).toBe(true);
    expect(times).toEqual([30]);
    times.push(20);
    listener(20);
    clock.nowAtMs = 20;
    clock.run();
    expect(due).toBe(2);
    expect(task.fire({ busy: false })).toBe(true);
    expect(times).toEqual([30]);
  });
});

describe("turns in a thread", () => {
  test("everyone who is ready has its turn, nobody runs without being woken, and nothing spins", () => {
    const clock = handClock();
    const scheduler = new ThreadScheduler(clock);
    const steps: string[] = [];
    let left = 3;
    const busy = scheduler.add({
      runStep() {
        steps.push("busy");
        left -= 1;
        return left > 0;
      },
      stepEnded: () => undefined,
    });
    const quiet = scheduler.add({
      runStep() {
        steps.push("quiet");
        return false;
      },
      stepEnded: () => undefined,
    });
    clock.run();
    expect(steps).toEqual([]);
    busy.wake();
    quiet.wake();
    clock.run();
    expect(steps).toEqual(["busy", "quiet", "busy", "busy"]);
    clock.run();
    expect(steps).toHaveLength(4);
    quiet.leave();
    quiet.wake();
    clock.run();
    expect(steps).toHaveLength(4);
  });

  test("a wake-up during a step is not lost", () => {
    const clock = handClock();
    const scheduler = new ThreadScheduler(clock);
    let steps = 0;
    const seat = scheduler.add({
      runStep() {
        steps += 1;
        if (steps === 1) seat.wake();
        return false;
      },
      stepEnded: () => undefined,
    });
    seat.wake();
    clock.run();
    clock.run();
    expect(steps).toBe(2);
  });
});

describe("user functions", () => {
  test("classes are instantiated, all are opened in order and closed in reverse, even if one throws", async () => {
    const seen: string[] = [];
    class Counting {
      open(): void {
        seen.push("open class");
      }
      close(): void {
        seen.push("close class");
        throw new Error("no");
      }
    }
    const object = { open: () => void seen.push("open object"), close: () => void seen.push("close object") };
    const plain = (value: number): number => value;
    const functions = new UserFunctions({ first: object, second: Counting, third: plain });
    expect(functions.instances["second"]).toBeInstanceOf(Counting);
    expect(functions.instances["third"]).toBe(plain);
    await functions.open({} as never); // nobody looks at it
    const error = await functions.close();
    expect(seen).toEqual(["open object", "open class", "close class", "close object"]);
    expect((error as Error).message).toBe("no");
    expect(await functions.close()).toBeUndefined();
  });
});

describe("where an error came from", () => {
  const operator = (module: string, name: string): JobOperator =>
    ({ name, spec: { module, functions: {}, parameters: {} } }) as unknown as JobOperator; // the rest is not looked at
  const operators = [operator("map", "first"), operator("filter", "second"), operator("map", "third")];
  const withStack = (stack: string): Error => Object.assign(new Error("boom"), { stack });

  test("the innermost frame of an operator's file decides; a copy names its position", () => {
    expect(
      failureSite(
        withStack(
          "Error: boom\n at user (job.js:1)\n at X (/p/core/operators/filter.ts:9:1)\n at Y (/p/core/operators/map.ts:2:1)",
        ),
        operators,
      )?.name,
    ).toBe("second");
    expect(
      failureSite(withStack("Error: boom\n at X (file:///p/dist/core/operators/map.js?0123abcd/4/2:9:1)"), operators)
        ?.name,
    ).toBe("third");
  });

  test("is not guessed", () => {
    expect(failureSite(withStack("Error: boom\n at X (/p/core/operators/map.ts:9:1)"), operators)).toBeUndefined();
    expect(failureSite("a text", operators)).toBeUndefined();
    expect(failureSite("a text", operators.slice(0, 1))?.name).toBe("first");
  });
});
