/** Ingresses, egresses and routers as they are written: names, sources, sinks, guarantees, and what is refused. */
// covers: statefun/module/ingress.ts, statefun/module/egress.ts, statefun/module/guarantee.ts, statefun/module/router.ts
import { describe, expect, test } from "vitest";
import { DataSource } from "../../../core/api/sources/data-source.ts";
import { StreamExecutionEnvironment, WatermarkStrategy } from "../../../core/index.ts";
import type { DataStream, Sink } from "../../../core/index.ts";
import { addApplication } from "../../../statefun/app/dataflow.ts";
import {
  EgressIdentifier,
  FunctionTypeNamespaceMatcher,
  deadLetter,
  statefun,
  FunctionType,
  IngressIdentifier,
  egress,
  fn,
  ingress,
  module,
  router,
  target,
  type,
} from "../../../statefun/index.ts";
import type {
  Bindable,
  Binder,
  DeadLetter,
  Downstream,
  GroupOptions,
  StatefulFunction,
} from "../../../statefun/index.ts";
import { assemble } from "../../../statefun/module/application.ts";
import { refusal } from "../define/refusal.ts";
import { text } from "../define/tiny-schema.ts";
import { names, sink } from "./parts.ts";

const source = new DataSource(["Ada"]);
const committing: Sink<unknown> = { ...sink, createCommitter: () => ({ commit: () => undefined }) };

test("an ingress is a name, with or without a source", () => {
  expect(new IngressIdentifier<string>("greeter", "names").ingress).toBe("greeter/names");
  expect(ingress("a/b/names", type<string>()).ingress).toBe("a/b/names");
  const watermarks = WatermarkStrategy.noWatermarks<string>();
  const spec = ingress("greeter/names", type<string>(), source, { watermarks, parallelism: 2, onInvalid: "skip" });
  expect(spec).toEqual({
    bound: "ingress",
    ingress: "greeter/names",
    source,
    check: undefined,
    watermarks,
    parallelism: 2,
    onInvalid: "skip",
  });
  expect(ingress("greeter/names", text).from(source).check?.("Ada")).toBe("Ada");
});

test("an egress is a name, with or without a sink", () => {
  const greetings = new EgressIdentifier<string>("greeter", "greetings");
  expect(greetings.egress).toBe("greeter/greetings");
  expect(greetings.to(sink)).toEqual({ bound: "egress", egress: "greeter/greetings", sink });
  expect(egress("a/b/c", type<string>(), sink)).toEqual({ bound: "egress", egress: "a/b/c", sink });
});

test("a guarantee is what the sink gives", () => {
  const lines = egress("a/lines", type<string>());
  expect(lines.to(committing, { guarantee: "exactly-once" }).sink).toBe(committing);
  expect(lines.to(sink, { guarantee: "at-least-once" }).sink).toBe(sink);
  expect(refusal(() => lines.to(sink, { guarantee: "exactly-once" }))).toMatch(
    /^MR9045: .* a\/lines cannot be exactly-once: its sink has no committer/,
  );
  expect(refusal(() => lines.to(committing, { guarantee: "at-least-once" }))).toMatch(
    /^MR9045: .*only when it commits/,
  );
  expect(refusal(() => lines.to(sink, { guarantee: "maybe" as never }))).toMatch(/^MR9045/);
});

test("a guarantee of a function of the stream is that of the sinks that it adds", () => {
  const lines = egress("a/lines", type<string>());
  const build = (to: (values: DataStream<string>) => unknown, guarantee: "exactly-once" | "at-least-once"): string => {
    const reader = fn("a/reader", { accepts: { read: type<string>() }, handle: { read: () => undefined } });
    const parts = [reader, names.from(source), router(names, () => undefined), lines.to(to, { guarantee })];
    return refusal(() => addApplication(StreamExecutionEnvironment.create(), assemble([module(() => parts)]), {}));
  };
  expect(build((values) => values.map((line) => line.length).sinkTo(committing), "exactly-once")).toBe("nothing");
  expect(build((values) => values.print(), "at-least-once")).toBe("nothing");
  expect(build((values) => values.print().name("console"), "exactly-once")).toMatch(
    /^MR9045: .*a\/lines cannot be exactly-once: its sink "console" has no committer/,
  );
  expect(
    build((values) => {
      values.print();
      values.sinkTo(committing).name("table");
    }, "at-least-once"),
  ).toMatch(/its sink "table" shows values only when it commits them/);
  expect(build((values) => values.discard(), "exactly-once")).toMatch(/^MR9045: .*there is no sink behind/);
});

describe("a function", () => {
  const reader = fn("a/reader", { accepts: { read: type<string>() }, handle: { read: () => undefined } });
  const route = router(names, () => undefined);
  const build = (...parts: readonly Bindable[]): string =>
    refusal(() =>
      addApplication(StreamExecutionEnvironment.create(), assemble([module(() => [reader, route, ...parts])]), {}),
    );
  const lines = egress("a/lines", type<string>());
  const letters = egress("a/letters", type<string>());

  test.each([
    ["nothing", () => undefined, /^MR9042: the function of the ingress greeter\/names returned undefined: it returns/],
    ["a promise", (env) => Promise.resolve(env.fromData("Ada")), /^MR9042: .* \[object Promise\]: .* is not async/],
    ["a list", () => ["Ada"], /^MR9042: .* returned Ada/],
  ] as [string, (env: StreamExecutionEnvironment) => unknown, RegExp][])(
    "of an ingress returns a stream, and not %s",
    (_, from, sentence) => expect(build(names.from(from as never))).toMatch(sentence),
  );

  test.each([
    ["leaves the stream alone", () => undefined],
    ["adds an operator", (values) => values.map((line) => line.length)],
    ["adds a sink to another stream", (_, env) => env.fromData("Ada").print()],
  ] as [string, (values: DataStream<string>, env: StreamExecutionEnvironment) => unknown][])(
    "of an egress is refused where it %s: the values would be lost",
    (_, to) => {
      let environment = StreamExecutionEnvironment.create();
      const source_ = names.from((env) => {
        environment = env;
        return env.fromData("Ada");
      });
      expect(
        build(
          source_,
          lines.to((values) => to(values, environment)),
        ),
      ).toMatch(/^MR9042: the stream of the egress a\/lines ends in no sink, .*discard\(\) if that is meant/);
    },
  );

  test("of an egress may discard its values, or leave them to that of another", () => {
    const from = names.from(source);
    expect(
      build(
        from,
        lines.to((values) => values.map((line) => line.length).discard()),
      ),
    ).toBe("nothing");
    let kept: DataStream<string> | undefined = undefined;
    const keep = letters.to((values) => {
      kept = values;
    });
    const both = lines.to((values) => (kept === undefined ? values : values.union(kept)).print());
    expect(build(from, keep, both)).toBe("nothing");
  });
});

describe("a target that nobody binds", () => {
  const cart = fn("shop/cart", { accepts: { add: type<unknown>() }, handle: { add: () => undefined } });
  const visits = ingress("shop/visits", type<{ readonly who: string }>());
  const toCart = router(visits, { key: "who", targets: target(cart, "add") });
  const other = fn("shop/card", { accepts: { add: type<string>() }, handle: { add: () => undefined } });
  const failures = egress("shop/failures", type<DeadLetter>());
  const from = visits.from((env) => env.fromData({ who: "Ada" }));
  const build = (binds: (binder: Binder) => void, options: GroupOptions = {}): string => {
    const parts = module(() => [from, toCart, failures.to(sink)]);
    const application = assemble([parts, { configure: (_config, binder) => binds(binder) }]);
    return refusal(() => addApplication(StreamExecutionEnvironment.create(), application, options));
  };
  const provider = (): StatefulFunction => ({ invoke: () => undefined });

  test("is refused, unless its namespace has a provider, or unknown functions have an egress", () => {
    const bindOther = (binder: Binder): void => binder.bindFunction(other);
    expect(build(bindOther)).toBe(
      "MR9041: a router of the ingress shop/visits has the target shop/cart, a function that is not bound: did you mean shop/card?",
    );
    expect(build(bindOther, { onUnknownFunction: { kind: "fail-job" } })).toMatch(/^MR9041/);
    expect(build(bindOther, { onUnknownFunction: deadLetter(failures) })).toBe("nothing");
    expect(build((binder) => binder.bindFunction(cart))).toBe("nothing");
    const provide =
      (namespace: string) =>
      (binder: Binder): void =>
        binder.bindFunctionProvider(FunctionTypeNamespaceMatcher.targetNamespace(namespace), provider);
    expect(build(provide("shop"))).toBe("nothing");
    expect(build(provide("shops"))).toMatch(/^MR9041: .* shop\/cart, a function that is not bound: bind it$/);
  });

  test("is refused in a job of streams, too", () => {
    const env = StreamExecutionEnvironment.create();
    const streams = statefun(env).from(env.fromData({ who: "Ada" }), "visits", {
      key: "who",
      targets: target(cart, "add"),
    });
    expect(refusal(() => streams.functions(other).build())).toMatch(
      /^MR9041: a router of the ingress visits has the t/,
    );
    expect(refusal(() => streams.functions(cart).build())).toBe("nothing");
  });
});

test("a router is a function or an object", () => {
  const seen: unknown[] = [];
  const asFunction = router(names, (name) => void seen.push(name));
  const asObject = router(names.from(source), { route: (name: string) => void seen.push(`${name}!`) });
  for (const { route, ingress: name } of [asFunction, asObject]) {
    route("Ada" as never, undefined as never);
    expect(name).toBe("greeter/names");
  }
  expect(seen).toEqual(["Ada", "Ada!"]);
});

test("a router by key forwards each message as it is, to the instance that a property names, of all targets", () => {
  const visits = ingress("greeter/visits", type<{ readonly who: string | number | bigint }>());
  const [one, two] = [target(new FunctionType("docs", "one")), target(new FunctionType("docs", "two"))];
  const forwarded: unknown[] = [];
  const downstream = { forward: (...all: unknown[]) => void forwarded.push(all) } as unknown as Downstream;
  const visit = { who: "ada" };
  router(visits, { key: "who", targets: [one, two] }).route(visit as never, downstream);
  router(visits, { key: "who", targets: one }).route({ who: 3n } as never, downstream);
  expect(forwarded).toEqual([
    [{ type: "docs/one", id: "ada" }, "", visit],
    [{ type: "docs/two", id: "ada" }, "", visit],
    [{ type: "docs/one", id: "3" }, "", { who: 3n }],
  ]);
  const wrong = (message: unknown): string =>
    refusal(() => router(visits, { key: "who", targets: one }).route(message as never, downstream));
  expect(wrong({})).toMatch(/^MR9047: a message of the ingress greeter\/visits has undefined as its "who"/);
  expect(wrong("ada")).toMatch(/^MR9047/);
  expect(wrong({ who: null })).toMatch(/^MR9047.*null/);
  for (const who of [Number.NaN, Infinity, -Infinity, ""])
    expect([who, wrong({ who })]).toEqual([who, expect.stringMatching(/^MR9047: .* as its "who", which is no id/)]);
});

test.each([
  [() => ingress("names" as never, type<string>()), /^MR9001: "names" is no name of a ingress|^MR9001/],
  [() => egress("/x" as never, type<string>()), /^MR9001/],
  [() => new EgressIdentifier("", "x"), /^MR9001/],
  [() => ingress("a/b", String as never), /^MR9042: the second argument of ingress\("a\/b", \.\.\.\)/],
  [() => egress("a/b", undefined as never), /^MR9042: the second argument of egress/],
  [() => names.from({} as never), /^MR9042: the ingress greeter\/names takes a source/],
  [() => names.from(source, { onInvalid: "ignore" as never }), /^MR9042: onInvalid/],
  [() => names.from(source, { watermarks: {} as never }), /^MR1065/],
  [
    () => names.from((env) => env.fromData("Ada"), { watermarks: WatermarkStrategy.noWatermarks() }),
    /^MR9042: the ingress greeter\/names .* watermarks does nothing: set it on the stream, with assignTimestampsAndW/,
  ],
  [
    () => ingress("a/b", type<string>(), (env) => env.fromData("Ada"), { parallelism: 2 }),
    /^MR9042: the ingress a\/b .* parallelism does nothing: set it on the stream, with setParallelism/,
  ],
  [() => names.from(source, { parallelism: 0 }), /^MR1027: the parallelism of the ingress greeter\/names is .*not 0/],
  [() => names.from(source, { parallelism: 1.5 }), /^MR1027/],
  [
    () => egress("a/b", type<string>()).to({} as never),
    /^MR1065: the egress a\/b takes a function of its stream, or a sink/,
  ],
  [() => router({} as never, () => undefined), /^MR9042: the first argument of router/],
  [() => router(names, {} as never), /^MR9042: router\(\) of greeter\/names takes/],
  [() => router(names, { key: "who", targets: [] } as never), /^MR9042: router\(\) of greeter\/names takes/],
  [() => router(names, { targets: [target(new FunctionType("a", "b"))] } as never), /^MR9042: router\(\)/],
  [() => router(names, (async () => undefined) as never), /^MR1068: router\(\) is async/],
] as [() => unknown, RegExp][])("refuses %s", (attempt, sentence) => {
  expect(refusal(attempt)).toMatch(sentence);
});
