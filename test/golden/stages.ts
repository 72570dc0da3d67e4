/**
 * The stages of generated pipelines. Each is a transformation of streams of `Rec`, and says in words that read like code what it does.
 *
 * In:    streams with what is known of their order. Out: streams. Only confluent functions, so that two correct runs give the same:
 *        a function that depends on the order of its input is keyed by origin and key, where the order is known; one that gathers several origins
 *        (windows, joins by timer) does not depend on the order. Timers read only what was stored for their own time.
 */
import type { AggregateFunction, Collector, DataStream, KeyedStream, Operator, OperatorServices } from "../../core/index.ts";
import { aggregating, list, map, OutputTag, reducing, session, sliding, tumbling, value } from "../../core/index.ts";

export interface Rec {
  /** Where it comes from: records of one origin and key have an order. */
  readonly src: string;
  readonly key: string;
  readonly n: number;
}

export interface Flow {
  readonly stream: DataStream<Rec>;
  /** Records of one origin and key come in one order in every run. */
  readonly ordered: boolean;
  /** Its operator has its own parallelism, so that an unkeyed successor deals its records anew. */
  readonly loose: boolean;
  readonly name: string;
  /** For the sink only. */
  readonly done?: boolean;
}

/** Numbers that a stage draws its choices from. */
export interface Gene {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export interface Stage {
  /** How many streams it takes. */
  readonly inputs: 1 | 2;
  /** Order-dependent: only on ordered input. */
  readonly needsOrder?: boolean;
  code(inputs: readonly string[], gene: Gene): string;
  build(inputs: readonly Flow[], gene: Gene, name: string): readonly Omit<Flow, "name">[];
}

const byOrigin = ({ src, key }: Rec): string => `${src}/${key}`;
const byKey = ({ key }: Rec): string => key;

function hash(text: string): number {
  let bits = 7;
  for (let at = 0; at < text.length; at += 1) bits = (bits * 31 + text.charCodeAt(at)) | 0;
  return bits >>> 0;
}

function pick<T>(choices: readonly [T, ...T[]], at: number): T {
  return choices[at % choices.length] ?? choices[0];
}

function unkeyed(flow: Flow | undefined, build: (stream: DataStream<Rec>) => DataStream<Rec>): readonly Omit<Flow, "name">[] {
  if (flow === undefined) return [];
  return [{ stream: build(flow.stream), ordered: flow.ordered && !flow.loose, loose: false }];
}

function keyed(
  flow: Flow | undefined,
  gene: Gene,
  parts: { readonly key: (record: Rec) => string; readonly name: string; readonly ordered: boolean },
  build: (stream: KeyedStream<string, Rec>) => DataStream<Rec>,
): readonly Omit<Flow, "name">[] {
  if (flow === undefined) return [];
  const stream = build(flow.stream.keyBy(parts.key)).uid(parts.name).name(parts.name);
  const own = gene.c % 4 === 0;
  if (own) stream.setParallelism(1 + (gene.c % 3));
  return [{ stream, ordered: parts.ordered, loose: own }];
}

const sum: AggregateFunction<Rec, { count: number; sum: number }, number> = {
  createAccumulator: () => ({ count: 0, sum: 0 }),
  add: ({ n }, total) => ({ count: total.count + 1, sum: total.sum + n }),
  getResult: (total) => (total.sum % 10_007) * 1_000 + total.count,
  merge: (left, right) => ({ count: left.count + right.count, sum: left.sum + right.sum }),
};

const plus = (left: Rec, right: Rec): Rec => ({ src: "", key: left.key, n: left.n + right.n });

function windowed(stream: KeyedStream<string, Rec>, name: string, gene: Gene): DataStream<Rec> {
  const assigner = pick([tumbling<Rec>(20 + (gene.b % 5) * 7), sliding<Rec>(40, 10 + (gene.b % 3) * 10), session<Rec>(5 + (gene.b % 4) * 3)], gene.a);
  const late = gene.b % 3 === 0 ? stream.window(assigner).allowedLateness(10) : stream.window(assigner);
  const result = (key: string, startMs: number, n: number): Rec => ({ src: `${name}`, key, n: (n * 7 + startMs) % 1_000_003 });
  switch (gene.c % 4) {
    case 0:
      return late.reduce(plus).uid(name).map(({ key, window, value: total }) => result(key, window.startMs, total.n));
    case 1:
      return late.aggregate(sum).uid(name).map(({ key, window, value: total }) => result(key, window.startMs, total));
    case 2:
      return late.aggregate(sum, {
        state: { fired: value({ default: 0 }) },
        process: (ctx, [total = 0], out: Collector<Rec>) => {
          ctx.state.fired.update(ctx.state.fired.value() + 1);
          out.collect(result(ctx.key, ctx.window.startMs, total + ctx.state.fired.value()));
        },
      });
    default:
      return late.process({
        process: (ctx, elements, out: Collector<Rec>) => {
          const sorted = [...elements].map(({ n }) => n).toSorted((left, right) => left - right);
          out.collect(result(ctx.key, ctx.window.startMs, sorted.reduce((total, n) => total * 3 + n, 0) % 100_003));
        },
      });
  }
}

function every(stream: KeyedStream<string, Rec>, name: string, gene: Gene): DataStream<Rec> {
  return stream.process({
    state: {
      count: value({ default: 0 }),
      last: list<number>(),
      byRest: map<number, number>(),
      largest: reducing<number>((left, right) => Math.max(left, right)),
      mean: aggregating<number, { count: number; sum: number }, number>({
        createAccumulator: () => ({ count: 0, sum: 0 }),
        add: (n, total) => ({ count: total.count + 1, sum: total.sum + n }),
        getResult: ({ count, sum: total }) => Math.round((total * 100) / count),
      }),
      due: map<number, readonly number[]>(),
    },
    processElement(record, ctx, out: Collector<Rec>) {
      const { state } = ctx;
      state.count.update(state.count.value() + 1);
      state.last.add(record.n);
      if (state.last.get().length > 3) state.last.update(state.last.get().slice(1));
      state.byRest.put(record.n % 3, (state.byRest.get(record.n % 3) ?? 0) + 1);
      state.largest.add(record.n);
      state.mean.add(record.n);
      const lasts = state.last.get().reduce((total, n) => total * 5 + n, 0);
      const n = state.count.value() * 11 + lasts + (state.byRest.get(record.n % 3) ?? 0) + (state.largest.get() ?? 0) + (state.mean.get() ?? 0);
      out.collect({ ...record, n });
      const timeMs = ctx.timestampMs + (gene.b % 40);
      state.due.put(timeMs, [...(state.due.get(timeMs) ?? []), record.n]);
      ctx.timers.registerEventTime(timeMs);
      if (record.n % 7 === 3) {
        ctx.timers.deleteEventTime(timeMs);
        state.due.remove(timeMs);
      }
    },
    onTimer(timeMs, ctx, out) {
      const due = ctx.state.due.get(timeMs);
      ctx.state.due.remove(timeMs);
      // A record of the same time may have come after the deletion, or before it: only the two together are certain.
      const total = due?.reduce((all, n) => all + n, 0) ?? -1;
      const [src = "", key = ""] = ctx.key.split(/\/(?=[^/]*$)/);
      out.collect({ src: `${src}@${name}`, key, n: total });
    },
  });
}

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
  build: ([flow], { a }) => unkeyed(flow, (stream) => stream.map(({ src, key, n }) => ({ src, key, n: (n * 3 + (a % 10)) % 1_000_003 }))),
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

const EVERY_STATE: Stage = {
  inputs: 1,
  needsOrder: true,
  code: ([input = ""], { b }) => `${input}.keyBy(origin and key).process(every kind of state, timers ${b % 40} ms later)`,
  build: ([flow], gene, name) => keyed(flow, gene, { key: byOrigin, name, ordered: true }, (stream) => every(stream, name, gene)),
};

const REDUCE: Stage = {
  inputs: 1,
  needsOrder: true,
  code: ([input = ""]) => `${input}.keyBy(origin and key).reduce(sum)`,
  build: ([flow], gene, name) =>
    keyed(flow, gene, { key: byOrigin, name, ordered: true }, (stream) =>
      stream.reduce((left, right) => ({ ...left, n: (left.n * 3 + right.n) % 1_000_003 })),
    ),
};

const WINDOW: Stage = {
  inputs: 1,
  code: ([input = ""], { a, b, c }) => `${input}.keyBy(key).window(${pick(["tumbling", "sliding", "session"], a)} ${b}).${pick(["reduce", "aggregate", "aggregate + process", "process"], c)}()`,
  build: ([flow], gene, name) =>
    flow === undefined ? [] : [{ stream: windowed(flow.stream.keyBy(byKey), name, gene), ordered: true, loose: false }],
};

const COUNT_WINDOW: Stage = {
  inputs: 1,
  needsOrder: true,
  code: ([input = ""], { a, b }) => `${input}.keyBy(origin and key).countWindow(${2 + (a % 4)}${b % 2 === 0 ? "" : ", 1"}).aggregate(sum)`,
  build: ([flow], gene, name) =>
    keyed(flow, gene, { key: byOrigin, name, ordered: true }, (stream) =>
      stream.countWindow(2 + (gene.a % 4), gene.b % 2 === 0 ? undefined : 1).process({
        process: (ctx, elements, out: Collector<Rec>) => {
          const [src = "", key = ""] = ctx.key.split(/\/(?=[^/]*$)/);
          out.collect({ src, key, n: [...elements].reduce((total, { n }) => (total * 3 + n) % 1_000_003, 0) });
        },
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

const CONNECT: Stage = {
  inputs: 2,
  needsOrder: true,
  code: ([left = "", right = ""], { b }) => `${left}.connect(${right}).keyBy(origin and key).process(each side counts; joined ${b % 30} ms later)`,
  build: ([left, right], { b }, name) => {
    if (left === undefined || right === undefined) return [];
    const origin = ({ src }: Rec): string => src.replace(/[|@].*/, "");
    const key = (record: Rec): string => `${origin(record)}/${record.key}`;
    const stream = left.stream
      .connect(right.stream)
      .keyBy(key, key)
      .process({
        state: { sums: map<number, readonly [number, number]>() },
        processElement1(record, ctx, out: Collector<Rec>) {
          const [first, second] = ctx.state.sums.get(ctx.timestampMs) ?? [0, 0];
          ctx.state.sums.put(ctx.timestampMs, [first + record.n, second]);
          ctx.timers.registerEventTime(ctx.timestampMs + (b % 30));
          out.collect({ ...record, src: `${record.src}|${name}a` });
        },
        processElement2(record, ctx, out) {
          const [first, second] = ctx.state.sums.get(ctx.timestampMs) ?? [0, 0];
          ctx.state.sums.put(ctx.timestampMs, [first, second + record.n]);
          ctx.timers.registerEventTime(ctx.timestampMs + (b % 30));
          out.collect({ ...record, src: `${record.src}|${name}b` });
        },
        onTimer(timeMs, ctx, out) {
          const [first, second] = ctx.state.sums.get(timeMs - (b % 30)) ?? [-1, -1];
          ctx.state.sums.remove(timeMs - (b % 30));
          const [src = "", ownKey = ""] = ctx.key.split(/\/(?=[^/]*$)/);
          out.collect({ src: `${src}@${name}`, key: ownKey, n: first * 7 + second });
        },
      })
      .uid(name);
    return [{ stream, ordered: true, loose: false }];
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
  code: ([input = ""], { a }) => `${input}.${pick(["rebalance()", "rescale()", "shuffle()", "global()", "partitionCustom(by key)", "broadcast() + dedupe"], a)}`,
  build: ([flow], { a }) => {
    if (flow === undefined) return [];
    const { stream } = flow;
    const same = (partitioned: DataStream<Rec>): DataStream<Rec> => partitioned.map((record) => record).disableChaining();
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
        return [{ stream: same(stream.partitionCustom((key, count) => hash(key) % count, byOrigin)), ordered: flow.ordered, loose: false }];
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
];
