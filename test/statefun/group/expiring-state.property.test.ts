/**
 * Goal:   state with a time to live is seen until its time is over and never after that, whichever clock counts, whatever is restored or rescaled; what expires takes nothing else along, and leaves
 *         nothing behind.
 * Method: random turns at a few addresses of two types write and read a value, a table and a buffer, against plain variables with the time at which each was touched last; the clock and the watermark move,
 *         and now and then everything goes through a snapshot.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/expiring-state.property.test.ts` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TypeName } from "../../../statefun/address.ts";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import type { Expiration, FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { replay } from "../../harness/replay.ts";
import { LoopHarness } from "./loop-harness.ts";
import type { LoopSnapshot } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction, OUT, tableOf, tableState, valueState } from "./make-function.ts";

const TYPES = ["test/one", "test/other"] as const;
const IDS = ["a", "b", "c"] as const;
const AFTER_MS = 100;

type TableOp =
  | { readonly op: "set"; readonly key: string; readonly value: number }
  | { readonly op: "get" | "delete"; readonly key: string }
  | { readonly op: "entries" }
  | { readonly op: "clearTable" };
type Op =
  | TableOp
  | { readonly op: "assign" | "push"; readonly value: number }
  | { readonly op: "read" | "list" | "clearBuffer" | "clearValue" };
type Move =
  | { readonly move: "turn"; readonly type: TypeName; readonly id: string; readonly op: Op }
  | { readonly move: "time"; readonly ms: number }
  | { readonly move: "restore"; readonly parallelism: number };

const keys = fc.constantFrom("x", "y", "z");
const numbers = fc.nat(99);
const ops: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ op: fc.constantFrom("assign" as const, "push" as const), value: numbers }),
  fc.record({ op: fc.constant("set" as const), key: keys, value: numbers }),
  fc.record({ op: fc.constantFrom("get" as const, "get" as const, "delete" as const), key: keys }),
  fc.record({ op: fc.constantFrom("read" as const, "list" as const, "clearBuffer" as const, "clearValue" as const) }),
  fc.constantFrom<Op>({ op: "entries" }, { op: "clearTable" }),
);
const moves: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      move: fc.constant("turn" as const),
      type: fc.constantFrom(...TYPES),
      id: fc.constantFrom(...IDS),
      op: ops,
    }),
  },
  { weight: 4, arbitrary: fc.record({ move: fc.constant("time" as const), ms: fc.constantFrom(1, 30, 50, 99, 100) }) },
  {
    weight: 1,
    arbitrary: fc.record({ move: fc.constant("restore" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
  },
);
const expirations: fc.Arbitrary<Expiration> = fc.record({
  after: fc.constant(AFTER_MS),
  refresh: fc.constantFrom("write" as const, "read-and-write" as const),
  time: fc.constantFrom("processing" as const, "event" as const),
});

interface Item<T> {
  readonly item: T;
  touchedMs: number;
}

/** One address, in plain variables. */
class Model {
  readonly #refreshes: boolean;
  #value: Item<number> | undefined = undefined;
  readonly #table = new Map<string, Item<number>>();
  #buffer: Item<number>[] = [];

  constructor({ refresh }: Expiration) {
    this.#refreshes = refresh === "read-and-write";
  }

  run(op: Op, nowMs: number): unknown {
    this.#expire(nowMs);
    switch (op.op) {
      case "assign":
        this.#value = { item: op.value, touchedMs: nowMs };
        return undefined;
      case "clearValue":
        this.#value = undefined;
        return undefined;
      case "read":
        return this.#value === undefined ? undefined : this.#read(this.#value, nowMs);
      case "push":
        this.#buffer.push({ item: op.value, touchedMs: nowMs });
        return undefined;
      case "clearBuffer":
        this.#buffer = [];
        return undefined;
      case "list":
        return this.#buffer.map((item) => this.#read(item, nowMs));
      default:
        return this.#runOnTable(op, nowMs);
    }
  }

  #runOnTable(op: TableOp, nowMs: number): unknown {
    const table = this.#table;
    if (op.op === "clearTable") return table.clear();
    if (op.op === "entries") return [...table].map(([key, item]) => [key, this.#read(item, nowMs)]);
    const entry = table.get(op.key);
    if (op.op === "set") table.set(op.key, { item: op.value, touchedMs: nowMs });
    else if (op.op === "delete") return table.delete(op.key);
    else return entry === undefined ? undefined : this.#read(entry, nowMs);
    return undefined;
  }

  #read(item: Item<number>, nowMs: number): number {
    if (this.#refreshes) item.touchedMs = nowMs;
    return item.item;
  }

  #expire(nowMs: number): void {
    const isOver = ({ touchedMs }: Item<unknown>): boolean => nowMs >= touchedMs + AFTER_MS;
    if (this.#value !== undefined && isOver(this.#value)) this.#value = undefined;
    for (const [key, item] of [...this.#table]) if (isOver(item)) this.#table.delete(key);
    this.#buffer = this.#buffer.filter((item) => !isOver(item));
  }
}

function run(ctx: FunctionContext, op: Op): unknown {
  const table = tableOf(ctx, "table");
  const buffer = bufferOf(ctx, "buffer");
  switch (op.op) {
    case "assign":
      ctx.state["value"] = op.value;
      return undefined;
    case "clearValue":
      ctx.state["value"] = undefined;
      return undefined;
    case "read":
      return ctx.state["value"];
    case "push":
      return buffer.push(op.value);
    case "clearBuffer":
      return buffer.clear();
    case "list":
      return buffer.toArray();
    case "clearTable":
      return table.clear();
    case "entries":
      return [...table.entries()];
    case "delete":
      return table.delete(op.key);
    case "get":
      return table.get(op.key);
    case "set":
      table.set(op.key, op.value);
      return undefined;
  }
}

/** `isForgetful`: a bug for the test of the test, one state lives for ever. */
function functionOf(type: TypeName, expiration: Expiration, isForgetful: boolean): FunctionDefinition {
  return makeFunction(type, (ctx, _kind, value) => ctx.send(OUT, [run(ctx, value as Op)]), {
    state: [
      valueState("value", undefined, { expiration }),
      tableState("table", isForgetful ? {} : { expiration }),
      bufferState("buffer", { expiration }),
    ],
  });
}

class World {
  readonly #options: { readonly functions: readonly FunctionDefinition[]; readonly clock: ManualClock };
  readonly #isByEvent: boolean;
  #loop: LoopHarness;
  #watermarkMs = 0;

  constructor(expiration: Expiration, isForgetful: boolean) {
    const functions = TYPES.map((type) => functionOf(type, expiration, isForgetful));
    this.#options = { functions, clock: new ManualClock(1_000_000) };
    this.#isByEvent = expiration.time === "event";
    this.#loop = this.#start(1);
  }

  get nowMs(): number {
    return this.#isByEvent ? this.#watermarkMs : this.#loop.clock.nowMs();
  }

  turn(type: TypeName, id: string, op: Op): unknown {
    const before = this.#loop.out().length;
    this.#loop.send(type, id, "", op);
    return this.#loop.out()[before];
  }

  pass(ms: number): void {
    if (!this.#isByEvent) return this.#loop.advance(ms);
    this.#watermarkMs += ms;
    return this.#loop.watermark(this.#watermarkMs);
  }

  restore(parallelism: number): void {
    this.#loop = this.#start(parallelism, this.#loop.snapshot());
  }

  /** Of all states. */
  get cells(): number {
    return this.#loop.subtasks.reduce((sum, { keyed }) => sum + (keyed?.size().cells ?? 0), 0);
  }

  #start(parallelism: number, restored?: LoopSnapshot): LoopHarness {
    const loop = new LoopHarness({ ...this.#options, parallelism, ...(restored !== undefined && { restored }) });
    loop.watermark(this.#watermarkMs); // what is written before the first watermark has no time yet
    return loop;
  }
}

function property(isForgetful: boolean): fc.IPropertyWithHooks<[Expiration, Move[]]> {
  return fc.property(expirations, fc.array(moves, { maxLength: 60, size: "max" }), (expiration, schedule) => {
    const world = new World(expiration, isForgetful);
    const models = new Map<string, Model>();
    const modelOf = (name: string): Model => {
      const model = models.get(name) ?? new Model(expiration);
      models.set(name, model);
      return model;
    };
    for (const move of schedule) {
      if (move.move === "time") world.pass(move.ms);
      else if (move.move === "restore") world.restore(move.parallelism);
      else {
        const expected = modelOf(`${move.type} ${move.id}`).run(move.op, world.nowMs);
        expect(world.turn(move.type, move.id, move.op)).toEqual([expected]);
      }
    }
    world.pass(AFTER_MS);
    for (const type of TYPES) {
      for (const id of IDS) {
        expect(world.turn(type, id, { op: "read" })).toEqual([undefined]);
        expect(world.turn(type, id, { op: "list" })).toEqual([[]]);
        expect(world.turn(type, id, { op: "entries" })).toEqual([[]]);
      }
    }
    expect(world.cells).toBe(0);
  });
}

describe("state that expires", () => {
  test("is there until its time is over, and not after", () => {
    fc.assert(property(false), { numRuns: 60, ...replay });
  });

  test("the property notices a state that stays", () => {
    expect(fc.check(property(true), { numRuns: 300, seed: 1 }).failed).toBe(true);
  });
});
