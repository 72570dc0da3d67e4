/** Who gets which slot: all that a job lacks at once or nothing, first come first served, and too few are said once. */
import { beforeEach, describe, expect, test } from "vitest";
import { ResourceManager } from "../../../core/cluster/resource-manager.ts";
import type { SlotHost, SlotRequest, TaskManagerGateway } from "../../../core/cluster/resource-manager.ts";
import type { RequiredSlots } from "../../../core/graph/slots.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

const START: SlotRequest["start"] = {
  jobName: "job",
  module: "file:///job.js",
  args: [],
  config: {},
  signature: [],
  maxParallelism: [],
  mounts: [],
};

let log: string[];
let clock: ManualClock;
let manager: ResourceManager;

beforeEach(() => {
  log = [];
  clock = new ManualClock();
  const timing = { clock, intervalMs: 10, timeoutMs: 50 };
  manager = new ResourceManager({ timing, warn: (line) => log.push(line) });
});

/** What was said since the last time. */
function said(): string[] {
  return log.splice(0);
}

/** Which slots were asked for since the last time, whatever else was said. */
function assigned(): string[] {
  return said().filter((line) => !line.includes(" waits: "));
}

/** With so many free slots, or with what runs in each. */
function register(id: string, slots: number | readonly (string | undefined)[], number = 1): void {
  const gateway: TaskManagerGateway = {
    requestSlot: (slot, { jobId }) => log.push(`${id}/${slot} for ${jobId}`),
    release: (jobId) => log.push(`${id} releases ${jobId}`),
    beat: () => log.push(`beat to ${id}`),
    forgotten: () => log.push(`${id}.${number} hears that it was forgotten`),
  };
  const jobs = typeof slots === "number" ? new Array<undefined>(slots).fill(undefined) : slots;
  manager.register({ taskManager: id, number, jobs, gateway });
}

/** By group; a number is that of the default group. */
function require(jobId: string, slots: number | Readonly<Record<string, number>>): void {
  const groups = typeof slots === "number" ? { default: slots } : slots;
  const perGroup = Object.entries(groups).map(([group, count]) => ({ group, slots: count }));
  const required: RequiredSlots = { total: perGroup.reduce((sum, group) => sum + group.slots, 0), perGroup };
  const host: SlotHost = {
    started: () => undefined,
    received: () => undefined,
    exited: () => undefined,
    waits: (sentence) => log.push(`${jobId} waits: ${sentence}`),
  };
  manager.require({ jobId, start: START, host }, required);
}

describe("a job that fits", () => {
  test("gets its slots at once, from the TaskManagers that came first", () => {
    register("a", 2);
    register("b", 2);
    require("one", 3);
    expect(said()).toEqual(["a/0 for one", "a/1 for one", "b/0 for one"]);
    require("two", 1);
    expect(said()).toEqual(["b/1 for two"]);
  });

  test("gets another slot for one that is free again while it runs, and none once it is over", () => {
    register("a", 2);
    require("one", 2);
    said();
    manager.freed("a", 1, 1);
    expect(said()).toEqual(["a/1 for one"]);
    manager.release("one");
    expect(said()).toEqual(["a releases one"]);
    manager.freed("a", 1, 0);
    manager.freed("a", 1, 1);
    expect(said()).toEqual([]);
  });

  test("gets slots elsewhere when a TaskManager is lost; what that says later is not heard", () => {
    register("a", 1);
    register("b", 1);
    require("one", 1);
    said();
    manager.unregister("a");
    expect(said()).toEqual(["b/0 for one"]);
    manager.freed("a", 1, 0);
    expect(said()).toEqual([]);
  });
});

describe("a job that does not fit", () => {
  test("gets nothing, says which group lacks how much, and gets all once there are enough", () => {
    register("a", 2);
    require("one", { default: 2, heavy: 2 });
    expect(said()).toEqual([
      'one waits: the job needs 4 slots, but there are 2: slot sharing group "heavy" needs 2 and lacks 2; add slots or lower the parallelism',
    ]);
    register("b", 1);
    expect(said()).toEqual([expect.stringMatching(/^one waits: .* there are 3: .* lacks 1;/)]);
    register("c", 1);
    expect(said()).toEqual(["a/0 for one", "a/1 for one", "b/0 for one", "c/0 for one"]);
  });

  test("says so once, whatever else happens, and again after it had enough", () => {
    require("one", 2);
    expect(said()).toEqual([expect.stringMatching(/^one waits: the job needs 2 slots, but there are 0/)]);
    require("other", 1);
    expect(said()).toEqual([expect.stringMatching(/^other waits/)]);
    manager.release("other");
    expect(said()).toEqual([]);
    register("a", 2);
    expect(said()).toEqual(["a/0 for one", "a/1 for one"]);
    manager.unregister("a");
    expect(said()).toEqual([expect.stringMatching(/^one waits: the job needs 2 slots, but there are 0/)]);
  });

  test("keeps what it has when it loses a slot for good, and asks only for what it lacks", () => {
    register("a", 2);
    register("b", 1);
    require("one", 3);
    said();
    manager.unregister("b");
    expect(said()).toEqual([expect.stringMatching(/^one waits: .*but there are 2: .*lacks 1/)]);
    register("c", 2);
    expect(said()).toEqual(["c/0 for one"]);
  });

  test("holds up no smaller one that comes later, and is served first when there is room for both", () => {
    register("a", 2);
    require("big", 3);
    said();
    require("small", 1);
    expect(said()).toEqual(["a/0 for small"]);
    require("tiny", 2);
    said();
    register("b", 2);
    // One slot of a and two of b: the big one came first.
    expect(assigned()).toEqual(["a/1 for big", "b/0 for big", "b/1 for big"]);
  });

  test("waits without a word for slots of a job that is over, and does not get them before they are free", () => {
    register("a", 2);
    require("one", 2);
    manager.release("one");
    said();
    require("two", 2);
    manager.freed("a", 1, 1);
    expect(said()).toEqual([]);
    manager.freed("a", 1, 0);
    expect(said()).toEqual(["a/0 for two", "a/1 for two"]);
  });

  test("does not take a half while another has the other half", () => {
    register("a", 2);
    require("one", 2);
    said();
    require("left", 2);
    require("right", 2);
    said();
    manager.release("one");
    said();
    manager.freed("a", 1, 0);
    expect(assigned()).toEqual([]);
    manager.freed("a", 1, 1);
    expect(assigned()).toEqual(["a/0 for left", "a/1 for left"]);
  });
});

describe("a TaskManager that is silent", () => {
  /** Beats go to and fro until then. */
  function beatUntil(ms: number, { heard }: { readonly heard: boolean }): void {
    for (let atMs = 0; atMs < ms; atMs += 10) {
      clock.advance(10);
      if (heard) manager.beat("a", 1);
    }
  }

  test("is forgotten with its slots, and told so; one that is heard is not", () => {
    register("a", 1);
    require("one", 1);
    expect(said()).toEqual(["a/0 for one"]);
    beatUntil(200, { heard: true });
    expect(new Set(said())).toEqual(new Set(["beat to a"]));
    beatUntil(60, { heard: false });
    expect(said().filter((line) => !line.startsWith("beat"))).toEqual([
      "a has not been heard for more than 50 ms: its slots do not count",
      expect.stringMatching(/^one waits: the job needs 1 slot, but there are 0/),
      "a.1 hears that it was forgotten",
    ]);
    expect(clock.alarms).toBe(0);
  });

  test("counts again with what runs in its slots when it registers again; what it said before counts no more", () => {
    register("a", 2);
    require("one", 1);
    beatUntil(60, { heard: false });
    said();
    register("a", ["one", undefined], 2);
    expect(said()).toEqual(["a is there again: its slots count"]);
    manager.freed("a", 1, 0);
    require("two", 2);
    expect(assigned()).toEqual([]);
    manager.freed("a", 2, 0);
    expect(assigned()).toEqual(["a/0 for one"]);
    manager.beat("a", 1); // delayed for long; not a sign of life of the second registration
    beatUntil(60, { heard: false });
    expect(said()).toContain("a.2 hears that it was forgotten");
  });

  test("counts as it registered last, whatever comes later of an earlier registration", () => {
    register("a", 1, 2);
    register("a", 1, 1);
    require("one", 1);
    manager.freed("a", 2, 0);
    expect(assigned()).toEqual(["a/0 for one", "a/0 for one"]);
    beatUntil(60, { heard: false });
    said();
    register("a", 1, 2);
    expect(assigned()).toEqual([]);
    register("a", 1, 3);
    expect(assigned()).toEqual(["a is there again: its slots count", "a/0 for one"]);
  });

  test("is told of jobs that ended meanwhile, and may have more slots of a job than that needs", () => {
    register("a", ["over", "one", "over"], 1);
    expect(said()).toEqual(["a releases over", "a releases one"]);
    require("one", 1);
    register("a", ["one", "one", undefined], 2);
    expect(said()).toEqual([]);
    require("two", 1);
    expect(said()).toEqual(["a/2 for two"]);
  });
});
