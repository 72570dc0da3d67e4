/** Applications of modules: lists and classes, what is bound twice, what is missing. */
// covers: statefun/module/bindings.ts, statefun/module/module.ts
import { describe, expect, test } from "vitest";
import { assemble } from "../../../statefun/module/application.ts";
import {
  FunctionType,
  FunctionTypeNamespaceMatcher,
  GlobalConfig,
  PersistedValue,
  deadLetter,
  egress,
  fn,
  ingress,
  module,
  retry,
  router,
  type,
} from "../../../statefun/index.ts";
import type {
  Bindable,
  Binder,
  DeadLetter,
  StatefulFunction,
  StatefulFunctionModule,
} from "../../../statefun/index.ts";
import { refusal } from "../define/refusal.ts";
import { allParts, bills, cart, greeter, greetings, names, orders, sink } from "./parts.ts";

const list = (name: string, ...parts: readonly Bindable[]): StatefulFunctionModule => module(() => parts, { name });
const fromNames = names.from((env) => env.fromData("Ada"));
const byName = router(names, () => undefined);

describe("an application", () => {
  test("is sorted, whatever the order of binding", () => {
    const { functions, ingresses, egresses, namespaces } = assemble([module(() => allParts())]);
    expect(functions.map(({ type: name }) => name)).toEqual(["apache/greeter", "shop/cart"]);
    expect(ingresses.map(({ spec, routes }) => [spec.ingress, routes.length])).toEqual([
      ["greeter/names", 1],
      ["shop/orders", 2],
    ]);
    expect(egresses.map(({ egress: name }) => name)).toEqual(["greeter/greetings", "shop/bills"]);
    expect(namespaces).toEqual([]);
  });

  test("needs no egress", () => {
    expect(assemble([list("m", greeter, fromNames, byName)]).egresses).toEqual([]);
  });

  test("may be bound by classes, as in the original", () => {
    class GreetFunction implements StatefulFunction {
      readonly seen = PersistedValue.of<number>("seen-count");
      invoke(): void {
        this.seen.set(1);
      }
    }
    class GreetModule implements StatefulFunctionModule {
      configure(config: ReadonlyMap<string, string>, binder: Binder): void {
        const address = config.get("kafka-address") ?? "kafka-broker:9092";
        binder.bindEgress(greetings.to(sink));
        binder.bindIngressRouter(names, (name, downstream) =>
          downstream.forward(new FunctionType("apache", "greeter"), name, address),
        );
        binder.bindFunctionProvider(new FunctionType("apache", "greeter"), () => new GreetFunction());
        binder.bindFunctionProvider(FunctionTypeNamespaceMatcher.targetNamespace("shop"), GreetFunction);
        binder.bindIngress(fromNames);
      }
    }
    const { functions, namespaces } = assemble([new GreetModule()], new GlobalConfig([["kafka-address", "here"]]));
    expect(functions).toMatchObject([{ type: "apache/greeter", state: [{ name: "seen-count" }] }]);
    expect(namespaces.map(({ namespace }) => namespace)).toEqual(["shop"]);
    expect(namespaces[0]?.functionOf("shop/cart")).toMatchObject({
      type: "shop/cart",
      state: [{ name: "seen-count" }],
    });
  });

  test("may be bound by several modules that know nothing of each other", () => {
    const modules = allParts().map((part, index) => list(`m${index}`, part));
    expect(assemble(modules).functions).toEqual(assemble([module(() => allParts())]).functions);
  });

  test("has the global configuration", () => {
    const seen: unknown[] = [];
    const config = new GlobalConfig([["guest", "Ben"]]);
    const curious = module((input) => {
      seen.push(input.config.get("guest"), input.config.getOrDefault("kafka-address", "kafka-broker:9092"));
      return [greeter, fromNames, byName];
    });
    assemble([curious], config);
    expect(seen).toEqual(["Ben", "kafka-broker:9092"]);
  });
});

describe("what is bound twice is refused with both names", () => {
  const shop = FunctionTypeNamespaceMatcher.targetNamespace("shop");
  const provider = (): StatefulFunction => ({ invoke: () => undefined });
  const bound: Record<string, (binder: Binder) => void> = {
    "ingress greeter/names": (binder) => binder.bindIngress(fromNames),
    "egress shop/bills": (binder) => binder.bindEgress(bills.to(sink)),
    "function shop/cart": (binder) => binder.bindFunction(cart),
    "function apache/greeter": (binder) => binder.bindFunctionProvider(new FunctionType("apache", "greeter"), provider),
    "provider of the namespace shop": (binder) => binder.bindFunctionProvider(shop, provider),
  };

  test.each(Object.entries(bound))("%s", (what, bind) => {
    const named = (name: string, ...binds: ((binder: Binder) => void)[]): StatefulFunctionModule => ({
      name,
      configure: (_config, binder) => {
        for (const each of binds) each(binder);
      },
    });
    expect(refusal(() => assemble([named("one", bind), named("two", bind)]))).toBe(
      `MR9040: one and two both bind the ${what}: bind it once`,
    );
    expect(refusal(() => assemble([named("one", bind, bind)]))).toBe(
      `MR9040: one binds the ${what} twice: bind it once`,
    );
  });

  test("a function and a provider of its type", () => {
    const provided: StatefulFunctionModule = {
      configure: (_config, binder) => binder.bindFunctionProvider(FunctionType.parseFrom("apache/greeter"), provider),
    };
    expect(refusal(() => assemble([list("one", greeter), provided]))).toMatch(/^MR9040: one and module 2 both bind/);
  });

  test("a router is no such thing: all of an ingress see its messages", () => {
    const plain = { bound: "router", ingress: byName.ingress, route: byName.route } as const;
    expect(assemble([list("m", greeter, fromNames, byName, plain)]).ingresses[0]?.routes).toHaveLength(2);
  });
});

describe("what is missing is said", () => {
  const failures = egress("shop/failures", type<DeadLetter>());
  const strict = fn("shop/strict", { onError: retry({ otherwise: deadLetter(failures) }), otherwise: () => undefined });

  test.each([
    ["an ingress", [greeter], /^MR9041: the application has no ingress/],
    ["a function", [fromNames, byName], /^MR9041: the application has no function/],
    ["a router", [greeter, fromNames], /^MR9041: the ingress greeter\/names has no router/],
    [
      "the ingress of a router",
      [greeter, fromNames, byName, router(orders, () => undefined)],
      /^MR9041: m has a router for the ingress shop\/orders, which no module binds/,
    ],
    [
      "a misspelt ingress",
      [greeter, fromNames, byName, router(ingress("greeter/name", type<string>()), () => undefined)],
      /did you mean greeter\/names\?/,
    ],
    [
      "an egress for dead letters",
      [strict, fromNames, byName],
      /^MR9041: shop\/strict sends its dead letters to the egress shop\/failures/,
    ],
    ["a sink", [greeter, greetings as never], /^MR9042: the egress greeter\/greetings has no sink: list x\.to\(sink\)/],
    ["a source", [greeter, names as never], /^MR9042: the ingress greeter\/names has no source/],
    ["a part", [undefined as never], /^MR9042: a module lists what fn, ingress, router and egress make, not undefined/],
  ] as [string, Bindable[], RegExp][])("%s", (_, parts, sentence) => {
    expect(refusal(() => assemble([list("m", ...parts)]))).toMatch(sentence);
  });

  test.each([
    ["no module", () => assemble([greeter as never]), /^MR9042: module 1 of the application is none/],
    [
      "no list",
      () => assemble([module((() => greeter) as never)]),
      /^MR9042: the function of module\(\) returns a list/,
    ],
    ["no function", () => module([greeter] as never), /^MR9042: module\(\) takes a function/],
    [
      "an incomplete egress",
      () => assemble([{ configure: (_c, binder) => binder.bindEgress(greetings as never) }]),
      /^MR9042: module 1 binds greeter\/greetings as egress/,
    ],
    [
      "a router that is none",
      () => assemble([{ configure: (_c, binder) => binder.bindIngressRouter({} as never) }]),
      /^MR9042/,
    ],
    [
      "no type of function",
      () =>
        assemble([
          {
            configure: (_c, binder) => binder.bindFunctionProvider("a/b" as never, () => ({ invoke: () => undefined })),
          },
        ]),
      /^MR9042: .*new FunctionType/,
    ],
    [
      "no function",
      () => assemble([{ configure: (_c, binder) => binder.bindFunction({} as never) }]),
      /^MR9042: .*fn did not make/,
    ],
    [
      "nothing as a function",
      () => assemble([{ configure: (_c, binder) => binder.bindFunction(undefined as never) }]),
      /^MR9042: .*fn did not make/,
    ],
  ] as [string, () => unknown, RegExp][])("%s", (_, attempt, sentence) => {
    expect(refusal(attempt)).toMatch(sentence);
  });
});
