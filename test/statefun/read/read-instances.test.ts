/** Reading a checkpoint: what there is, typed and complete; and what is refused, with a sentence. */
// covers: core/api/saved-state.ts, core/cluster/local-saved-state.ts, statefun/read/saved-groups.ts, statefun/read/instance-state.ts
// covers: statefun/group/saved-names.ts
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, expectTypeOf, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { encodeMetadata } from "../../../core/checkpoint/metadata.ts";
import {
  FunctionType,
  PersistedValue,
  buffer,
  fn,
  readInstances,
  routable,
  statefun,
  table,
  type,
  value,
} from "../../../statefun/index.ts";
import type { Context, Instance, StatefulFn, StatefulFunction } from "../../../statefun/index.ts";
import { checkpointWith } from "../../core/checkpoint/samples.ts";
import { Arrivals, inDirectory, savedAfter, startHeld } from "./held-job.ts";
import type { Message } from "./held-job.ts";

const arrivals = { current: new Arrivals() };

const cart = fn("shop/cart", {
  accepts: { add: type<{ item: string; cents: number }>(), look: type<null>() },
  state: {
    total: value({ default: 0 }),
    last: value<{ readonly at: Date }>(),
    amounts: table<string, number>({ name: "amounts-by-item" }),
    log: buffer<string>(),
  },
  handle: {
    add({ state }, { item, cents }) {
      state.total += cents;
      state.last = { at: new Date(cents) };
      state.amounts.set(item, (state.amounts.get(item) ?? 0) + 1);
      state.log.push(item);
      arrivals.current.tick();
    },
    look: () => arrivals.current.tick(),
  },
});

function add(id: string, item: string, cents: number): Message {
  return { to: cart.type, id, kind: "add", value: { item, cents } };
}

async function all<S>(instances: AsyncIterable<Instance<S>>): Promise<Record<string, Instance<S>["state"]>> {
  const found: Record<string, Instance<S>["state"]> = {};
  for await (const { id, state } of instances) {
    expect(found, `${id} comes once`).not.toHaveProperty([id]);
    found[id] = state;
  }
  return found;
}

/** A savepoint of that job, handed to a story. */
function withSavepoint<T>(
  messages: readonly Message[],
  story: (path: string, directory: string) => Promise<T>,
  options: { readonly functions?: readonly StatefulFn<unknown>[]; readonly parallelism?: number } = {},
): Promise<T> {
  return inDirectory(async (directory) => {
    arrivals.current = new Arrivals();
    const path = await savedAfter({
      functions: options.functions ?? [cart],
      messages,
      arrivals: arrivals.current,
      count: messages.length,
      directory,
      config: { "parallelism.default": options.parallelism ?? 1 },
    });
    return story(path, directory);
  });
}

describe("all instances", () => {
  test.each([1, 3])("with all of their state, at parallelism %i", (parallelism) =>
    withSavepoint(
      [add("ada", "tea", 300), add("ben", "cup", 900), add("ada", "tea", 100), { ...add("eve", "", 0), kind: "look" }],
      async (path) => {
        const found = await all(readInstances(cart, path));
        expect(found).toEqual({
          ada: { total: 400, last: { at: new Date(100) }, amounts: new Map([["tea", 2]]), log: ["tea", "tea"] },
          ben: { total: 900, last: { at: new Date(900) }, amounts: new Map([["cup", 1]]), log: ["cup"] },
        });
        expect(found["ada"]?.last).toBeTypeOf("object");
        expect(Object.isFrozen(found["ada"]?.last)).toBe(true);
      },
      { parallelism },
    ),
  );

  test("have the types that the function declares", () => {
    type State = Instance<typeof cart extends StatefulFn<infer _M, infer _R, infer S> ? S : never>["state"];
    expectTypeOf<State["total"]>().toEqualTypeOf<number>();
    expectTypeOf<State["last"]>().toEqualTypeOf<{ readonly at: Date } | undefined>();
    expectTypeOf<State["amounts"]>().toEqualTypeOf<ReadonlyMap<string, number>>();
    expectTypeOf<State["log"]>().toEqualTypeOf<readonly string[]>();
  });

  test("with defaults where there is nothing, when the function has learnt of more since", () => {
    const later = fn("shop/cart", {
      accepts: { add: type<null>() },
      state: { total: value({ default: 0 }), paid: value({ default: false }), notes: buffer<string>() },
      handle: { add: () => undefined },
    });
    return withSavepoint([add("ada", "tea", 300)], async (path) => {
      expect(await all(readInstances(later, path))).toEqual({ ada: { total: 300, paid: false, notes: [] } });
    });
  });

  test("of functions in the form of the original", async () => {
    class Counter implements StatefulFunction {
      readonly count = PersistedValue.of<number>("how-many");

      invoke(_context: Context, _input: unknown): void {
        this.count.set(this.count.getOrDefault(0) + 1);
        arrivals.current.tick();
      }
    }
    const counters = new FunctionType("shop", "counter");
    await inDirectory(async (directory) => {
      arrivals.current = new Arrivals();
      const path = await savedAfter({
        functions: [],
        modules: [{ configure: (_config, binder) => binder.bindFunctionProvider(counters, Counter) }],
        messages: ["a", "b", "a"].map((id) => ({ to: "shop/counter", id, kind: "", value: null })),
        arrivals: arrivals.current,
        count: 3,
        directory,
      });
      const found = await all(readInstances({ type: counters, provider: Counter }, path));
      expect(Object.values(found).map((state) => Object.values(state))).toEqual([[2], [1]]);
    });
  });
});

describe("the path", () => {
  test("may be that of a job, whose newest checkpoint is read, of one checkpoint, or of its metadata", () =>
    inDirectory(async (directory) => {
      arrivals.current = new Arrivals();
      const client = await startHeld({
        functions: [cart],
        messages: [add("ada", "tea", 300)],
        config: { "execution.checkpointing.dir": directory, "execution.checkpointing.interval": 1e9 },
      });
      try {
        await arrivals.current.reached(1);
        const id = await client.triggerCheckpoint();
        const [job = ""] = readdirSync(directory);
        const expected = await all(readInstances(cart, join(directory, job)));
        expect(expected).toMatchObject({ ada: { total: 300 } });
        const checkpoint = join(directory, job, `chk-${id}`);
        for (const path of [checkpoint, `${checkpoint}/`, `${checkpoint}/_metadata`])
          expect(await all(readInstances(cart, path))).toEqual(expected);
      } finally {
        await client.cancel();
      }
    }));

  test("is refused where there is no checkpoint", async () => {
    await expect(all(readInstances(cart, "/no/such/place"))).rejects.toThrow(
      /^MR5001: there is no readable checkpoint/,
    );
  });

  test("is refused where there are no functions", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "chk-1");
      mkdirSync(path);
      writeFileSync(join(path, "_metadata"), encodeMetadata(checkpointWith(1, [], { directory: path })));
      await expect(all(readInstances(cart, path))).rejects.toThrow(
        /^MR9070: the checkpoint at .* has no stateful functions: it is of the job "sample"/,
      );
    }));

  test("names the file that is gone", () =>
    withSavepoint([add("ada", "tea", 300)], async (path) => {
      for (const name of readdirSync(path)) if (name !== "_metadata") rmSync(join(path, name), { recursive: true });
      await expect(all(readInstances(cart, path))).rejects.toThrow(/^MR5203: state file .* cannot be read/);
    }));
});

describe("the function", () => {
  test.each([
    ["shop/carts", "did you mean shop/cart?"],
    ["bank/account", "it has that of shop/cart"],
  ] as const)("%s is refused where the checkpoint has none of its state", (name, hint) => {
    const other = fn(name, {
      accepts: { add: type<null>() },
      state: { total: value({ default: 0 }) },
      handle: { add: () => undefined },
    });
    return withSavepoint([add("ada", "tea", 300)], async (path) => {
      await expect(all(readInstances(other, path))).rejects.toThrow(`has no state of ${name}: ${hint}`);
    });
  });

  test("is refused where it declares no state", async () => {
    const mute = fn("shop/mute", { accepts: { say: type<null>() }, handle: { say: () => undefined } });
    await expect(all(readInstances(mute, "/no/such/place"))).rejects.toThrow(
      "MR9073: shop/mute declares no state, so that there is nothing to read of it",
    );
    await expect(all(readInstances({} as typeof cart, "/no/such/place"))).rejects.toThrow(
      /^MR9073: readInstances\(\) takes/,
    );
  });

  test("is refused where its state is of another kind", () => {
    const other = fn("shop/cart", {
      accepts: { add: type<null>() },
      state: { total: buffer<number>() },
      handle: { add: () => undefined },
    });
    return withSavepoint([add("ada", "tea", 300)], async (path) => {
      await expect(all(readInstances(other, path))).rejects.toThrow(/^MR4004: state "shop\/cart\.total"/);
    });
  });
});

describe("several groups of functions in one job", () => {
  const sum = fn("shop/sum", {
    accepts: { add: type<number>() },
    state: { sum: value({ default: 0 }) },
    handle: {
      add(ctx, amount) {
        ctx.state.sum += amount;
        ctx.sendAfter("1d", ctx.self, "add", 0);
        arrivals.current.tick();
      },
    },
  });

  test("are told apart by name", () =>
    inDirectory(async (directory) => {
      arrivals.current = new Arrivals();
      const env = StreamExecutionEnvironment.create({ "parallelism.default": 1 });
      for (const [name, to] of [
        ["left", 2],
        ["right", 3],
      ] as const) {
        const numbers = env.fromSequence(1, to).map((n) => routable(sum.at("all"), "add", n));
        statefun(env, { name, onEndOfInput: "wait" }).from(numbers).functions(sum).build();
      }
      const client = await env.executeAsync("two");
      await arrivals.current.reached(5);
      const path = await client.triggerSavepoint({ directory });
      await client.cancel();
      expect(await all(readInstances(sum, path, { name: "left" }))).toEqual({ all: { sum: 3 } });
      expect(await all(readInstances(sum, path, { name: "right" }))).toEqual({ all: { sum: 6 } });
      await expect(all(readInstances(sum, path))).rejects.toThrow(
        /^MR9071: the checkpoint at .* has functions of "left", "right": say which with \{ name \}$/,
      );
      await expect(all(readInstances(sum, path, { name: "rigth" }))).rejects.toThrow(
        /^MR9070: .* has no functions named "rigth": did you mean "right"\?$/,
      );
    }));
});
