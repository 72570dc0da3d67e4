/** Requests in front of functions: replies, idempotency keys, reads, and what is answered where no function does. */
// covers: statefun/group/http-requests.ts, statefun/group/reply-state.ts, statefun/http-messages.ts
import { describe, expect, test } from "vitest";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import { HTTP_CALLER, KEYED_KIND, keyedCallerId, keyedCallerOf, READ_KIND } from "../../../statefun/http-messages.ts";
import { ask, askKeyed, callerOfA, counter, DAY_MS, makeGate, replies, start } from "./http-asks.ts";
import { LoopHarness } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction, tableOf, tableState, valueState } from "./make-function.ts";

test("a function replies to a request as to any caller", () => {
  const loop = start({ functions: [counter()] });
  ask(loop, "r1", { value: 2 });
  ask(loop, "r2", { value: 3 });
  expect(replies(loop)).toEqual([
    { to: "r1", digest: "", status: 200, kind: "sum", value: 2 },
    { to: "r2", digest: "", status: 200, kind: "sum", value: 5 },
  ]);
  expect(loop.metric("test/counter", "out")).toBe(2);
});

test("the address of a request may be handed on: whoever has it may reply, and later", () => {
  const asker = makeFunction("test/counter", (ctx) => {
    ctx.sendAfter(50, { type: "test/other", id: "far" }, "", ctx.caller);
  });
  const other = makeFunction("test/other", (ctx, _kind, caller) => {
    ctx.send(caller as { type: "a/b"; id: string }, "done", ctx.self.id);
  });
  const loop = start({ functions: [asker, other], parallelism: 3 });
  ask(loop, "r1");
  expect(replies(loop)).toEqual([]);
  loop.advance(50);
  loop.run();
  expect(replies(loop)).toMatchObject([{ to: "r1", kind: "done", value: "far" }]);
});

test("what a request sent belongs to the function, whoever still has it", () => {
  const seen: unknown[] = [];
  const changing = makeFunction("test/counter", (_ctx, _kind, value) => {
    (value as unknown[]).push("changed");
    seen.push(value);
  });
  const value = [1];
  ask(start({ functions: [changing] }), "r1", { value });
  expect([seen, value]).toEqual([[[1, "changed"]], [1]]);
});

describe("with an idempotency key", () => {
  test("the reply is recorded first, and then for all requests of the key", () => {
    const loop = start({ functions: [counter()], parallelism: 2 });
    askKeyed(loop, "r1", { key: "k", value: 2 });
    expect(replies(loop)).toEqual([{ to: callerOfA, digest: "2", status: 200, kind: "sum", value: 2 }]);
  });

  test("the same key and body are applied once, and get the same reply", () => {
    const loop = start({ functions: [counter()] });
    for (const request of ["r1", "r2", "r3"]) askKeyed(loop, request, { key: "k", value: 2 });
    expect(loop.metric("test/counter", "in")).toBe(1);
    expect(replies(loop)).toEqual([
      { to: callerOfA, digest: "2", status: 200, kind: "sum", value: 2 },
      { to: "r2", digest: "", status: 200, kind: "sum", value: 2 },
      { to: "r3", digest: "", status: 200, kind: "sum", value: 2 },
    ]);
  });

  test("a second request while the first is open waits with it", async () => {
    const gate = makeGate();
    const slow = counter({
      createHandler: () => async (ctx, _kind, value) => {
        await gate.opened;
        ctx.reply("done", value);
      },
    });
    const loop = start({ functions: [slow] });
    askKeyed(loop, "r1", { key: "k", value: 2 });
    askKeyed(loop, "r2", { key: "k", value: 2 });
    expect([loop.metric("test/counter", "in"), replies(loop)]).toEqual([1, []]);
    gate.open();
    await loop.settle();
    expect(replies(loop)).toMatchObject([{ to: callerOfA, digest: "2", value: 2 }]);
  });

  test("the same key with another body is refused", () => {
    const loop = start({ functions: [counter()] });
    askKeyed(loop, "r1", { key: "k", value: 2 });
    askKeyed(loop, "r2", { key: "k", value: 3 });
    expect(replies(loop)[1]).toMatchObject({ to: "r2", status: 409, value: { code: "MR9061" } });
    expect(loop.metric("test/counter", "in")).toBe(1);
  });

  test("keys belong to an address", () => {
    const loop = start({ functions: [counter()] });
    askKeyed(loop, "r1", { key: "k", value: 2 });
    askKeyed(loop, "r2", { key: "k", value: 3, id: "b" });
    expect(replies(loop).map(({ value }) => value)).toEqual([2, 3]);
  });

  test("only the first reply counts", () => {
    const chatty = counter({
      createHandler: () => (ctx) => {
        ctx.reply("one", 1);
        ctx.reply("two", 2);
      },
    });
    const loop = start({ functions: [chatty] });
    askKeyed(loop, "r1", { key: "k", value: 0 });
    askKeyed(loop, "r2", { key: "k", value: 0 });
    expect(replies(loop).map(({ to, kind }) => [to, kind])).toEqual([
      [callerOfA, "one"],
      ["r2", "one"],
    ]);
  });

  test("keys and replies survive a restore, also of another parallelism", () => {
    const before = start({ functions: [counter()] });
    askKeyed(before, "r1", { key: "k", value: 2 });
    const after = start({ functions: [counter()], parallelism: 3, restored: before.snapshot() });
    askKeyed(after, "r2", { key: "k", value: 2 });
    expect(replies(after)).toEqual([{ to: "r2", digest: "", status: 200, kind: "sum", value: 2 }]);
    expect(after.metric("test/counter", "in")).toBe(0);
  });

  test("a reply on its way to its address survives a restore", () => {
    const before = start({ functions: [counter()] });
    const keyed = { key: "k", digest: "2", kind: "add", value: 2 };
    before.sendEnvelope({
      to: "test/counter",
      id: "a",
      from: HTTP_CALLER,
      fromId: "r1",
      kind: KEYED_KIND,
      value: keyed,
    });
    expect(before.inLoop).toBe(1);
    const after = start({ functions: [counter()], restored: before.snapshot() });
    askKeyed(after, "r2", { key: "k", value: 2 });
    after.run();
    expect(replies(after)).toEqual([{ to: callerOfA, digest: "2", status: 200, kind: "sum", value: 2 }]);
  });

  test("a key is forgotten a while after its reply", () => {
    const loop = start({ functions: [counter()] });
    askKeyed(loop, "r1", { key: "k", value: 2 });
    loop.advance(DAY_MS - 1);
    askKeyed(loop, "r2", { key: "k", value: 2 });
    loop.advance(2);
    askKeyed(loop, "r3", { key: "k", value: 2 });
    expect(replies(loop).map(({ value }) => value)).toEqual([2, 2, 4]);
  });
});

describe("reads", () => {
  const stateful = (ctx: FunctionContext, kind: string): void => {
    if (kind === "fill") {
      tableOf(ctx, "amounts").set("x", 1).set("y", { z: 2 });
      bufferOf(ctx, "recent").push("p");
    }
  };
  const full = makeFunction("test/counter", stateful, {
    state: [valueState("n", 7), valueState("none"), tableState("amounts"), bufferState("recent")],
  });

  test("give what is declared, with defaults", () => {
    const loop = start({ functions: [full] });
    ask(loop, "r1", { kind: READ_KIND });
    ask(loop, "r2", { kind: "fill" });
    ask(loop, "r3", { kind: READ_KIND });
    expect(replies(loop).map(({ value }) => value)).toEqual([
      { n: 7, none: undefined, amounts: new Map(), recent: [] },
      {
        n: 7,
        none: undefined,
        amounts: new Map<string, unknown>([
          ["x", 1],
          ["y", { z: 2 }],
        ]),
        recent: ["p"],
      },
    ]);
  });

  test("are no message of the function, whatever it accepts", () => {
    const kinds: string[] = [];
    const strict = counter({ accepts: new Map([["add", undefined]]) });
    const open = makeFunction("test/open", (_ctx, kind) => void kinds.push(kind));
    const loop = start({ functions: [strict, open] });
    ask(loop, "r1", { kind: "silent", value: 1 });
    ask(loop, "r2", { kind: READ_KIND });
    loop.sendEnvelope({ to: "test/open", id: "a", from: HTTP_CALLER, fromId: "r3", kind: READ_KIND, value: undefined });
    loop.send("test/open", "a", READ_KIND, undefined);
    loop.send("test/open", "a", "x", undefined);
    expect(replies(loop).at(-1)).toMatchObject({ to: "r3", value: {} });
    expect(kinds).toEqual(["x"]);
  });

  test("stand behind a turn that is under way", async () => {
    const gate = makeGate();
    const slow = counter({
      createHandler: () => async (ctx) => {
        await gate.opened;
        ctx.state["sum"] = 9;
      },
    });
    const loop = start({ functions: [slow] });
    ask(loop, "r1");
    ask(loop, "r2", { kind: READ_KIND });
    ask(loop, "r3", { kind: READ_KIND, id: "b" });
    expect(replies(loop)).toMatchObject([{ to: "r3", value: { sum: 0 } }]);
    gate.open();
    await loop.settle();
    expect(replies(loop)[1]).toMatchObject({ to: "r2", value: { sum: 9 } });
  });
});

describe("without an HTTP ingress any more", () => {
  test("replies to requests of earlier times go nowhere", () => {
    const loop = new LoopHarness({
      functions: [
        makeFunction("test/counter", (ctx, _kind, caller) => ctx.send(caller as { type: "a/b"; id: string }, "x", 1)),
      ],
    });
    loop.send("test/counter", "a", "", { type: HTTP_CALLER, id: "r1" });
    loop.send("test/counter", "a", "", { type: HTTP_CALLER, id: callerOfA });
    loop.run();
    expect([replies(loop), loop.failures]).toEqual([[], []]);
  });

  test("messages that were under way are messages", () => {
    const loop = new LoopHarness({ functions: [counter()] });
    askKeyed(loop, "r1", { key: "k", value: 2 });
    ask(loop, "r2", { kind: READ_KIND });
    expect([loop.metric("test/counter", "in"), replies(loop)]).toEqual([2, []]);
  });
});

test("the id of a key's caller is told from that of a request, and nonsense from both", () => {
  const caller = { type: "a/b", id: '["', key: "k\n" } as const;
  expect(keyedCallerOf(keyedCallerId(caller))).toEqual(caller);
  for (const nonsense of ["r1", "[", "[1]", '["a/b", "c"]', "[1,2,3]"]) expect(keyedCallerOf(nonsense)).toBeUndefined();
});
