/** Delayed sends: when they go out, in which order, how they are taken back, and what becomes of them at the end of the input. */
import { describe, expect, test } from "vitest";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import type { FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import type { OnEndOfInput } from "../../../statefun/group/function-group.ts";
import { LoopHarness } from "./loop-harness.ts";
import { makeFunction, OUT } from "./make-function.ts";

/** Runs what it is sent; a message of kind "late" goes to the egress with its caller. */
function scripted(type: "test/a" | "test/b" = "test/a"): FunctionDefinition {
  return makeFunction(type, (ctx, kind, value) => {
    if (kind === "late") ctx.send(OUT, [value, ctx.caller?.type, ctx.processingTimeMs()]);
    else scripts[kind]?.(ctx, value);
  });
}

const scripts: Readonly<Record<string, (ctx: FunctionContext, value: unknown) => void>> = {
  after: (ctx, value) => {
    const [ms, text, token, onDuplicate] = value as [number, string, string?, ("keep" | "replace" | "error")?];
    const options = token === undefined ? {} : onDuplicate === undefined ? { token } : { token, onDuplicate };
    ctx.sendAfter(ms, { type: ctx.self.type, id: "other" }, "late", text, options);
  },
  at: (ctx, value) => {
    const [ms, text] = value as [number, string];
    ctx.sendAt(ms, ctx.self, "late", text, { token: text });
  },
  cancel: (ctx, token) => ctx.send(OUT, ctx.cancel(String(token))),
  both: (ctx) => {
    const token = ctx.sendAfter(5, ctx.self, "late", "both");
    ctx.send(OUT, [ctx.cancel(token), ctx.cancel(token)]);
  },
  again: (ctx) => {
    ctx.cancel("t");
    ctx.sendAfter(50, ctx.self, "late", "second", { token: "t" });
  },
};

const START = 1_000_000;
const texts = (loop: LoopHarness): unknown[] => loop.out().map((entry) => (Array.isArray(entry) ? entry[0] : entry));

describe("by the clock", () => {
  test("they go out when they are due, in the order in which they were sent, as from their sender", () => {
    const loop = new LoopHarness({ functions: [scripted()] });
    for (const [id, ms, text] of [
      ["x", 20, "c"],
      ["x", 10, "a"],
      ["y", 10, "b"],
      ["x", 20, "d"],
    ] as const)
      loop.send("test/a", id, "after", [ms, text]);
    loop.advance(9);
    loop.run();
    expect(loop.out()).toEqual([]);
    loop.advance(1);
    loop.run();
    loop.advance(100);
    loop.run();
    expect(texts(loop)).toEqual(["a", "b", "c", "d"]);
    expect(loop.out()[0]).toEqual(["a", "test/a", START + 10]);
  });

  test("overdue ones fire after a restore, in order, also with another parallelism", () => {
    const first = new LoopHarness({ functions: [scripted()] });
    first.send("test/a", "x", "after", [10, "a"]);
    first.send("test/a", "x", "after", [10, "b"]);
    const saved = first.snapshot();
    first.crash();
    first.clock.advance(1_000);
    const second = new LoopHarness({ functions: [scripted()], restored: saved, parallelism: 3, clock: first.clock });
    second.advance(0);
    second.run();
    expect(texts(second)).toEqual(["a", "b"]);
  });
});

describe("tokens", () => {
  test("cancel is true exactly if the message has not gone", () => {
    const loop = new LoopHarness({ functions: [scripted()] });
    loop.send("test/a", "x", "after", [10, "a", "t"]);
    loop.send("test/a", "y", "cancel", "t"); // another address
    loop.send("test/a", "x", "cancel", "t");
    loop.send("test/a", "x", "cancel", "t");
    loop.advance(100);
    loop.send("test/a", "x", "after", [10, "b", "t"]);
    loop.advance(100);
    loop.send("test/a", "x", "cancel", "t");
    loop.run();
    expect(texts(loop)).toEqual([false, true, false, false, "b"]);
  });

  test("functions of one id do not share them", () => {
    const loop = new LoopHarness({ functions: [scripted("test/a"), scripted("test/b")] });
    loop.send("test/a", "x", "after", [10, "a", "t"]);
    loop.send("test/b", "x", "cancel", "t");
    loop.advance(10);
    loop.run();
    expect(texts(loop)).toEqual([false, "a"]);
  });

  test("within one turn, the latest decision counts", () => {
    const loop = new LoopHarness({ functions: [scripted()] });
    loop.send("test/a", "x", "both", 0);
    loop.send("test/a", "x", "after", [10, "first", "t"]);
    loop.send("test/a", "x", "again", 0);
    loop.advance(1_000);
    loop.run();
    expect(loop.out()).toEqual([
      [true, false],
      ["second", "test/a", START + 1_000],
    ]);
  });

  test("a second message of a token replaces the first, is dropped, or is an error", () => {
    const loop = new LoopHarness({ functions: [scripted()] });
    loop.send("test/a", "x", "after", [10, "a", "t"]);
    loop.send("test/a", "x", "after", [20, "b", "t"]);
    loop.send("test/a", "y", "after", [10, "c", "t"]);
    loop.send("test/a", "y", "after", [20, "d", "t", "keep"]);
    loop.send("test/a", "z", "after", [10, "e", "t"]);
    loop.send("test/a", "z", "after", [20, "f", "t", "error"]);
    loop.advance(100);
    loop.run();
    expect(texts(loop)).toEqual(["c", "e", "b"]);
    expect(loop.warnings[0]).toContain("MR9023");
  });
});

describe("by the watermark", () => {
  test("they wait for it, and what it has passed goes at once", () => {
    const loop = new LoopHarness({ functions: [scripted()] });
    loop.send("test/a", "x", "at", [500, "b"]);
    loop.send("test/a", "x", "at", [400, "a"]);
    loop.watermark(399);
    loop.run();
    expect(loop.out()).toEqual([]);
    loop.watermark(500);
    loop.run();
    loop.send("test/a", "x", "at", [450, "c"]);
    loop.send("test/a", "x", "cancel", "c");
    loop.run();
    expect(texts(loop)).toEqual(["a", "b", false, "c"]);
  });
});

describe("at the end of the input", () => {
  const end = (onEndOfInput: OnEndOfInput): { loop: LoopHarness; ended: boolean } => {
    const loop = new LoopHarness({ functions: [scripted()], onEndOfInput, parallelism: 2 });
    loop.send("test/a", "x", "after", [60_000, "late"]);
    loop.send("test/a", "x", "after", [50_000, "early"]);
    loop.send("test/a", "x", "at", [1e15, "event"]);
    return { loop, ended: loop.finish() };
  };

  test("fire: at once, the earliest first; event time by the last watermark", () => {
    const { loop, ended } = end("fire");
    expect([ended, texts(loop)]).toEqual([true, ["event", "early", "late"]]);
  });

  test("wait: until the clock has come so far", () => {
    const { loop, ended } = end("wait");
    expect([ended, texts(loop)]).toEqual([false, ["event"]]);
    loop.advance(60_000);
    expect(loop.finish()).toBe(true);
    expect(texts(loop)).toEqual(["event", "early", "late"]);
  });

  test("drop: forgotten and counted", () => {
    const { loop, ended } = end("drop");
    expect([ended, texts(loop)]).toEqual([true, ["event"]]);
    const dropped = loop.subtasks.map(({ metrics }) => metrics.read("numDelayedSendsDropped"));
    expect(dropped.reduce<number>((sum, count) => sum + Number(count), 0)).toBe(2);
    loop.advance(100_000);
    loop.run();
    expect(texts(loop)).toEqual(["event"]);
  });
});
