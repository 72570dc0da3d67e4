/** `WindowedStream`: which operator serves which window, what it is told, and which options contradict each other. */
// covers: core/api/window-spec.ts
import { describe, expect, test } from "vitest";
import {
  OutputTag,
  StreamExecutionEnvironment,
  continuousEventTime,
  continuousProcessingTime,
  count,
  eventTime,
  global,
  never,
  processingTime,
  processingTimeout,
  purging,
  session,
  sliding,
  tumbling,
  value,
} from "../../../core/index.ts";
import type { AggregateFunction, KeyedStream, ProcessWindowFunction, Trigger } from "../../../core/index.ts";
import { edgeLines, lastNode, nodeLines, refusalOf } from "./graph-view.ts";

const keyOf = (n: number): number => n % 2;
const add = (left: number, right: number): number => left + right;
const mean: AggregateFunction<number, number, number> = { createAccumulator: () => 0, add, getResult: (sum) => sum };
const mergeable: AggregateFunction<number, number, number> = { ...mean, merge: add };
const all: ProcessWindowFunction<number, number, number> = { process: () => undefined };

class Mergeable implements AggregateFunction<number, number, number> {
  createAccumulator(): number {
    return 0;
  }
  add(left: number, right: number): number {
    return left + right;
  }
  getResult(sum: number): number {
    return sum;
  }
  merge(left: number, right: number): number {
    return left + right;
  }
}

function start(): { env: StreamExecutionEnvironment; keyed: KeyedStream<number, number> } {
  const env = new StreamExecutionEnvironment();
  return { env, keyed: env.fromSequence(1, 9).keyBy(keyOf) };
}

test("one node per function, with all that was said about the window", () => {
  const { env, keyed } = start();
  const windowed = keyed.window(tumbling("1s"));
  windowed.reduce(add);
  windowed.aggregate(mean, all);
  windowed.process(all);
  keyed.countWindow(3, 2).reduce(add);
  expect(nodeLines(env).slice(1)).toEqual([
    "1 window.reduce: window/tumbling(reduce; keyOf assigner trigger allowedLatenessMs lateTag) keyed stateful",
    "2 window.aggregate: window/tumbling(aggregate process; keyOf assigner trigger allowedLatenessMs lateTag) keyed stateful",
    "3 window.process: window/window(process; keyOf assigner trigger allowedLatenessMs lateTag) keyed stateful",
    "4 window.reduce: window/count(reduce; keyOf size slide) keyed stateful",
  ]);
  expect(edgeLines(env)).toEqual(["0 -> 1 hash", "0 -> 2 hash", "0 -> 3 hash", "0 -> 4 hash"]);
  expect(lastNode(env).spec.parameters).toEqual({ keyOf, size: 3, slide: 2 });
});

test("options are collected, and a stream that was handed on stays as it was", () => {
  const { env, keyed } = start();
  const assigner = tumbling("1s");
  const trigger = count(2);
  const plain = keyed.window(assigner);
  plain.allowedLateness("2s").sideOutputLateData(new OutputTag("late")).trigger(trigger).reduce(add);
  expect(lastNode(env).spec.parameters).toEqual({
    keyOf,
    assigner,
    trigger,
    allowedLatenessMs: 2_000,
    lateTag: "late",
  });
  plain.reduce(add);
  expect(lastNode(env).spec.parameters).toEqual({
    keyOf,
    assigner,
    trigger: undefined,
    allowedLatenessMs: undefined,
    lateTag: undefined,
  });
});

test.each([
  ["window/sliding", (keyed: KeyedStream<number, number>) => keyed.window(sliding("2s", "1s")).reduce(add)],
  ["window/sliding", (keyed: KeyedStream<number, number>) => keyed.window(sliding("2s", "1s")).aggregate(Mergeable)],
  ["window/window", (keyed: KeyedStream<number, number>) => keyed.window(sliding("2s", "1s")).aggregate(mean)],
  [
    "window/window",
    (keyed: KeyedStream<number, number>) => keyed.window(tumbling("2s", { time: "processing" })).reduce(add),
  ],
  ["window/session", (keyed: KeyedStream<number, number>) => keyed.window(session("2s")).aggregate(mergeable)],
  ["window/merging", (keyed: KeyedStream<number, number>) => keyed.window(session("2s")).trigger(count(2)).reduce(add)],
  [
    "window/window",
    (keyed: KeyedStream<number, number>) =>
      keyed
        .window(global())
        .trigger(purging(count(2)))
        .reduce(add),
  ],
  ["window/count", (keyed: KeyedStream<number, number>) => keyed.countWindow(2).process(all)],
])("%s serves %s", (module, build) => {
  const { env, keyed } = start();
  build(keyed);
  expect(lastNode(env).spec.module).toBe(module);
});

describe("refusals", () => {
  const onProcessingTime = (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s", { time: "processing" }));
  const plainTrigger: Trigger<number> = {
    onElement: () => "fire",
    onEventTime: () => "fire",
    onProcessingTime: () => "fire",
  };
  test.each([
    ["MR1205", (keyed: KeyedStream<number, number>) => onProcessingTime(keyed).allowedLateness("1s")],
    [
      "MR1205",
      (keyed: KeyedStream<number, number>) => onProcessingTime(keyed).sideOutputLateData(new OutputTag("late")),
    ],
    ["MR1205", (keyed: KeyedStream<number, number>) => keyed.window(global()).allowedLateness(0)],
    ["MR1205", (keyed: KeyedStream<number, number>) => keyed.countWindow(3).sideOutputLateData(new OutputTag("late"))],
    ["MR1207", (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s")).allowedLateness(-1)],
    ["MR1001", (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s")).allowedLateness("soon" as never)],
    ["MR1208", (keyed: KeyedStream<number, number>) => keyed.window(session("1s")).aggregate(mean)],
    [
      "MR1056",
      (keyed: KeyedStream<number, number>) =>
        keyed.window(tumbling("1s")).aggregate({ ...mean, getResult: undefined } as never),
    ],
    ["MR1056", (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s")).process({} as never)],
    ["MR1056", (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s")).reduce(add, {} as never)],
    ["MR1064", (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s")).reduce({} as never)],
    ["MR1209", (keyed: KeyedStream<number, number>) => keyed.window(session("1s")).trigger(plainTrigger)],
    ["MR1209", (keyed: KeyedStream<number, number>) => keyed.countWindow(3).trigger(count(2))],
    [
      "MR1214",
      (keyed: KeyedStream<number, number>) =>
        keyed.window(session("1s")).process({ ...all, windowState: { firings: value<number>() } }),
    ],
    ["MR1215", (keyed: KeyedStream<number, number>) => keyed.window(global()).reduce(add)],
    ["MR1065", (keyed: KeyedStream<number, number>) => keyed.window({} as never)],
    ["MR1065", (keyed: KeyedStream<number, number>) => keyed.window(tumbling as never)],
    ["MR1065", (keyed: KeyedStream<number, number>) => keyed.window(undefined as never)],
    ["MR1217", (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s", { time: "proc" as never }))],
    ["MR1217", (keyed: KeyedStream<number, number>) => keyed.window(session("1s", { time: "" as never }))],
    ["MR1065", (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s")).trigger({} as never)],
    ["MR1065", (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s")).trigger(count as never)],
    [
      "MR1065",
      (keyed: KeyedStream<number, number>) => keyed.window(tumbling("1s")).sideOutputLateData("late" as never),
    ],
    [
      "MR1068",
      (keyed: KeyedStream<number, number>) =>
        keyed.window(tumbling("1s")).trigger({ ...plainTrigger, onElement: async () => "fire" } as never),
    ],
    ["MR1065", (keyed: KeyedStream<number, number>) => keyed.connect(start().env.fromData(1) as never)],
  ])("%s: %s", (code, build) => {
    expect(refusalOf(() => build(start().keyed))).toBe(code);
  });
});

describe("triggers that wait for a time", () => {
  const windows = {
    event: tumbling("1s"),
    processing: tumbling("1s", { time: "processing" }),
    session: session("1s"),
    "processing session": session("1s", { time: "processing" }),
    global: global(),
    custom: { ...tumbling("1s"), kind: "custom" },
  } as const;
  const triggers = {
    eventTime: eventTime(),
    "purging eventTime": purging(eventTime()),
    "eventTime with a timeout": processingTimeout(eventTime(), "1s"),
    continuousEventTime: continuousEventTime("1s"),
    processingTime: processingTime(),
    "purging processingTime": purging(processingTime()),
    "processingTime with a timeout": processingTimeout(processingTime(), "1s"),
    continuousProcessingTime: continuousProcessingTime("1s"),
    count: count(2),
    never: never(),
  } as const;
  const eventWindows = ["event", "session", "custom"];
  const processingWindows = ["processing", "processing session"];

  /** The names of the windows that take the trigger. */
  const takenBy = (name: keyof typeof triggers): string[] =>
    Object.entries(windows)
      .filter(([, assigner]) => {
        const code = refusalOf(() =>
          start()
            .keyed.window(assigner)
            .trigger(triggers[name] as Trigger<unknown>)
            .reduce(add),
        ); // of any state
        expect(["none", "MR1209"]).toContain(code);
        return code === "none";
      })
      .map(([window]) => window);

  test.each(["eventTime", "purging eventTime", "eventTime with a timeout", "continuousEventTime"] as const)(
    "%s: event time, and global windows, which it fires at the end of the input",
    (name) => expect(takenBy(name).toSorted()).toEqual([...eventWindows, "global"].toSorted()),
  );

  test.each(["processingTime", "purging processingTime", "processingTime with a timeout"] as const)(
    "%s: processing time, and no global windows, since they never end",
    (name) => expect(takenBy(name).toSorted()).toEqual(processingWindows.toSorted()),
  );

  test.each(["continuousProcessingTime", "count", "never"] as const)("%s: all", (name) =>
    expect(takenBy(name)).toEqual(Object.keys(windows)),
  );
});
