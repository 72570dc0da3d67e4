/** What requests are told whose messages fail, are skipped or tried again, and those that wait behind them. */
// covers: statefun/group/http-requests.ts, statefun/group/parked-addresses.ts
import { describe, expect, test } from "vitest";
import { READ_KIND } from "../../../statefun/http-messages.ts";
import { ask, askKeyed, callerOfA, counter, makeGate, replies, start } from "./http-asks.ts";

describe("a message that fails", () => {
  test("is answered with the quarantine, and so is whatever comes behind it, which is not kept", () => {
    const loop = start({ functions: [counter()] });
    ask(loop, "r1", { value: "bad" });
    ask(loop, "r2", { value: 1 });
    ask(loop, "r3", { kind: READ_KIND });
    ask(loop, "r4", { value: 1, id: "b" });
    askKeyed(loop, "r5", { key: "k", value: 1 });
    expect(replies(loop).map(({ to, status }) => [to, status])).toEqual([
      ["r1", 424],
      ["r2", 424],
      ["r3", 424],
      ["r4", 200],
      ["r5", 424],
    ]);
    expect(replies(loop)[1]?.value).toEqual({
      code: "MR9060",
      message: expect.stringContaining(`test/counter "a" is quarantined`) as string,
      error: { name: "TypeError" },
    });
    loop.send("test/counter", "a", "$skip", null);
    askKeyed(loop, "r6", { key: "k", value: 1 });
    expect(replies(loop).at(-1)).toMatchObject({ status: 200, value: 1 });
  });

  test.each([
    ["in memory", {}],
    ["on disk", { mailboxBytesMax: 1 }],
  ])("tells those who wait behind it already, %s, whose messages stay in their line", async (_, options) => {
    const gate = makeGate();
    const failing = counter({
      createHandler: () => async (ctx, _kind, value) => {
        await gate.opened;
        if (value === "bad") throw new TypeError("no number");
        ctx.reply("done", value);
      },
    });
    const loop = start({ functions: [failing], ...options });
    ask(loop, "r1", { value: "bad" });
    ask(loop, "r2", { value: 2 });
    askKeyed(loop, "r3", { key: "k", value: 3 });
    gate.open();
    await loop.settle();
    const refused = { status: 424, value: { code: "MR9060", error: { name: "TypeError" } } };
    expect(replies(loop)).toMatchObject([
      { to: "r1", digest: "", ...refused },
      { to: "r2", digest: "", ...refused },
      { to: callerOfA, digest: "3", ...refused },
    ]);
    loop.send("test/counter", "a", "$skip", null);
    await loop.settle();
    expect(replies(loop).slice(3)).toMatchObject([
      { to: "r2", status: 200, value: 2 },
      { to: callerOfA, status: 200, value: 3 },
    ]);
  });

  test("gives its key back when it is skipped, and its reply when it is tried again", () => {
    let isFixed = false;
    const fragile = counter({
      createHandler: () => (ctx) => {
        if (!isFixed) throw new Error("not yet");
        ctx.reply("fine");
      },
    });
    const loop = start({ functions: [fragile] });
    askKeyed(loop, "r1", { key: "k", value: 1 });
    loop.send("test/counter", "a", "$skip", null);
    askKeyed(loop, "r2", { key: "k", value: 2 });
    expect(replies(loop).map(({ to, digest, status }) => [to, digest, status])).toEqual([
      [callerOfA, "1", 424],
      [callerOfA, "2", 424],
    ]);
    isFixed = true;
    loop.send("test/counter", "a", "$retry", null);
    loop.run();
    askKeyed(loop, "r3", { key: "k", value: 2 });
    expect(replies(loop).slice(2)).toMatchObject([
      { to: callerOfA, digest: "2", status: 200, value: "fine" },
      { to: "r3", status: 200, value: "fine" },
    ]);
  });

  test("and goes to the dead letters has an error for a reply, under its key as well", () => {
    const strict = counter({ onError: { kind: "dead-letter", egress: "test/out" } });
    const loop = start({ functions: [strict] });
    ask(loop, "r1", { value: "bad" });
    askKeyed(loop, "r2", { key: "k", value: "bad" });
    askKeyed(loop, "r3", { key: "k", value: "bad" });
    const error = { status: 500, value: { code: "MR9062", error: { name: "TypeError" } } };
    expect(replies(loop)).toMatchObject([
      { to: "r1", ...error },
      { to: callerOfA, ...error },
      { to: "r3", ...error },
    ]);
    expect(loop.out()).toHaveLength(2);
  });

  test("while it is tried again, nobody is told anything", () => {
    const then = { kind: "quarantine" } as const;
    // oxlint-disable-next-line unicorn/no-thenable -- the policy's own word
    const patient = counter({ onError: { kind: "retry", attempts: 1, initialDelayMs: 10, maxDelayMs: 10, then } });
    const loop = start({ functions: [patient] });
    ask(loop, "r1", { value: "bad" });
    expect(replies(loop)).toEqual([]);
    loop.advance(10);
    expect(replies(loop)).toMatchObject([{ to: "r1", status: 424 }]);
  });
});
