/** The slots of one job, at its master: what counts of what they say, who is linked with whom, and what their end means. */
// covers: core/cluster/awaited-slots.ts
import { beforeEach, describe, expect, test } from "vitest";
import { JobSlots } from "../../../core/cluster/job-slots.ts";
import { remoteGateway } from "../../../core/cluster/rpc/remote-gateway.ts";
import type { ToSlot } from "../../../core/cluster/slot-messages.ts";
import type { Slot } from "../../../core/cluster/slot-pool.ts";
import type { SlotReports } from "../../../core/cluster/slot-worker.ts";
import type { SpawnedSlot } from "../../../core/cluster/spawner.ts";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { Config } from "../../../core/util/config.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

const TIMEOUT_MS = 35;
const REQUEST_MS = 30_000;
const TASK = { vertex: 0, subtask: 0, attempt: 0 };
const REPORTS = ["offer", "beat", "withdraw", "running", "failed"] as const;

class Bench {
  readonly clock = new ManualClock();
  readonly log: string[] = [];
  readonly offered = new Map<string, Slot>();
  readonly metrics = new MetricRegistry({ clock: this.clock });
  readonly memory = new MemoryBlobStore((callback) => this.clock.yield(callback));
  readonly slots: JobSlots;
  /** The master fails the job by each loss, unless it starts again anyway. */
  restarts = false;
  #reported: Error | undefined;

  constructor() {
    const say = (line: string): void => void this.log.push(line);
    this.slots = new JobSlots({
      clock: this.clock,
      config: new Config({
        "heartbeat.interval": 10,
        "heartbeat.timeout": TIMEOUT_MS,
        "slot.request.timeout": REQUEST_MS,
      }),
      module: "file:///job.js",
      metrics: this.metrics,
      memory: this.memory,
      isReported: (cause) => cause === this.#reported,
      warn: (line) => say(`warn ${line}`),
      master: {
        slotOffered: (slot) => {
          this.offered.set(slot.id, slot);
          say(`offered ${slot.id}`);
        },
        slotLost: (id, cause) => {
          if (!this.restarts) this.#reported = cause;
          say(`lost ${id}: ${cause.message}`);
        },
        failJob: (cause) => say(`fail ${cause.message}`),
        running: () => say("running"),
        ended: () => undefined,
        failed: (_task, cause) => say(`failed ${cause.message}`),
        terminated: () => undefined,
        acknowledge: () => undefined,
        decline: () => undefined,
        operatorEvent: () => undefined,
        accumulated: () => undefined,
      },
    });
  }

  start(name: string): void {
    const slot: SpawnedSlot = {
      name,
      send: (message) => this.log.push(`to ${name}: ${shown(message)}`),
      link: (other) => this.log.push(`link ${name} and ${other.name}`),
      terminate: () => this.log.push(`terminate ${name}`),
    };
    this.slots.started(slot);
  }

  /** What the slot of an offer says. */
  says(offer: string): SlotReports {
    const name = offer.slice(0, offer.indexOf("#"));
    const send = (call: Uint8Array): void => this.slots.received(name, { kind: "call", offer, call });
    return remoteGateway<SlotReports>(REPORTS, send);
  }

  /** A slot that has made its first offer. */
  offer(name: string): void {
    this.start(name);
    this.says(`${name}#1`).offer();
    this.said();
  }

  said(): string[] {
    return this.log.splice(0);
  }
}

function shown(message: ToSlot): string {
  if (message.kind === "no-peer") return `no ${message.peer}`;
  return message.kind === "mount" ? `mount ${message.mount.mount}` : message.kind;
}

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

describe("what a slot says", () => {
  test("reaches the master from its offer on", () => {
    bench.start("a");
    bench.says("a#1").running(TASK);
    expect(bench.said()).toEqual([]);
    bench.says("a#1").offer();
    bench.says("a#1").running(TASK);
    expect(bench.said()).toEqual(["offered a#1", "running"]);
  });

  test("does not count for an offer that it has withdrawn; the next one is another slot", () => {
    bench.offer("a");
    bench.says("a#1").withdraw(new Error("no news of you"));
    bench.says("a#1").running(TASK);
    expect(bench.said()).toEqual(["lost a#1: no news of you"]);
    bench.says("a#2").offer();
    bench.says("a#1").failed(TASK, new Error("late"));
    bench.says("a#2").running(TASK);
    expect(bench.said()).toEqual(["offered a#2", "running"]);
  });

  test("does not count once it was silent for too long: it is ended by force, and its end is no news", () => {
    bench.offer("a");
    bench.clock.advance(2 * TIMEOUT_MS);
    expect(bench.said().filter((line) => !line.startsWith("to a: call"))).toEqual([
      "terminate a",
      expect.stringMatching(/^lost a#1: MR7008/),
    ]);
    bench.says("a#1").running(TASK);
    bench.says("a#2").offer();
    bench.slots.exited("a", undefined);
    expect(bench.said()).toEqual([]);
  });

  test("keeps it, as long as it beats", () => {
    bench.offer("a");
    for (let step = 0; step < 10; step += 1) {
      bench.clock.advance(10);
      bench.says("a#1").beat();
    }
    expect(bench.said().filter((line) => !line.startsWith("to a: call"))).toEqual([]);
  });

  test("is heard of metrics, warnings and the store, and not after its end", () => {
    bench.offer("a");
    const readings = [{ scope: { job: "job" }, name: "records", value: 1, identifier: "records" }];
    bench.slots.received("a", { kind: "metrics", readings });
    bench.slots.received("a", { kind: "warn", line: "look out" });
    bench.slots.received("a", { kind: "store", request: { id: 1, method: "list", path: "", chunks: [] } });
    bench.clock.runYielded();
    expect(bench.said()).toEqual(["warn look out", "to a: store"]);
    expect(bench.metrics.snapshot()).toEqual(readings);
    bench.slots.exited("a", undefined);
    bench.said();
    bench.slots.received("a", { kind: "warn", line: "too late" });
    expect(bench.said()).toEqual([]);
  });
});

describe("links", () => {
  test("are made once per pair, whoever asks, also at the same time", () => {
    for (const name of ["a", "b"]) bench.offer(name);
    bench.slots.received("a", { kind: "connect", peer: "b" });
    bench.slots.received("b", { kind: "connect", peer: "a" });
    expect(bench.said()).toEqual(["link a and b"]);
  });

  test("to who is not there, or not any more, are refused", () => {
    for (const name of ["a", "b"]) bench.offer(name);
    bench.slots.exited("b", undefined);
    bench.said();
    bench.slots.received("a", { kind: "connect", peer: "b" });
    expect(bench.said()).toEqual(["to a: no b"]);
  });
});

describe("the end of a slot", () => {
  test("by itself is a loss, told once", () => {
    bench.offer("a");
    bench.slots.exited("a", new Error("boom"));
    expect(bench.said()).toEqual(["lost a#1: boom"]);
  });

  test("is said where the job starts again for what came of it, such as a lost connection", () => {
    bench.offer("a");
    bench.restarts = true;
    bench.slots.exited("a", new Error("boom"));
    expect(bench.said()).toEqual(["lost a#1: boom", "warn boom"]);
  });

  test("is the cause of a failure in which a lost connection is all that its peers have seen", () => {
    bench.offer("a");
    const lost = new MillraceError("MR7007", "the connection to slot a#1 was lost");
    expect(bench.slots.causeOf(lost)).toBe(lost);
    const boom = new Error("boom");
    bench.slots.exited("a", boom);
    expect(bench.slots.causeOf(lost)).toBe(boom);
    const other = new MillraceError("MR3001", "a bad record");
    expect(bench.slots.causeOf(other)).toBe(other);
  });

  test("by force needs no more words", () => {
    bench.offer("a");
    bench.restarts = true;
    bench.slots.exited("a", undefined);
    expect(bench.said()).toEqual(["lost a#1: MR7010: slot a was ended"]);
  });

  test("is no news once the job is over", () => {
    bench.offer("a");
    bench.slots.stop();
    bench.slots.exited("a", new Error("boom"));
    bench.says("a#1").running(TASK);
    expect(bench.said()).toEqual([]);
    expect(bench.clock.alarms).toBe(0);
  });

  test("before its offer, three times in a row, fails the job", () => {
    for (const name of ["a", "b", "c"]) bench.start(name);
    bench.slots.exited("a", new Error("boom"));
    bench.slots.exited("b", new Error("boom"));
    expect(bench.said()).toEqual(["warn boom", "warn boom"]);
    bench.slots.exited("c", new Error("bang"));
    expect(bench.said()).toEqual([
      "fail MR7012: 3 slots in a row ended before they could serve the job: bang",
      "warn bang",
    ]);
  });

  test("before its offer does not count if another makes one, or if it was ended by force", () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) bench.start(name);
    for (const name of ["a", "b"]) bench.slots.exited(name, new Error("boom"));
    bench.says("c#1").offer();
    for (const name of ["d", "e"]) bench.slots.exited(name, undefined);
    bench.slots.exited("f", new Error("boom"));
    expect(bench.said().filter((line) => line.startsWith("fail"))).toEqual([]);
  });
});

test("a store that is mounted while the job runs, is mounted in every slot", () => {
  for (const name of ["a", "b"]) bench.offer(name);
  bench.slots.mounted({ mount: "savepoints-1", directory: "saved" });
  expect(bench.said()).toEqual(["to a: mount savepoints-1", "to b: mount savepoints-1"]);
});

test("and in those that start later, before they are told anything else", () => {
  bench.slots.mounted({ mount: "savepoints-1", directory: "/elsewhere" });
  bench.start("b");
  bench.says("b#1").offer();
  bench.offered.get("b#1")?.gateway.completed(1);
  expect(bench.said()).toEqual(["to b: mount savepoints-1", "offered b#1", "to b: call"]);
});

test("calls of the master go to the slot of the offer", () => {
  for (const name of ["a", "b"]) bench.offer(name);
  bench.offered.get("b#1")?.gateway.cancel(TASK);
  expect(bench.said()).toEqual(["to b: call"]);
});

test("too few slots are said with what happens now", () => {
  bench.slots.waits("the job needs 2 slots");
  expect(bench.said()).toEqual(["warn the job needs 2 slots; it waits for more"]);
});

describe("a slot that does not offer itself", () => {
  const OVERDUE =
    /MR7015: slot a has not imported file:\/\/\/job.js and built the job within 30.0s: .* raise slot.request.timeout/;

  test("is ended once its time is over, as one that has ended by itself; people hear of it before", () => {
    bench.start("a");
    bench.clock.advance(REQUEST_MS - 1);
    expect(bench.said()).toEqual([
      "warn slot a takes long to import file:///job.js; if it does not begin within 20.0s, it is ended",
    ]);
    bench.clock.advance(1);
    expect(bench.said()).toEqual(["terminate a"]);
    bench.slots.exited("a", undefined);
    expect(bench.said()).toEqual([expect.stringMatching(OVERDUE)]);
    expect(bench.clock.alarms).toBe(0);
  });

  test("does not count if it comes too late, while it is being ended", () => {
    bench.start("a");
    bench.clock.advance(REQUEST_MS);
    bench.said();
    bench.says("a#1").offer();
    expect(bench.said()).toEqual([]);
  });

  test("fails the job if it is the third in a row", () => {
    for (const name of ["a", "b", "c"]) {
      bench.start(name);
      bench.clock.advance(REQUEST_MS);
      bench.slots.exited(name, undefined);
    }
    expect(bench.said().filter((line) => line.startsWith("fail"))).toEqual([
      expect.stringMatching(
        /^fail MR7012: 3 slots in a row ended before they could serve the job: MR7015: slot c has not imported/,
      ),
    ]);
  });

  test("is not waited for once it has offered itself, has ended, or the job is over", () => {
    bench.start("a");
    bench.slots.exited("a", undefined);
    bench.start("b");
    bench.slots.stop();
    bench.start("c");
    bench.said();
    bench.clock.advance(2 * REQUEST_MS);
    expect([bench.said(), bench.clock.alarms]).toEqual([[], 0]);
  });
});
