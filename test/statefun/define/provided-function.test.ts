/** Functions as objects: fields found and attached, turns kept apart, also asynchronous ones, and what is refused. */
// covers: statefun/define/persisted.ts, statefun/define/persisted-fields.ts, statefun/define/async-operation-result.ts, statefun/define/namespace-matcher.ts
import { describe, expect, test } from "vitest";
import { providedFunction } from "../../../statefun/define/provided-function.ts";
import {
  AsyncOperationResult,
  EgressIdentifier,
  FunctionType,
  FunctionTypeNamespaceMatcher,
  PersistedAppendingBuffer,
  PersistedTable,
  PersistedValue,
  ttl,
} from "../../../statefun/index.ts";
import type { BufferState, Context, StatefulFunction } from "../../../statefun/index.ts";
import { fakeTurn } from "./fake-context.ts";
import { refusal } from "./refusal.ts";
import { text, wholeNumber } from "./tiny-schema.ts";

const TYPE = new FunctionType("apache", "greeter");
const GREETINGS = new EgressIdentifier<string>("apache", "greetings");

class GreetFunction implements StatefulFunction {
  static readonly TYPE = TYPE;
  readonly seenCount = PersistedValue.of<number>("seen-count");
  readonly limit = PersistedValue.of("limit", { default: 10, type: wholeNumber, expire: ttl.afterWrite("1d") });
  readonly byDay = PersistedTable.of<string, number>("by-day", { keyType: text, valueType: wholeNumber });
  readonly notes = PersistedAppendingBuffer.of<string>("notes");

  invoke(context: Context, input: unknown): void {
    const seen = this.seenCount.getOrDefault(0);
    this.seenCount.set(seen + 1);
    context.send(GREETINGS, `Hello ${String(input)}, ${seen} of ${this.limit.get()}`);
  }
}

describe("a definition", () => {
  const expected = [
    { kind: "value", name: "seen-count", property: "seen-count", default: undefined },
    { kind: "value", name: "limit", default: 10, expiration: { after: "1d" } },
    { kind: "table", name: "by-day" },
    { kind: "buffer", name: "notes" },
  ];
  const providers = {
    class: GreetFunction,
    function: () => new GreetFunction(),
    object: { functionOfType: () => new GreetFunction() },
  };

  test.each(Object.entries(providers))(
    "takes its states from the fields, made by a provider that is a %s",
    (_, provider) => {
      const definition = providedFunction(TYPE, provider, { onError: "fail-job" });
      expect(definition).toMatchObject({ type: "apache/greeter", accepts: undefined, onError: { kind: "fail-job" } });
      expect(definition.state).toMatchObject(expected);
      const { context, log } = fakeTurn({ "seen-count": undefined, limit: 10 });
      const handler = definition.createHandler();
      void handler(context, "", "Ada");
      void handler(context, "", "Ada");
      expect(context.state["seen-count"]).toBe(2);
      expect(log).toEqual([
        'send {"egress":"apache/greetings"} Hello Ada, 0 of 10',
        'send {"egress":"apache/greetings"} Hello Ada, 1 of 10',
      ]);
    },
  );
});

test("fields have the methods of the original", () => {
  const steps: unknown[] = [];
  const rows = new Map<string, number>();
  const elements: string[] = [];
  const notes = Object.assign(elements, {
    pushAll: (more: Iterable<string>) => void elements.push(...more),
    replace: (all: Iterable<string>) => void elements.splice(0, Infinity, ...all),
    clear: () => void elements.splice(0),
  }) satisfies object as unknown as BufferState<string>; // enough of one
  const own = class extends Object implements StatefulFunction {
    readonly count = PersistedValue.of("count", { default: 5 });
    readonly rows = PersistedTable.of<string, number>("rows");
    readonly notes = PersistedAppendingBuffer.of<string>("notes");
    invoke(): void {
      steps.push(
        this.count.updateAndGet((n) => n + 1),
        this.count.getOrDefault(0),
        this.count.name,
      );
      this.count.clear();
      steps.push(
        this.count.getOrDefault(() => 7),
        this.count.getOrDefault(8),
      );
      this.rows.set("a", 1);
      this.rows.set("b", 2);
      this.rows.remove("a");
      steps.push(this.rows.get("a"), [...this.rows.keys()], [...this.rows.values()], [...this.rows.entries()]);
      this.rows.clear();
      this.notes.append("x");
      this.notes.appendAll(["y", "z"]);
      steps.push([...this.notes.view()]);
      this.notes.replaceWith(["only"]);
      steps.push([...this.notes.view()]);
      this.notes.clear();
    }
  };
  const state: Record<string, unknown> = { count: 5, rows, notes };
  void providedFunction(TYPE, own).createHandler()(fakeTurn(state).context, "", undefined);
  expect(steps).toEqual([6, 6, "count", 7, 8, undefined, ["b"], [2], [["b", 2]], ["x", "y", "z"], ["only"]]);
  expect(rows.size + elements.length).toBe(0);
});

test("the context has the methods of the original", () => {
  const address = { type: "a/b", id: "1" } as const;
  const other = new FunctionType("a", "c");
  const provider = (): StatefulFunction => ({
    invoke(context, input) {
      context.send(address, "one");
      context.send(other, "2", "two");
      context.send(GREETINGS, "three");
      context.sendAfter("5m", address, "later");
      context.sendAfter("5m", address, "later", "token");
      context.sendAfter(10, other, "2", "later");
      context.cancelDelayedMessage("token");
      context.reply(
        `${context.kind()} from ${context.caller()?.id ?? "outside"} to ${context.self().id}: ${String(input)}`,
      );
      context.registerAsyncOperation({ item: 1 }, () => Promise.resolve(2));
    },
  });
  const { context, log } = fakeTurn({}, { caller: { type: "a/b", id: "caller" } });
  void providedFunction(TYPE, provider).createHandler()(context, "ask", "hi");
  expect(log).toEqual([
    'send {"type":"a/b","id":"1"} one',
    'send {"type":"a/c","id":"2"} two',
    'send {"egress":"apache/greetings"} three',
    'sendAfter 5m {"type":"a/b","id":"1"}  later ',
    'sendAfter 5m {"type":"a/b","id":"1"}  later {"token":"token"}',
    'sendAfter 10 {"type":"a/c","id":"2"}  later',
    "cancel token",
    "reply ask from caller to x: hi",
    'async $outcome {"item":1}',
  ]);
});

test("an outcome arrives as such", () => {
  const seen: unknown[] = [];
  const provider = (): StatefulFunction => ({
    invoke(context, input) {
      if (!(input instanceof AsyncOperationResult)) return;
      seen.push([context.kind(), input.metadata(), input.status(), input.value(), input.throwable()?.message]);
      seen.push([input.successful(), input.failure(), input.unknown()]);
    },
  });
  const handler = providedFunction(TYPE, provider).createHandler();
  const { context } = fakeTurn();
  void handler(context, "$outcome", { status: "success", metadata: 1, value: 2 });
  void handler(context, "$outcome", { status: "failure", metadata: 1, error: { name: "E", message: "no" } });
  void handler(context, "$outcome", { status: "unknown", metadata: 1 });
  void handler(context, "", { status: "success", metadata: 1, value: 2 });
  expect(seen).toEqual([
    ["", 1, "success", 2, undefined],
    [true, false, false],
    ["", 1, "failure", undefined, "no"],
    [false, true, false],
    ["", 1, "unknown", undefined, undefined],
    [false, false, true],
  ]);
});

describe("turns", () => {
  test("that wait keep their state and context, whatever runs meanwhile", async () => {
    let made = 0;
    class Slow implements StatefulFunction {
      readonly seen = PersistedValue.of("seen", { default: 0 });
      readonly number = (made += 1);

      async invoke(context: Context, input: unknown): Promise<void> {
        this.seen.set(this.seen.get() + 1);
        await Promise.resolve(input);
        await Promise.resolve();
        this.seen.set(this.seen.get() + 10);
        context.send(context.self(), "done");
      }
    }
    const handler = providedFunction(TYPE, Slow).createHandler();
    const turns = ["a", "b", "c"].map((id) => fakeTurn({ seen: 0 }, { self: { type: "a/b", id } }));
    await Promise.all(turns.map(async ({ context }) => handler(context, "", undefined)));
    expect(turns.map(({ context }) => context.state)).toEqual([{ seen: 11 }, { seen: 11 }, { seen: 11 }]);
    expect(turns.map(({ log }) => log)).toEqual(["a", "b", "c"].map((id) => [`send {"type":"a/b","id":"${id}"} done`]));
    const objects = made;
    for (const { context } of turns) await handler(context, "", undefined);
    expect(made).toBe(objects); // objects are used again
  });

  test("that throw leave the object usable", async () => {
    let fail: "at once" | "later" | "never" = "at once";
    class Moody implements StatefulFunction {
      readonly seen = PersistedValue.of("seen", { default: 0 });
      invoke(): void | Promise<void> {
        if (fail === "at once") throw new Error("at once");
        if (fail === "later") return Promise.reject(new Error("later"));
        this.seen.set(1);
      }
    }
    const handler = providedFunction(TYPE, Moody).createHandler();
    const { context } = fakeTurn({ seen: 0 });
    expect(refusal(() => handler(context, "", 1))).toBe("at once");
    fail = "later";
    await expect(handler(context, "", 1)).rejects.toThrow("later");
    fail = "never";
    await handler(context, "", 1);
    expect(context.state["seen"]).toBe(1);
  });

  test("that are over give nothing away", () => {
    const kept: { context?: Context; fn?: GreetFunction } = {};
    class Leaky extends GreetFunction {
      override invoke(context: Context): void {
        kept.context = context;
        kept.fn = this;
      }
    }
    void providedFunction(TYPE, Leaky).createHandler()(fakeTurn({ "seen-count": 1 }).context, "", 1);
    expect(refusal(() => kept.fn?.seenCount.get())).toMatch(
      /^MR9016: the state "seen-count" was used outside of a turn/,
    );
    expect(refusal(() => kept.context?.self())).toMatch(/^MR9016: a context was used outside/);
  });
});

describe("what is refused", () => {
  const invoke = (): undefined => undefined;

  test("static fields", () => {
    class Static implements StatefulFunction {
      static readonly seen = PersistedValue.of<number>("seen");
      invoke = invoke;
    }
    expect(refusal(() => providedFunction(TYPE, Static))).toMatch(
      /^MR9015: the state "seen" of apache\/greeter is static/,
    );
  });

  test("two fields of one name", () => {
    class Double implements StatefulFunction {
      readonly one = PersistedValue.of<number>("seen");
      readonly two = PersistedTable.of<string, number>("seen");
      invoke = invoke;
    }
    expect(refusal(() => providedFunction(TYPE, Double))).toMatch(/^MR9015: two fields .* have the name "seen"/);
  });

  test("hidden fields and fields made in a turn, when they are used", () => {
    class Hidden implements StatefulFunction {
      readonly #seen = PersistedValue.of<number>("seen");
      invoke(): void {
        this.#seen.get();
      }
    }
    const run = (provider: () => StatefulFunction): string =>
      refusal(() => providedFunction(TYPE, provider).createHandler()(fakeTurn({ seen: 1 }).context, "", 1));
    expect(run(() => new Hidden())).toMatch(/^MR9016: the state "seen" belongs to no function.*#private/);
    expect(run(() => ({ invoke: () => void PersistedValue.of<number>("seen").get() }))).toMatch(/^MR9016/);
  });

  test("an object or a field that is used twice, and objects that differ", () => {
    const one = new GreetFunction();
    expect(refusal(() => [1, 2].map(() => providedFunction(TYPE, () => one).createHandler()))).toMatch(
      /^MR9015: .*belongs to two objects/,
    );
    let calls = 0;
    const moody = (): StatefulFunction => {
      calls += 1;
      return calls === 1 ? new GreetFunction() : { invoke };
    };
    expect(refusal(() => providedFunction(TYPE, moody).createHandler())).toMatch(/^MR9015: .*different states/);
  });

  test.each([
    [
      "a provider of nothing",
      () => providedFunction(TYPE, (() => undefined) as never),
      /^MR9017: .*returned no function object/,
    ],
    ["no provider", () => providedFunction(TYPE, {} as never), /^MR9017: the provider of apache\/greeter is/],
    ["an empty name", () => PersistedValue.of(" "), /^MR9015: PersistedValue\.of/],
    ["half a table", () => PersistedTable.of("rows", { keyType: text }), /^MR9012: table\(\) takes/],
    ["an empty namespace", () => FunctionTypeNamespaceMatcher.targetNamespace(""), /^MR9018/],
  ] as [string, () => unknown, RegExp][])("%s", (_, attempt, sentence) => {
    expect(refusal(attempt)).toMatch(sentence);
  });
});

test("a matcher takes the functions of its namespace", () => {
  const shop = FunctionTypeNamespaceMatcher.targetNamespace("shop");
  expect(["shop/cart", "shop/eu/cart", "shops/cart"].map((name) => shop.matches(FunctionType.parseFrom(name)))).toEqual(
    [true, false, false],
  );
});
