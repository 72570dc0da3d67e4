/** `DataStream`: each method adds the node, the edges and the spec that the runtime expects, or refuses. */
// covers: core/operators/contracts/functions.ts
// covers: core/api/declared-functions.ts, core/api/stream-partitioning.ts, core/api/stream-results.ts, core/api/data-stream-sink.ts, core/api/refuse.ts, core/api/transform.ts
import { describe, expect, test } from "vitest";
import { OutputTag, StreamExecutionEnvironment, WatermarkStrategy, operatorList, value } from "../../../core/index.ts";
import type { Collector, DataStream, ProcessFunction } from "../../../core/index.ts";
import { edgeLines, lastNode, nodeLines, refusalOf } from "./graph-view.ts";

function start(): { env: StreamExecutionEnvironment; numbers: DataStream<number> } {
  const env = new StreamExecutionEnvironment();
  return { env, numbers: env.fromSequence(1, 3) };
}

describe("transformations", () => {
  test("add one node each, connected without a partitioning of their own", () => {
    const { env, numbers } = start();
    numbers
      .map((n) => n + 1)
      .filter((n) => n > 1)
      .flatMap((n) => [n, n])
      .process({ processElement: (n, _ctx, out: Collector<number>) => out.collect(n) })
      .assignTimestampsAndWatermarks(WatermarkStrategy.noWatermarks())
      .sinkTo({ createWriter: () => ({ write: () => undefined }) });
    expect(nodeLines(env)).toEqual([
      "0 sequence-source: source(; source strategy kept) stateful",
      "1 map: map(map; )",
      "2 filter: filter(filter; )",
      "3 flat-map: flat-map(flatMap; )",
      "4 process: process(process; )",
      "5 timestamps: timestamps(; strategy) stateful",
      "6 sink: sink(; sink) stateful",
    ]);
    expect(edgeLines(env)).toEqual(["0 -> 1", "1 -> 2", "2 -> 3", "3 -> 4", "4 -> 5", "5 -> 6"]);
  });

  test("hand functions, objects and classes on as they are", () => {
    const { env, numbers } = start();
    class Twice {
      map(n: number): number {
        return 2 * n;
      }
    }
    const object = { map: (n: number): number => n };
    numbers.map(Twice);
    expect(lastNode(env).spec.functions).toEqual({ map: Twice });
    numbers.map(object);
    expect(lastNode(env).spec.functions["map"]).toBe(object);
  });

  test("with operator state are stateful", () => {
    const { env, numbers } = start();
    numbers.process({ state: { buffer: operatorList<number>() }, processElement: () => undefined });
    expect(lastNode(env)).toMatchObject({ stateful: true, keyed: false });
  });

  test("of authors of operators are handed on under their name", () => {
    const { env, numbers } = start();
    const makeOperator = (): { inputs: [] } => ({ inputs: [] });
    numbers.transform<number>("mine", makeOperator);
    expect(lastNode(env)).toMatchObject({ kind: "custom", name: "mine", stateful: true, spec: { module: "custom" } });
    expect(lastNode(env).spec.parameters["create"]).toBe(makeOperator);
    numbers.transform<number>("light", makeOperator, { stateful: false });
    expect(lastNode(env).stateful).toBe(false);
  });
});

describe("streams without a node of their own", () => {
  test("a union feeds the next operator from all its ends", () => {
    const { env, numbers } = start();
    const negative = numbers.map((n) => -n);
    numbers.union(negative, numbers).map(String);
    expect(edgeLines(env)).toEqual(["0 -> 1", "0 -> 2", "1 -> 2", "0 -> 2"]);
  });

  test("partitionings mark the next edge only, and the last one counts", () => {
    const { env, numbers } = start();
    for (const stream of [
      numbers.forward(),
      numbers.rebalance(),
      numbers.rescale(),
      numbers.shuffle(),
      numbers.broadcast(),
      numbers.global(),
    ]) {
      stream.map((n) => n).map((n) => n);
    }
    numbers
      .rebalance()
      .broadcast()
      .map((n) => n);
    const first = edgeLines(env).filter((line) => line.startsWith("0 "));
    expect(first.map((line) => line.split(" ").at(-1))).toEqual([
      "forward",
      "rebalance",
      "rescale",
      "shuffle",
      "broadcast",
      "global",
      "broadcast",
    ]);
    expect(edgeLines(env).filter((line) => !line.startsWith("0 "))).toEqual([
      "1 -> 2",
      "3 -> 4",
      "5 -> 6",
      "7 -> 8",
      "9 -> 10",
      "11 -> 12",
    ]);
  });

  test("a partitioning before a union holds for its own end, after it for all", () => {
    const { env, numbers } = start();
    const other = env.fromData(1);
    numbers
      .rebalance()
      .union(other)
      .map((n) => n);
    numbers
      .union(other)
      .global()
      .map((n) => n);
    expect(edgeLines(env)).toEqual(["0 -> 2 rebalance", "1 -> 2", "0 -> 3 global", "1 -> 3 global"]);
  });

  test("custom partitioning carries both functions", () => {
    const { env, numbers } = start();
    const partitioner = (key: string, partitions: number): number => key.length % partitions;
    const keyOf = (n: number): string => String(n);
    numbers.partitionCustom(partitioner, keyOf).map((n) => n);
    expect(env.getStreamGraph().edges[0]?.partitioning).toEqual({ kind: "custom", keyOf, partitioner });
  });

  test("a side output leaves its operator beside the main output", () => {
    const { env, numbers } = start();
    const odd = new OutputTag<string>("odd");
    const main = numbers.process({ processElement: (n, ctx) => ctx.output(odd, String(n)) });
    main.getSideOutput(odd).map((text) => text.length);
    main
      .getSideOutput(new OutputTag<string>("odd"))
      .rebalance()
      .map((text) => text.length);
    expect(edgeLines(env)).toEqual(["0 -> 1", "1 -> 2 odd", "1 -> 3 rebalance odd"]);
  });
});

describe("sinks", () => {
  test("print and discard keep no state; sinks with one writer get one subtask", () => {
    const { env, numbers } = start();
    numbers.print("n");
    numbers.discard();
    numbers.sinkTo({ parallelismMax: 1, createWriter: () => ({ write: () => undefined }) }).name("single");
    expect(nodeLines(env).slice(1)).toEqual([
      "1 print-sink: sink(; sink)",
      "2 discard-sink: sink(; sink)",
      "3 sink: sink(; sink) stateful",
    ]);
    expect(lastNode(env)).toMatchObject({ name: "single", parallelism: 1, parallelismMax: 1 });
  });
});

describe("refusals", () => {
  test.each([
    ["MR1064", (numbers: DataStream<number>) => numbers.map(3 as never)],
    ["MR1064", (numbers: DataStream<number>) => numbers.filter({ map: () => true } as never)],
    ["MR1064", (numbers: DataStream<number>) => numbers.keyBy("id" as never)],
    ["MR1064", (numbers: DataStream<number>) => numbers.partitionCustom(() => 0, "id" as never)],
    ["MR1064", (numbers: DataStream<number>) => numbers.transform("x", undefined as never)],
    ["MR1053", (numbers: DataStream<number>) => numbers.transform(" ", () => ({ inputs: [] }))],
    ["MR1065", (numbers: DataStream<number>) => numbers.sinkTo({} as never)],
    ["MR1065", (numbers: DataStream<number>) => numbers.assignTimestampsAndWatermarks({} as never)],
    ["MR1065", (numbers: DataStream<number>) => numbers.assignTimestampsAndWatermarks(undefined as never)],
    [
      "MR1069",
      (numbers: DataStream<number>) =>
        numbers.assignTimestampsAndWatermarks(WatermarkStrategy.noWatermarks<number>().withWatermarkAlignment("g", 1)),
    ],
    ["MR1065", (numbers: DataStream<number>) => numbers.getSideOutput("odd" as never)],
    ["MR1065", (numbers: DataStream<number>) => numbers.union(numbers.keyBy((n) => n) as never)],
    ["MR1065", (numbers: DataStream<number>) => numbers.connect(undefined as never)],
    ["MR1059", (numbers: DataStream<number>) => numbers.union()],
    ["MR1050", (numbers: DataStream<number>) => numbers.union(start().numbers)],
    ["MR1050", (numbers: DataStream<number>) => numbers.connect(start().numbers)],
    ["MR1052", (numbers: DataStream<number>) => numbers.rebalance().getSideOutput(new OutputTag("x"))],
    ["MR1052", (numbers: DataStream<number>) => numbers.union(numbers).getSideOutput(new OutputTag("x"))],
    ["MR1056", (numbers: DataStream<number>) => numbers.process({} as never)],
    ["MR1056", (numbers: DataStream<number>) => numbers.process((() => undefined) as never)],
    [
      "MR1057",
      (numbers: DataStream<number>) => numbers.process({ state: { x: 3 }, processElement: () => undefined } as never),
    ],
  ])("%s: %s", (code, build) => {
    expect(refusalOf(() => build(start().numbers))).toBe(code);
  });

  test("keyed state and timers on a stream without a key, declared by an object or by a class", () => {
    const keyed = { state: { seen: value<number>() }, processElement: () => undefined };
    const timers = { processElement: () => undefined, onTimer: () => undefined };
    class Keyed {
      readonly state = keyed.state;
      processElement(): void {}
    }
    class Timers {
      processElement(): void {}
      onTimer(): void {}
    }
    type Untyped = ProcessFunction<number, number, never>;
    expect(refusalOf(() => start().numbers.process(keyed as unknown as Untyped))).toBe("MR1051");
    expect(refusalOf(() => start().numbers.process(timers as unknown as Untyped))).toBe("MR1055");
    expect(refusalOf(() => start().numbers.process(Keyed as unknown as Untyped))).toBe("MR1051");
    expect(refusalOf(() => start().numbers.process(Timers as unknown as Untyped))).toBe("MR1055");
  });

  test("are not worth a restart", () => {
    expect(() => start().numbers.union()).toThrow(expect.objectContaining({ retryable: false }));
  });
});

test("async functions are refused while the graph is built", () => {
  const numbers = new StreamExecutionEnvironment().fromSequence(1, 3);
  const keyed = numbers.keyBy((n) => n);
  class Later {
    async map(n: number): Promise<number> {
      return n;
    }
  }
  const process = { processElement: async (): Promise<void> => undefined };
  for (const wrong of [
    () => numbers.map(async (n) => n),
    () => numbers.map({ map: async (n: number) => n }),
    () => numbers.map(Later),
    () => numbers.process(process),
    () => keyed.process(process),
    () => numbers.keyBy(async (n) => n),
    () =>
      numbers.assignTimestampsAndWatermarks(
        WatermarkStrategy.noWatermarks<number>().withTimestampAssigner((async () => 0) as never),
      ),
  ])
    expect(wrong).toThrow("MR1068");
  expect(() => numbers.map({ open: async () => undefined, map: (n: number) => n })).not.toThrow();
});
