/**
 * The contract of keyed state backends as a test: an implementation is done when it passes, together with the property in
 * `test/core/state/heap/keyed-state.property.test.ts`. Here: keys, kinds of state, namespaces and TTL; snapshots, timers and time across restores have files of their own.
 */
import { describe, expect, test } from "vitest";
import { aggregating, list, map, reducing, value } from "../../core/state/descriptors.ts";
import { ManualClock } from "../harness/manual-clock.ts";
import { whole } from "./keyed-state-case.ts";
import type { KeyedStateCase } from "./keyed-state-case.ts";
import { checkKeyedExpiry } from "./keyed-state-expiry.ts";
import { checkKeyedSnapshots } from "./keyed-state-snapshots.ts";
import { checkKeyedTimers } from "./keyed-state-timers.ts";

export function checkKeyedState(subject: KeyedStateCase): void {
  describe(`keyed state: ${subject.name}`, () => {
    checkKeys(subject);
    checkKinds(subject);
    checkNamespaces(subject);
    checkTtl(subject);
  });
  checkKeyedSnapshots(subject);
  checkKeyedTimers(subject);
  checkKeyedExpiry(subject);
}

function checkKeys({ create }: KeyedStateCase): void {
  test("keys are compared by value", () => {
    const { backend } = whole(create);
    const seen = backend.value("seen", value<string>());
    const keys: readonly (readonly [string, unknown])[] = [
      ["number", 1],
      ["text", "1"],
      ["bigint", 1n],
      ["boolean", true],
      ["tuple", [1, "a"]],
      ["tuple in tuple", [[1], "a"]],
      ["object", { a: 1, b: { c: 2, d: 3 } }],
      ["empty", ""],
      ["zero", 0],
      ["text like an object", "{1:an1;}"],
    ];
    for (const [name, key] of keys) {
      backend.setCurrentKey(key);
      expect(seen.value(), name).toBeUndefined();
      seen.update(name);
    }
    for (const [key, name] of [
      [1, "number"],
      ["1", "text"],
      [1n, "bigint"],
      [[1, "a"], "tuple"],
      [{ b: { d: 3, c: 2 }, a: 1 }, "object"],
      [-0, "zero"],
    ] as const) {
      backend.setCurrentKey(key);
      expect(seen.value()).toBe(name);
      expect(backend.getCurrentKey()).toEqual(Object.is(key, -0) ? 0 : key);
    }
    expect(backend.size()).toEqual({ rows: keys.length, cells: keys.length });
  });

  test.each([[null], [undefined], [NaN], [Symbol("s")], [(): void => {}], [new Date(0)], [new Map()], [["a", null]]])(
    "refuses the key %s",
    (key) => {
      const { backend } = whole(create);
      expect(() => backend.setCurrentKey(key)).toThrow("MR4001");
    },
  );

  test("a key that the user changes afterwards stays as it was", () => {
    const { backend } = whole(create);
    const seen = backend.value("seen", value<number>());
    const key = ["a", 1];
    backend.setCurrentKey(key);
    seen.update(5);
    key[1] = 2;
    backend.setCurrentKey(key);
    expect(seen.value()).toBeUndefined();
    backend.setCurrentKey(["a", 1]);
    expect(seen.value()).toBe(5);
    expect(backend.getCurrentKey()).toEqual(["a", 1]);
  });

  test("a key of another subtask is refused", () => {
    const clock = new ManualClock();
    const halves = [0, 1].map((half) =>
      create({ keyGroups: { first: half * 8, last: half * 8 + 7 }, maxParallelism: 16, clock }),
    );
    const refused = halves.map((backend) => {
      try {
        backend.setCurrentKey("user-17");
        return false;
      } catch (error) {
        expect(String(error)).toMatch(/MR4002.*"totals".*"user-17"/);
        return true;
      }
    });
    expect(refused.filter(Boolean)).toHaveLength(1);
  });

  test("state cannot be written before a key is set", () => {
    const { backend } = whole(create);
    const seen = backend.value("seen", value({ default: 3 }));
    expect(() => seen.update(1)).toThrow(/MR4006.*"totals"/);
  });

  test("keys without state take no room", () => {
    const { backend } = whole(create);
    const seen = backend.value("seen", value<number>());
    const items = backend.map<string, number>("items", map());
    for (const key of ["a", "b", ["c", 1]]) {
      backend.setCurrentKey(key);
      expect(seen.value()).toBeUndefined();
      expect(backend.size().rows).toBe(0);
      seen.update(1);
      items.put("x", 1);
      expect(backend.size()).toEqual({ rows: 1, cells: 2 });
      items.remove("x");
      seen.clear();
      expect(backend.size()).toEqual({ rows: 0, cells: 0 });
      seen.update(2);
      expect(seen.value()).toBe(2);
      seen.clear();
    }
  });
}

function checkKinds({ create }: KeyedStateCase): void {
  test("a value, with and without default", () => {
    const { backend } = whole(create);
    const plain = backend.value("plain", value<number | null>());
    const boxed = backend.value("boxed", value({ default: { n: 0 } }));
    backend.setCurrentKey("a");
    expect(plain.value()).toBeUndefined();
    plain.update(null);
    expect(plain.value()).toBeNull();
    boxed.value().n = 7;
    expect(boxed.value(), "a default is a fresh copy each time").toEqual({ n: 0 });
    boxed.update({ n: 1 });
    boxed.value().n = 2;
    expect(boxed.value(), "what is kept may be changed in place").toEqual({ n: 2 });
    backend.setCurrentKey("b");
    expect(boxed.value()).toEqual({ n: 0 });
    backend.setCurrentKey("a");
    boxed.clear();
    expect(boxed.value()).toEqual({ n: 0 });
  });

  test("a list keeps its order, and hands out snapshots", () => {
    const { backend } = whole(create);
    const items = backend.list<number>("items", list());
    backend.setCurrentKey("a");
    expect([items.get(), items.isEmpty()]).toEqual([[], true]);
    const wanted = Array.from({ length: 200 }, (_, index) => index);
    items.addAll(wanted);
    const before = items.get();
    items.add(200);
    expect(before).toEqual(wanted);
    expect(items.get()).toEqual([...wanted, 200]);
    items.update(items.get().filter((item) => item % 50 === 0));
    expect(items.get()).toEqual([0, 50, 100, 150, 200]);
    items.update([]);
    expect([items.get(), items.isEmpty()]).toEqual([[], true]);
  });

  test("a map keeps the order of insertion, and may be changed while iterating", () => {
    const { backend } = whole(create);
    const items = backend.map<unknown, number>("items", map());
    backend.setCurrentKey("a");
    items.putAll([
      ["x", 1],
      [7, 2],
      [[1, 2], 3],
      ["y", 4],
    ]);
    items.put("x", 5);
    items.put({ b: 1, a: 2 }, 6);
    expect([...items.entries()]).toEqual([
      ["x", 5],
      [7, 2],
      [[1, 2], 3],
      ["y", 4],
      [{ b: 1, a: 2 }, 6],
    ]);
    expect([items.get([1, 2]), items.get({ a: 2, b: 1 }), items.has("7"), items.has(7)]).toEqual([3, 6, false, true]);
    const met: unknown[] = [];
    for (const [key, item] of items.entries()) {
      met.push(key);
      if (key === "x") items.remove(7);
      if (key === "y") items.put("z", 9);
      items.put(key, item * 10);
    }
    expect(met).toEqual(["x", [1, 2], "y", { b: 1, a: 2 }, "z"]);
    expect([...items.values()]).toEqual([50, 30, 40, 60, 90]);
    for (const _key of items.keys()) items.clear();
    expect([items.isEmpty(), [...items.keys()]]).toEqual([true, []]);
    expect(() => items.put(NaN, 1)).toThrow("MR4001");
  });

  test("reducing and aggregating absorb what is added", () => {
    const { backend } = whole(create);
    const sum = backend.reducing<number>(
      "sum",
      reducing((left, right) => left + right),
    );
    const words = backend.aggregating<string, string[], number>(
      "words",
      aggregating({
        createAccumulator: (): string[] => [],
        add: (word, all) => {
          all.push(word);
          return all;
        },
        getResult: (all) => all.length,
      }),
    );
    backend.setCurrentKey("a");
    expect([sum.get(), words.get()]).toEqual([undefined, undefined]);
    for (const n of [1, 2, 3]) {
      sum.add(n);
      words.add(`word ${n}`);
    }
    expect([sum.get(), words.get()]).toEqual([6, 3]);
    backend.setCurrentKey("b");
    expect([sum.get(), words.get()]).toEqual([undefined, undefined]);
    backend.setCurrentKey("a");
    sum.clear();
    words.clear();
    expect([sum.get(), words.get()]).toEqual([undefined, undefined]);
  });

  test("each name is bound once, of any kind", () => {
    const { backend } = whole(create);
    backend.bind("seen", value<number>());
    expect(() => backend.bind("seen", list())).toThrow(/MR4003.*"totals".*"seen"/);
    const service = { onEventTimer: (): void => {}, onProcessingTimer: (): void => {} };
    backend.timers("seen", service); // timer services have their own names
    expect(() => backend.timers("seen", service)).toThrow("MR4003");
  });
}

function checkNamespaces({ create }: KeyedStateCase): void {
  test("namespaced state is apart per namespace, plain state is not", () => {
    const { backend } = whole(create);
    const perWindow = backend.value("perWindow", value<number>(), { namespaced: true });
    const lists = backend.list<number>("lists", list(), { namespaced: true });
    const plain = backend.value("plain", value<number>());
    for (const key of ["a", "b"]) {
      for (const namespace of [0, 60_000, "60000", ""]) {
        backend.setCurrentKey(key);
        backend.setCurrentNamespace(namespace);
        expect([perWindow.value(), lists.get()]).toEqual([undefined, []]);
        perWindow.update(key.length + String(namespace).length);
        lists.addAll([1, 2]);
        plain.update((plain.value() ?? 0) + 1);
      }
    }
    expect(plain.value()).toBe(4);
    backend.setCurrentNamespace(60_000);
    perWindow.clear();
    lists.clear();
    expect([perWindow.value(), lists.get()]).toEqual([undefined, []]);
    backend.setCurrentNamespace("60000");
    expect([perWindow.value(), lists.get()]).toEqual([6, [1, 2]]);
    backend.setCurrentKey("a");
    backend.setCurrentNamespace(60_000);
    expect(perWindow.value()).toBe(6);
  });
}

function checkTtl({ create }: KeyedStateCase): void {
  test("each value, element and entry expires on its own, after the last write", () => {
    const { backend, clock } = whole(create);
    const last = backend.value("last", value({ default: 0, ttl: 10 }));
    const items = backend.list<string>("items", list({ ttl: "10ms" }));
    const entries = backend.map<string, number>(
      "entries",
      map({ ttl: { after: 10, time: "processing", refresh: "write" } }),
    );
    backend.setCurrentKey("a");
    last.update(1);
    items.add("early");
    entries.put("early", 1);
    entries.put("renewed", 1);
    clock.advance(9);
    expect([last.value(), items.get(), [...entries.keys()]]).toEqual([1, ["early"], ["early", "renewed"]]);
    items.add("late");
    entries.put("renewed", 2);
    clock.advance(1);
    expect([last.value(), items.get(), [...entries.keys()], entries.has("early")]).toEqual([
      0,
      ["late"],
      ["renewed"],
      false,
    ]);
    clock.advance(9);
    expect([items.isEmpty(), entries.isEmpty(), entries.get("renewed")]).toEqual([true, true, undefined]);
    expect(backend.size()).toEqual({ rows: 0, cells: 0 });
  });

  test("reading prolongs a life only if asked to", () => {
    const { backend, clock } = whole(create);
    const written = backend.value("written", value<number>({ ttl: 10 }));
    const used = backend.value("used", value<number>({ ttl: { after: 10, refresh: "read-and-write" } }));
    backend.setCurrentKey("a");
    written.update(1);
    used.update(1);
    clock.advance(6);
    expect([written.value(), used.value()]).toEqual([1, 1]);
    clock.advance(6);
    expect([written.value(), used.value()]).toEqual([undefined, 1]);
  });

  test("by event time, the watermark is the clock", () => {
    const { backend, clock } = whole(create);
    const last = backend.value("last", value<number>({ ttl: { after: 10, time: "event" } }));
    backend.setCurrentKey("a");
    last.update(1);
    clock.advance(1_000);
    expect(last.value(), "before the first watermark nothing expires").toBe(1);
    backend.advanceWatermark(5_000);
    expect(last.value(), "the first watermark starts the life").toBe(1);
    backend.advanceWatermark(5_009);
    expect(last.value()).toBe(1);
    backend.advanceWatermark(Infinity);
    expect(last.value(), "the end of input expires nothing").toBe(1);
    backend.advanceWatermark(5_010);
    expect(last.value()).toBeUndefined();
  });

  test("what nobody asks for any more is removed bit by bit", () => {
    const { backend, clock } = whole(create);
    const last = backend.value("last", value<number>({ ttl: 10 }));
    const entries = backend.map<number, number>("entries", map({ ttl: 10 }));
    for (let key = 0; key < 1_000; key += 1) {
      backend.setCurrentKey(key);
      last.update(key);
      entries.put(key, key);
    }
    clock.advance(100);
    backend.setCurrentKey("other");
    for (let access = 0; access < 2_000; access += 1) last.value();
    expect(backend.size()).toEqual({ rows: 0, cells: 0 });
  });

  test("a life must be longer than nothing", () => {
    const { backend } = whole(create);
    expect(() => backend.value("last", value<number>({ ttl: 0 }))).toThrow("MR1002");
  });
}
