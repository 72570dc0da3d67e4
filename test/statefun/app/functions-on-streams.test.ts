/** Functions in the middle of a job of streams: streams in, a stream per egress out. */
// covers: statefun/app/routable.ts
import { expect, expectTypeOf, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { DataStream } from "../../../core/index.ts";
import { FunctionType, deadLetter, egress, fn, routable, statefun, type, value } from "../../../statefun/index.ts";
import type { DeadLetter, StatefulFunction } from "../../../statefun/index.ts";
import { refusal } from "../define/refusal.ts";

const totals = egress("a/totals", type<{ readonly key: string; readonly total: number }>());
const odd = egress("a/odd", type<number>());
const counter = fn("a/counter", {
  accepts: { add: type<number>() },
  state: { total: value({ default: 0 }) },
  handle: {
    add(ctx, amount) {
      ctx.state.total += amount;
      ctx.send(totals, { key: ctx.self.id, total: ctx.state.total });
      if (amount % 2 === 1) ctx.send(odd, amount);
    },
  },
});

test("streams go in, streams come out, with their types", async () => {
  const env = StreamExecutionEnvironment.create();
  const some = env.fromData(1, 2, 3).map((n) => routable(counter.at(n === 2 ? "even" : "odd"), "add", n));
  const more = statefun(env)
    .from(some)
    .from(env.fromData(5), "more", (n, downstream) => downstream.forward(counter.at("five"), "add", n));
  const streams = more.functions(counter).egresses({ totals }).egresses({ odd }).build();
  expectTypeOf(streams.totals).toEqualTypeOf<DataStream<{ readonly key: string; readonly total: number }>>();
  expectTypeOf(streams.odd).toEqualTypeOf<DataStream<number>>();
  const lines = streams.totals.map(({ key, total }) => `${key} ${total}`).union(streams.odd.map((n) => `${n} is odd`));
  expect(env.getStreamGraph().nodes.map(({ uid }) => uid)).toContain("more-router");
  const found = await lines.executeAndCollect();
  expect(found.toSorted()).toEqual(["1 is odd", "3 is odd", "5 is odd", "even 2", "five 5", "odd 1", "odd 4"]);
});

test("two in one job have names, and one may feed the other", async () => {
  const env = StreamExecutionEnvironment.create();
  const shouted = egress("b/shouted", type<string>());
  const shout: StatefulFunction = { invoke: (context, input) => context.send(shouted, `${String(input)}!`) };
  const first = statefun(env, { name: "first" })
    .from(env.fromData(1, 2).map((n) => routable(counter.at("all"), "add", n)))
    .functions(counter)
    .egresses({ totals, odd })
    .build();
  const address = { type: "b/shout", id: "x" } as const;
  const second = statefun(env, { name: "second" })
    .from(first.totals.map(({ total }) => routable(address, "", total)))
    .provider(new FunctionType("b", "shout"), () => shout)
    .egresses({ shouted })
    .build();
  expect(env.getStreamGraph().nodes.flatMap(({ uid }) => uid ?? [])).toEqual(["first-functions", "second-functions"]);
  expect(await second.shouted.executeAndCollect()).toEqual(["1!", "3!"]);
});

test.each<[unknown, RegExp]>([
  [{ type: "a/counter", id: 5 }, /^MR9002: the id of an address of a\/counter is text, not 5/],
  [{ type: "a/counter" }, /^MR9002: .*not undefined/],
  [{ type: 5, id: "x" }, /^MR9001: 5 is no name of a function/],
  [undefined, /^MR9001/],
  [null, /^MR9001/],
])("routable() takes an address of two texts, and not %o", (address, sentence) => {
  expect(refusal(() => routable(address as never, "add", 1))).toMatch(sentence);
});

test("what is missing is said", () => {
  const env = StreamExecutionEnvironment.create();
  const routables = env.fromData(routable(counter.at("x"), "add", 1));
  const failures = egress("a/failures", type<DeadLetter>());
  const strict = fn("a/strict", { onError: deadLetter(failures), otherwise: () => undefined });
  expect(refusal(() => statefun(env).functions(counter).build())).toMatch(/^MR9041: statefun\(env\) has no stream/);
  expect(refusal(() => statefun(env).from(routables).build())).toMatch(/^MR9041: statefun\(env\) has no function/);
  expect(refusal(() => statefun(env).from(routables).functions(strict).build())).toMatch(
    /^MR9041: a\/strict sends its dead letters/,
  );
  expect(refusal(() => statefun(env).functions(counter, counter))).toMatch(
    /^MR9040: statefun\(env\) binds the function a\/counter twice/,
  );
  expect(refusal(() => statefun(env).egresses({ totals: {} as never }))).toMatch(
    /^MR9042: "totals" of egresses\(\) is no egress/,
  );
  expect(refusal(() => statefun(env).functions(undefined as never))).toMatch(/^MR9042: .* fn did not make/);
  expect(refusal(() => statefun(env).from(undefined as never))).toMatch(/^MR9042: from\(\) .* not undefined/);
  const from = (...rest: readonly unknown[]): string =>
    refusal(() => statefun(env).from(...([routables, ...rest] as unknown as [typeof routables])));
  expect(from("orders")).toMatch(/^MR9042: from\(stream, "orders"\) of statefun\(env\) needs a router/);
  expect(from(undefined, () => undefined)).toMatch(/^MR9042: from\(stream, name, router\) .* needs a name/);
  expect(from("orders", null)).toMatch(/^MR9042: from\(\) of orders takes a function/);
});
