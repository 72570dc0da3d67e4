/**
 * Goal:   a process function can be tested alone: all four kinds, with timers, state, side outputs, snapshots and other parallelisms.
 * Method: case by case, as a user would write it.
 */
import { describe, expect, expectTypeOf, test } from "vitest";
import { OutputTag, list, map, operatorList, value } from "../../core/index.ts";
import type {
  Collector,
  KeyedCoProcessFunction,
  ListState,
  OperatorListState,
  RuntimeContext,
  ValueState,
} from "../../core/index.ts";
import { FunctionHarness } from "./function-harness.ts";
import type { HarnessSnapshot } from "./harness-state.ts";
import { ManualClock } from "./manual-clock.ts";

interface Visit {
  readonly user: string;
  readonly page: string;
}

const RARE = new OutputTag<string>("rare");
const visitState = { seen: value({ default: 0 }), pages: list<string>(), perPage: map<string, number>() };

/** Counts visits; says so 100 ms of event time and 1 s of processing time after each. */
const visits = {
  state: visitState,
  processElement({ user, page }: Visit, ctx, out) {
    ctx.state.seen.update(ctx.state.seen.value() + 1);
    ctx.state.pages.add(page);
    ctx.state.perPage.put(page, (ctx.state.perPage.get(page) ?? 0) + 1);
    if (page === "/rare") ctx.output(RARE, user);
    else out.collect(`${user} ${ctx.state.seen.value()}`);
    ctx.timers.registerEventTime(ctx.timestampMs + 100);
    ctx.timers.registerProcessingTime(ctx.processingTimeMs() + 1_000);
  },
  onTimer(timeMs, ctx, out) {
    out.collect(`${ctx.key} ${ctx.timeDomain} ${timeMs}`);
  },
} satisfies Parameters<typeof FunctionHarness.keyedProcess<string, Visit, string, typeof visitState>>[0];

const byUser = (visit: Visit): string => visit.user;
const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);

describe("a keyed function", () => {
  test("emits, sets timers in both domains, and has side outputs", async () => {
    const harness = await FunctionHarness.keyedProcess(visits, byUser, { clock: new ManualClock(5_000) });
    harness.processElement({ user: "ada", page: "/" }, 10);
    harness.processElement({ user: "bob", page: "/rare" }, 20);
    expect(harness.records).toEqual([["ada 1", 10]]);
    expect(harness.side(RARE)).toEqual(["bob"]);
    expect(harness.timerCount).toEqual({ event: 2, processing: 2 });
    harness.clear();
    harness.processWatermark(110);
    harness.advance(999);
    expect([harness.values, harness.watermarks]).toEqual([["ada event 110"], [110]]);
    harness.advance(1);
    expect(harness.values.slice(1)).toEqual(["ada processing 6000", "bob processing 6000"]);
    expect(harness.timerCount).toEqual({ event: 1, processing: 0 });
  });

  test("shows its state by name and key, and takes what a test writes", async () => {
    const harness = await FunctionHarness.keyedProcess(visits, byUser);
    for (const page of ["/", "/help", "/"]) harness.processElement({ user: "ada", page }, 0);
    expect(harness.state("seen", "ada").value()).toBe(3);
    expect(harness.state("pages", "ada").get()).toEqual(["/", "/help", "/"]);
    expect([...harness.state("perPage", "ada").entries()]).toEqual([
      ["/", 2],
      ["/help", 1],
    ]);
    expect(harness.state("seen", "bob").value()).toBe(0);
    harness.state("seen", "bob").update(41);
    harness.processElement({ user: "bob", page: "/" }, 0);
    expect(harness.values.at(-1)).toBe("bob 42");
    expectTypeOf(harness.state("seen", "ada")).toEqualTypeOf<ValueState<number, number>>();
    expectTypeOf(harness.state("pages", "ada")).toEqualTypeOf<ListState<string>>();
    expectTypeOf(harness.values).toEqualTypeOf<readonly string[]>();
    expectTypeOf(harness.side(RARE)).toEqualTypeOf<readonly string[]>();
    expect(() => harness.state("seen")).toThrow("MR4001");
    // @ts-expect-error: a name that was not declared
    expect(() => harness.state("sen", "ada")).toThrow('no keyed state "sen", but "seen", "pages", "perPage"');
  });

  test("goes on from a snapshot, which later records do not change", async () => {
    const first = await FunctionHarness.keyedProcess(visits, byUser);
    first.processElement({ user: "ada", page: "/" }, 10);
    first.processWatermark(50);
    const saved = await first.snapshot();
    first.processElement({ user: "ada", page: "/" }, 10);
    const second = await FunctionHarness.keyedProcess(visits, byUser, { restored: [saved] });
    expect(second.state("seen", "ada").value()).toBe(1);
    second.processWatermark(110);
    expect([second.records, second.timerCount.processing]).toEqual([[["ada event 110", 110]], 1]);
  });

  test.each([
    [1, 3],
    [3, 2],
    [4, 1],
  ])("moves from %i subtasks to %i", async (before, after) => {
    const at = (
      parallelism: number,
      restored?: HarnessSnapshot[],
    ): Promise<FunctionHarness<readonly [Visit], string, typeof visitState>[]> =>
      Promise.all(
        Array.from({ length: parallelism }, (_, subtaskIndex) =>
          FunctionHarness.keyedProcess(visits, byUser, { parallelism, subtaskIndex, ...(restored && { restored }) }),
        ),
      );
    const old = await at(before);
    for (const user of users) old.find((one) => one.owns(user))?.processElement({ user, page: "/" }, 10);
    const young = await at(after, await Promise.all(old.map((one) => one.snapshot())));
    for (const user of users) young.find((one) => one.owns(user))?.processElement({ user, page: "/" }, 20);
    expect(young.flatMap(({ values }) => values).toSorted()).toEqual(users.map((user) => `${user} 2`).toSorted());
    for (const one of young) one.clear();
    for (const one of young) one.processWatermark(110);
    expect(young.flatMap(({ values }) => values).toSorted()).toEqual(
      users.map((user) => `${user} event 110`).toSorted(),
    );
  });

  test("refuses a record that another subtask would get", async () => {
    const harness = await FunctionHarness.keyedProcess(visits, byUser, { parallelism: 2, subtaskIndex: 1 });
    const foreign = users.find((user) => !harness.owns(user)) ?? "";
    expect(() => harness.processElement({ user: foreign, page: "/" })).toThrow("does not come to subtask 1 of 2");
    expect(() => harness.state("seen", foreign)).toThrow("does not come to subtask 1 of 2");
  });

  test("a class is instantiated, opened and closed", async () => {
    const said: string[] = [];
    class Greeter {
      async open(ctx: RuntimeContext): Promise<void> {
        await Promise.resolve();
        ctx.accumulate("opened", 1);
        ctx.metrics.counter("greetings").count++;
        said.push(`open ${ctx.task.subtaskIndex} of ${ctx.task.parallelism}`);
      }

      processElement(name: string, _ctx: unknown, out: Collector<string>): void {
        out.collect(`hello ${name}`);
      }

      close(): void {
        said.push("close");
        throw new Error("the door is stuck");
      }
    }
    const harness = await FunctionHarness.keyedProcess(Greeter, (name: string) => name);
    harness.processElement("ada");
    expect(harness.records).toEqual([["hello ada", -Infinity]]);
    expect([harness.accumulators.get("opened"), harness.task.metrics.read("greetings")]).toEqual([1, 1]);
    await expect(harness.close()).rejects.toThrow("the door is stuck");
    expect(said).toEqual(["open 0 of 1", "close"]);
  });
});

describe("other functions", () => {
  test("without a key: operator state, dealt out anew", async () => {
    const known = { state: { names: operatorList<string>() } };
    const open = (options = {}): Promise<FunctionHarness<readonly [string], number, typeof known.state>> =>
      FunctionHarness.process(
        {
          ...known,
          processElement(name: string, ctx, out: Collector<number>) {
            ctx.state.names.add(name);
            out.collect(ctx.state.names.get().length);
          },
        },
        options,
      );
    const harness = await open();
    for (const name of ["ada", "bob", "eve"]) harness.processElement(name);
    expect([harness.values, harness.state("names").get()]).toEqual([
      [1, 2, 3],
      ["ada", "bob", "eve"],
    ]);
    expectTypeOf(harness.state("names")).toEqualTypeOf<OperatorListState<string>>();
    const second = await open({ restored: [await harness.snapshot()], parallelism: 2, subtaskIndex: 1 });
    expect(second.state("names").get()).toEqual(["bob"]);
    expect(() => harness.processElement2(undefined)).toThrow("no input 1");
  });

  test("two inputs: one watermark out of two", async () => {
    const harness = await FunctionHarness.coProcess({
      processElement1: (n: number, _ctx, out: Collector<string>) => out.collect(`number ${n}`),
      processElement2: (text: string, _ctx, out: Collector<string>) => out.collect(`text ${text}`),
    });
    harness.processElement1(1, 5);
    harness.processElement2("a", 6);
    harness.processWatermark1(10);
    harness.processWatermark2(7);
    harness.processWatermark(20);
    expect(harness.records).toEqual([
      ["number 1", 5],
      ["text a", 6],
    ]);
    expect(harness.watermarks).toEqual([7, 20]);
    expectTypeOf(harness.processElement2).parameter(0).toEqualTypeOf<string>();
  });

  test("two keyed inputs: one state per key", async () => {
    const state = { limit: value<number>() };
    const limited: KeyedCoProcessFunction<string, readonly [string, number], Visit, string, typeof state> = {
      state,
      processElement1: ([, limit], ctx) => ctx.state.limit.update(limit),
      processElement2({ user }, ctx, out) {
        out.collect(`${user} ${ctx.state.limit.value() ?? "no limit"}`);
        ctx.timers.registerEventTime(50);
      },
      onTimer: (_, ctx, out) => out.collect(`${ctx.key} is done`),
    };
    const harness = await FunctionHarness.keyedCoProcess(limited, [([user]) => user, byUser]);
    harness.processElement1(["ada", 3]);
    harness.processElement2({ user: "ada", page: "/" }, 1);
    harness.processElement2({ user: "bob", page: "/" }, 1);
    expect(harness.values).toEqual(["ada 3", "bob no limit"]);
    expect(harness.state("limit", "ada").value()).toBe(3);
    harness.processWatermark1(60);
    expect(harness.values).toHaveLength(2);
    harness.processWatermark2(60);
    expect(harness.values.slice(2)).toEqual(["ada is done", "bob is done"]);
  });
});
