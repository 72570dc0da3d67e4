/** Rules for inputs of several kinds: the first that fits, conditions, what schemas make of an input, and what is refused. */
import { beforeEach, describe, expect, test } from "vitest";
import { providedFunction } from "../../../statefun/define/provided-function.ts";
import { AsyncOperationResult, FunctionType, matching, PersistedValue } from "../../../statefun/index.ts";
import type { Context, MatchBinder, StatefulFunction } from "../../../statefun/index.ts";
import { fakeTurn } from "./fake-context.ts";
import { asynchronous, digits, greetRequest, wholeNumber } from "./tiny-schema.ts";

const TYPE = new FunctionType("docs", "account");

let log: string[];

beforeEach(() => {
  log = [];
});

const isText = (input: unknown): input is string => typeof input === "string";
const ANYONE = { self: () => ({ type: TYPE.typeName, id: "ann" }) } as Context; // rules ask for nothing else

function invoked(configure: (binder: MatchBinder) => void, ...inputs: readonly unknown[]): readonly string[] {
  const invoke = matching(configure);
  for (const input of inputs) void invoke(ANYONE, input);
  return log;
}

describe("an input", () => {
  test("goes to the first rule that takes it, as its predicate has made it", () => {
    const said = invoked(
      (binder) => {
        binder
          .predicate(greetRequest, (_ctx, { who }) => void log.push(`greet ${who}`))
          .predicate(digits, (_ctx, number) => void log.push(`number ${number + 1}`))
          .predicate(isText, (_ctx, text) => void log.push(`text ${text.toUpperCase()}`))
          .otherwise((_ctx, input) => void log.push(`other ${String(input)}`));
      },
      { who: "ann", more: 1 },
      "41",
      "abc",
      null,
    );
    expect(said).toEqual(["greet ann", "number 42", "text ABC", "other null"]);
  });

  test("has to meet the condition of its rule", () => {
    const said = invoked(
      (binder) => {
        binder
          .predicate(
            wholeNumber,
            (number) => number < 0,
            () => void log.push("negative"),
          )
          .predicate(wholeNumber, () => void log.push("number"));
      },
      -1,
      1,
    );
    expect(said).toEqual(["negative", "number"]);
  });

  test("that no rule takes is an error of the function", () => {
    expect(() => invoked((binder) => binder.predicate(isText, () => undefined), 3)).toThrow(
      /^MR9019: docs\/account has no action for .*3.*otherwise\(\)/,
    );
  });

  test("is waited for where its action is async", async () => {
    const invoke = matching((binder) => binder.otherwise(() => Promise.resolve()));
    await expect(invoke(ANYONE, 1)).resolves.toBe(undefined);
  });
});

test("rules reach the state of their object, and outcomes of async operations", () => {
  class Account implements StatefulFunction {
    readonly balance = PersistedValue.of("balance", { default: 0 });
    readonly invoke = matching((binder) => {
      binder
        .predicate(wholeNumber, (_ctx, amount) => this.balance.set((this.balance.get() ?? 0) + amount))
        .predicate(AsyncOperationResult, (_ctx, outcome) => log.push(`success: ${outcome.successful()}`));
    });
  }
  const definition = providedFunction(TYPE, Account);
  const { context } = fakeTurn({ balance: 0 });
  const handler = definition.createHandler();
  void handler(context, "", 2);
  void handler(context, "", 3);
  expect(context.state["balance"]).toBe(5);
  void handler(context, "$outcome", { status: "success", metadata: null, value: 1 });
  expect(log).toEqual(["success: true"]);
});

test.each<[string, (binder: MatchBinder) => unknown, RegExp]>([
  ["no predicate", (binder) => binder.predicate("text" as never, () => undefined), /schema or a guard/],
  ["no action", (binder) => binder.predicate(isText, undefined as never), /an action/],
  ["no action behind a condition", (binder) => binder.predicate(isText, () => true, undefined as never), /an action/],
  [
    "a class",
    (binder) => binder.predicate(FunctionType as never, () => undefined),
    /is a class, and messages are plain data/,
  ],
  [
    "a rule behind one that takes all of it",
    (binder) =>
      binder
        .predicate(isText, () => undefined)
        .predicate(
          isText,
          () => true,
          () => undefined,
        ),
    /can never have its turn/,
  ],
  ["no condition", (binder) => binder.predicate(isText, 3 as never, () => undefined), /a condition/],
  ["no other action", (binder) => binder.otherwise(undefined as never), /otherwise\(\) takes an action/],
  ["two others", (binder) => binder.otherwise(() => undefined).otherwise(() => undefined), /twice/],
])("%s is refused when the object is made", (_, configure, reason) => {
  expect(() => matching((binder) => void configure(binder))).toThrow(/^MR9019/);
  expect(() => matching((binder) => void configure(binder))).toThrow(reason);
});

test("rules are bound while matching() runs, by a function that is not async", () => {
  let kept: MatchBinder | undefined;
  matching((binder) => void (kept = binder));
  expect(() => kept?.predicate(isText, () => undefined)).toThrow(/^MR9019.*comes later/);
  expect(() => kept?.otherwise(() => undefined)).toThrow(/^MR9019.*comes later/);
  expect(() => matching((async () => undefined) as never)).toThrow(/^MR1068/);
  expect(() => matching(undefined as never)).toThrow(/^MR9019: matching\(\) takes a function/);
});

test("a schema that checks asynchronously is refused when it is asked", () => {
  expect(() => invoked((binder) => binder.predicate(asynchronous, () => undefined), "a")).toThrow(
    /MR9019.*asynchronously/,
  );
});

describe("a promise says neither yes nor no", () => {
  const condition = (async () => false) as never;

  test("so guards and conditions that are async are refused when the object is made", () => {
    expect(() => matching((binder) => void binder.predicate(condition, () => undefined))).toThrow(
      /^MR1068: a guard of predicate\(\) is async/,
    );
    expect(() => matching((binder) => void binder.predicate(isText, condition, () => undefined))).toThrow(
      /^MR1068: the condition of predicate\(\) is async/,
    );
  });

  test("and those that return one, when they are asked", () => {
    const later = (() => Promise.reject(new Error("no"))) as never;
    expect(() => invoked((binder) => binder.predicate(later, () => undefined), "a")).toThrow(/^MR9019.*a promise/);
    expect(() => invoked((binder) => binder.predicate(isText, later, () => undefined), "a")).toThrow(
      /^MR9019.*a promise/,
    );
  });
});
