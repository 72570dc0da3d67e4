/** All stages of generated pipelines; those without keyed state are here, the others in `keyed-stages.ts`. */
import type { Collector, DataStream, Operator, OperatorServices } from "../../core/index.ts";
import { OutputTag, WatermarkStrategy } from "../../core/index.ts";
import { CONNECT, COUNT_WINDOW, EVERY_STATE, REDUCE, WINDOW } from "./keyed-stages.ts";
import { byOrigin, hash, pick, unkeyed } from "./stage.ts";
import type { Flow, Rec, Stage } from "./stage.ts";

/** Counts in a list of its own; what it counted goes to a side output at the end, per subtask: only the total is certain. */
function counting(services: OperatorServices<Rec>, mode: "split" | "union", totals: OutputTag<Rec>): Operator {
  const { output, operatorState, task } = services;
  const counts = operatorState.list<{ readonly owner: number; readonly count: number }>("counts", mode);
  const mine = counts.get().filter(({ owner }) => mode === "split" || owner % task.parallelism === task.subtaskIndex);
  let count = mine.reduce((total, item) => total + item.count, 0);
  return {
    inputs: [
      {
        processRecord: (record: Rec, timestampMs) => {
          count += 1;
          output.processRecord(record, timestampMs);
        },
        processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
        processIdle: (idle) => output.processIdle(idle),
      },
    ],
    // In two items, so that a list of several is dealt.
    snapshot: () =>
      counts.update([
        { owner: task.subtaskIndex, count: Math.floor(count / 2) },
        { owner: task.subtaskIndex, count: Math.ceil(count / 2) },
      ]),
    // What was emitted leaves the state: with another parallelism a subtask that had ended begins again.
    endInput: () => {
      services.sideOutput(totals.id)?.processRecord({ src: "+", key: "", n: count }, 0);
      count = 0;
    },
  };
}

const MAP: Stage = {
  inputs: 1,
  code: ([input = ""], { a }) => `${input}.map(({ n, ...r }) => ({ ...r, n: (n * 3 + ${a % 10}) % 1_000_003 }))`,
  build: ([flow], { a }) =>
    unkeyed(flow, (stream) => stream.map(({ src, key, n }) => ({ src, key, n: (n * 3 + (a % 10)) % 1_000_003 }))),
};

const FILTER: Stage = {
  inputs: 1,
  code: ([input = ""], { a }) => `${input}.filter(({ n }) => n % ${2 + (a % 4)} !== 0)`,
  build: ([flow], { a }) => unkeyed(flow, (stream) => stream.filter(({ n }) => n % (2 + (a % 4)) !== 0)),
};

const FLAT_MAP: Stage = {
  inputs: 1,
  code: ([input = ""], { a }) => `${input}.flatMap((r, out) => ${a % 4} copies)`,
  build: ([flow], { a }) =>
    unkeyed(flow, (stream) =>
      stream.flatMap((record, out: Collector<Rec>) => {
        for (let copy = 0; copy < a % 4; copy += 1) out.collect({ ...record, n: record.n + copy });
      }),
    ),
};

const FLAT_MAP_ITERABLE: Stage = {
  inputs: 1,
  code: ([input = ""], { a }) => `${input}.flatMap(function* (r) { ${a % 5} copies })`,
  build: ([flow], { a }) =>
    unkeyed(flow, (stream) =>
      stream.flatMap(function* (record): Generator<Rec> {
        for (let copy = 0; copy < a % 5; copy += 1) yield { ...record, n: record.n + copy };
      }),
    ),
};

/** Each side gets an origin of its own, since the two may be branches of one stream. */
function branded(flow: Flow | undefined, brand: string): Omit<Flow, "name">[] {
  return [...unkeyed(flow, (stream) => stream.map(({ src, key, n }) => ({ src: `${src}|${brand}`, key, n })))];
}

const UNION: Stage = {
  inputs: 2,
  code: ([left = "", right = ""]) => `${left}.union(${right})`,
  build: ([left, right], _gene, name) => {
    const [first] = branded(left, `${name}a`);
    const [second] = branded(right, `${name}b`);
    if (first === undefined || second === undefined) return [];
    return [{ stream: first.stream.union(second.stream), ordered: first.ordered && second.ordered, loose: false }];
  },
};

const SIDE_OUTPUT: Stage = {
  inputs: 1,
  code: ([input = ""]) => `${input}.process(odd to a side output)`,
  build: ([flow], _gene, name) => {
    const odd = new OutputTag<Rec>(`odd-${name}`);
    const [main] = unkeyed(flow, (stream) =>
      stream.process({
        processElement(record, ctx, out: Collector<Rec>) {
          if (record.n % 2 === 0) out.collect(record);
          else ctx.output(odd, record);
        },
      }),
    );
    return main === undefined ? [] : [main, { ...main, stream: main.stream.getSideOutput(odd) }];
  },
};

const PARTITION: Stage = {
  inputs: 1,
  code: ([input = ""], { a }) =>
    `${input}.${pick(["rebalance()", "rescale()", "shuffle()", "global()", "partitionCustom(by key)", "broadcast() + dedupe"], a)}`,
  build: ([flow], { a }) => {
    if (flow === undefined) return [];
    const { stream } = flow;
    const same = (partitioned: DataStream<Rec>): DataStream<Rec> =>
      partitioned.map((record) => record).disableChaining();
    switch (a % 6) {
      case 0:
        return [{ stream: same(stream.rebalance()), ordered: false, loose: false }];
      case 1:
        return [{ stream: same(stream.rescale()), ordered: false, loose: false }];
      case 2:
        return [{ stream: same(stream.shuffle()), ordered: false, loose: false }];
      case 3:
        return [{ stream: same(stream.global()), ordered: flow.ordered, loose: false }];
      case 4:
        return [
          {
            stream: same(stream.partitionCustom((key, count) => hash(key) % count, byOrigin)),
            ordered: flow.ordered,
            loose: false,
          },
        ];
      default: {
        const once = stream.broadcast().process<Rec>({
          processElement(record, ctx, out) {
            if (hash(byOrigin(record)) % ctx.task.parallelism === ctx.task.subtaskIndex) out.collect(record);
          },
        });
        return [{ stream: once, ordered: flow.ordered, loose: false }];
      }
    }
  },
};

const OPERATOR_STATE: Stage = {
  inputs: 1,
  code: ([input = ""], { a }) => `${input}.transform(count in a ${a % 2 === 0 ? "split" : "union"} list)`,
  build: ([flow], { a }, name) => {
    const totals = new OutputTag<Rec>(`total-${name}`);
    const [main] = unkeyed(flow, (stream) =>
      stream.transform<Rec>(name, (services) => counting(services, a % 2 === 0 ? "split" : "union", totals)).uid(name),
    );
    return main === undefined ? [] : [main, { ...main, stream: main.stream.getSideOutput(totals), done: true }];
  },
};

/** Time made anew in mid-stream. The bound is beyond all timestamps, since splits come here in any order, and none of their records may be late. */
const ASSIGN: Stage = {
  inputs: 1,
  code: ([input = ""]) => `${input}.assignTimestampsAndWatermarks(bounded by 10 s)`,
  build: ([flow], _gene, name) =>
    unkeyed(flow, (stream) =>
      stream.assignTimestampsAndWatermarks(WatermarkStrategy.forBoundedOutOfOrderness("10s")).uid(name),
    ),
};

export const STAGES: readonly [Stage, ...Stage[]] = [
  MAP,
  FILTER,
  FLAT_MAP,
  FLAT_MAP_ITERABLE,
  EVERY_STATE,
  REDUCE,
  WINDOW,
  COUNT_WINDOW,
  UNION,
  CONNECT,
  SIDE_OUTPUT,
  PARTITION,
  OPERATOR_STATE,
  ASSIGN,
];
