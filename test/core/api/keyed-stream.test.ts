/** `KeyedStream` and `ConnectedStreams`: hash edges, key selectors in the spec, and what is stateful. */
// covers: core/api/connected-streams.ts
import { describe, expect, test } from "vitest";
import { StreamExecutionEnvironment, operatorList, value } from "../../../core/index.ts";
import type { KeyedStream } from "../../../core/index.ts";
import { edgeLines, lastNode, nodeLines, refusalOf } from "./graph-view.ts";

interface Click {
  readonly user: string;
  readonly atMs: number;
}

const userOf = (click: Click): string => click.user;

function start(): { env: StreamExecutionEnvironment; byUser: KeyedStream<string, Click> } {
  const env = new StreamExecutionEnvironment();
  return { env, byUser: env.fromData<Click>({ user: "ann", atMs: 1 }).keyBy(userOf) };
}

describe("one keyed input", () => {
  test("every operator is keyed, with the selector on the edge and in the spec", () => {
    const { env, byUser } = start();
    byUser.process({ state: { seen: value<number>() }, processElement: () => undefined });
    byUser.process({ processElement: () => undefined });
    byUser.process({ processElement: () => undefined, onTimer: () => undefined });
    byUser.reduce((left) => left);
    byUser.sum("atMs");
    byUser.max(({ atMs }) => atMs);
    byUser.minBy("user");
    byUser.transform("mine", () => ({ inputs: [] }));
    expect(nodeLines(env).slice(1)).toEqual([
      "1 keyed-process: keyed-process(process; keyOf) keyed stateful",
      "2 keyed-process: keyed-process(process; keyOf) keyed",
      "3 keyed-process: keyed-process(process; keyOf) keyed stateful",
      "4 reduce: reduce(reduce; keyOf) keyed stateful",
      "5 sum: reduce(reduce; keyOf) keyed stateful",
      "6 max: keyed-process(process; keyOf) keyed stateful",
      "7 min-by: reduce(reduce; keyOf) keyed stateful",
      "8 custom: custom(; create) keyed stateful",
    ]);
    expect(edgeLines(env)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((to) => `0 -> ${to} hash`));
    for (const { partitioning } of env.getStreamGraph().edges)
      expect(partitioning).toEqual({ kind: "hash", keyOf: userOf });
    for (const { spec } of env.getStreamGraph().nodes.slice(1, -1)) expect(spec.parameters["keyOf"]).toBe(userOf);
  });

  test("the key replaces an earlier partitioning, at every end of a union", () => {
    const env = new StreamExecutionEnvironment();
    const numbers = env.fromSequence(1, 2);
    numbers
      .rebalance()
      .union(env.fromData(3))
      .keyBy((n) => n)
      .reduce((left) => left);
    expect(edgeLines(env)).toEqual(["0 -> 2 hash", "1 -> 2 hash"]);
  });

  test.each([
    ["MR1056", (byUser: KeyedStream<string, Click>) => byUser.process({ onTimer: () => undefined } as never)],
    ["MR1064", (byUser: KeyedStream<string, Click>) => byUser.reduce("sum" as never)],
    ["MR1066", (byUser: KeyedStream<string, Click>) => byUser.sum("" as never)],
    ["MR1066", (byUser: KeyedStream<string, Click>) => byUser.maxBy(undefined as never)],
    ["MR1206", (byUser: KeyedStream<string, Click>) => byUser.countWindow(0)],
    ["MR1206", (byUser: KeyedStream<string, Click>) => byUser.countWindow(2, -1)],
    ["MR1206", (byUser: KeyedStream<string, Click>) => byUser.countWindow(1.5)],
    ["MR1050", (byUser: KeyedStream<string, Click>) => byUser.connect(start().byUser)],
  ])("%s: %s", (code, build) => {
    expect(refusalOf(() => build(start().byUser))).toBe(code);
  });
});

describe("two inputs", () => {
  const both = { processElement1: (): void => undefined, processElement2: (): void => undefined };

  test("without keys: two edges, operator lists at most", () => {
    const env = new StreamExecutionEnvironment();
    const connected = env.fromSequence(1, 2).connect(env.fromData("a"));
    connected.process(both);
    connected.process({ ...both, state: { buffer: operatorList<number>() } });
    expect(nodeLines(env).slice(2)).toEqual([
      "2 co-process: co-process(process; )",
      "3 co-process: co-process(process; ) stateful",
    ]);
    expect(edgeLines(env)).toEqual(["0 -> 2", "1 -> 2 input 1", "0 -> 3", "1 -> 3 input 1"]);
    expect(refusalOf(() => connected.process({ ...both, state: { seen: value() } } as never))).toBe("MR1051");
    expect(refusalOf(() => connected.process({ ...both, onTimer: () => undefined } as never))).toBe("MR1055");
    expect(refusalOf(() => connected.process({ processElement1: () => undefined } as never))).toBe("MR1056");
    expect(refusalOf(() => connected.keyBy((n) => n, undefined as never))).toBe("MR1064");
  });

  test("with keys: the same graph whether streams are keyed before or after they are connected", () => {
    const lines = [true, false].map((before) => {
      const env = new StreamExecutionEnvironment();
      const numbers = env.fromSequence(1, 2);
      const words = env.fromData("a");
      const keyed = before
        ? numbers.keyBy((n) => n).connect(words.keyBy((word) => word.length))
        : numbers.connect(words).keyBy(
            (n) => n,
            (word) => word.length,
          );
      keyed.process({ ...both, state: { seen: value<number>() } });
      keyed.transform("mine", () => ({ inputs: [] }));
      return [...nodeLines(env).slice(2), ...edgeLines(env)];
    });
    expect(lines[0]).toEqual([
      "2 keyed-co-process: keyed-co-process(process; keyOf1 keyOf2) keyed stateful",
      "3 custom: custom(; create) keyed stateful",
      "0 -> 2 hash",
      "1 -> 2 input 1 hash",
      "0 -> 3 hash",
      "1 -> 3 input 1 hash",
    ]);
    expect(lines[1]).toEqual(lines[0]);
  });

  test("a union may be either input", () => {
    const env = new StreamExecutionEnvironment();
    const numbers = env.fromSequence(1, 2);
    numbers.connect(numbers.union(env.fromData(3))).process(both);
    expect(edgeLines(env)).toEqual(["0 -> 2", "0 -> 2 input 1", "1 -> 2 input 1"]);
    expect(lastNode(env).kind).toBe("co-process");
  });
});
