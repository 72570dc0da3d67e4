/** Heartbeats: who is silent for too long is lost, once; whoever is heard, or forgotten, is not. */
import { expect, test } from "vitest";
import { Heartbeats } from "../../../core/cluster/heartbeats.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

class Bench {
  readonly clock: ManualClock = new ManualClock(1_000);
  readonly log: string[] = [];
  readonly heartbeats: Heartbeats;

  constructor(onSend: (id: string) => void = () => undefined) {
    this.heartbeats = new Heartbeats({
      clock: this.clock,
      intervalMs: 10,
      timeoutMs: 25,
      send: (id) => {
        this.log.push(`beat ${id}`);
        onSend(id);
      },
      lost: (id) => this.log.push(`lost ${id}`),
    });
  }
}

test("beats go out in every interval; who is silent for longer than the timeout is lost, once", () => {
  const { clock, log, heartbeats } = new Bench();
  heartbeats.watch("a");
  expect(log).toEqual([]);
  clock.advance(25);
  expect(log).toEqual(["beat a", "beat a"]);
  clock.advance(1_000);
  expect(log).toEqual(["beat a", "beat a", "lost a"]);
  expect(clock.alarms).toBe(0);
});

test("whoever is heard in time is never lost, and the timeout counts from when it was heard last", () => {
  const { clock, log, heartbeats } = new Bench();
  heartbeats.watch("a");
  for (let beat = 0; beat < 50; beat += 1) {
    clock.advance(24);
    heartbeats.heard("a");
  }
  expect(log).not.toContain("lost a");
  clock.advance(25);
  expect(log).not.toContain("lost a");
  clock.advance(11);
  expect(log.at(-1)).toBe("lost a");
});

test("a beat after the loss brings nobody back; watching it anew does", () => {
  const { clock, log, heartbeats } = new Bench();
  heartbeats.watch("a");
  clock.advance(40);
  heartbeats.heard("a");
  clock.advance(100);
  expect(log.filter((line) => line === "lost a")).toHaveLength(1);
  log.length = 0;
  heartbeats.watch("a");
  clock.advance(20);
  expect(log).toEqual(["beat a", "beat a"]);
});

test("watched twice, it is sent one beat per interval, and its silence counts from the second time", () => {
  const { clock, log, heartbeats } = new Bench();
  heartbeats.watch("a");
  clock.advance(15);
  heartbeats.watch("a");
  log.length = 0;
  clock.advance(25);
  expect(log).toEqual(["beat a", "beat a"]);
  clock.advance(5);
  expect(log.at(-1)).toBe("lost a");
  expect(clock.alarms).toBe(0);
});

test("each is judged by itself; who was forgotten is neither sent beats nor lost, and stopping forgets all", () => {
  const { clock, log, heartbeats } = new Bench();
  for (const id of ["a", "b", "c"]) heartbeats.watch(id);
  heartbeats.forget("b");
  heartbeats.forget("never there");
  clock.advance(20);
  heartbeats.heard("c");
  clock.advance(12);
  expect(log.filter((line) => line.startsWith("lost"))).toEqual(["lost a"]);
  heartbeats.stop();
  clock.advance(1_000);
  expect(log.filter((line) => line.startsWith("lost"))).toEqual(["lost a"]);
  expect(log).not.toContain("beat b");
  expect(clock.alarms).toBe(0);
});

test("forgotten while it is sent a beat, as by a connection that breaks then, it stays forgotten", () => {
  const bench: Bench = new Bench((id) => bench.heartbeats.forget(id));
  bench.heartbeats.watch("a");
  bench.clock.advance(1_000);
  expect(bench.log).toEqual(["beat a"]);
  expect(bench.clock.alarms).toBe(0);
});
