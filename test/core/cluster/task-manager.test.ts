/** A TaskManager starts one thing per slot, each under a name of its own, and ends it gently, or by force. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Registration, SlotHost, SlotRequest } from "../../../core/cluster/resource-manager.ts";
import { Endpoint } from "../../../core/cluster/rpc/endpoint.ts";
import type { SlotListener } from "../../../core/cluster/spawner.ts";
import { TaskManager } from "../../../core/cluster/task-manager.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

let clock: ManualClock;
let log: string[];
let threads: Map<string, SlotListener>;
let manager: TaskManager;
/** As the ResourceManager has heard of them. */
let registrations: Registration[];

beforeEach(() => {
  clock = new ManualClock();
  log = [];
  threads = new Map();
  registrations = [];
  manager = new TaskManager({
    id: "tm",
    slots: 2,
    clock,
    endpoint: new Endpoint({
      clock,
      onError: (error) => {
        throw error;
      },
    }),
    timing: { clock, intervalMs: 10_000, timeoutMs: 50_000 },
    resourceManager: {
      register: (registration) => registrations.push(registration),
      freed: (id, registration, slot) => log.push(`${id}.${registration} has ${slot} free`),
      beat: (id, registration) => log.push(`beat of ${id}.${registration}`),
    },
    spawner: {
      spawn({ name, jobName }, listener) {
        threads.set(name, listener);
        log.push(`spawn ${name} for ${jobName}`);
        return {
          name,
          send: ({ kind }) => log.push(`${kind} to ${name}`),
          link: () => undefined,
          terminate: () => log.push(`terminate ${name}`),
        };
      },
    },
  });
  manager.register();
});

/** What the ResourceManager calls, by the registration of that number. */
function gateway(number = registrations.length): Registration["gateway"] {
  const registration = registrations[number - 1];
  if (registration === undefined) throw new Error(`there is no registration ${number}`);
  return registration.gateway;
}

function said(): string[] {
  clock.runYielded();
  return log.splice(0);
}

function request(jobId: string): SlotRequest {
  const host: SlotHost = {
    started: ({ name }) => log.push(`${jobId} hears of ${name}`),
    received: (slot, { kind }) => log.push(`${jobId} hears ${kind} from ${slot}`),
    exited: (slot, cause) => log.push(`${jobId} hears that ${slot} is gone: ${cause?.message ?? "no cause"}`),
    waits: () => undefined,
  };
  const start = { jobName: jobId, module: "", args: [], config: {}, signature: [], maxParallelism: [], mounts: [] };
  return { jobId, start, host };
}

test("starts what serves a job, and tells its master of it", () => {
  gateway().requestSlot(1, request("one"));
  expect(said()).toEqual(["spawn tm/1.1 for one", "one hears of tm/1.1"]);
  threads.get("tm/1.1")?.received({ kind: "connect", peer: "tm/0.2" });
  expect(said()).toEqual(["one hears connect from tm/1.1"]);
});

test("gives a slot back when nothing is left of what ran there; the next has another name", () => {
  gateway().requestSlot(0, request("one"));
  said();
  threads.get("tm/0.1")?.exited(new Error("boom"));
  expect(said()).toEqual(["one hears that tm/0.1 is gone: boom", "tm.1 has 0 free"]);
  gateway().requestSlot(0, request("two"));
  expect(said()).toEqual(["spawn tm/0.2 for two", "two hears of tm/0.2"]);
});

test("tells what serves a job that is over to end, and nothing else; once, and by force if it does not", () => {
  gateway().requestSlot(0, request("one"));
  gateway().requestSlot(1, request("two"));
  said();
  gateway().release("one");
  gateway().release("one");
  expect(said()).toEqual(["end to tm/0.1"]);
  clock.advance(4_999);
  expect(said()).toEqual([]);
  clock.advance(1);
  expect(said()).toEqual(["terminate tm/0.1"]);
  threads.get("tm/0.1")?.exited(undefined);
  expect(said()).toEqual(["one hears that tm/0.1 is gone: no cause", "tm.1 has 0 free"]);
});

test("does not end by force what has ended by then, nor what follows it", () => {
  gateway().requestSlot(0, request("one"));
  gateway().release("one");
  said();
  threads.get("tm/0.1")?.exited(undefined);
  said();
  gateway().requestSlot(0, request("two"));
  said();
  clock.advance(9_999);
  expect(said()).toEqual([]);
  expect(clock.alarms).toBe(1); // its next beat
});

test("ends one slot by force, if something runs there", () => {
  gateway().requestSlot(1, request("one"));
  said();
  manager.killSlot(0);
  expect(said()).toEqual([]);
  manager.killSlot(1);
  expect(said()).toEqual(["terminate tm/1.1"]);
});

test("ends all by force, says when nothing is left, and starts nothing more", () => {
  gateway().requestSlot(0, request("one"));
  gateway().requestSlot(1, request("one"));
  said();
  manager.terminate(() => log.push("done"));
  expect(said()).toEqual(["terminate tm/0.1", "terminate tm/1.2"]);
  // The ResourceManager has asked before it knew.
  threads.get("tm/0.1")?.exited(undefined);
  said();
  gateway().requestSlot(0, request("two"));
  expect(said()).toEqual([]);
  threads.get("tm/1.2")?.exited(undefined);
  expect(said()).toEqual(["one hears that tm/1.2 is gone: no cause", "tm.1 has 1 free", "done"]);
});

test("is gone at once if nothing runs", () => {
  manager.terminate(() => log.push("done"));
  expect(said()).toEqual(["done"]);
});

describe("the ResourceManager", () => {
  test("hears its beats, and is asked again with what runs when it is silent for too long", () => {
    gateway().requestSlot(1, request("one"));
    said();
    for (let count = 0; count < 10; count += 1) {
      clock.advance(10_000);
      gateway().beat();
      expect(said()).toEqual(["beat of tm.1"]);
    }
    clock.advance(60_000);
    said();
    expect(registrations.map(({ number, jobs }) => [number, jobs])).toEqual([
      [1, [undefined, undefined]],
      [2, [undefined, "one"]],
    ]);
    clock.advance(10_000);
    expect(said()).toEqual(["beat of tm.2"]);
    threads.get("tm/1.1")?.exited(undefined);
    expect(said()).toEqual(["one hears that tm/1.1 is gone: no cause", "tm.2 has 1 free"]);
  });

  test("does not count as heard because a beat comes that was meant for an earlier registration", () => {
    gateway().forgotten();
    for (let count = 0; count < 6; count += 1) {
      gateway(1).beat();
      clock.advance(10_000);
    }
    expect(registrations).toHaveLength(3);
  });

  test("is asked again when it has forgotten this one; what it wanted by the earlier registration is not done", () => {
    gateway().forgotten();
    said();
    expect(registrations).toHaveLength(2);
    gateway(1).requestSlot(0, request("one"));
    gateway(1).forgotten();
    expect(said()).toEqual([]);
    expect(registrations).toHaveLength(2);
    gateway(2).requestSlot(0, request("one"));
    expect(said()).toEqual(["spawn tm/0.1 for one", "one hears of tm/0.1"]);
  });

  test("is neither heard nor asked once this one is being ended", () => {
    manager.terminate(() => undefined);
    gateway().forgotten();
    clock.advance(600_000);
    expect(said()).toEqual([]);
    expect(registrations).toHaveLength(1);
    expect(clock.alarms).toBe(0);
  });
});
