/**
 * What the stages' interpreters share: keyed functions and windows over plain arrays and maps, as slow and as simple as can be.
 *
 * In:    all records of a stream, in an order that a correct run may have. Out: what the stage makes of them.
 *
 * It interprets the run in which the one watermark comes after all records. Nothing is late and all functions are confluent, so every run gives that.
 */
import type { Timed } from "./stage.ts";

/** Records by key, keys in the order of their first record, records in theirs. */
export function grouped(records: readonly Timed[], keyOf: (timed: Timed) => string): Map<string, Timed[]> {
  const groups = new Map<string, Timed[]>();
  for (const timed of records) groups.set(keyOf(timed), [...(groups.get(keyOf(timed)) ?? []), timed]);
  return groups;
}

/** The event timers of one key. */
export type Timers = Set<number>;

export interface NaiveProcess<S> {
  keyOf(timed: Timed): string;
  newState(): S;
  element(timed: Timed, state: S, timers: Timers): readonly Timed[];
  timer(timeMs: number, state: S, call: { readonly key: string; readonly timers: Timers }): readonly Timed[];
}

/** Per key: the elements, then the timers by time, with those that timers register. */
export function processKeyed<S>(records: readonly Timed[], fn: NaiveProcess<S>): Timed[] {
  const out: Timed[] = [];
  for (const [key, group] of grouped(records, (timed) => fn.keyOf(timed))) {
    const state = fn.newState();
    const timers: Timers = new Set();
    for (const timed of group) out.push(...fn.element(timed, state, timers));
    while (timers.size > 0) {
      const timeMs = Math.min(...timers);
      timers.delete(timeMs);
      out.push(...fn.timer(timeMs, state, { key, timers }));
    }
  }
  return out;
}

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** Windows of one size that begin at every multiple of the slide, and some ms beside it. */
export function spansAround(
  timeMs: number,
  grid: { readonly sizeMs: number; readonly slideMs: number; readonly offsetMs: number },
): Span[] {
  const { sizeMs, slideMs, offsetMs } = grid;
  const spans: Span[] = [];
  let startMs = offsetMs;
  while (startMs > timeMs) startMs -= slideMs;
  while (startMs + slideMs <= timeMs) startMs += slideMs;
  for (; startMs + sizeMs > timeMs; startMs -= slideMs) spans.push({ startMs, endMs: startMs + sizeMs });
  return spans;
}

export interface Content extends Span {
  readonly elements: readonly Timed[];
}

/** The windows of one key, by their end. */
export function windowed(group: readonly Timed[], spansOf: (timed: Timed) => readonly Span[]): Content[] {
  const windows = new Map<string, Content>();
  for (const timed of group) {
    for (const span of spansOf(timed)) {
      const id = `${span.startMs},${span.endMs}`;
      windows.set(id, { ...span, elements: [...(windows.get(id)?.elements ?? []), timed] });
    }
  }
  return [...windows.values()].toSorted((left, right) => left.endMs - right.endMs);
}

/** The sessions of one key, by their end. Windows that touch become one. */
export function sessions(group: readonly Timed[], gapOf: (timed: Timed) => number): Content[] {
  const open: Content[] = [];
  for (const timed of group.toSorted((left, right) => left.timestampMs - right.timestampMs)) {
    const startMs = timed.timestampMs;
    const endMs = startMs + gapOf(timed);
    const last = open.at(-1);
    if (last === undefined || last.endMs < startMs) open.push({ startMs, endMs, elements: [timed] });
    else {
      open[open.length - 1] = {
        startMs: last.startMs,
        endMs: Math.max(last.endMs, endMs),
        elements: [...last.elements, timed],
      };
    }
  }
  return open;
}
