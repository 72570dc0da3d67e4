/**
 * Functions without state: their turns begin without a key, which would make a row for every id. What they leave behind must stand under their own id all the same, and not under that of the
 * turn before.
 */
import { expect, test } from "vitest";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import { LoopHarness } from "./loop-harness.ts";
import { makeFunction, OUT, valueState } from "./make-function.ts";

const scripts: Readonly<Record<string, (ctx: FunctionContext) => void | Promise<void>>> = {
  async: (ctx) => ctx.async("done", "job", () => Promise.resolve(1)),
  after: (ctx) => void ctx.sendAfter(10, ctx.self, "done", "later"),
  named: (ctx) => void ctx.sendAfter(10, ctx.self, "done", "later", { token: "t" }),
  fails: () => {
    throw new Error("bad");
  },
  waits: () => Promise.resolve(),
  done: (ctx) => ctx.send(OUT, [ctx.self.id, ctx.caller?.id]),
};

/** `test/other` has state, so that its turns set the key. */
function harness(): LoopHarness {
  const counting = (ctx: FunctionContext): void => {
    ctx.state["seen"] = Number(ctx.state["seen"]) + 1;
  };
  const functions = [
    makeFunction("test/plain", (ctx, kind) => scripts[kind]?.(ctx)),
    makeFunction("test/other", counting, { state: [valueState("seen", 0)] }),
  ];
  return new LoopHarness({ functions });
}

test.each(["async", "after", "named"])("what %s has begun comes back to whoever began it", async (kind) => {
  const loop = harness();
  loop.send("test/other", "other", "any", undefined);
  loop.send("test/plain", "own", kind, undefined);
  loop.send("test/other", "other", "any", undefined);
  loop.advance(10);
  loop.run();
  await loop.settle();
  expect(loop.out()).toEqual([["own", "own"]]);
});

test("what fails is parked under its own id, and nobody else", () => {
  const loop = harness();
  loop.send("test/other", "other", "any", undefined);
  loop.send("test/plain", "own", "fails", undefined);
  loop.send("test/plain", "other", "done", undefined);
  loop.send("test/plain", "own", "done", undefined);
  expect(loop.out()).toEqual([["other", undefined]]);
  expect(loop.metric("test/plain", "numBacklog")).toBe(2);
});

test("what waits for a promise keeps its own messages waiting, and nobody else's", async () => {
  const loop = harness();
  loop.send("test/other", "other", "any", undefined);
  loop.send("test/plain", "own", "waits", undefined);
  loop.send("test/plain", "own", "done", undefined);
  loop.send("test/plain", "other", "done", undefined);
  expect(loop.out()).toEqual([["other", undefined]]);
  await loop.settle();
  expect(loop.out()).toEqual([
    ["other", undefined],
    ["own", undefined],
  ]);
});
