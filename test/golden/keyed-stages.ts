/** Stages with keyed state: every kind of it with timers, windows of every kind, two inputs. Timers read only what was stored for their own time. */
import type { AggregateFunction, Collector, DataStream, KeyedStream } from "../../core/index.ts";
import { aggregating, list, map, reducing, session, sliding, tumbling, value } from "../../core/index.ts";
import { byKey, byOrigin, keyed, pick } from "./stage.ts";
import type { Gene, Rec, Stage } from "./stage.ts";

const sum: AggregateFunction<Rec, { count: number; sum: number }, number> = {
  createAccumulator: () => ({ count: 0, sum: 0 }),
  add: ({ n }, total) => ({ count: total.count + 1, sum: total.sum + n }),
  getResult: (total) => (total.sum % 10_007) * 1_000 + total.count,
  merge: (left, right) => ({ count: left.count + right.count, sum: left.sum + right.sum }),
};

const plus = (left: Rec, right: Rec): Rec => ({ src: "", key: left.key, n: left.n + right.n });

function windowed(stream: KeyedStream<string, Rec>, name: string, gene: Gene): DataStream<Rec> {
  const assigner = pick(
    [
      tumbling<Rec>(20 + (gene.b % 5) * 7),
      sliding<Rec>(40, 10 + (gene.b % 3) * 10),
      session<Rec>(5 + (gene.b % 4) * 3),
    ],
    gene.a,
  );
  const late = gene.b % 3 === 0 ? stream.window(assigner).allowedLateness(10) : stream.window(assigner);
  const result = (key: string, startMs: number, n: number): Rec => ({
    src: `${name}`,
    key,
    n: (n * 7 + startMs) % 1_000_003,
  });
  switch (gene.c % 4) {
    case 0:
      return late
        .reduce(plus)
        .uid(name)
        .map(({ key, window, value: total }) => result(key, window.startMs, total.n));
    case 1:
      return late
        .aggregate(sum)
        .uid(name)
        .map(({ key, window, value: total }) => result(key, window.startMs, total));
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
      const n =
        state.count.value() * 11 +
        lasts +
        (state.byRest.get(record.n % 3) ?? 0) +
        (state.largest.get() ?? 0) +
        (state.mean.get() ?? 0);
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

export const EVERY_STATE: Stage = {
  inputs: 1,
  needsOrder: true,
  code: ([input = ""], { b }) =>
    `${input}.keyBy(origin and key).process(every kind of state, timers ${b % 40} ms later)`,
  build: ([flow], gene, name) =>
    keyed(flow, gene, { key: byOrigin, name, ordered: true }, (stream) => every(stream, name, gene)),
};

export const REDUCE: Stage = {
  inputs: 1,
  needsOrder: true,
  code: ([input = ""]) => `${input}.keyBy(origin and key).reduce(sum)`,
  build: ([flow], gene, name) =>
    keyed(flow, gene, { key: byOrigin, name, ordered: true }, (stream) =>
      stream.reduce((left, right) => ({ ...left, n: (left.n * 3 + right.n) % 1_000_003 })),
    ),
};

export const WINDOW: Stage = {
  inputs: 1,
  code: ([input = ""], { a, b, c }) =>
    `${input}.keyBy(key).window(${pick(["tumbling", "sliding", "session"], a)} ${b}).${pick(["reduce", "aggregate", "aggregate + process", "process"], c)}()`,
  build: ([flow], gene, name) =>
    flow === undefined ? [] : [{ stream: windowed(flow.stream.keyBy(byKey), name, gene), ordered: true, loose: false }],
};

export const COUNT_WINDOW: Stage = {
  inputs: 1,
  needsOrder: true,
  code: ([input = ""], { a, b }) =>
    `${input}.keyBy(origin and key).countWindow(${2 + (a % 4)}${b % 2 === 0 ? "" : ", 1"}).aggregate(sum)`,
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

export const CONNECT: Stage = {
  inputs: 2,
  needsOrder: true,
  code: ([left = "", right = ""], { b }) =>
    `${left}.connect(${right}).keyBy(origin and key).process(each side counts; joined ${b % 30} ms later)`,
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
