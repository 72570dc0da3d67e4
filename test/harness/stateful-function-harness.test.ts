/** The bench for stateful functions: what goes in and out, state, time, and that it tells a test what has gone wrong. */
// covers: statefun/read/waiting-sends.ts
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  addressOf,
  buffer,
  egress,
  external,
  fn,
  FunctionType,
  FunctionTypeNamespaceMatcher,
  ingress,
  module,
  PersistedValue,
  retry,
  retryAddress,
  router,
  table,
  ttl,
  type,
  value,
} from "../../statefun/index.ts";
import type { Context, StatefulFunction } from "../../statefun/index.ts";
import { digits } from "../statefun/define/tiny-schema.ts";
import { ManualClock } from "./manual-clock.ts";
import { StatefulFunctionHarness } from "./stateful-function-harness.ts";

const out = egress("test/out", type<string>());

const echo = fn("test/echo", {
  accepts: { say: type<string>() },
  handle: { say: (ctx, text) => ctx.send(out, `${ctx.self.id} says ${text}`) },
});

const counter = fn("test/counter", {
  accepts: { add: type<number>() },
  state: { sum: value({ default: 0 }), by: table<number, number>(), log: buffer<number>() },
  handle: {
    add({ state }, n) {
      state.sum += n;
      state.by.set(n, (state.by.get(n) ?? 0) + 1);
      state.log.push(n);
    },
  },
});

describe("messages", () => {
  test("among the functions are over when the call returns, others are recorded", () => {
    const stock = external<{ reserve: number }>("shop/stock");
    const first = fn("test/first", {
      accepts: { go: type<number>() },
      handle: {
        go(ctx, n) {
          if (n > 0) ctx.send(ctx.self, "go", n - 1);
          else ctx.send(echo.at("last"), "say", "done");
          if (n === 1) ctx.send(stock.at("tea"), "reserve", n);
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [first, echo] });
    harness.send(first.at("a"), "go", 3);
    expect(harness.egress(out)).toEqual(["last says done"]);
    expect(harness.sent).toEqual([
      { from: { type: "test/first", id: "a" }, to: { type: "shop/stock", id: "tea" }, kind: "reserve", value: 1 },
    ]);
    harness.clear();
    expect([harness.egress(out), harness.sent]).toEqual([[], []]);
  });

  test("from a function that is not here may be replied to", () => {
    const polite = fn("test/polite", {
      accepts: { ask: type<{ n: number }>() },
      handle: {
        ask(ctx, question) {
          question.n += 1;
          ctx.reply("answer", question.n);
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [polite] });
    const question = { n: 1 };
    const asker = addressOf("other/asker", "x");
    harness.sendFrom(asker, polite.at("p"), "ask", question);
    expect(harness.sent).toEqual([{ from: { type: "test/polite", id: "p" }, to: asker, kind: "answer", value: 2 }]);
    expect(question).toEqual({ n: 1 });
  });

  test("are typed as those of routers, and checked by schemas", () => {
    const strict = fn("test/strict", {
      accepts: { add: digits },
      handle: { add: (ctx, n) => ctx.send(out, `${n + 1}`) },
    });
    const harness = new StatefulFunctionHarness({ functions: [strict] });
    harness.send(strict.at("s"), "add", "41");
    expect(harness.egress(out)).toEqual(["42"]);
    expectTypeOf(harness.egress(out)).toEqualTypeOf<readonly string[]>();
    // @ts-expect-error -- the schema takes text
    expect(() => harness.send(strict.at("s"), "add", 41)).toThrow(/MR9010: message "add" of test\/strict/);
    // @ts-expect-error -- there is no such kind
    expect(() => harness.send(strict.at("t"), "sub", "1")).toThrow(/MR9031/);
  });

  test("of an ingress go the way of its routers, with or without its source", () => {
    const words = ingress("test/words", type<string>());
    const routing = router(words, (word, downstream) => {
      downstream.forward(echo.at(word), "say", word);
      downstream.forward(echo.at("all"), "say", word);
    });
    const harness = new StatefulFunctionHarness({
      modules: [module(({ config }) => [echo, routing, router(words, () => config.get("some"))])],
      globalConfig: { some: "thing" },
    });
    harness.receive(words, "hi");
    expect(harness.egress(out)).toEqual(["hi says hi", "all says hi"]);
    expect(() => harness.receive(ingress("test/other", type<string>()), "hi")).toThrow(
      'no module of the harness has a router for the ingress "test/other": list one that has',
    );
  });

  test("go to function objects, also those of a whole namespace", () => {
    class Shout implements StatefulFunction {
      readonly count = PersistedValue.of<number>("count");

      invoke(context: Context, input: unknown): void {
        this.count.set(this.count.getOrDefault(0) + 1);
        context.send(out, `${context.self().type} ${String(input).toUpperCase()} ${this.count.getOrDefault(0)}`);
      }
    }
    const harness = new StatefulFunctionHarness({
      modules: [
        {
          configure(_config, binder) {
            binder.bindFunctionProvider(new FunctionType("test", "one"), Shout);
            binder.bindFunctionProvider(FunctionTypeNamespaceMatcher.targetNamespace("many"), Shout);
          },
        },
      ],
    });
    for (const name of ["test/one", "many/a", "many/b", "many/a"] as const)
      harness.send(addressOf(name, "x"), "", "hey");
    expect(harness.egress(out)).toEqual(["test/one HEY 1", "many/a HEY 1", "many/b HEY 1", "many/a HEY 2"]);
    expect(Object.values(harness.state(addressOf("many/a", "x")))).toEqual([2]);
    expect(() => harness.send(addressOf("much/a", "x"), "", "hey")).toThrow(/has no function "much\/a"/);
  });
});

describe("state", () => {
  test("is read as plain values, with what the function declares", () => {
    const harness = new StatefulFunctionHarness({ functions: [counter] });
    for (const n of [1, 2, 1]) harness.send(counter.at("a"), "add", n);
    const state = harness.state(counter, "a");
    expect(state).toEqual({
      sum: 4,
      by: new Map([
        [1, 2],
        [2, 1],
      ]),
      log: [1, 2, 1],
    });
    expectTypeOf(state.sum).toEqualTypeOf<number>();
    expectTypeOf(state.by).toEqualTypeOf<ReadonlyMap<number, number>>();
    expect(harness.state(counter, "b")).toEqual({ sum: 0, by: new Map(), log: [] });
    expect(harness.state(counter.at("a"))).toEqual(state);
  });

  test("does not change when it is looked at, and is gone when its time is over", () => {
    const brief = fn("test/brief", {
      accepts: { set: type<number>() },
      state: { n: value<number>({ expire: ttl.afterAccess(100) }) },
      handle: {
        set({ state }, n) {
          state.n = n;
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [brief] });
    harness.send(brief.at("a"), "set", 1);
    harness.advance(99);
    expect(harness.state(brief, "a")).toEqual({ n: 1 });
    harness.advance(1);
    expect(harness.state(brief, "a")).toEqual({ n: undefined });
  });
});

describe("time", () => {
  const later = fn("test/later", {
    accepts: { begin: type<number>(), tick: type<number>(), at: type<number>() },
    handle: {
      begin(ctx, n) {
        ctx.sendAfter(100, ctx.self, "tick", n, { token: "tick" });
        ctx.sendAt(5_000, ctx.self, "at", n);
      },
      tick(ctx, n) {
        ctx.send(out, `tick ${n} at ${ctx.processingTimeMs()}`);
        if (n > 1) ctx.sendAfter(100, ctx.self, "tick", n - 1);
      },
      at: (ctx, n) => ctx.send(out, `at ${n}, watermark ${ctx.currentWatermarkMs}`),
    },
  });

  test("brings each delayed message at its own time, with what follows from it", () => {
    const harness = new StatefulFunctionHarness({ functions: [later], clock: new ManualClock(1_000) });
    harness.send(later.at("a"), "begin", 3);
    expect(harness.delayed).toEqual([
      {
        from: later.at("a"),
        to: later.at("a"),
        kind: "tick",
        value: 3,
        token: "tick",
        dueMs: 1_100,
        time: "processing",
      },
      expect.objectContaining({ kind: "at", dueMs: 5_000, time: "event" }),
    ]);
    harness.advance(250);
    expect(harness.egress(out)).toEqual(["tick 3 at 1100", "tick 2 at 1200"]);
    harness.processWatermark(4_999);
    expect(harness.egress(out)).toHaveLength(2);
    harness.processWatermark(5_000);
    expect(harness.egress(out).at(-1)).toBe("at 3, watermark 5000");
    expect(harness.delayed).toHaveLength(1);
  });

  test("ends with the input, as the job says", () => {
    const run = (onEndOfInput?: "fire" | "wait" | "drop"): readonly [boolean, readonly string[]] => {
      const harness = new StatefulFunctionHarness({ functions: [later], ...(onEndOfInput && { onEndOfInput }) });
      harness.send(later.at("a"), "begin", 2);
      return [harness.endInput(), harness.egress(out)];
    };
    expect(run()).toEqual([true, ["at 2, watermark Infinity", "tick 2 at 0", "tick 1 at 0"]]);
    expect(run("drop")).toEqual([true, ["at 2, watermark Infinity"]]);
    expect(run("wait")).toEqual([false, ["at 2, watermark Infinity"]]);
  });

  test("that is waited for goes by with the clock", () => {
    const harness = new StatefulFunctionHarness({ functions: [later], onEndOfInput: "wait" });
    harness.send(later.at("a"), "begin", 2);
    expect(harness.endInput()).toBe(false);
    harness.advance(1_000);
    expect(harness.endInput()).toBe(true);
    expect(harness.egress(out)).toEqual(["at 2, watermark Infinity", "tick 2 at 100", "tick 1 at 200"]);
  });
});

describe("what goes wrong", () => {
  const frail = fn("test/frail", {
    accepts: { go: type<number>() },
    handle: {
      go(ctx, n) {
        if (n < 0) throw new RangeError("below zero");
        ctx.send(out, `${n}`);
      },
    },
  });

  test("in a handler comes out of the call that led to it, with the handler's stack", () => {
    const harness = new StatefulFunctionHarness({ functions: [frail] });
    let thrown: unknown;
    try {
      harness.send(frail.at("a"), "go", -1);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      message: 'test/frail "a" failed on "go" and is quarantined: below zero',
      cause: {
        name: "RangeError",
        message: "below zero",
        stack: expect.stringContaining("stateful-function-harness.test.ts"),
      },
    });
    harness.send(frail.at("a"), "go", 1); // waits, and is no news
    expect(harness.egress(out)).toEqual([]);
    expect(() => harness.send(retryAddress(frail.at("a")))).toThrow("below zero");
    harness.crashAndRestore();
    expect(harness.quarantined).toMatchObject([{ id: "a", waiting: 1 }]);
  });

  test("in an async handler comes out of quiet()", async () => {
    const late = fn("test/late", {
      accepts: { go: type<null>() },
      handle: {
        async go() {
          await Promise.resolve();
          throw new Error("too late");
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [late] });
    harness.send(late.at("a"), "go", null);
    await expect(harness.quiet()).rejects.toThrow('test/late "a" failed on "go" and is quarantined: too late');
  });

  test("comes out each time, however often", () => {
    const frail = fn("test/frail", {
      accepts: { go: type<null>() },
      handle: {
        go() {
          throw new Error("once more");
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [frail] });
    for (let id = 0; id < 12; id += 1)
      expect(() => harness.send(frail.at(`line\n${id}`), "go", null)).toThrow("once more");
    expect(harness.quarantined).toHaveLength(12);
  });

  test("and fails the job comes out as it is", () => {
    const fatal = fn("test/fatal", {
      accepts: { go: type<null>() },
      onError: "fail-job",
      handle: {
        go() {
          throw new Error("no way");
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [fatal] });
    expect(() => harness.send(fatal.at("a"), "go", null)).toThrow(/^MR9032: test\/fatal "a" failed on a message "go"/);
  });

  test("and is tried again waits for the clock, and keeps nobody from being quiet", async () => {
    let failures = 2;
    const stubborn = fn("test/stubborn", {
      accepts: { go: type<null>() },
      onError: retry({ attempts: 3, initialDelay: 100 }),
      handle: {
        go(ctx) {
          failures -= 1;
          if (failures >= 0) throw new Error("not yet");
          ctx.send(out, `at ${ctx.processingTimeMs()}`);
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [stubborn] });
    harness.send(stubborn.at("a"), "go", null);
    await harness.quiet();
    harness.advance(299);
    expect(harness.egress(out)).toEqual([]);
    harness.advance(1);
    expect(harness.egress(out)).toEqual(["at 300"]);
  });

  test("is that functions talk for ever", () => {
    const chatty = fn("test/chatty", {
      accepts: { go: type<null>() },
      handle: { go: (ctx) => ctx.send(ctx.self, "go", null) },
    });
    const harness = new StatefulFunctionHarness({ functions: [chatty] });
    expect(() => harness.send(chatty.at("a"), "go", null)).toThrow(
      /^after 100000 messages the functions still send each other more, such as "go" to test\/chatty "a"/,
    );
  });

  test("is that there is no such function", () => {
    const harness = new StatefulFunctionHarness({ functions: [counter] });
    expect(() => harness.send(addressOf("test/countr", "a"), "add", 1)).toThrow(
      'the harness has no function "test/countr": did you mean "test/counter"?',
    );
    expect(() => harness.state(addressOf("else/where", "a"))).toThrow("it has test/counter");
    expect(() => new StatefulFunctionHarness({})).toThrow(/^the harness has no function to run/);
    expect(() => new StatefulFunctionHarness({ functions: [counter, counter] })).toThrow(/^MR9040: the harness binds/);
  });
});
