/** Modifiers write to the node of their own operator, and refuse streams that have none and values that can never run. */
import { describe, expect, test } from "vitest";
import { OutputTag, StreamExecutionEnvironment } from "../../../core/index.ts";
import type { DataStream, DataStreamSink } from "../../../core/index.ts";
import { lastNode, refusalOf } from "./graph-view.ts";

type Modified = DataStream<number> | DataStreamSink;

const start = (): DataStream<number> => new StreamExecutionEnvironment().fromSequence(1, 3);

describe.each([
  ["a stream", (numbers: DataStream<number>): Modified => numbers.map((n) => n)],
  ["a sink", (numbers: DataStream<number>): Modified => numbers.discard()],
])("on %s", (_what, add) => {
  test("all are kept, and return the same object", () => {
    const env = new StreamExecutionEnvironment();
    const modified = add(env.fromSequence(1, 3));
    const returned = [
      modified.name("n"),
      modified.uid("u"),
      modified.setParallelism(3),
      modified.setMaxParallelism(9),
      modified.startNewChain(),
      modified.slotSharingGroup("g"),
    ];
    expect(new Set(returned)).toEqual(new Set([modified]));
    expect(lastNode(env)).toMatchObject({
      name: "n",
      uid: "u",
      parallelism: 3,
      maxParallelism: 9,
      chaining: "head",
      slotSharingGroup: "g",
    });
    modified.disableChaining();
    expect(lastNode(env).chaining).toBe("never");
  });

  test.each([
    ["MR1053", (modified: Modified) => modified.name("")],
    ["MR1053", (modified: Modified) => modified.uid(" ")],
    ["MR1053", (modified: Modified) => modified.slotSharingGroup("")],
    ["MR1027", (modified: Modified) => modified.setParallelism(0)],
    ["MR1027", (modified: Modified) => modified.setParallelism(1.5)],
    ["MR1027", (modified: Modified) => modified.setParallelism(NaN)],
    ["MR1029", (modified: Modified) => modified.setMaxParallelism(0)],
    ["MR1029", (modified: Modified) => modified.setMaxParallelism(32_769)],
  ])("refuses with %s: %s", (code, modify) => {
    expect(refusalOf(() => modify(add(start())))).toBe(code);
  });
});

test("a stream keeps what was said about it when it goes on", () => {
  const env = new StreamExecutionEnvironment();
  const numbers = env.fromSequence(1, 3).uid("numbers");
  numbers.map((n) => n).name("same");
  expect(env.getStreamGraph().nodes.map(({ uid, name }) => [uid, name])).toEqual([
    ["numbers", "sequence-source"],
    [undefined, "same"],
  ]);
});

test.each([
  ["a partitioning", () => start().rebalance()],
  ["a union", () => start().union(start())],
  ["a side output", () => start().getSideOutput(new OutputTag<number>("x"))],
])("%s has no operator to modify", (what, stream) => {
  expect(refusalOf(() => stream().name("x"))).toBe(what === "a union" ? "MR1050" : "MR1052");
});

test("a union of one environment has none either", () => {
  const numbers = start();
  expect(refusalOf(() => numbers.union(numbers).setParallelism(2))).toBe("MR1052");
});

test("more subtasks than a source or sink allows are refused, up to its limit they are not", () => {
  const sink = { parallelismMax: 2, createWriter: () => ({ write: () => undefined }) };
  expect(refusalOf(() => start().sinkTo(sink).setParallelism(3))).toBe("MR1030");
  expect(refusalOf(() => start().sinkTo(sink).setParallelism(2))).toBe("none");
});
