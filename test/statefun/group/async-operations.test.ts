/** Durable async operations: their results, what a restore makes of them, and the bound on how many run. */
import { describe, expect, test } from "vitest";
import type { FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { LoopHarness } from "./loop-harness.ts";
import { makeFunction, OUT, valueState } from "./make-function.ts";

interface Call {
  readonly name: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** "call" begins an operation named by the message; results go to the egress. "park" stops the address for good. */
function caller(calls: Call[]): FunctionDefinition {
  return makeFunction(
    "test/caller",
    (ctx, kind, value) => {
      if (kind === "call") {
        ctx.async(
          "result",
          { name: value },
          () => new Promise((resolve, reject) => calls.push({ name: value, resolve, reject })),
        );
      } else if (kind === "throws") {
        ctx.async("result", { name: value }, () => {
          throw new Error("at once");
        });
      } else if (kind === "bad") {
        throw new Error("bad");
      } else {
        ctx.state["results"] = Number(ctx.state["results"]) + 1;
        ctx.send(OUT, [ctx.self.id, kind, value, ctx.state["results"]]);
      }
    },
    { state: [valueState("results", 0)] },
  );
}

const call = (loop: LoopHarness, id: string, name: string, kind = "call"): void =>
  loop.send("test/caller", id, kind, name);

describe("an async operation", () => {
  test("delivers success and failure as messages, once", async () => {
    const calls: Call[] = [];
    const loop = new LoopHarness({ functions: [caller(calls)] });
    call(loop, "a", "x");
    call(loop, "a", "y");
    call(loop, "b", "z", "throws");
    expect(loop.metric("test/caller", "inflightAsyncOps")).toBe(2); // what throws at once has failed at once
    expect(loop.subtasks[0]?.operator.quiet).toBe(false);
    calls[1]?.resolve(2);
    calls[0]?.reject(new RangeError("no"));
    await loop.settle();
    expect(loop.out()).toEqual([
      ["b", "result", { status: "failure", metadata: { name: "z" }, error: { name: "Error", message: "at once" } }, 1],
      ["a", "result", { status: "success", metadata: { name: "y" }, value: 2 }, 1],
      ["a", "result", { status: "failure", metadata: { name: "x" }, error: { name: "RangeError", message: "no" } }, 2],
    ]);
    expect(loop.metric("test/caller", "inflightAsyncOps")).toBe(0);
    expect(loop.subtasks[0]?.operator.quiet).toBe(true);
    const second = new LoopHarness({ functions: [caller([])], restored: loop.snapshot() });
    expect(second.out()).toEqual([]);
  });

  test("whose value no message can hold has failed", async () => {
    const calls: Call[] = [];
    const loop = new LoopHarness({ functions: [caller(calls)] });
    call(loop, "a", "x");
    calls[0]?.resolve(() => 1);
    await loop.settle();
    expect(loop.out()).toMatchObject([["a", "result", { status: "failure", error: { name: "MillraceError" } }, 1]]);
  });

  test("is unknown after a restore, once, also if that is interrupted, and at another parallelism", async () => {
    const calls: Call[] = [];
    const first = new LoopHarness({ functions: [caller(calls)], parallelism: 2 });
    for (const id of ["a", "b", "c"]) for (const name of ["x", "y"]) call(first, id, name);
    const saved = first.snapshot();
    first.crash();
    for (const { resolve } of calls) resolve(1);
    await first.settle();
    expect(first.out()).toEqual([]);
    const second = new LoopHarness({ functions: [caller([])], restored: saved, parallelism: 3 });
    const unknown = (id: string, name: string, count: number): unknown => [
      id,
      "result",
      { status: "unknown", metadata: { name } },
      count,
    ];
    const expected = ["a", "b", "c"].flatMap((id) => [unknown(id, "x", 1), unknown(id, "y", 2)]);
    expect(second.out().toSorted((left, right) => (String(left) < String(right) ? -1 : 1))).toEqual(expected);
    const third = new LoopHarness({ functions: [caller([])], restored: second.snapshot(), parallelism: 1 });
    expect(third.out()).toEqual([]);
  });

  test("does not bypass a park: its result waits, and is saved with the mailbox", async () => {
    const calls: Call[] = [];
    const loop = new LoopHarness({ functions: [caller(calls)] });
    call(loop, "a", "x");
    call(loop, "a", "", "bad");
    calls[0]?.resolve(1);
    await loop.settle();
    expect(loop.out()).toEqual([]);
    const second = new LoopHarness({ functions: [caller([])], restored: loop.snapshot() });
    call(second, "a", "", "$skip");
    expect(second.out()).toEqual([["a", "result", { status: "success", metadata: { name: "x" }, value: 1 }, 1]]);
  });

  test("waits for a place, and the ingress with it", async () => {
    const calls: Call[] = [];
    const loop = new LoopHarness({ functions: [caller(calls)], asyncOperationsMax: 2 });
    for (const name of ["x", "y", "z"]) call(loop, "a", name);
    expect(calls).toHaveLength(2);
    expect(loop.subtasks[0]?.operator.congested).toBe(true);
    calls[0]?.resolve(1);
    await loop.settle();
    expect(calls).toHaveLength(3);
    calls[1]?.resolve(1);
    calls[2]?.resolve(1);
    await loop.settle();
    expect(loop.subtasks[0]?.operator.congested).toBe(false);
    expect(loop.out()).toHaveLength(3);
  });
});
