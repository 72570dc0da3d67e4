/**
 * Goal:   a message that fails stops its address and nobody else: nothing of its turn remains, what comes behind it waits in order, and goes on when the message is tried again with success, or left out;
 *         all of that survives crashes and another parallelism.
 * Method: random messages, some of which fail for ever or until somebody repairs the function; random visits that have addresses try again or go on; snapshots and restores. A list per address says what
 *         must have happened after each move.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/quarantine.property.test.ts` runs it again.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TypeName } from "../../../statefun/address.ts";
import type { FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { RETRY_KIND, SKIP_KIND } from "../../../statefun/group/parked-addresses.ts";
import { replay } from "../../harness/replay.ts";
import { LoopHarness } from "./loop-harness.ts";
import type { LoopSnapshot } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction, OUT } from "./make-function.ts";

const TYPES = ["test/one", "test/other"] as const;
const IDS = ["a", "b", "c"] as const;

interface Where {
  readonly type: TypeName;
  readonly id: string;
}
type Health = "well" | "ill" | "poison";
type Move =
  | { readonly move: "send"; readonly to: Where; readonly health: Health }
  | { readonly move: "visit"; readonly to: Where; readonly how: "retry" | "skip" }
  | { readonly move: "repair" | "snapshot" }
  | { readonly move: "restore"; readonly parallelism: number };

const places: fc.Arbitrary<Where> = fc.record({ type: fc.constantFrom(...TYPES), id: fc.constantFrom(...IDS) });
const healths = fc.constantFrom<Health>("well", "well", "well", "well", "ill", "poison");
const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ move: fc.constant("send" as const), to: places, health: healths }) },
  {
    weight: 4,
    arbitrary: fc.record({
      move: fc.constant("visit" as const),
      to: places,
      how: fc.constantFrom("retry" as const, "skip" as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Move>({ move: "repair" }) },
  { weight: 1, arbitrary: fc.constant<Move>({ move: "snapshot" }) },
  {
    weight: 1,
    arbitrary: fc.record({ move: fc.constant("restore" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
  },
);

interface Letter {
  readonly number: number;
  readonly health: Health;
}

/** The function is what is repaired: restores do not take that back. */
interface Repairs {
  isDone: boolean;
}

function failing(type: TypeName, repairs: Repairs): FunctionDefinition {
  return makeFunction(
    type,
    (ctx, _kind, value) => {
      const { number, health } = value as Letter;
      const log = bufferOf(ctx, "log");
      log.push(number);
      ctx.send(OUT, [type, ctx.self.id, log.toArray()]);
      if (health === "poison" || (health === "ill" && !repairs.isDone)) throw new Error(`${health} ${number}`);
    },
    { state: [bufferState("log")] },
  );
}

/** What one address must have done. */
interface Line {
  readonly waiting: readonly Letter[];
  readonly log: readonly number[];
}

class Model {
  #lines = new Map<string, Line>();
  #saved = new Map<string, Line>();

  /** Returns what the address tells. */
  change({ type, id }: Where, repairs: Repairs, by: (waiting: readonly Letter[]) => readonly Letter[]): unknown[] {
    const { waiting, log } = this.#lines.get(`${type} ${id}`) ?? { waiting: [], log: [] };
    const left = [...by(waiting)];
    const done = [...log];
    const told: unknown[] = [];
    for (let next = left[0]; next !== undefined; next = left[0]) {
      if (next.health === "poison" || (next.health === "ill" && !repairs.isDone)) break;
      left.shift();
      done.push(next.number);
      told.push([type, id, [...done]]);
    }
    this.#lines.set(`${type} ${id}`, { waiting: left, log: done });
    return told;
  }

  hasStopped({ type, id }: Where): boolean {
    return (this.#lines.get(`${type} ${id}`)?.waiting.length ?? 0) > 0;
  }

  count(type: TypeName): { readonly quarantined: number; readonly backlog: number } {
    const lengths = IDS.map((id) => this.#lines.get(`${type} ${id}`)?.waiting.length ?? 0);
    return {
      quarantined: lengths.filter((length) => length > 0).length,
      backlog: lengths.reduce((sum, length) => sum + length, 0),
    };
  }

  save(): void {
    this.#saved = new Map(this.#lines);
  }

  restore(): void {
    this.#lines = new Map(this.#saved);
  }
}

class World {
  readonly repairs: Repairs = { isDone: false };
  readonly model = new Model();
  readonly #skipsTwice: boolean;
  #loop: LoopHarness;
  #saved: LoopSnapshot;
  #count = 0;
  #told = 0;

  /** `skipsTwice`: a bug for the test of the test. */
  constructor(skipsTwice: boolean) {
    this.#skipsTwice = skipsTwice;
    this.#loop = this.#start(1);
    this.#saved = this.#loop.snapshot();
  }

  move(move: Move): void {
    switch (move.move) {
      case "send":
        return this.#send(move.to, move.health);
      case "visit":
        return this.#visit(move.to, move.how);
      case "repair":
        this.repairs.isDone = true;
        return undefined;
      case "snapshot":
        this.#saved = this.#loop.snapshot();
        return this.model.save();
      case "restore":
        this.#loop.crash();
        this.#loop = this.#start(move.parallelism, this.#saved);
        this.#loop.run(); // what there was no room for in memory comes back this way
        this.#told = 0;
        return this.model.restore();
    }
  }

  #send(to: Where, health: Health): void {
    const letter: Letter = { number: (this.#count += 1), health };
    const wasStopped = this.model.hasStopped(to);
    this.#loop.send(to.type, to.id, "", letter);
    // Whoever has stopped does not go on by itself, whatever has been repaired.
    const told = wasStopped
      ? this.model.change(to, { isDone: false }, (waiting) => [...waiting, letter])
      : this.model.change(to, this.repairs, () => [letter]);
    this.requireTold(told);
  }

  #visit(to: Where, how: "retry" | "skip"): void {
    const count = this.#skipsTwice ? 2 : 1;
    this.#loop.send(to.type, to.id, how === "retry" ? RETRY_KIND : SKIP_KIND, null);
    this.requireTold(
      this.model.change(to, this.repairs, (waiting) => (how === "skip" ? waiting.slice(count) : waiting)),
    );
  }

  requireTold(expected: readonly unknown[]): void {
    const out = this.#loop.out();
    deepEqual(out.slice(this.#told), expected);
    this.#told = out.length;
    for (const type of TYPES) {
      const { quarantined, backlog } = this.model.count(type);
      equal(this.#loop.metric(type, "numQuarantined"), quarantined);
      equal(this.#loop.metric(type, "numBacklog"), backlog);
    }
    ok(this.#loop.subtasks.every(({ operator }) => operator.quiet === true && operator.congested === false));
  }

  #start(parallelism: number, restored?: LoopSnapshot): LoopHarness {
    const functions = TYPES.map((type) => failing(type, this.repairs));
    return new LoopHarness({ functions, parallelism, mailboxBytesMax: 1, ...(restored !== undefined && { restored }) });
  }
}

function property(skipsTwice: boolean): fc.IPropertyWithHooks<[Move[]]> {
  return fc.property(fc.array(moves, { maxLength: 60, size: "max" }), (schedule) => {
    const world = new World(skipsTwice);
    for (const move of schedule) {
      world.move(move);
      if (move.move === "restore") world.requireTold([]);
    }
    // In the end everything is repaired or left out, and nothing has stopped any more.
    world.move({ move: "repair" });
    for (const type of TYPES) {
      for (const id of IDS) {
        world.move({ move: "visit", to: { type, id }, how: "retry" });
        while (world.model.hasStopped({ type, id })) world.move({ move: "visit", to: { type, id }, how: "skip" });
      }
    }
  });
}

describe("an address that stops at a message", () => {
  test("is as it was before, and nobody else waits", () => {
    fc.assert(property(false), { numRuns: 60, ...replay });
  });

  test("the property notices a message that is left out too much", () => {
    expect(fc.check(property(true), { numRuns: 300, seed: 1 }).failed).toBe(true);
  });
});
