/** The operator of routers, without an engine: what it emits for which form of `forward`, and what it refuses. */
// covers: statefun/envelope.ts
import { expect, test } from "vitest";
import { routingOf } from "../../../statefun/app/routing.ts";
import type { RoutingOptions } from "../../../statefun/app/routing.ts";
import { FunctionType, addressOf, retryAddress, routable, skipAddress } from "../../../statefun/index.ts";
import type { Downstream, Routable } from "../../../statefun/index.ts";
import { checkOf } from "../../../statefun/define/message-type.ts";
import { refusal } from "../define/refusal.ts";
import { digits, schema } from "../define/tiny-schema.ts";

type Route = (message: unknown, downstream: Downstream) => void;

function emitted(
  records: readonly unknown[],
  routes: readonly Route[],
  options: Partial<RoutingOptions> = {},
): { out: Routable[]; invalid: number } {
  const out: Routable[] = [];
  const counter = { count: 0 };
  const metrics = { group: () => metrics, counter: () => counter };
  const Routing = routingOf({ ingress: "a/in", check: undefined, onInvalid: "fail-job", routes, ...options });
  const routing = new Routing();
  routing.open({ metrics } as never);
  for (const record of records) routing.flatMap(record, { collect: (envelope) => void out.push(envelope) });
  return { out, invalid: counter.count };
}

test("every router sees every message, and forwards it in any form to any number of addresses", () => {
  const address = addressOf("a/b", "1");
  const first: Route = (message, downstream) => {
    downstream.forward(address, "kind", message);
    downstream.forward(new FunctionType("a", "c"), "2", message);
  };
  const second: Route = (message, downstream) => downstream.forward(address as never, message);
  const { out } = emitted(["x", undefined], [first, second, () => undefined]);
  expect(out).toEqual(
    ["x", undefined].flatMap((message) => [
      { to: "a/b", id: "1", from: "", fromId: "", kind: "kind", value: message },
      { to: "a/c", id: "2", from: "", fromId: "", kind: "", value: message },
      { to: "a/b", id: "1", from: "", fromId: "", kind: "", value: message },
    ]),
  );
});

test("what has its address already is forwarded as it is", () => {
  const route: Route = (_message, downstream) => {
    downstream.forward(routable(addressOf("a/b", "1"), "kind", 7));
    downstream.forward(retryAddress(addressOf("a/b", "2")));
  };
  expect(emitted(["x"], [route]).out).toEqual([
    { to: "a/b", id: "1", from: "", fromId: "", kind: "kind", value: 7 },
    { to: "a/b", id: "2", from: "", fromId: "", kind: "$retry", value: null },
  ]);
});

test("what the schema makes of a record is routed; what it refuses is an error, or counted", () => {
  const check = checkOf(digits, "a record");
  const route: Route = (message, downstream) => downstream.forward(addressOf("a/b", "1"), "kind", message);
  expect(emitted(["1", "2"], [route], { check }).out.map(({ value }) => value)).toEqual([1, 2]);
  expect(refusal(() => emitted(["1", "x"], [route], { check }))).toMatch(/^MR9010: a record/);
  const { out, invalid } = emitted(["1", "x", "3", "y"], [route], { check, onInvalid: "skip" });
  expect([out.map(({ value }) => value), invalid]).toEqual([[1, 3], 2]);
});

test("a schema that breaks is no invalid record", () => {
  const broken = schema(() => {
    throw new Error("broken");
  });
  expect(refusal(() => emitted(["x"], [() => undefined], { check: checkOf(broken, "x"), onInvalid: "skip" }))).toBe(
    "broken",
  );
});

test.each([
  [{ type: "greeter", id: "1" }, /^MR9044: a router of the ingress a\/in forwarded a message to .*no address/],
  [{ type: "a/b", id: 1 }, /^MR9044/],
  [undefined, /^MR9044/],
] as [never, RegExp][])("refuses to forward to %o", (to, sentence) => {
  expect(
    refusal(() => emitted(["x"], [(message, downstream) => downstream.forward(to, "kind" as never, message)])),
  ).toMatch(sentence);
});

test("says what a router meant as an address, in every form, also after good ones", () => {
  const good: Route = (message, downstream) => downstream.forward(addressOf("a/b", "1"), "kind", message);
  const bad = [
    [(message, downstream) => downstream.forward("greeter" as never, message), "to greeter, which"],
    [(_message, downstream) => downstream.forward(null as never), "to null, which"],
    [
      (message, downstream) => downstream.forward({ type: "a/b", id: 1, more: 2 } as never, message),
      '"more":2}, which',
    ],
    [(message, downstream) => downstream.forward(new FunctionType("a", "b"), 7 as never, message), '"id":7}, which'],
    [(_message, downstream) => downstream.forward({ to: "a/b" } as never), 'to {"type":"a/b"}, which'],
    [
      (_message, downstream) => downstream.forward({ to: "greeter", id: "1" } as never),
      '{"type":"greeter","id":"1"}, which',
    ],
  ] satisfies [Route, string][];
  for (const [route, sentence] of bad) expect(refusal(() => emitted(["x"], [good, route]))).toContain(sentence);
});

test("envelopes have their fields in one order, whatever form they come from", () => {
  const forms: Route[] = [
    (message, downstream) => downstream.forward(addressOf("a/b", "1"), "kind", message),
    (message, downstream) => downstream.forward(addressOf("a/b", "1") as never, message),
    (message, downstream) => downstream.forward(new FunctionType("a", "b"), "1", message),
    (_message, downstream) => downstream.forward(skipAddress(addressOf("a/b", "1"))),
  ];
  const orders = emitted(["x", "y"], forms).out.map((envelope) => Object.keys(envelope).join());
  expect(new Set(orders)).toEqual(new Set(["to,id,from,fromId,kind,value"]));
});

test("refuses to forward when the record is done, and a kind that is no text", () => {
  const kept: Downstream[] = [];
  emitted(["x"], [(_message, downstream) => void kept.push(downstream)]);
  expect(refusal(() => kept[0]?.forward(addressOf("a/b", "1"), "kind", "x"))).toMatch(
    /^MR9044: .*after its record was done/,
  );
  expect(
    refusal(() =>
      emitted(["x"], [(_message, downstream) => downstream.forward(addressOf("a/b", "1"), 1 as never, "x")]),
    ),
  ).toMatch(/^MR9044: .*kind 1/);
});

test("a routable is the same as what a router emits", () => {
  expect(routable(addressOf("a/b", "1"), "kind", "x")).toEqual({
    to: "a/b",
    id: "1",
    from: "",
    fromId: "",
    kind: "kind",
    value: "x",
  });
  expect(routable(addressOf("a/b", "1") as never, "x")).toEqual({
    to: "a/b",
    id: "1",
    from: "",
    fromId: "",
    kind: "",
    value: "x",
  });
});
