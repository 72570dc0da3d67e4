/**
 * Goal:   an async operation comes out exactly once, as what it was, with the metadata that it was begun with; unknown if and only if the functions were restored while it was under way; never do more run than may;
 *         and nobody waits for the operations of others.
 * Method: random operations at a few addresses, which end in any order, well or not; in between snapshots and restores at another parallelism. A list of what is under way, in plain code.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/async-cap.property.test.ts` runs it again.
 */
// covers: statefun/group/async-operations.ts
import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { replay } from "../../harness/replay.ts";
import { LoopHarness } from "./loop-harness.ts";
import type { LoopSnapshot } from "./loop-harness.ts";
import { makeFunction, OUT } from "./make-function.ts";

const IDS = ["a", "b", "c", "d"] as const;

type Move =
  | { readonly move: "begin"; readonly id: string; readonly count: number }
  | { readonly move: "end"; readonly dice: number; readonly fails: boolean }
  | { readonly move: "snapshot" }
  | { readonly move: "restore"; readonly parallelism: number };

const moves: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      move: fc.constant("begin" as const),
      id: fc.constantFrom(...IDS),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ move: fc.constant("end" as const), dice: fc.nat(99), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Move>({ move: "snapshot" }) },
  {
    weight: 1,
    arbitrary: fc.record({ move: fc.constant("restore" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
  },
);

/** What runs in one attempt of the functions. */
interface Running {
  readonly name: string;
  readonly end: (fails: boolean) => void;
}

function beginning(running: Running[]): FunctionDefinition {
  return makeFunction("test/fn", (ctx, kind, value) => {
    if (kind !== "begin") {
      ctx.send(OUT, kind === "result" ? value : [kind, ctx.self.id]);
      return;
    }
    for (const name of value as readonly string[]) {
      const metadata = { name, at: ctx.self.id };
      ctx.async(
        "result",
        metadata,
        () =>
          new Promise((resolve, reject) => {
            running.push({ name, end: (fails) => (fails ? reject(new Error(name)) : resolve(name)) });
          }),
      );
      metadata.at = "spoilt";
    }
  });
}

/** By name: the address. */
type UnderWay = ReadonlyMap<string, string>;

class World {
  readonly #operationsMax: number;
  readonly #expectedMax: number;
  #running: Running[] = [];
  #loop: LoopHarness;
  #underWay: UnderWay = new Map();
  #saved: { readonly loop: LoopSnapshot; readonly underWay: UnderWay };
  #count = 0;
  #parallelism = 1;

  /** `expectedMax`: how many may run per subtask; for the test of the test, less than what the functions are told. */
  constructor(operationsMax: number, expectedMax: number) {
    this.#operationsMax = operationsMax;
    this.#expectedMax = expectedMax;
    this.#loop = this.#start(undefined);
    this.#saved = { loop: this.#loop.snapshot(), underWay: new Map() };
  }

  get idle(): boolean {
    return this.#underWay.size === 0;
  }

  async move(move: Move): Promise<void> {
    if (move.move === "begin") await this.#begin(move);
    else if (move.move === "end") await this.#end(move);
    else if (move.move === "snapshot") this.#saved = { loop: this.#loop.snapshot(), underWay: this.#underWay };
    else await this.#restore(move.parallelism);
    ok(this.#running.length <= this.#expectedMax * this.#parallelism, `${this.#running.length} run`);
    // Whoever has nothing to do with it is not kept waiting.
    deepEqual(await this.#told(() => this.#loop.send("test/fn", "z", "hello", null)), [["hello", "z"]]);
  }

  async #begin({ id, count }: Move & { move: "begin" }): Promise<void> {
    const names = Array.from({ length: count }, () => `o${(this.#count += 1)}`);
    this.#underWay = new Map([...this.#underWay, ...names.map((name) => [name, id] as const)]);
    deepEqual(await this.#told(() => this.#loop.send("test/fn", id, "begin", names)), []);
  }

  async #end({ dice, fails }: Move & { move: "end" }): Promise<void> {
    const [one] = this.#running.splice(dice % Math.max(1, this.#running.length), 1);
    if (one === undefined) {
      ok(this.idle, "as many run as may, if there are any");
      return;
    }
    const { name } = one;
    const metadata = { name, at: this.#underWay.get(name) };
    const underWay = new Map(this.#underWay);
    underWay.delete(name);
    this.#underWay = underWay;
    const outcome = fails
      ? { status: "failure", metadata, error: { name: "Error", message: name } }
      : { status: "success", metadata, value: name };
    deepEqual(await this.#told(() => one.end(fails)), [outcome]);
  }

  /** What was under way in the snapshot comes out unknown, whatever has become of it since. */
  async #restore(parallelism: number): Promise<void> {
    this.#loop.crash();
    const orphans = this.#running;
    this.#running = [];
    this.#parallelism = parallelism;
    this.#underWay = new Map();
    const unknown = [...this.#saved.underWay].map(([name, at]) => ({ status: "unknown", metadata: { name, at } }));
    this.#loop = this.#start(this.#saved.loop);
    for (const { end } of orphans) end(false);
    const told = await this.#told(() => undefined, 0);
    deepEqual(told.map(textOf).toSorted(), unknown.map(textOf).toSorted());
  }

  async #told(happens: () => void, from: number = this.#loop.out().length): Promise<unknown[]> {
    happens();
    await this.#loop.settle();
    return this.#loop.out().slice(from);
  }

  #start(restored: LoopSnapshot | undefined): LoopHarness {
    return new LoopHarness({
      functions: [beginning(this.#running)],
      parallelism: this.#parallelism,
      asyncOperationsMax: this.#operationsMax,
      ...(restored !== undefined && { restored }),
    });
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value);
}

function property(isGreedy: boolean): fc.IAsyncPropertyWithHooks<[number, Move[]]> {
  return fc.asyncProperty(
    fc.integer({ min: 1, max: 3 }),
    fc.array(moves, { maxLength: 25, size: "max" }),
    async (operationsMax, schedule) => {
      const world = new World(isGreedy ? operationsMax + 1 : operationsMax, operationsMax);
      for (const move of schedule) await world.move(move);
      for (let left = 100; left > 0 && !world.idle; left -= 1)
        await world.move({ move: "end", dice: left, fails: false });
      expect(world.idle).toBe(true);
    },
  );
}

describe("async operations", () => {
  test("come out once, and no more run than may", async () => {
    await fc.assert(property(false), { numRuns: 40, ...replay });
  });

  test("the property notices one that runs too many", async () => {
    expect((await fc.check(property(true), { numRuns: 50, seed: 1 })).failed).toBe(true);
  });
});
