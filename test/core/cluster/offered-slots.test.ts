/** The master's side of slots elsewhere: each loss is told once, whichever way it is found out first, and nothing that comes later counts. */
import { beforeEach, expect, test } from "vitest";
import { OfferedSlots } from "../../../core/cluster/offered-slots.ts";
import type { SlotGateway } from "../../../core/cluster/slot-worker.ts";
import { Config } from "../../../core/util/config.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

const INTERVAL_MS = 10;
const TIMEOUT_MS = 35;

let clock: ManualClock;
let log: string[];
let slots: OfferedSlots;

beforeEach(() => {
  clock = new ManualClock();
  log = [];
  slots = new OfferedSlots({
    clock,
    config: new Config({ "heartbeat.interval": INTERVAL_MS, "heartbeat.timeout": TIMEOUT_MS }),
    master: {
      slotOffered: ({ id }) => log.push(`offered ${id}`),
      slotLost: (id, cause) => log.push(`lost ${id}: ${cause.message}`),
    },
    connect: (offer): SlotGateway => ({
      deploy: () => undefined,
      cancel: () => undefined,
      trigger: () => undefined,
      completed: () => undefined,
      aborted: () => undefined,
      operatorEvent: () => undefined,
      beat: () => log.push(`beat ${offer}`),
      dismiss: () => log.push(`dismiss ${offer}`),
    }),
  });
});

function withoutBeats(): string[] {
  return log.filter((line) => !line.startsWith("beat"));
}

test("an offer reaches the job master, and beats go to the slot", () => {
  slots.offered("a#1");
  slots.offered("b#1");
  expect(log).toEqual(["offered a#1", "offered b#1"]);
  clock.advance(INTERVAL_MS);
  expect(log.slice(2)).toEqual(["beat a#1", "beat b#1"]);
});

test("a slot that is silent is dismissed and lost; what it says later changes nothing", () => {
  slots.offered("a#1");
  slots.offered("b#1");
  for (let step = 0; step < 5; step += 1) {
    clock.advance(INTERVAL_MS);
    slots.beat("b#1");
  }
  const [, , dismissed, lost] = withoutBeats();
  expect(dismissed).toBe("dismiss a#1");
  expect(lost).toMatch(/^lost a#1: MR7008.*slot a#1 has not been heard for more than 35 ms/);
  slots.beat("a#1");
  slots.withdrawn("a#1", new Error("too late"));
  clock.advance(1_000);
  expect(withoutBeats().filter((line) => line.includes("a#1"))).toHaveLength(3);
});

test("a slot that withdraws is lost once, with its cause, and not dismissed", () => {
  slots.offered("a#1");
  slots.withdrawn("a#1", new Error("going down"));
  slots.withdrawn("a#1", new Error("the connection, too"));
  slots.withdrawn("never#1", new Error("nobody knows it"));
  clock.advance(1_000);
  expect(log).toEqual(["offered a#1", "lost a#1: going down"]);
  expect(clock.alarms).toBe(0);
});

test("the next offer of the same process is another slot; beats of the earlier one do not keep it", () => {
  slots.offered("a#1");
  slots.withdrawn("a#1", new Error("released"));
  slots.offered("a#2");
  for (let step = 0; step < 5; step += 1) {
    clock.advance(INTERVAL_MS);
    slots.beat("a#1");
  }
  expect(withoutBeats().slice(0, 4)).toEqual(["offered a#1", "lost a#1: released", "offered a#2", "dismiss a#2"]);
});

test("once stopped, it judges nobody", () => {
  slots.offered("a#1");
  slots.stop();
  clock.advance(1_000);
  expect(log).toEqual(["offered a#1"]);
});
