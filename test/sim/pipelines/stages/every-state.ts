/** A keyed process function with every kind of state, and timers that read only what was stored for their own time. */
import type { Collector, DataStream, KeyedStream, TtlOptions } from "../../../../core/index.ts";
import { aggregating, list, map, reducing, value } from "../../../../core/index.ts";
import { processKeyed } from "../naive.ts";
import { bounded, byOrigin, ofOne, originOf, own, ownCode } from "../stage.ts";
import type { Gene, Rec, Stage } from "../stage.ts";

export const EVERY_STATE: Stage = ofOne({
  facts: ({ ordered }, { parallelism }) =>
    ordered ? [{ ordered: true, loose: parallelism > 0, spaced: false }] : undefined,
  code: (input, gene) =>
    `${input}.keyBy(({ src, key }) => [src, key]).process(value, list, map, reducing, aggregating${ttlOf(gene).ttl === undefined ? "" : ", ttl 1 h of event time"}; a timer ${gene.b % 40} ms later, deleted if n % 7 === 3)${ownCode(gene)}`,
  build: (stream, gene, name) => {
    const keyed = stream.keyBy(({ src, key }): readonly [string, string] => [src, key]);
    return [own(every(keyed, gene, name), gene).uid(name)];
  },
  interpret: (records, { b }, name) => [
    processKeyed(records, {
      keyOf: ({ rec }) => byOrigin(rec),
      newState: () => ({
        ns: [] as number[],
        byRest: new Map<number, number>(),
        due: new Map<number, number[]>(),
      }),
      element({ rec, timestampMs }, { ns, byRest, due }, timers) {
        ns.push(rec.n);
        byRest.set(rec.n % 3, (byRest.get(rec.n % 3) ?? 0) + 1);
        const timeMs = timestampMs + (b % 40);
        if (rec.n % 7 === 3) {
          timers.delete(timeMs);
          due.delete(timeMs);
        } else {
          timers.add(timeMs);
          due.set(timeMs, [...(due.get(timeMs) ?? []), rec.n]);
        }
        const [count, sum] = [ns.length, ns.reduce((total, n) => total + n, 0)];
        const lasts = ns.slice(-3).reduce((total, n) => total * 5 + n, 0);
        const n = count * 11 + lasts + (byRest.get(rec.n % 3) ?? 0) + Math.max(...ns) + Math.round((sum * 100) / count);
        return [{ rec: { ...rec, n: bounded(n) }, timestampMs }];
      },
      timer(timeMs, { due }, { key: origin }) {
        const { src, key } = originOf(origin);
        const n = bounded((due.get(timeMs) ?? []).reduce((total, one) => total + one, 0));
        return [{ rec: { src: `${src}@${name}`, key, n }, timestampMs: timeMs }];
      },
    }),
  ],
});

/** Longer than all timestamps: nothing may expire, but everything carries the time of its last access. */
function ttlOf({ c }: Gene): { readonly ttl?: TtlOptions } {
  if (c % 2 === 0) return {};
  return { ttl: { after: "1h", time: "event", refresh: c % 4 === 1 ? "write" : "read-and-write" } };
}

function every(stream: KeyedStream<readonly [string, string], Rec>, gene: Gene, name: string): DataStream<Rec> {
  const ttl = ttlOf(gene);
  return stream.process({
    state: {
      count: value({ default: 0, ...ttl }),
      last: list<number>(ttl),
      byRest: map<number, number>(ttl),
      largest: reducing<number>((left, right) => Math.max(left, right), ttl),
      mean: aggregating<number, { count: number; sum: number }, number>(
        {
          createAccumulator: () => ({ count: 0, sum: 0 }),
          add: (n, total) => ({ count: total.count + 1, sum: total.sum + n }),
          getResult: ({ count, sum }) => Math.round((sum * 100) / count),
        },
        ttl,
      ),
      due: map<number, readonly number[]>(ttl),
    },
    processElement({ src, key, n }, { state, timers, timestampMs }, out: Collector<Rec>) {
      state.count.update(state.count.value() + 1);
      state.last.add(n);
      if (state.last.get().length > 3) state.last.update(state.last.get().slice(1));
      state.byRest.put(n % 3, (state.byRest.get(n % 3) ?? 0) + 1);
      state.largest.add(n);
      state.mean.add(n);
      const lasts = state.last.get().reduce((total, one) => total * 5 + one, 0);
      const known = (state.byRest.get(n % 3) ?? 0) + (state.largest.get() ?? 0) + (state.mean.get() ?? 0);
      out.collect({ src, key, n: bounded(state.count.value() * 11 + lasts + known) });
      const timeMs = timestampMs + (gene.b % 40);
      state.due.put(timeMs, [...(state.due.get(timeMs) ?? []), n]);
      timers.registerEventTime(timeMs);
      if (n % 7 !== 3) return;
      timers.deleteEventTime(timeMs);
      state.due.remove(timeMs);
    },
    onTimer(timeMs, ctx, out) {
      const due = ctx.state.due.get(timeMs) ?? [];
      ctx.state.due.remove(timeMs);
      const [src, key] = ctx.key;
      out.collect({ src: `${src}@${name}`, key, n: bounded(due.reduce((total, n) => total + n, 0)) });
    },
  });
}
