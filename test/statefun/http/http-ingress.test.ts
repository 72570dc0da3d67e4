/** The options of `httpIngress`, and where it may be bound. */
import { expect, test } from "vitest";
import {
  fn,
  FunctionType,
  FunctionTypeNamespaceMatcher,
  httpIngress,
  module,
  statefun,
  type,
} from "../../../statefun/index.ts";
import type { HttpIngressOptions } from "../../../statefun/index.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { assemble } from "../../../statefun/module/application.ts";

const counter = fn("test/counter", { accepts: { add: type<number>() }, handle: { add: () => undefined } });

test("options have defaults", () => {
  expect(httpIngress({ port: 0 })).toEqual({
    bound: "http",
    ingress: "millrace.http/requests",
    host: "127.0.0.1",
    port: 0,
    limits: {
      reply: "committed",
      replyTimeoutMs: 30_000,
      bodyBytesMax: 1_048_576,
      openRequestsMax: 1_024,
      queuedRequestsMax: 1_024,
    },
    keepKeysMs: 86_400_000,
    functionsMax: 1_024,
    onListening: undefined,
  });
});

test.each([
  [undefined, "MR9063"],
  [{}, "MR9063"],
  [{ port: 70_000 }, "MR9063"],
  [{ port: 1.5 }, "MR9063"],
  [{ port: 1, host: "" }, "MR9063"],
  [{ port: 1, reply: "late" }, "MR9063"],
  [{ port: 1, openRequestsMax: 0 }, "MR9063"],
  [{ port: 1, functionsMax: 0 }, "MR9063"],
  [{ port: 1, onListening: 7 }, "MR9063"],
  [{ port: 1, name: "requests" }, "MR9001"],
  [{ port: 1, replyTimeout: 0 }, "MR1002"],
  [{ port: 1, keepKeys: "long" }, "MR1001"],
])("%o is refused", (options, code) => {
  expect(() => httpIngress(options as HttpIngressOptions)).toThrow(expect.objectContaining({ code }));
});

test("it is ingress enough for an application, which has one at most", () => {
  const http = httpIngress({ port: 0 });
  expect(assemble([module(() => [counter, http])]).http).toBe(http);
  const twice = [module(() => [counter, http], { name: "one" }), module(() => [http], { name: "two" })];
  expect(() => assemble(twice)).toThrow(/MR9040: one and two both bind the HTTP ingress/);
});

test("its addresses are no functions of anybody", () => {
  const request = fn("millrace.http/request", { accepts: { add: type<number>() }, handle: { add: () => undefined } });
  expect(() => assemble([module(() => [request])])).toThrow(/MR9042.*millrace\.http/);
  for (const reserved of [
    new FunctionType("millrace.http", "x"),
    FunctionTypeNamespaceMatcher.targetNamespace("millrace.http"),
  ]) {
    const binding = {
      configure: (_config: unknown, binder: { bindFunctionProvider: (of: never, provider: never) => void }) =>
        binder.bindFunctionProvider(reserved as never, (() => ({ invoke: () => undefined })) as never),
    };
    expect(() => assemble([binding as never])).toThrow(/MR9042.*millrace\.http/);
  }
});

test("it takes the place of streams in front of functions", () => {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": 3 });
  statefun(env)
    .http(httpIngress({ port: 0 }))
    .functions(counter)
    .build();
  const { nodes } = env.getStreamGraph();
  expect(
    nodes.map(({ name, uid, parallelism, slotSharingGroup }) => [name, uid, parallelism, slotSharingGroup]),
  ).toEqual([
    ["millrace.http/requests", "millrace.http/requests-ingress", 1, "default"],
    ["functions", "statefun-functions", undefined, undefined],
    ["replies (millrace.http/requests)", "millrace.http/requests-replies", 1, "default"],
  ]);
  expect(() => statefun(env).http({ bound: "ingress" } as never)).toThrow(/MR9042/);
});
