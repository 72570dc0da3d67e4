/** The bench for stateful functions: promises are awaited, and crashes and snapshots go through what a checkpoint would have. */
import { describe, expect, test } from "vitest";
import { buffer, egress, fn, table, type, value } from "../../statefun/index.ts";
import type { AsyncResult } from "../../statefun/index.ts";
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

describe("promises", () => {
  const slow = fn("test/slow", {
    accepts: { wait: type<number>() },
    state: { turns: value({ default: 0 }) },
    handle: {
      async wait(ctx, ms) {
        await new Promise((resolve) => setTimeout(resolve, ms));
        ctx.state.turns += 1;
        ctx.send(echo.at("e"), "say", `waited ${ms}`);
      },
    },
  });

  test("of async turns are awaited, with what follows from them", async () => {
    const harness = new StatefulFunctionHarness({ functions: [slow, echo] });
    harness.send(slow.at("a"), "wait", 3);
    harness.send(slow.at("a"), "wait", 1);
    expect([harness.underWay, harness.egress(out)]).toEqual([1, []]);
    await harness.quiet();
    expect([harness.underWay, harness.egress(out)]).toEqual([0, ["e says waited 3", "e says waited 1"]]);
  });

  test("run again after a crash, once", async () => {
    const harness = new StatefulFunctionHarness({ functions: [slow, echo] });
    harness.send(slow.at("a"), "wait", 1);
    harness.crashAndRestore();
    harness.crashAndRestore();
    expect(harness.underWay).toBe(1);
    await harness.quiet();
    expect(harness.state(slow, "a")).toEqual({ turns: 1 });
    expect(harness.egress(out)).toEqual(["e says waited 1"]);
  });

  test("that never settle are said", async () => {
    const stuck = fn("test/stuck", {
      accepts: { go: type<null>() },
      handle: { go: () => new Promise<void>(() => undefined) },
    });
    const harness = new StatefulFunctionHarness({ functions: [stuck] });
    harness.send(stuck.at("a"), "go", null);
    await expect(harness.quiet({ timeoutMs: 1 })).rejects.toThrow(
      /^1 async turns or operations are still under way after 1 ms: settle/,
    );
  });

  test("of operations become messages; those that a crash has cut off are unknown", async () => {
    const operating = fn("test/operating", {
      accepts: { go: type<string>(), outcome: type<AsyncResult<string, number>>() },
      handle: {
        go(ctx, how) {
          ctx.async("outcome", how, () => (how === "well" ? Promise.resolve(1) : Promise.reject(new Error(how))));
        },
        outcome: (ctx, { metadata, status }) => ctx.send(out, `${metadata}: ${status}`),
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [operating] });
    for (const how of ["well", "badly"]) harness.send(operating.at("a"), "go", how);
    await harness.quiet();
    expect(harness.egress(out)).toEqual(["well: success", "badly: failure"]);
    harness.clear();
    harness.send(operating.at("a"), "go", "well");
    harness.crashAndRestore();
    expect(harness.egress(out)).toEqual(["well: unknown"]);
    await harness.quiet();
    expect(harness.egress(out)).toEqual(["well: unknown"]);
  });
});

describe("snapshots", () => {
  test("take back what happened since, also what has left", () => {
    const harness = new StatefulFunctionHarness({ functions: [counter, echo] });
    harness.send(counter.at("a"), "add", 1);
    harness.send(echo.at("e"), "say", "before");
    const snapshot = harness.snapshot();
    harness.send(counter.at("a"), "add", 10);
    harness.send(echo.at("e"), "say", "after");
    harness.restore(snapshot);
    expect(harness.state(counter, "a")).toMatchObject({ sum: 1, log: [1] });
    expect(harness.egress(out)).toEqual(["e says before"]);
    harness.clear();
    harness.send(echo.at("e"), "say", "again");
    harness.restore(snapshot);
    harness.restore(snapshot);
    expect(harness.egress(out)).toEqual([]);
    harness.send(counter.at("a"), "add", 100);
    expect(harness.state(counter, "a").sum).toBe(101);
  });

  test("go on elsewhere, with other code", () => {
    const before = new StatefulFunctionHarness({ functions: [counter] });
    before.send(counter.at("a"), "add", 1);
    const better = fn("test/counter", {
      accepts: { add: type<number>() },
      state: { sum: value({ default: 0 }) },
      handle: {
        add(ctx, n) {
          ctx.state.sum += 1_000 * n;
        },
      },
    });
    const after = new StatefulFunctionHarness({ functions: [better], restored: before.snapshot() });
    after.send(better.at("a"), "add", 1);
    expect(after.state(better, "a")).toEqual({ sum: 1_001 });
    expect(before.state(counter, "a").sum).toBe(1);
  });

  test("have what is too much for the mailboxes", async () => {
    const slow = fn("test/slow", {
      accepts: { add: type<string>() },
      state: { text: value({ default: "" }) },
      handle: {
        async add(ctx, text) {
          await Promise.resolve();
          ctx.state.text += text;
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [slow], mailboxBytesMax: 100 });
    for (const letter of "abcdef") harness.send(slow.at("a"), "add", letter);
    harness.crashAndRestore();
    harness.send(slow.at("a"), "add", "g");
    await harness.quiet();
    expect(harness.state(slow, "a").text).toBe("abcdefg");
  });

  test("have what waits for its time", () => {
    const alarm = fn("test/alarm", {
      accepts: { set: type<null>(), ring: type<null>() },
      handle: {
        set: (ctx) => void ctx.sendAfter("1m", ctx.self, "ring", null),
        ring: (ctx) => ctx.send(out, "ring"),
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [alarm] });
    harness.send(alarm.at("a"), "set", null);
    harness.crashAndRestore();
    harness.advance(59_999);
    expect(harness.egress(out)).toEqual([]);
    harness.advance(1);
    expect(harness.egress(out)).toEqual(["ring"]);
  });
});
