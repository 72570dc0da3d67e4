/** The function group, case by case: turns, sends, isolation, metrics, and what is refused. */
// covers: statefun/group/function-group.ts, statefun/group/function-table.ts, statefun/group/live-function.ts, statefun/group/turn.ts, statefun/group/turn-context.ts
// covers: statefun/group/turn-runner.ts, statefun/group/dead-letters.ts, statefun/group/saved-error.ts, statefun/group/state-view.ts, statefun/group/state-cell.ts
import { describe, expect, test } from "vitest";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import { LoopHarness } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction, OUT, tableOf, tableState, valueState } from "./make-function.ts";

describe("turns", () => {
  test("count per address, from the default on", () => {
    const greeter = makeFunction(
      "test/greeter",
      (ctx, _kind, name) => {
        ctx.state["seen"] = Number(ctx.state["seen"]) + 1;
        ctx.send(OUT, `${String(name)} ${String(ctx.state["seen"])}`);
      },
      { state: [valueState("seen", 0)] },
    );
    const loop = new LoopHarness({ functions: [greeter] });
    for (const name of ["ann", "bob", "ann"]) loop.send("test/greeter", name, "", name);
    expect(loop.out()).toEqual(["ann 1", "bob 1", "ann 2"]);
    expect(loop.metric("test/greeter", "in")).toBe(3);
    expect(loop.metric("test/greeter", "outEgress")).toBe(3);
  });

  test("reach other functions with their caller, and replies come back", () => {
    const asker = makeFunction("test/asker", (ctx, kind, value) => {
      if (kind === "ask") ctx.send({ type: "test/answerer", id: "b" }, "question", value);
      else ctx.send(OUT, [kind, value, ctx.caller, ctx.self]);
    });
    const answerer = makeFunction("test/answerer", (ctx, _kind, value) => ctx.reply("answer", Number(value) * 2));
    const loop = new LoopHarness({ functions: [asker, answerer], parallelism: 3 });
    loop.send("test/asker", "a", "ask", 21);
    loop.run();
    const callers = [
      { type: "test/answerer", id: "b" },
      { type: "test/asker", id: "a" },
    ];
    expect(loop.out()).toEqual([["answer", 42, ...callers]]);
    expect(loop.metric("test/asker", "out")).toBe(1);
  });

  test("a message from outside has no caller, and no reply", () => {
    const errors: unknown[] = [];
    const lonely = makeFunction("test/lonely", (ctx) => {
      errors.push(ctx.caller);
      ctx.reply("x");
    });
    const loop = new LoopHarness({ functions: [lonely] });
    loop.send("test/lonely", "a", "", 1);
    expect(errors).toEqual([undefined]);
    expect(loop.warnings[0]).toContain("MR9022");
  });

  test("a thrown error undoes state, sends, egress, delayed sends and operations", () => {
    let started = 0;
    const fragile = makeFunction(
      "test/fragile",
      (ctx, kind) => {
        if (kind === "show") {
          ctx.send(OUT, [ctx.state["n"], [...tableOf(ctx, "t").entries()], bufferOf(ctx, "b").toArray()]);
          return;
        }
        ctx.state["n"] = 5;
        tableOf(ctx, "t").set("k", 1);
        bufferOf(ctx, "b").push(1);
        ctx.send(ctx.self, "show", 0);
        ctx.send(OUT, "never");
        ctx.sendAfter(10, ctx.self, "show", 0);
        ctx.async("done", 0, () => {
          started += 1;
          return Promise.resolve(1);
        });
        throw new Error("no");
      },
      {
        state: [valueState("n", 0), tableState("t"), bufferState("b")],
        onError: { kind: "dead-letter", egress: "test/dead" },
      },
    );
    const loop = new LoopHarness({ functions: [fragile], egresses: new Set(["test/out", "test/dead"]) });
    loop.send("test/fragile", "a", "break", { x: 1 });
    loop.advance(100);
    loop.run();
    expect(loop.out()).toEqual([]);
    expect(started).toBe(0);
    expect(loop.out("test/dead")).toMatchObject([
      {
        address: { type: "test/fragile", id: "a" },
        kind: "break",
        value: { x: 1 },
        error: { name: "Error", message: "no" },
      },
    ]);
    loop.send("test/fragile", "a", "show", 0);
    expect(loop.out()).toEqual([[0, [], []]]);
  });

  test("states of one id and name belong to their types", () => {
    const keep = (ctx: FunctionContext, kind: string): void => {
      if (kind === "set") ctx.state["x"] = ctx.self.type;
      if (kind === "clear") ctx.state["x"] = undefined;
      if (kind === "show") ctx.send(OUT, ctx.state["x"]);
    };
    const functions = (["test/a", "test/b"] as const).map((type) =>
      makeFunction(type, keep, { state: [valueState("x", "nothing")] }),
    );
    const loop = new LoopHarness({ functions });
    loop.send("test/a", "1", "set", 0);
    loop.send("test/b", "1", "set", 0);
    loop.send("test/a", "1", "clear", 0);
    loop.send("test/a", "1", "show", 0);
    loop.send("test/b", "1", "show", 0);
    expect(loop.out()).toEqual(["nothing", "test/b"]);
  });

  test("functions of a namespace are made for their first message", () => {
    const made: string[] = [];
    const namespaces = [
      {
        namespace: "dyn",
        functionOf: (type: `${string}/${string}`) => {
          made.push(type);
          return makeFunction(type, (ctx) => ctx.send(OUT, ctx.self.type), { state: [valueState("x")] });
        },
      },
    ];
    const loop = new LoopHarness({ namespaces });
    loop.send("dyn/one", "1", "", 0);
    loop.send("dyn/one", "2", "", 0);
    loop.send("dyn/two", "1", "", 0);
    expect(made).toEqual(["dyn/one", "dyn/two"]);
    expect(loop.out()).toEqual(["dyn/one", "dyn/one", "dyn/two"]);
  });
});

describe("isolation", () => {
  test("a receiver sees what was sent, whatever the sender does with it", () => {
    const sender = makeFunction("test/sender", (ctx) => {
      const message = { list: [1], map: new Map([["a", { n: 1 }]]), bytes: new Uint8Array([1]) };
      ctx.send({ type: "test/receiver", id: "r" }, "", message);
      message.list.push(2);
      message.map.clear();
      message.bytes[0] = 9;
    });
    const receiver = makeFunction("test/receiver", (ctx, _kind, value) => ctx.send(OUT, value));
    const loop = new LoopHarness({ functions: [sender, receiver] });
    loop.send("test/sender", "s", "", 0);
    loop.run();
    expect(loop.out()).toEqual([{ list: [1], map: new Map([["a", { n: 1 }]]), bytes: new Uint8Array([1]) }]);
  });

  test("an object from outside is nobody's but the receiver's", () => {
    const seen: { n: number }[] = [];
    const receiver = makeFunction("test/receiver", (_ctx, _kind, value) => {
      const message = value as { n: number };
      seen.push({ ...message });
      message.n = 99;
    });
    const loop = new LoopHarness({ functions: [receiver] });
    const shared = { n: 1 };
    loop.send("test/receiver", "a", "", shared);
    loop.send("test/receiver", "b", "", shared);
    expect(seen).toEqual([{ n: 1 }, { n: 1 }]);
  });

  test("what was read from state cannot be changed in place, before and after a restore", () => {
    const errors: string[] = [];
    const attempt = (change: () => void): void => {
      try {
        change();
      } catch (error) {
        errors.push((error as Error).name);
      }
    };
    const keeper = makeFunction(
      "test/keeper",
      (ctx, kind, value) => {
        if (kind === "set") {
          ctx.state["x"] = value;
          return;
        }
        const { list, map, when, bytes } = ctx.state["x"] as {
          list: number[];
          map: Map<string, number>;
          when: Date;
          bytes: Uint8Array;
        };
        attempt(() => list.push(1));
        attempt(() => map.set("b", 2));
        attempt(() => when.setTime(5));
        bytes[0] = 7; // cannot be guarded: it is a copy
        ctx.send(OUT, ctx.state["x"]);
      },
      { state: [valueState("x")] },
    );
    const value = { list: [0], map: new Map([["a", 1]]), when: new Date(1), bytes: new Uint8Array([1]) };
    const first = new LoopHarness({ functions: [keeper] });
    first.send("test/keeper", "a", "set", value);
    first.send("test/keeper", "a", "try", 0);
    const second = new LoopHarness({ functions: [keeper], restored: first.snapshot() });
    second.send("test/keeper", "a", "try", 0);
    expect(errors).toEqual(["TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]);
    expect([...first.out(), ...second.out()]).toEqual([value, value]);
  });
});

describe("the view of state", () => {
  test("stands what tools ask of any object", () => {
    const seen: unknown[] = [];
    const careful = makeFunction(
      "test/careful",
      (ctx) => {
        seen.push(ctx.state instanceof Array, "x" in ctx.state, "y" in ctx.state, JSON.stringify(ctx.state));
      },
      { state: [valueState("x", 1)] },
    );
    const loop = new LoopHarness({ functions: [careful] });
    loop.send("test/careful", "a", "", 0);
    expect(loop.warnings).toEqual([]);
    expect(seen).toEqual([false, true, false, "{}"]);
  });
});

describe("what is refused", () => {
  const cases: [code: string, handler: (ctx: FunctionContext) => unknown][] = [
    ["MR9021", (ctx) => ctx.state["sen"]],
    ["MR9021", (ctx) => (ctx.state["other"] = 1)],
    ["MR9021", (ctx) => (ctx.state["table"] = 1)],
    ["MR9021", (ctx) => (ctx.state["buffer"] = [])],
    ["MR9024", (ctx) => ctx.send({ egress: "test/nowhere" }, 1)],
    ["MR9026", (ctx) => ctx.send("test/a" as never, 1)],
    ["MR9026", (ctx) => ctx.send(undefined as never, 1)],
    ["MR9026", (ctx) => ctx.send(null as never, "k", 1)],
    ["MR9026", (ctx) => ctx.sendAfter(1, undefined as never, "k", 1)],
    ["MR9026", (ctx) => ctx.sendAfter(1, { type: "x" as never, id: "" }, "", 1)],
    ["MR9026", (ctx) => ctx.sendAt(Number.NaN, ctx.self, "", 1)],
    ["MR9026", (ctx) => ctx.async("k", 1, undefined as never)],
    ["MR1001", (ctx) => ctx.sendAfter("soon" as never, ctx.self, "", 1)],
    ["MR4101", (ctx) => ctx.send(ctx.self, "", { callback: () => 1 })],
    ["MR4101", (ctx) => (ctx.state["seen"] = [Symbol("x")])],
    ["MR4101", (ctx) => ctx.send(ctx.self, "", Object.assign(Object.create({}) as object, { x: 1 }))],
    ["MR4001", (ctx) => tableOf(ctx, "table").set(Number.NaN, 1)],
  ];
  test.each(cases)("%s, %#", (code, handler) => {
    const careless = makeFunction("test/careless", (ctx) => void handler(ctx), {
      state: [valueState("seen"), tableState("table"), bufferState("buffer")],
    });
    const loop = new LoopHarness({ functions: [careless] });
    loop.send("test/careless", "a", "", 1);
    expect(loop.warnings).toHaveLength(1);
    expect(loop.warnings[0]).toContain(code);
  });

  test("a cycle", () => {
    const careless = makeFunction("test/careless", (ctx) => {
      const ring: { next?: unknown } = {};
      ring.next = ring;
      ctx.send(ctx.self, "", ring);
    });
    const loop = new LoopHarness({ functions: [careless] });
    loop.send("test/careless", "a", "", 1);
    expect(loop.warnings[0]).toContain("MR4101");
  });

  test("a context after its turn", () => {
    let kept: FunctionContext | undefined;
    const leaky = makeFunction("test/leaky", (ctx) => void (kept = ctx), {
      state: [valueState("x", 1), tableState("t"), bufferState("b")],
    });
    const loop = new LoopHarness({ functions: [leaky] });
    loop.send("test/leaky", "a", "", 1);
    const uses = [
      () => kept?.self,
      () => kept?.caller,
      () => kept?.state["x"],
      () => void (kept === undefined || (kept.state["x"] = 2)),
      () => kept?.state["t"],
      () => kept?.state["b"],
      () => kept?.send(OUT, 1),
      () => kept?.reply(1),
      () => kept?.sendAfter(1, { type: "test/leaky", id: "a" }, "", 1),
      () => kept?.sendAt(1, { type: "test/leaky", id: "a" }, "", 1),
      () => kept?.cancel("x"),
      () => kept?.async("x", 1, () => Promise.resolve()),
      () => kept?.processingTimeMs(),
      () => kept?.currentWatermarkMs,
    ];
    for (const use of uses) expect(use).toThrow("MR9020");
  });

  test("a kind that is not accepted, and what a check refuses; only from outside is it checked", () => {
    const odd = (value: unknown): unknown => {
      if (Number(value) % 2 === 0) throw new Error("even");
      return Number(value) * 10;
    };
    const picky = makeFunction("test/picky", (ctx, kind, value) => ctx.send(OUT, [kind, value]), {
      accepts: new Map([["odd", odd]]),
    });
    const loop = new LoopHarness({ functions: [picky] });
    loop.send("test/picky", "a", "odd", 3);
    loop.send("test/picky", "b", "odd", 2);
    loop.send("test/picky", "c", "od", 3);
    loop.sendEnvelope({ to: "test/picky", id: "d", from: "test/picky", fromId: "x", kind: "odd", value: 2 });
    expect(loop.out()).toEqual([
      ["odd", 30],
      ["odd", 2],
    ]);
    expect(loop.warnings[0]).toContain("even");
    expect(loop.warnings[1]).toContain('MR9031: test/picky accepts no message of kind "od": did you mean "odd"?');
  });

  test("a type that is no function: the job fails, or the message is a dead letter", () => {
    const strict = new LoopHarness({});
    expect(() => strict.send("test/nobody", "a", "", 1)).toThrow("MR9030");
    const lenient = new LoopHarness({ onUnknownFunction: { kind: "dead-letter", egress: "test/out" } });
    lenient.send("test/nobody", "a", "k", 1);
    expect(lenient.out()).toMatchObject([
      { address: { type: "test/nobody", id: "a" }, kind: "k", error: { code: "MR9030" } },
    ]);
  });

  test("fail-job says where", () => {
    const strict = makeFunction(
      "test/strict",
      () => {
        throw new Error("broken");
      },
      { onError: { kind: "fail-job" } },
    );
    const loop = new LoopHarness({ functions: [strict] });
    expect(() => loop.send("test/strict", "a", "k", 1)).toThrow(
      /MR9032.*test\/strict "a".*message "k" from outside.*broken/,
    );
  });
});

describe("state that expires", () => {
  test("is gone after its time, by the clock or the watermark, and may be prolonged by reading", () => {
    const keep = (after: number, refresh: "write" | "read-and-write", time: "processing" | "event") => ({
      expiration: { after, refresh, time },
    });
    const keeper = makeFunction(
      "test/keeper",
      (ctx, kind) => {
        if (kind === "set") {
          ctx.state["written"] = 1;
          ctx.state["used"] = { n: 1 };
          tableOf(ctx, "table").set("k", 1);
          bufferOf(ctx, "buffer").push(1);
        } else {
          const { written, used } = ctx.state;
          ctx.send(OUT, [written, used, tableOf(ctx, "table").size, bufferOf(ctx, "buffer").length]);
        }
      },
      {
        state: [
          valueState("written", "none", keep(100, "write", "processing")),
          valueState("used", "none", keep(100, "read-and-write", "processing")),
          tableState("table", keep(100, "write", "event")),
          bufferState("buffer", keep(150, "write", "processing")),
        ],
      },
    );
    const loop = new LoopHarness({ functions: [keeper] });
    loop.watermark(1_000);
    loop.send("test/keeper", "a", "set", 0);
    for (const ms of [60, 60, 60]) {
      loop.advance(ms);
      loop.send("test/keeper", "a", "show", 0);
    }
    loop.watermark(1_100);
    loop.send("test/keeper", "a", "show", 0);
    expect(loop.out()).toEqual([
      [1, { n: 1 }, 1, 1],
      ["none", { n: 1 }, 1, 1],
      ["none", { n: 1 }, 1, 0],
      ["none", { n: 1 }, 0, 0],
    ]);
  });
});
