/**
 * Goal:   timers fire the same, in the same order, whenever downstream has no room and wherever a snapshot passes between two of them; each watermark
 *         goes on only after the timers that it makes due; each key sees its own state.
 * Method: random records that set timers (which set timers again), watermarks or processing time, room and restores; compared with plain code that
 *         keeps one sorted list.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyedProcessFunction } from "../../../core/operators/contracts/functions.ts";
import { createOperator } from "../../../core/operators/keyed-process.ts";
import { value } from "../../../core/state/descriptors.ts";
import type { ValueDescriptor } from "../../../core/state/descriptors.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { Recorded } from "../../harness/recording-output.ts";
import { replay } from "../../harness/replay.ts";

type Domain = "event" | "processing";

interface Visit {
  readonly key: string;
  readonly delayMs: number;
  /** How often the timer sets itself again. */
  readonly again: number;
}

type Step =
  | { readonly kind: "record"; readonly visit: Visit }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "room"; readonly records: number }
  | { readonly kind: "restore" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("record" as const),
      visit: fc.record({
        key: fc.constantFrom("ash", "birch", "cedar"),
        delayMs: fc.integer({ min: 1, max: 20 }),
        again: fc.nat(2),
      }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("room" as const), records: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restore" as const }) },
);

type State = { readonly again: ValueDescriptor<number, number>; readonly fired: ValueDescriptor<number, number> };

/** Emits at each timer; 5 ms later comes the next, as often as the last record of the key said. */
function reminders(domain: Domain): KeyedProcessFunction<string, Visit, string, State> {
  return {
    state: { again: value({ default: 0 }), fired: value({ default: 0 }) },
    processElement(visit, ctx, out) {
      const atMs = (domain === "event" ? ctx.currentWatermarkMs : ctx.processingTimeMs()) + visit.delayMs;
      ctx.state.again.update(visit.again);
      if (domain === "event") ctx.timers.registerEventTime(atMs);
      else ctx.timers.registerProcessingTime(atMs);
      out.collect(`${ctx.key} set ${atMs}`);
    },
    onTimer(timeMs, ctx, out) {
      ctx.state.fired.update(ctx.state.fired.value() + 1);
      out.collect(`${ctx.key} fired ${timeMs} ${ctx.timeDomain} ${ctx.state.fired.value()}`);
      const again = ctx.state.again.value();
      if (again === 0) return;
      ctx.state.again.update(again - 1);
      if (domain === "event") ctx.timers.registerEventTime(timeMs + 5);
      else ctx.timers.registerProcessingTime(timeMs + 5);
    },
  };
}

/** The operator under test, over several lives. */
class Run {
  readonly log: Recorded[] = [];
  readonly #domain: Domain;
  #nowMs = 0;
  #harness: OperatorHarness;

  constructor(domain: Domain) {
    this.#domain = domain;
    this.#harness = this.#start(undefined);
    if (domain === "event") this.#harness.processWatermark(0);
  }

  apply(step: Step): void {
    if (step.kind === "room") return this.#harness.makeRoom(step.records);
    if (step.kind === "restore") return this.#restore();
    while (this.#harness.availability.busy) this.#harness.makeRoom(1);
    if (step.kind === "record") this.#harness.processRecord(step.visit, 0);
    else this.#advance(step.ms);
  }

  finish(): void {
    this.#harness.makeRoom();
    this.#advance(1_000);
    this.#collect();
  }

  #advance(ms: number): void {
    this.#nowMs += ms;
    if (this.#domain === "event") this.#harness.processWatermark(this.#nowMs);
    else this.#harness.advance(ms);
  }

  #restore(): void {
    const saved = this.#harness.trySnapshot(1);
    if (saved === undefined) throw new Error("a barrier passes between two timers");
    this.#collect();
    this.#harness = this.#start(saved);
  }

  #start(saved: ReturnType<OperatorHarness["trySnapshot"]>): OperatorHarness {
    return new OperatorHarness({
      create: (services) =>
        createOperator<string, Visit, string>(services, {
          process: reminders(this.#domain),
          keyOf: (visit) => visit.key,
        }),
      keyed: true,
      clock: new ManualClock(this.#domain === "event" ? 0 : this.#nowMs),
      ...(saved === undefined ? {} : { restored: [saved] }),
    });
  }

  #collect(): void {
    this.log.push(...this.#harness.log);
  }
}

/** One list of timers, fired one by one in the order of their times. */
class Naive {
  readonly log: Recorded[] = [];
  readonly #domain: Domain;
  readonly #timers = new Set<string>();
  readonly #keys = new Map<string, { again: number; fired: number }>();
  #nowMs = 0;

  constructor(domain: Domain) {
    this.#domain = domain;
    if (domain === "event") this.log.push({ kind: "watermark", watermarkMs: 0 });
  }

  apply(step: Step): void {
    if (step.kind === "time") this.advance(step.ms);
    if (step.kind !== "record") return;
    const { key, delayMs, again } = step.visit;
    this.#keys.set(key, { again, fired: this.#keys.get(key)?.fired ?? 0 });
    this.#timers.add(`${this.#nowMs + delayMs} ${key}`);
    this.log.push({ kind: "record", value: `${key} set ${this.#nowMs + delayMs}`, timestampMs: 0 });
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (let next = this.#due(); next !== undefined; next = this.#due()) this.#fire(next);
    if (this.#domain === "event") this.log.push({ kind: "watermark", watermarkMs: this.#nowMs });
  }

  #due(): string | undefined {
    return [...this.#timers]
      .filter((timer) => Number.parseInt(timer, 10) <= this.#nowMs)
      .toSorted((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10))[0];
  }

  #fire(timer: string): void {
    this.#timers.delete(timer);
    const [time = "", key = ""] = timer.split(" ");
    const state = this.#keys.get(key) ?? { again: 0, fired: 0 };
    state.fired++;
    this.log.push({
      kind: "record",
      value: `${key} fired ${time} ${this.#domain} ${state.fired}`,
      timestampMs: Number(time),
    });
    if (state.again-- > 0) this.#timers.add(`${Number(time) + 5} ${key}`);
    else state.again = 0;
  }
}

/** Timers of one time fire in the order of key groups, which is nobody's promise; and a restored operator repeats its watermark. */
function canonical(log: readonly Recorded[]): string[][] {
  const stages: string[][] = [[]];
  let last = "";
  let watermarkMs = -Infinity;
  for (const entry of log) {
    const stamp =
      entry.kind === "watermark"
        ? `watermark ${entry.watermarkMs}`
        : `at ${"timestampMs" in entry ? entry.timestampMs : ""}`;
    if (entry.kind === "watermark" && entry.watermarkMs <= watermarkMs) continue;
    if (entry.kind === "watermark") watermarkMs = entry.watermarkMs;
    if (stamp !== last || entry.kind === "watermark") stages.push([]);
    last = stamp;
    stages.at(-1)?.push(entry.kind === "record" ? `${stamp}: ${String(entry.value)}` : stamp);
  }
  return stages.map((stage) => stage.toSorted());
}

describe("keyedProcess", () => {
  test.each(["event", "processing"] as const)(
    "fires %s timers as a sorted list would, whatever the room and the restores",
    (domain) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
          const [run, naive] = [new Run(domain), new Naive(domain)];
          for (const one of steps) {
            run.apply(one);
            naive.apply(one);
          }
          run.finish();
          naive.advance(1_000);
          expect(canonical(run.log)).toEqual(canonical(naive.log));
        }),
        { numRuns: 100, ...replay },
      );
    },
  );
});
