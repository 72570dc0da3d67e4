/**
 * What the compiler infers of functions, and which wrong programs it refuses: messages, state, sends, replies and routes. Checked by `tsc`; nothing here
 * runs.
 */
import { expectTypeOf } from "vitest";
import {
  FunctionType,
  addressOf,
  buffer,
  deadLetter,
  egress,
  external,
  fn,
  ingress,
  retry,
  router,
  table,
  target,
  ttl,
  type,
  value,
} from "../../../statefun/index.ts";
import type {
  Address,
  AddressFor,
  AsyncResult,
  BufferState,
  DeadLetter,
  FunctionReference,
  Messages,
  StatefulFn,
  TableState,
  TypedAddress,
} from "../../../statefun/index.ts";
import { fileSink, fileSource, ndjson, textLines } from "../../../connectors/files/index.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { DataStream } from "../../../core/index.ts";
import { digits, greetRequest, text, wholeNumber } from "./tiny-schema.ts";
import type { GreetRequest } from "./tiny-schema.ts";

interface Greeting {
  readonly who: string;
  readonly greeting: string;
}

const greetings = egress("greeter/greetings", type<Greeting>());
const failures = egress("greeter/failures", type<DeadLetter>());

/** Everything is inferred from `accepts` and `state`. */
const greeter = fn("apache/greeter", {
  accepts: {
    greet: greetRequest,
    forget: type<undefined>(),
    count: digits,
    looked: type<AsyncResult<string, number>>(),
  },
  state: {
    seenCount: value(wholeNumber, { name: "seen-count", default: 0, expire: ttl.afterWrite("30m") }),
    last: value<Date>(),
    plain: value({ default: "" }),
    checked: value(text),
    byDay: table(text, wholeNumber),
    notes: buffer<string>({ expire: ttl.afterAccess(1_000, { time: "event" }) }),
  },
  onError: deadLetter(failures),
  handle: {
    greet(ctx, message) {
      expectTypeOf(message).toEqualTypeOf<GreetRequest>();
      expectTypeOf(ctx.state.seenCount).toEqualTypeOf<number>();
      expectTypeOf(ctx.state.last).toEqualTypeOf<Date | undefined>();
      expectTypeOf(ctx.state.plain).toEqualTypeOf<string>();
      expectTypeOf(ctx.state.checked).toEqualTypeOf<string | undefined>();
      expectTypeOf(ctx.state.byDay).toEqualTypeOf<TableState<string, number>>();
      expectTypeOf(ctx.state.notes).toEqualTypeOf<BufferState<string>>();
      expectTypeOf(ctx.caller).toEqualTypeOf<Address | undefined>();
      ctx.state.seenCount += 1;
      ctx.state.last = undefined;
      ctx.send(greetings, { who: message.who, greeting: "Hello" });
      ctx.send(ctx.self, "count", 3);
      // @ts-expect-error a wrong shape for the egress
      ctx.send(greetings, { who: message.who });
      // @ts-expect-error the schema's input is for what comes from outside
      ctx.send(ctx.self, "count", "3");
      // @ts-expect-error a state that was not declared
      void ctx.state.unknown;
      // @ts-expect-error a value of another type
      ctx.state.seenCount = "one";
      // @ts-expect-error it has a default, so it cannot be nothing
      ctx.state.seenCount = undefined;
      // @ts-expect-error tables are changed by their methods
      ctx.state.byDay = new Map();
    },
    forget: () => undefined,
    async count(ctx, amount) {
      expectTypeOf(amount).toEqualTypeOf<number>();
      await Promise.resolve();
      ctx.state.seenCount = amount;
    },
    looked(ctx, result) {
      ctx.async("looked", "metadata", () => Promise.resolve(1));
      // @ts-expect-error metadata of another type
      ctx.async("looked", 1, () => Promise.resolve(1));
      // @ts-expect-error a value of another type
      ctx.async("looked", "metadata", () => Promise.resolve("one"));
      // @ts-expect-error a message that is no outcome
      ctx.async("greet", "metadata", () => Promise.resolve(1));
      if (result.status === "success") expectTypeOf(result.value).toEqualTypeOf<number>();
      if (result.status === "failure") expectTypeOf(result.error.message).toEqualTypeOf<string>();
    },
  },
});

export function sends(): void {
  fn("shop/guest", {
    accepts: { arrive: type<string>() },
    onError: retry({ otherwise: "fail-job" }),
    handle: {
      arrive(ctx, name) {
        ctx.send(greeter.at(name), "greet", { who: name });
        ctx.sendAfter("5m", greeter.at(name), "greet", { who: name }, { token: "later" });
        ctx.sendAt(1_000, greeter.at(name), "forget", undefined);
        if (greeter.is(ctx.caller)) ctx.send(ctx.caller, "greet", { who: name });
        if (ctx.caller !== undefined) ctx.send(ctx.caller, "whatever", 1);
        ctx.reply("whatever", 1);
        // @ts-expect-error no such kind
        ctx.send(greeter.at(name), "great", { who: name });
        // @ts-expect-error a wrong message
        ctx.send(greeter.at(name), "greet", { whom: name });
        // @ts-expect-error a wrong message
        ctx.sendAfter("5m", greeter.at(name), "greet", name);
        // @ts-expect-error no such unit of time
        ctx.sendAfter("5 fortnights", greeter.at(name), "greet", { who: name });
        // @ts-expect-error this function does not take whatever comes
        ctx.send(greeter.at(name), { who: name });
        // @ts-expect-error no such kind of the caller, whose type is known now
        if (greeter.is(ctx.caller)) ctx.send(ctx.caller, "whatever", 1);
        // @ts-expect-error the function itself is no address
        ctx.send(greeter, "greet", { who: name });
      },
    },
  });
}

export function handlers(): void {
  // @ts-expect-error a kind without a handler
  fn("a/b", { accepts: { one: text, two: text }, handle: { one: () => undefined } });
  // @ts-expect-error a handler without a kind
  fn("a/b", { accepts: { one: text }, handle: { one: () => undefined, two: () => undefined } });
  // @ts-expect-error no namespace
  fn("greeter", { accepts: { one: text }, handle: { one: () => undefined } });
  // @ts-expect-error neither a schema nor a type
  fn("a/b", { accepts: { one: String }, handle: { one: () => undefined } });
  fn("a/b", {
    accepts: { one: text, two: wholeNumber },
    state: { seen: value({ default: 0 }) },
    handle: {
      one(ctx, message) {
        expectTypeOf(message).toEqualTypeOf<string>();
        ctx.state.seen += 1;
      },
    },
    otherwise(ctx, message) {
      expectTypeOf(ctx.state.seen).toEqualTypeOf<number>();
      if (message.kind === "two") expectTypeOf(message.value).toEqualTypeOf<number>();
    },
  });
  const open = fn("a/open", {
    state: { seen: value({ default: 0 }) },
    otherwise(ctx, { kind, value: message }) {
      expectTypeOf(kind).toEqualTypeOf<string>();
      expectTypeOf(message).toEqualTypeOf<unknown>();
      ctx.state.seen += 1;
      ctx.send(open.at("x"), 1);
      ctx.send(open.at("x"), "kind", 1);
    },
  });
}

/** Each refers to the other; neither needs a type of its own. */
export function circles(): void {
  const ping = fn("game/ping", {
    accepts: { hit: type<number>() },
    handle: {
      hit(ctx, n) {
        ctx.send(pong.at(ctx.self.id), "hit", n + 1);
      },
    },
  });
  const pong = fn("game/pong", {
    accepts: { hit: type<number>() },
    handle: {
      hit(ctx, n) {
        ctx.send(ping.at(ctx.self.id), "hit", n + 1);
        // @ts-expect-error a wrong message
        ctx.send(ping.at(ctx.self.id), "hit", "one");
      },
    },
  });
}

export function declarations(): void {
  expectTypeOf(fn("a/b", { accepts: { one: text }, handle: { one: () => undefined } })).toExtend<
    StatefulFn<{ readonly one: string }>
  >();
  expectTypeOf<AddressFor<typeof greeter>>().toExtend<Address>();
  const stock = external<{ readonly reserve: { readonly amount: number } }>("shop/stock");
  const address = addressOf<typeof stock>("shop/stock", "apple");
  fn("a/b", {
    accepts: { one: text },
    handle: {
      one(ctx) {
        ctx.send(address, "reserve", { amount: 1 });
        ctx.send(addressOf(new FunctionType("a", "c"), "x"), "anything", 1);
        // @ts-expect-error a wrong message
        ctx.send(address, "reserve", { amount: "1" });
        // @ts-expect-error no such kind
        ctx.send(stock.at("apple"), "release", { amount: 1 });
      },
    },
  });
  // @ts-expect-error a default of another type than the schema's
  value(wholeNumber, { default: "none" });
  // @ts-expect-error an expiration is made by ttl
  value({ default: 1, expire: "30m" });
  // @ts-expect-error a schema of the values is missing
  table(text);
  // @ts-expect-error dead letters have a type of their own
  deadLetter(greetings);
}

/** An address that is handed on takes what its holder may send, or the program is none. */
export function replyAddresses(): void {
  type Done = TypedAddress<{ readonly done: { readonly id: string } }>;
  const worker = fn("work/worker", {
    accepts: { work: type<{ readonly replyTo: Done }>() },
    state: { asked: value<Done>() },
    handle: {
      work(ctx, { replyTo }) {
        ctx.send(replyTo, "done", { id: ctx.self.id });
        // @ts-expect-error it takes no other kind, as far as the worker knows
        ctx.send(replyTo, "stop", null);
      },
    },
  });
  fn("work/boss", {
    accepts: { start: type<null>(), done: type<{ readonly id: string; readonly amount: number }>() },
    handle: {
      start(ctx) {
        // @ts-expect-error the worker would send an id without an amount
        ctx.send(worker.at("w"), "work", { replyTo: ctx.self });
      },
      done: () => undefined,
    },
  });
  const content = fn("work/content", {
    accepts: { start: type<null>(), done: type<{ readonly id?: string }>() },
    handle: {
      start(ctx) {
        ctx.send(worker.at("w"), "work", { replyTo: ctx.self }); // of more kinds than the worker needs, and content with less
        ctx.send(worker.at("w"), "work", { replyTo: content.at("c") });
        if (content.is(ctx.caller)) ctx.send(worker.at("w"), "work", { replyTo: ctx.caller });
        // @ts-expect-error it has no such kind
        ctx.send(worker.at("w"), "work", { replyTo: worker.at("w") });
      },
      done: () => undefined,
    },
  });
  expectTypeOf(addressOf<typeof worker>("work/worker", "w")).toEqualTypeOf(worker.at("w"));
  // @ts-expect-error a reference is as exact as its addresses
  const wrong: FunctionReference<{ readonly work: null }> = worker;
  void wrong;
}

export function routes(): void {
  const env = new StreamExecutionEnvironment();
  const names = ingress("greeter/names", greetRequest);
  router(names, (message, downstream) => {
    expectTypeOf(message).toEqualTypeOf<GreetRequest>();
    downstream.forward(greeter.at(message.who), "greet", message);
    downstream.forward(greeter.at(message.who), "count", "3");
    downstream.forward(new FunctionType("apache", "greeter"), message.who, message);
    // @ts-expect-error from outside comes what the schema takes, not what it makes
    downstream.forward(greeter.at(message.who), "count", 3);
    // @ts-expect-error no such kind
    downstream.forward(greeter.at(message.who), "great", message);
  });
  router(names, { key: "who", targets: [target(greeter, "greet"), target(external<Messages>("docs/any"), "any")] });
  // @ts-expect-error no such property
  router(names, { key: "whom", targets: target(greeter, "greet") });
  // @ts-expect-error no text
  router(ingress("greeter/dates", type<{ at: Date }>()), { key: "at", targets: target(new FunctionType("a", "b")) });
  // @ts-expect-error it takes something else
  router(names, { key: "who", targets: target(greeter, "count") });
  names.from((environment) => environment.fromData<unknown>("whatever, the schema looks at it"));
  const plain = ingress("greeter/plain", type<number>());
  plain.from((environment) => environment.fromSequence(1, 2));
  ingress("greeter/numbers", type<number>(), () => env.fromData(1, 2));
  // @ts-expect-error text is no number, and no schema looks at it
  plain.from((environment) => environment.fromData("one"));
  // @ts-expect-error text is no number, and no schema looks at it
  ingress("greeter/numbers", type<number>(), () => env.fromData("one"));
  const lines = egress("greeter/lines", type<string>());
  lines.to({ createWriter: () => ({ write: (line: string) => void line }) });
  lines.to((values) => {
    expectTypeOf(values).toEqualTypeOf<DataStream<string>>();
    values.print();
  });
  egress("greeter/lines", type<string>(), (values) => values.print());
  lines.to(fileSink({ path: "out", format: textLines() }), { guarantee: "exactly-once" });
  greetings.to(fileSink({ path: "out", format: ndjson() }));
  names.from(fileSource({ path: "in", format: ndjson() }), { parallelism: 2 });
  ingress("greeter/lines", type<string>(), fileSource({ path: "in", format: textLines() }));
  // @ts-expect-error lines are no numbers
  plain.from(fileSource({ path: "in", format: textLines() }));
  // @ts-expect-error a sink of numbers
  lines.to({ createWriter: () => ({ write: (line: number) => void line }) });
}
