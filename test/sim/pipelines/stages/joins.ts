/** Two inputs of one key: sums of both sides by time, and each record of the left with what the right held at its time. */
import type { Collector } from "../../../../core/index.ts";
import { map } from "../../../../core/index.ts";
import { processKeyed } from "../naive.ts";
import { bounded, byKey, ofTwo, own, ownCode } from "../stage.ts";
import type { Gene, Pair, Rec, Stage, Timed } from "../stage.ts";

/** Which input a record came from is in its origin, for the interpreter. */
function sided({ left, right }: Pair<readonly Timed[]>, name: string): Timed[] {
  const marked = (records: readonly Timed[], side: string): Timed[] =>
    records.map(({ rec, timestampMs }) => ({ rec: { ...rec, src: `${rec.src}|${name}${side}` }, timestampMs }));
  return [...marked(left, "a"), ...marked(right, "b")];
}

const laterOf = ({ b }: Gene): number => b % 30;

type Sums = readonly [left: number, right: number];

/** Passes both sides on, and emits what both summed up at one time, some ms later. */
export const JOIN_BY_TIME: Stage = ofTwo({
  facts: (left, right, { parallelism }) =>
    left.ordered && right.ordered ? [{ ordered: true, loose: parallelism > 0, spaced: false }] : undefined,
  code: ({ left, right }, gene) =>
    `${left}.keyBy(byKey).connect(${right}.keyBy(byKey)).process(both pass; what they summed up at one time ${laterOf(gene)} ms later)${ownCode(gene)}`,
  build: ({ left, right }, gene, name) => {
    const joined = left
      .connect(right)
      .keyBy(byKey, byKey)
      .process({
        state: { sums: map<number, Sums>() },
        processElement1(record, { state, timers, timestampMs }, out: Collector<Rec>) {
          const [first, second] = state.sums.get(timestampMs) ?? [0, 0];
          state.sums.put(timestampMs, [first + record.n, second]);
          timers.registerEventTime(timestampMs + laterOf(gene));
          out.collect({ ...record, src: `${record.src}|${name}a` });
        },
        processElement2(record, { state, timers, timestampMs }, out) {
          const [first, second] = state.sums.get(timestampMs) ?? [0, 0];
          state.sums.put(timestampMs, [first, second + record.n]);
          timers.registerEventTime(timestampMs + laterOf(gene));
          out.collect({ ...record, src: `${record.src}|${name}b` });
        },
        onTimer(timeMs, ctx, out) {
          const [first, second] = ctx.state.sums.get(timeMs - laterOf(gene)) ?? [0, 0];
          ctx.state.sums.remove(timeMs - laterOf(gene));
          out.collect({ src: name, key: ctx.key, n: bounded(first * 7 + second) });
        },
      });
    return [own(joined, gene).uid(name)];
  },
  interpret: (inputs, gene, name) => [
    processKeyed(sided(inputs, name), {
      keyOf: ({ rec }) => rec.key,
      newState: () => new Map<number, Sums>(),
      element(timed, sums, timers) {
        const [first, second] = sums.get(timed.timestampMs) ?? [0, 0];
        const isLeft = timed.rec.src.endsWith("a");
        sums.set(timed.timestampMs, isLeft ? [first + timed.rec.n, second] : [first, second + timed.rec.n]);
        timers.add(timed.timestampMs + laterOf(gene));
        return [timed];
      },
      timer(timeMs, sums, { key }) {
        const [first, second] = sums.get(timeMs - laterOf(gene)) ?? [0, 0];
        return [{ rec: { src: name, key, n: bounded(first * 7 + second) }, timestampMs: timeMs }];
      },
    }),
  ],
});

/** The newest entry at or before a time. */
function newestAt(entries: Iterable<readonly [number, number]>, timeMs: number): readonly [number, number] {
  return [...entries].reduce<readonly [number, number]>(
    (newest, entry) => (entry[0] <= timeMs && entry[0] > newest[0] ? entry : newest),
    [-Infinity, 0],
  );
}

/** Each time of the left side with the newest value of the right at that time; what is older is forgotten. */
export const AS_OF_JOIN: Stage = ofTwo({
  facts: (_left, _right, { parallelism }) => [{ ordered: true, loose: parallelism > 0, spaced: false }],
  code: ({ left, right }, gene) =>
    `${left}.keyBy(byKey).connect(${right}.keyBy(byKey)).process(left waits for its time, and takes the newest of the right)${ownCode(gene)}`,
  build: ({ left, right }, gene, name) => {
    const keyOf = ({ key }: Rec): { readonly key: string } => ({ key });
    const joined = left
      .keyBy(keyOf)
      .connect(right.keyBy(keyOf))
      .process({
        state: { waiting: map<number, number>(), known: map<number, number>() },
        processElement1({ n }, { state, timers, timestampMs }, _out: Collector<Rec>) {
          state.waiting.put(timestampMs, (state.waiting.get(timestampMs) ?? 0) + n);
          timers.registerEventTime(timestampMs);
        },
        processElement2({ n }, { state, timestampMs }) {
          state.known.put(timestampMs, (state.known.get(timestampMs) ?? 0) + n);
        },
        onTimer(timeMs, { state, key }, out) {
          const [newestMs, known] = newestAt(state.known.entries(), timeMs);
          for (const atMs of [...state.known.keys()]) if (atMs < newestMs) state.known.remove(atMs);
          const n = bounded((state.waiting.get(timeMs) ?? 0) * 7 + known);
          state.waiting.remove(timeMs);
          out.collect({ src: name, key: key.key, n });
        },
      });
    return [own(joined, gene).uid(name)];
  },
  interpret: (inputs, _gene, name) => [
    processKeyed(sided(inputs, name), {
      keyOf: ({ rec }) => rec.key,
      newState: () => ({ waiting: new Map<number, number>(), known: new Map<number, number>() }),
      element({ rec, timestampMs }, { waiting, known }, timers) {
        const isLeft = rec.src.endsWith("a");
        const side = isLeft ? waiting : known;
        side.set(timestampMs, (side.get(timestampMs) ?? 0) + rec.n);
        if (isLeft) timers.add(timestampMs);
        return [];
      },
      timer(timeMs, { waiting, known }, { key }) {
        const n = bounded((waiting.get(timeMs) ?? 0) * 7 + newestAt(known, timeMs)[1]);
        return [{ rec: { src: name, key, n }, timestampMs: timeMs }];
      },
    }),
  ],
});
