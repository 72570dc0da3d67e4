/**
 * Goal:   what a turn does to values, tables and buffers is done as a whole when its handler returns, and not at all when it throws; within and between turns they behave as a variable, a Map and an Array.
 * Method: random operations in random turns, some of which throw, against plain JavaScript; each turn reports all that it reads. Now and then the state goes through a snapshot.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/state-cells.property.test.ts` runs it again.
 */
// covers: statefun/group/table-cell.ts, statefun/group/buffer-cell.ts, statefun/group/state-cell.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import { replay } from "../../harness/replay.ts";
import { LoopHarness } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction, OUT, tableOf, tableState, valueState } from "./make-function.ts";

type Op =
  | { readonly op: "assign" | "set"; readonly key: unknown; readonly value: unknown }
  | { readonly op: "delete" | "get" | "has"; readonly key: unknown }
  | { readonly op: "push" | "pushAll" | "replace"; readonly values: readonly unknown[] }
  | { readonly op: "clearTable" | "clearBuffer" | "clearValue" | "read" };

interface Turn {
  readonly ops: readonly Op[];
  readonly throws: boolean;
  readonly restart: boolean;
}

const keys = fc.constantFrom<unknown>(1, "1", "a", true, 7n, [1, "a"], { x: 1, y: [2] }, "\u0000s");
const values = fc.oneof(
  fc.integer({ min: 0, max: 9 }),
  fc.constant(null),
  fc.record({ n: fc.nat(9), list: fc.array(fc.nat(3)) }),
);
const ops: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ op: fc.constantFrom("assign" as const, "set" as const, "set" as const), key: keys, value: values }),
  fc.record({ op: fc.constantFrom("delete" as const, "get" as const, "has" as const), key: keys }),
  fc.record({
    op: fc.constantFrom("push" as const, "pushAll" as const, "replace" as const),
    values: fc.array(values, { maxLength: 4 }),
  }),
  fc.record({
    op: fc.constantFrom("clearTable" as const, "clearBuffer" as const, "clearValue" as const, "read" as const),
  }),
);
const turns: fc.Arbitrary<Turn> = fc.record({
  ops: fc.array(ops, { maxLength: 12 }),
  throws: fc.integer({ min: 0, max: 3 }).map((dice) => dice === 0),
  restart: fc.integer({ min: 0, max: 5 }).map((dice) => dice === 0),
});

/** Keys by value. */
const textOf = (key: unknown): string =>
  JSON.stringify(key, (_name, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)) + typeof key;

class Model {
  value: unknown = { n: 0, list: [] };
  table = new Map<string, readonly [unknown, unknown]>();
  buffer: unknown[] = [];

  copy(): Model {
    return Object.assign(new Model(), { value: this.value, table: new Map(this.table), buffer: [...this.buffer] });
  }

  run(op: Op): unknown {
    switch (op.op) {
      case "assign":
        this.value = op.value;
        return undefined;
      case "clearValue":
        this.value = { n: 0, list: [] };
        return undefined;
      case "set":
        this.table.set(textOf(op.key), [op.key, op.value]);
        return undefined;
      case "delete":
        return this.table.delete(textOf(op.key));
      case "get":
        return this.table.get(textOf(op.key))?.[1];
      case "has":
        return this.table.has(textOf(op.key));
      case "clearTable":
        this.table.clear();
        return undefined;
      case "push":
      case "pushAll":
        this.buffer.push(...op.values);
        return undefined;
      case "replace":
        this.buffer = [...op.values];
        return undefined;
      case "clearBuffer":
        this.buffer = [];
        return undefined;
      case "read":
        return this.read();
    }
  }

  read(): unknown {
    const entries = [...this.table.values()].map(([key, value]) => [key, value]);
    return [this.value, entries, entries.length, [...this.buffer], this.buffer.length];
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
    case "set":
      table.set(op.key, op.value);
      return undefined;
    case "delete":
    case "get":
    case "has":
      return table[op.op](op.key);
    case "clearTable":
      table.clear();
      return undefined;
    case "push":
      for (const value of op.values) buffer.push(value);
      return undefined;
    case "pushAll":
    case "replace":
      buffer[op.op](op.values);
      return undefined;
    case "clearBuffer":
      buffer.clear();
      return undefined;
    case "read":
      return [ctx.state["value"], [...table.entries()], table.size, buffer.toArray(), buffer.length];
  }
}

/** With the bug, throwing is too late: some of the turn is done already. */
function property(options: { readonly async: boolean; readonly bug?: boolean }): fc.IAsyncPropertyWithHooks<[Turn[]]> {
  return fc.asyncProperty(fc.array(turns, { maxLength: 12 }), async (program) => {
    const seen: unknown[] = [];
    const wanted: unknown[] = [];
    const body = (ctx: FunctionContext, turn: Turn): void => {
      const read = turn.ops.map((op) => run(ctx, op));
      seen.push(read);
      if (turn.throws && options.bug !== true) throw new Error("undo");
      ctx.send(OUT, run(ctx, { op: "read" }));
    };
    const handler = (ctx: FunctionContext, _kind: string, value: unknown): void | Promise<void> => {
      const turn = value as Turn;
      if (!options.async) return body(ctx, turn);
      return Promise.resolve().then(() => body(ctx, turn));
    };
    const fn = makeFunction("test/fn", handler, {
      state: [valueState("value", { n: 0, list: [] }), tableState("table"), bufferState("buffer")],
      onError: { kind: "dead-letter", egress: "test/dead" },
    });
    const defined = { functions: [fn], egresses: new Set(["test/out", "test/dead"] as const) };
    let loop = new LoopHarness(defined);
    let model = new Model();
    for (const [index, turn] of program.entries()) {
      if (turn.restart) loop = new LoopHarness({ ...defined, restored: loop.snapshot(index) });
      const next = model.copy();
      wanted.push(turn.ops.map((op) => next.run(op)));
      const before = loop.out().length;
      loop.send("test/fn", "a", "", turn);
      loop.send("test/fn", "b", "", { ops: [], throws: false, restart: false });
      if (options.async) await loop.settle();
      const own = loop.out().slice(before)[0];
      if (!turn.throws) {
        model = next;
        expect(own).toEqual(model.read());
      }
    }
    expect(seen.filter((read) => (read as unknown[]).length > 0)).toEqual(
      wanted.filter((read) => (read as unknown[]).length > 0),
    );
  });
}

describe("the state of a turn", () => {
  test("is that of plain variables, and undone by a throw", async () => {
    await fc.assert(property({ async: false }), { numRuns: 150, ...replay });
  });

  test("also in async turns", async () => {
    await fc.assert(property({ async: true }), { numRuns: 10, ...replay });
  });

  test("the property notices a turn that is not undone", async () => {
    const found = await fc.check(property({ async: false, bug: true }), { numRuns: 300, seed: 1 });
    expect(found.failed).toBe(true);
  });
});
