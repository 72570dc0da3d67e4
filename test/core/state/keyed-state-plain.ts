/** The model of keyed state: plain maps and arrays, copied whole for each snapshot, with no idea of rows, cells or epochs. */
import type { KeyGroupRange } from "../../../core/state/key-groups.ts";
import type { Namespace } from "../../../core/state/keyed-state.ts";
import { keyGroupOf } from "../../../core/types/key-hash.ts";
import { KEYS, MAX_PARALLELISM, NAMESPACES, TTL_MS } from "./keyed-state-domain.ts";

interface Timed<T> {
  item: T;
  accessMs: number;
}

interface PlainRow {
  count: number | undefined;
  box: number | undefined;
  list: (number | { n: number })[];
  /** Text of the key, key, value. */
  map: [string, unknown, number | { n: number }][];
  sum: number | undefined;
  mean: { n: number; sum: number } | undefined;
  windows: Record<string, { value: number | undefined; list: number[]; map: [string, number][] }>;
  ttlValue: Timed<number> | undefined;
  ttlList: Timed<number>[];
  ttlMap: [string, Timed<number>][];
  ttlEvent: Timed<number> | undefined;
}

interface PlainTimer {
  readonly key: number;
  readonly namespace: Namespace;
  readonly timeMs: number;
  readonly event: boolean;
  readonly number: number;
}

export class PlainState {
  key = 0;
  nowMs = 0;
  /** By key: the last finite watermark, of whichever subtask had it. */
  #reachedMs: number[] = KEYS.map(() => 0);
  #rows: PlainRow[] = KEYS.map(emptyRow);
  #timers: PlainTimer[] = [];
  #nextNumber = 0;

  get row(): PlainRow {
    const row = this.#rows[this.key];
    if (row === undefined) throw new Error("no such key");
    return row;
  }

  get watermarkMs(): number {
    return this.#reachedMs[this.key] ?? 0;
  }

  advance(keyGroups: KeyGroupRange, watermarkMs: number): void {
    this.#reachedMs = this.#reachedMs.map((reachedMs, key) =>
      owns(keyGroups, { key }) ? Math.max(reachedMs, watermarkMs) : reachedMs,
    );
  }

  window(namespace: Namespace): PlainRow["windows"][string] {
    return (this.row.windows[`${typeof namespace}${String(namespace)}`] ??= { value: undefined, list: [], map: [] });
  }

  copy(): PlainState {
    const copy = new PlainState();
    copy.nowMs = this.nowMs;
    copy.#reachedMs = [...this.#reachedMs];
    copy.#rows = structuredClone(this.#rows);
    copy.#timers = [...this.#timers];
    copy.#nextNumber = this.#nextNumber;
    return copy;
  }

  /** Forgets what is expired in the current row. */
  expire(): PlainRow {
    const { row } = this;
    const alive = ({ accessMs }: Timed<unknown>): boolean => this.nowMs < accessMs + TTL_MS;
    if (row.ttlValue !== undefined && !alive(row.ttlValue)) row.ttlValue = undefined;
    row.ttlList = row.ttlList.filter(alive);
    row.ttlMap = row.ttlMap.filter(([, timed]) => alive(timed));
    if (row.ttlEvent !== undefined && this.watermarkMs >= row.ttlEvent.accessMs + TTL_MS) row.ttlEvent = undefined;
    return row;
  }

  readTtlValue(): number | undefined {
    const { ttlValue } = this.expire();
    if (ttlValue !== undefined) ttlValue.accessMs = this.nowMs;
    return ttlValue?.item;
  }

  register(namespace: Namespace, timeMs: number, event: boolean): void {
    const { key } = this;
    if (
      this.#timers.some(
        (timer) =>
          timer.key === key && timer.namespace === namespace && timer.timeMs === timeMs && timer.event === event,
      )
    )
      return;
    this.#timers.push({ key, namespace, timeMs, event, number: this.#nextNumber++ });
  }

  delete(namespace: Namespace, timeMs: number, event: boolean): void {
    const { key } = this;
    this.#timers = this.#timers.filter(
      (timer) => timer.key !== key || timer.namespace !== namespace || timer.timeMs !== timeMs || timer.event !== event,
    );
  }

  /** What may fire next: of each key group, the timer that was registered first among those of the earliest time. */
  due(timeMs: number, event: boolean, range: KeyGroupRange): PlainTimer[] {
    const due = this.#timers.filter((timer) => timer.event === event && timer.timeMs <= timeMs && owns(range, timer));
    const earliestMs = Math.min(...due.map((timer) => timer.timeMs));
    const first = new Map<number, PlainTimer>();
    for (const timer of due) {
      const before = first.get(groupOf(timer));
      if (timer.timeMs === earliestMs && (before === undefined || timer.number < before.number))
        first.set(groupOf(timer), timer);
    }
    return [...first.values()];
  }

  /** Fires the timers that fired, and returns them, up to the first that should not have, or `patience`. */
  fire(fired: readonly string[], timeMs: number, event: boolean, patience: number, range: KeyGroupRange): string[] {
    const expected: string[] = [];
    while (expected.length < patience) {
      const due = this.due(timeMs, event, range);
      const timer = due.find((candidate) => describeTimer(candidate) === fired[expected.length]) ?? due[0];
      if (timer === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== timer);
      expected.push(describeTimer(timer));
      if (!event) continue;
      this.key = timer.key;
      if (timer.namespace === 3) this.register(1, timer.timeMs - 2, true);
      if (timer.namespace === "again") this.register(2, timer.timeMs, true);
      if (timer.namespace === "del") this.delete(1, timer.timeMs + 1, true);
    }
    return expected;
  }

  countTimers(range: KeyGroupRange): { readonly event: number; readonly processing: number } {
    const mine = this.#timers.filter((timer) => owns(range, timer));
    return { event: mine.filter(({ event }) => event).length, processing: mine.filter(({ event }) => !event).length };
  }

  earliestProcessingMs(range: KeyGroupRange): number {
    return Math.min(
      Infinity,
      ...this.#timers.filter((timer) => !timer.event && owns(range, timer)).map(({ timeMs }) => timeMs),
    );
  }

  /** As `readAll` of the real one: reads, with the effects of reading. */
  readAll(): unknown {
    const row = this.expire();
    return {
      count: row.count ?? 0,
      box: { n: row.box ?? -1 },
      list: row.list,
      map: row.map.map(([, key, item]) => [key, item]),
      sum: row.sum,
      mean: row.mean === undefined ? undefined : `${row.mean.sum}/${row.mean.n}`,
      windows: NAMESPACES.map((namespace) => {
        const window = this.window(namespace);
        return [window.value, window.list, window.map];
      }),
      ttlValue: this.readTtlValue(),
      ttlList: row.ttlList.map(({ item }) => item),
      ttlMap: row.ttlMap.map(([key, { item }]) => [key, item]),
      ttlEvent: row.ttlEvent?.item,
    };
  }
}

function emptyRow(): PlainRow {
  return {
    count: undefined,
    box: undefined,
    list: [],
    map: [],
    sum: undefined,
    mean: undefined,
    windows: {},
    ttlValue: undefined,
    ttlList: [],
    ttlMap: [],
    ttlEvent: undefined,
  };
}

function describeTimer({ event, timeMs, namespace, key }: PlainTimer): string {
  return `${event ? "event" : "processing"} ${timeMs} ${String(namespace)} ${key}`;
}

function groupOf(timer: PlainTimer): number {
  return keyGroupOf(KEYS[timer.key], MAX_PARALLELISM);
}

function owns(range: KeyGroupRange, { key }: { readonly key: number }): boolean {
  const group = keyGroupOf(KEYS[key], MAX_PARALLELISM);
  return group >= range.first && group <= range.last;
}
