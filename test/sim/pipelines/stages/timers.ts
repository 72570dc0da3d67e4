/** Stages that live by event timers: records sorted by time, timers put off, timers that register the next. */
import { OutputTag, map, value } from "../../../../core/index.ts";
import type { Collector } from "../../../../core/index.ts";
import { processKeyed } from "../naive.ts";
import { bounded, byKey, byOrigin, ofOne, originOf, own, ownCode } from "../stage.ts";
import type { Facts, Gene, Rec, Stage, Timed } from "../stage.ts";

const byValue = (left: Rec, right: Rec): number =>
  left.src === right.src ? left.n - right.n : left.src < right.src ? -1 : 1;

/** Keeps records until the watermark reaches them, and emits those of one time by their value: order out of disorder. */
export const SORT: Stage = ofOne({
  facts: (_input, { parallelism }) => [{ ordered: true, loose: parallelism > 0, spaced: false }],
  code: (input, gene) =>
    `${input}.keyBy(byKey).process(kept in a map until the watermark comes, then sorted)${ownCode(gene)}`,
  build: (stream, gene, name) => {
    const sorted = stream.keyBy(byKey).process({
      state: { waiting: map<number, readonly Rec[]>() },
      processElement(record, { state, timers, timestampMs }, _out: Collector<Rec>) {
        state.waiting.put(timestampMs, [...(state.waiting.get(timestampMs) ?? []), record]);
        timers.registerEventTime(timestampMs);
      },
      onTimer(timeMs, { state }, out) {
        for (const record of (state.waiting.get(timeMs) ?? []).toSorted(byValue)) out.collect(record);
        state.waiting.remove(timeMs);
      },
    });
    return [own(sorted, gene).uid(name)];
  },
  interpret: (records) => [
    records.toSorted((left, right) => left.timestampMs - right.timestampMs || byValue(left.rec, right.rec)),
  ],
});

/**
 * Puts a timer off with every record that it has to wait for. A record that comes at or before the time of the timer finds it there in every run, since
 * the watermark is behind the record; a later one leaves it alone.
 */
export const PUT_OFF: Stage = ofOne({
  facts: ({ ordered, spaced }, { parallelism }) => {
    const facts: Facts = { ordered: true, loose: parallelism > 0, spaced };
    return ordered ? [facts, { ...facts, spaced: false }] : undefined;
  },
  code: (input, gene, name) =>
    `${input}.keyBy(byOrigin).process(a timer ${gapOf(gene)} ms later, put off by records before it)${ownCode(gene)}; ${name}.1 = ${name}.getSideOutput(sums by timer)`,
  build: (stream, gene, name) => {
    const sums = new OutputTag<Rec>(`sums-${name}`);
    const main = stream.keyBy(byOrigin).process({
      state: { timerMs: value<number>(), sums: map<number, number>() },
      processElement(record, { state, timers, timestampMs }, out: Collector<Rec>) {
        const nextMs = timestampMs + gapOf(gene);
        const timerMs = state.timerMs.value();
        const waits = timerMs !== undefined && timestampMs <= timerMs;
        const atMs = waits ? Math.max(timerMs, nextMs) : nextMs;
        const sum = waits ? (state.sums.get(timerMs) ?? 0) : 0;
        if (waits) {
          timers.deleteEventTime(timerMs);
          state.sums.remove(timerMs);
        }
        timers.registerEventTime(atMs);
        state.sums.put(atMs, bounded(sum + record.n));
        state.timerMs.update(atMs);
        out.collect(record);
      },
      onTimer(timeMs, ctx) {
        const { src, key } = originOf(ctx.key);
        ctx.output(sums, { src: `${src}@${name}`, key, n: ctx.state.sums.get(timeMs) ?? 0 });
        ctx.state.sums.remove(timeMs);
      },
    });
    const stage = own(main, gene).uid(name);
    return [stage, stage.getSideOutput(sums)];
  },
  interpret(records, gene, name) {
    const fired = processKeyed(records, {
      keyOf: ({ rec }) => byOrigin(rec),
      newState: () => ({ timerMs: -Infinity, sums: new Map<number, number>() }),
      element({ rec, timestampMs }, state, timers) {
        const before = state.timerMs;
        const waits = timestampMs <= before;
        state.timerMs = waits ? Math.max(before, timestampMs + gapOf(gene)) : timestampMs + gapOf(gene);
        const sum = waits ? (state.sums.get(before) ?? 0) : 0;
        if (waits) timers.delete(before);
        timers.add(state.timerMs);
        state.sums.set(state.timerMs, bounded(sum + rec.n));
        return [];
      },
      timer(timeMs, { sums }, { key: origin }) {
        const { src, key } = originOf(origin);
        return [{ rec: { src: `${src}@${name}`, key, n: sums.get(timeMs) ?? 0 }, timestampMs: timeMs }];
      },
    });
    return [records, fired];
  },
});

function gapOf({ b }: Gene): number {
  return 1 + (b % 25);
}

/** A timer's part in what is known: times it has yet to repeat, and a sum. Both grow alike, whoever comes first. */
interface Beat {
  readonly left: number;
  readonly sum: number;
}

const met = (here: Beat | undefined, other: Beat): Beat => ({
  left: Math.max(here?.left ?? 0, other.left),
  sum: bounded((here?.sum ?? 0) + other.sum),
});

/** Each timer registers the next one, two times over; several may meet at one time, and are one then. */
export const REPEAT: Stage = ofOne({
  facts: (_input, { parallelism }) => [{ ordered: true, loose: parallelism > 0, spaced: false }],
  code: (input, gene) =>
    `${input}.keyBy(byKey).process(a timer at the time of the record, and two more, each ${gapOf(gene)} ms later)${ownCode(gene)}`,
  build: (stream, gene, name) => {
    const beats = stream.keyBy(byKey).process({
      state: { beats: map<number, Beat>() },
      processElement({ n }, { state, timers, timestampMs }, _out: Collector<Rec>) {
        state.beats.put(timestampMs, met(state.beats.get(timestampMs), { left: 2, sum: n }));
        timers.registerEventTime(timestampMs);
      },
      onTimer(timeMs, { state, timers, key }, out) {
        const { left, sum } = state.beats.get(timeMs) ?? { left: 0, sum: 0 };
        state.beats.remove(timeMs);
        out.collect({ src: name, key, n: bounded(sum * 3 + timeMs) });
        if (left === 0) return;
        const nextMs = timeMs + gapOf(gene);
        state.beats.put(nextMs, met(state.beats.get(nextMs), { left: left - 1, sum }));
        timers.registerEventTime(nextMs);
      },
    });
    return [own(beats, gene).uid(name)];
  },
  interpret: (records, gene, name) => [
    processKeyed(records, {
      keyOf: ({ rec }) => rec.key,
      newState: () => new Map<number, Beat>(),
      element({ rec, timestampMs }, beats, timers) {
        beats.set(timestampMs, met(beats.get(timestampMs), { left: 2, sum: rec.n }));
        timers.add(timestampMs);
        return [];
      },
      timer(timeMs, beats, { key, timers }): Timed[] {
        const { left, sum } = beats.get(timeMs) ?? { left: 0, sum: 0 };
        const nextMs = timeMs + gapOf(gene);
        if (left > 0) {
          beats.set(nextMs, met(beats.get(nextMs), { left: left - 1, sum }));
          timers.add(nextMs);
        }
        return [{ rec: { src: name, key, n: bounded(sum * 3 + timeMs) }, timestampMs: timeMs }];
      },
    }),
  ],
});
