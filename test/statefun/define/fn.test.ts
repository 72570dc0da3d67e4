/** `fn`: the definition that it makes, whom it hands a message to, and what it refuses. What the compiler refuses stands in `fn.types.ts`. */
// covers: statefun/address.ts, statefun/define/function-type.ts, statefun/define/typed-address.ts, statefun/define/state-specs.ts, statefun/define/expiration.ts
import { describe, expect, test } from "vitest";
import {
  addressOf,
  buffer,
  egress,
  external,
  fn,
  FunctionType,
  table,
  ttl,
  type,
  value,
} from "../../../statefun/index.ts";
import { fakeTurn } from "./fake-context.ts";
import * as programs from "./fn.types.ts";
import { refusal } from "./refusal.ts";
import { digits, greetRequest, text, wholeNumber } from "./tiny-schema.ts";

describe("a definition", () => {
  const greetings = egress("greeter/greetings", type<string>());
  const greeter = fn("apache/greeter", {
    accepts: { greet: greetRequest, forget: type<undefined>() },
    state: {
      seenCount: value(wholeNumber, { name: "seen-count", default: 0, expire: ttl.afterWrite("30m") }),
      last: value<string>(),
      byDay: table(text, wholeNumber, { expire: ttl.afterAccess(5, { time: "event" }) }),
      notes: buffer<string>({ name: "n" }),
    },
    onError: "fail-job",
    handle: {
      greet(ctx, { who }) {
        ctx.state.seenCount += 1;
        ctx.send(greetings, `Hello ${who}`);
      },
      async forget(ctx) {
        await Promise.resolve();
        ctx.state.seenCount = 0;
      },
    },
  });

  test("has all states by name, with their expiration", () => {
    const { type: name, state, onError } = greeter.definition;
    expect([name, onError]).toEqual(["apache/greeter", { kind: "fail-job" }]);
    expect(state).toEqual([
      {
        kind: "value",
        property: "seenCount",
        name: "seen-count",
        default: 0,
        expiration: { after: "30m", refresh: "write", time: "processing" },
        check: expect.any(Function) as unknown,
      },
      { kind: "value", property: "last", name: "last", default: undefined, expiration: undefined, check: undefined },
      {
        kind: "table",
        property: "byDay",
        name: "byDay",
        expiration: { after: 5, refresh: "read-and-write", time: "event" },
        checkKey: expect.any(Function) as unknown,
        checkValue: expect.any(Function) as unknown,
      },
      { kind: "buffer", property: "notes", name: "n", expiration: undefined, check: undefined },
    ]);
  });

  test("checks what has a schema, and nothing else", () => {
    const checks = greeter.definition.accepts;
    expect([...(checks?.keys() ?? [])]).toEqual(["greet", "forget"]);
    expect(checks?.get("forget")).toBeUndefined();
    expect(checks?.get("greet")?.({ who: "Ada", more: 1 })).toEqual({ who: "Ada" });
    expect(refusal(() => checks?.get("greet")?.({ who: 1 }))).toBe(
      'MR9010: message "greet" of apache/greeter does not fit its schema: at who: not text',
    );
    const [seenCount] = greeter.definition.state;
    expect(refusal(() => seenCount?.kind === "value" && seenCount.check?.("one"))).toMatch(
      /MR9010: state "seenCount" of apache\/greeter .*no whole number/,
    );
  });

  test("hands a message to the handler of its kind, and returns its promise", async () => {
    const handler = greeter.definition.createHandler();
    const { context, log } = fakeTurn({ seenCount: 3 });
    expect(handler(context, "greet", { who: "Ada" })).toBeUndefined();
    expect(context.state["seenCount"]).toBe(4);
    expect(log).toEqual(['send {"egress":"greeter/greetings"} Hello Ada']);
    const finished = handler(context, "forget", undefined);
    expect(finished).toBeInstanceOf(Promise);
    await finished;
    expect(context.state["seenCount"]).toBe(0);
  });
});

describe("handlers", () => {
  const { context } = fakeTurn();
  const seen: string[] = [];

  test("of one kind, of some kinds and otherwise, and of whatever comes", () => {
    const one = fn("a/one", { accepts: { only: text }, handle: { only: (_ctx, message) => void seen.push(message) } });
    void one.definition.createHandler()(context, "only", "1");
    const some = fn("a/some", {
      accepts: { first: text, second: digits, third: text },
      handle: { first: (_ctx, message) => void seen.push(`first ${message}`) },
      otherwise: (_ctx, message) => void seen.push(`${message.kind} ${message.value}`),
    });
    const handler = some.definition.createHandler();
    void handler(context, "first", "1");
    void handler(context, "second", 2);
    void handler(context, "third", "3");
    const open = fn("a/open", {
      otherwise: (_ctx, { kind, value: message }) => void seen.push(`${kind}: ${String(message)}`),
    });
    expect(open.definition.accepts).toBeUndefined();
    void open.definition.createHandler()(context, "", 4);
    expect(seen).toEqual(["1", "first 1", "second 2", "third 3", ": 4"]);
  });

  test("may use `this` for the others", () => {
    const lines: string[] = [];
    const own = fn("a/own", {
      accepts: { one: text, two: text },
      handle: {
        one(ctx, message) {
          void this.two(ctx, message);
        },
        two: (_ctx, message) => void lines.push(message),
      },
    });
    void own.definition.createHandler()(context, "one", "through");
    expect(lines).toEqual(["through"]);
  });
});

describe("addresses", () => {
  const greeter = fn("apache/deep/greeter", { accepts: { greet: text }, handle: { greet: () => undefined } });

  test("are plain data", () => {
    expect(greeter.at("ada")).toEqual({ type: "apache/deep/greeter", id: "ada" });
    expect(external("a/b").at("x")).toEqual({ type: "a/b", id: "x" });
    expect(addressOf("a/b", "x")).toEqual({ type: "a/b", id: "x" });
    expect(addressOf(new FunctionType("a/n", "b"), "")).toEqual({ type: "a/n/b", id: "" });
    expect([
      greeter.is(addressOf("apache/deep/greeter", "x")),
      greeter.is(addressOf("a/b", "x")),
      greeter.is(undefined),
    ]).toEqual([true, false, false]);
  });

  test("have names and ids of text", () => {
    expect(refusal(() => greeter.at(1 as never))).toMatch(/^MR9002: the id .*apache\/deep\/greeter is text, not 1/);
    expect(refusal(() => addressOf("greeter" as never, "x"))).toMatch(/^MR9001: "greeter" is no name of a function/);
    expect(refusal(() => addressOf(undefined as never, "x"))).toBe(
      'MR9001: undefined is no name of a function: write it as "namespace/name"',
    );
    expect(refusal(() => external("a/" as never))).toMatch(/^MR9001/);
    expect(refusal(() => new FunctionType(undefined as never, undefined as never))).toBe(
      "MR9001: the namespace and the name of a function are text, not undefined",
    );
    expect(refusal(() => new FunctionType("a", 5 as never))).toMatch(/^MR9001: .*, not 5$/);
    expect(refusal(() => new FunctionType("a", "b/c"))).toMatch(/^MR9001/);
    expect(refusal(() => new FunctionType("", "c"))).toMatch(/^MR9001/);
    expect(String(FunctionType.parseFrom("a/b/c"))).toBe("a/b/c");
    expect(FunctionType.parseFrom("a/b/c")).toMatchObject({ namespace: "a/b", name: "c" });
  });
});

describe("what is refused", () => {
  const loose = fn as (type: unknown, spec: unknown) => unknown; // for programs that were not compiled
  const nothing = (): undefined => undefined;

  test.each([
    ["no name", "greeter", {}, /^MR9001/],
    ["no definition", "a/b", undefined, /^MR9012: fn\("a\/b", \.\.\.\) takes/],
    ["nothing accepted", "a/b", {}, /^MR9012: a\/b does not say what it accepts/],
    ["a handler and nothing accepted", "a/b", { handle: { one: nothing }, otherwise: nothing }, /^MR9012/],
    ["a kind without a handler", "a/b", { accepts: { one: text } }, /^MR9012: a\/b accepts "one" and has no handler/],
    ["a kind whose handler is inherited", "a/b", { accepts: { toString: text }, handle: {} }, /^MR9012: .*"toString"/],
    [
      "a handler without a kind",
      "a/b",
      { accepts: { one: text }, handle: { one: nothing, onee: nothing } },
      /did you mean "one"/,
    ],
    [
      "a kind of the runtime",
      "a/b",
      { accepts: { $retry: text }, handle: { $retry: nothing } },
      /^MR9012: .*does not begin with "\$"/,
    ],
    ["an empty kind", "a/b", { accepts: { "": text }, handle: { "": nothing } }, /^MR9012/],
    [
      "no schema",
      "a/b",
      { accepts: { one: String }, handle: { one: nothing } },
      /^MR9012: message "one" .* neither a schema/,
    ],
    ["otherwise as text", "a/b", { accepts: { one: text }, otherwise: "one" }, /^MR9012: otherwise/],
    [
      "state of the engine",
      "a/b",
      { state: { seen: { kind: "value" } }, otherwise: nothing },
      /^MR9012: state "seen" .*millrace\/statefun/,
    ],
    ["no state", "a/b", { state: { seen: undefined }, otherwise: nothing }, /^MR9012: state "seen" of a\/b is not/],
    ["no handlers", "a/b", { accepts: {}, handle: null, otherwise: nothing }, /^MR9012: handle of a\/b is .*not null/],
    [
      "no kinds",
      "a/b",
      { accepts: null, otherwise: nothing },
      /^MR9012: accepts of a\/b is an object, \{ kind: schema/,
    ],
    ["no states", "a/b", { state: 5, otherwise: nothing }, /^MR9012: state of a\/b is .*not 5/],
    ["no policy", "a/b", { onError: "ignore", otherwise: nothing }, /^MR9014: ignore is no policy/],
  ])("%s", (_, name, spec, sentence) => {
    expect(refusal(() => loose(name, spec))).toMatch(sentence);
  });

  test("two states of one name", () => {
    const sentence = refusal(() =>
      fn("a/b", { state: { one: value({ default: 1, name: "x" }), x: value<number>() }, otherwise: nothing }),
    );
    expect(sentence).toBe('MR9012: a/b saves "x" and "one" under one name, "x": name them apart');
  });

  test.each([
    ["value", () => value({ name: "" })],
    ["value", () => value(text, "more" as never)],
    ["table", () => table(text as never)],
    ["buffer", () => buffer(text, 1 as never)],
  ] as [string, () => unknown][])("wrong options of %s()", (name, declare) => {
    expect(refusal(declare)).toMatch(new RegExp(`^MR9012: ${name}\\(\\) takes`));
  });

  test("wrong expirations", () => {
    expect(refusal(() => value({ expire: "30m" as never }))).toMatch(/^MR9013/);
    expect(refusal(() => ttl.afterWrite("30m", { time: "wall" as never }))).toMatch(/^MR9013/);
    expect(refusal(() => ttl.afterAccess(0))).toMatch(/^MR1002/);
    expect(refusal(() => ttl.afterAccess("soon" as never))).toMatch(/^MR1001/);
  });
});

test("programs that must not compile are checked by tsc", () => {
  expect(Object.keys(programs)).toContain("routes");
});
