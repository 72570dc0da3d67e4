/** Heartbeats: who is silent for too long is lost, once; whoever is heard, or forgotten, is not. */
import { expect, test } from "vitest";
import { Heartbeats, heartbeatTiming } from "../../../core/cluster/heartbeats.ts";
import type { Cancel, Clock } from "../../../core/time/clock.ts";
import { Config } from "../../../core/util/config.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

class Bench {
  readonly clock: ManualClock = new ManualClock(1_000);
  readonly log: string[] = [];
  readonly heartbeats: Heartbeats;

  constructor(
    onSend: (id: string) => void = () => undefined,
    { forgivesOwnStalls = false }: { readonly forgivesOwnStalls?: boolean } = {},
  ) {
    this.heartbeats = new Heartbeats({
      clock: this.clock,
      forgivesOwnStalls,
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

/** A process that stands still: its timers are late, and what others have sent waits behind them. */
test("whoever stood still itself may forgive the silence of that time, and still finds who is gone", () => {
  const clock = new LateClock();
  const lost: string[] = [];
  const timing = { clock, intervalMs: 10, timeoutMs: 50, forgivesOwnStalls: true };
  const heartbeats = new Heartbeats({ ...timing, send: () => undefined, lost: (id) => lost.push(id) });
  for (const id of ["a", "b"]) heartbeats.watch(id);
  for (let stall = 0; stall < 10; stall += 1) {
    clock.run(31);
    for (const id of ["a", "b"]) heartbeats.heard(id);
    clock.standStill(500);
  }
  expect(lost).toEqual([]);
  for (let beat = 0; beat < 8; beat += 1) {
    clock.run(10);
    heartbeats.heard("a");
  }
  expect(lost).toEqual(["b"]);
});

test.each([
  ["5s", "10s"],
  ["10s", "10s"],
])("a timeout of %s at an interval of %s would lose everybody, and is refused", (timeout, interval) => {
  const config = new Config({ "heartbeat.timeout": timeout, "heartbeat.interval": interval });
  expect(() => heartbeatTiming(config)).toThrow(/^MR2003: heartbeat.timeout is \d+ ms/);
});

/** Runs what is due late if it stood still. */
class LateClock implements Clock {
  #nowMs = 0;
  #due: { readonly atMs: number; readonly run: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const due = { atMs: this.#nowMs + delayMs, run };
    this.#due.push(due);
    return () => void (this.#due = this.#due.filter((other) => other !== due));
  }

  yield(run: () => void): void {
    run();
  }

  run(ms: number): void {
    for (let left = ms; left > 0; left -= 1) this.standStill(1);
  }

  standStill(ms: number): void {
    this.#nowMs += ms;
    for (const due of this.#due.filter(({ atMs }) => atMs <= this.#nowMs)) {
      this.#due = this.#due.filter((other) => other !== due);
      due.run();
    }
  }
}
