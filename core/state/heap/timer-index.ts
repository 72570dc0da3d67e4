/**
 * The timers of one service and time domain, by time: a binary heap of distinct times, and what stands at each of them. A single timer stands there
 * itself; a bucket per millisecond would cost three times the memory. Only an index: the cells are the state, and this is rebuilt on restore.
 */
import type { TimeMs } from "../../time/clock.ts";
import type { TimerCell } from "./cells.ts";
import { TimerBucket } from "./timer-bucket.ts";

const STALE_MIN = 64;

export class TimerIndex {
  readonly #entries = new Map<TimeMs, TimerCell | TimerBucket>();
  /** A binary heap; may hold times that have no entry any more, or hold one twice. */
  #times: TimeMs[] = [];
  #stale = 0;
  #count = 0;
  /** The entry asked for last: timers of one time are registered, and fire, in a row. */
  #last: TimerBucket | undefined = undefined;

  get count(): number {
    return this.#count;
  }

  /** Hot. */
  add(cell: TimerCell): void {
    this.#count += 1;
    const { timeMs } = cell;
    if (this.#last !== undefined && this.#last.timeMs === timeMs) {
      this.#last.add(cell);
      return;
    }
    const entry = this.#entries.get(timeMs);
    if (entry === undefined) {
      this.#entries.set(timeMs, cell);
      this.#push(timeMs);
    } else if (entry instanceof TimerBucket) {
      this.#last = entry;
      entry.add(cell);
    } else {
      this.#last = new TimerBucket(entry, cell);
      this.#entries.set(timeMs, this.#last);
    }
  }

  /** The cell was registered here, and is dead now. */
  removed(cell: TimerCell): void {
    this.#count -= 1;
    const { timeMs } = cell;
    const last = this.#last;
    const entry = last !== undefined && last.timeMs === timeMs ? last : this.#entries.get(timeMs);
    if (entry instanceof TimerBucket) {
      entry.removed(cell);
      if (entry.live > 0) return;
      if (entry === last) this.#last = undefined;
    }
    this.#entries.delete(timeMs);
    this.#stale += 1;
    if (this.#stale > STALE_MIN && this.#stale > this.#entries.size) this.#rebuild();
  }

  /** Hot while firing: the next timer with `timeMs <= limitMs`. */
  due(limitMs: TimeMs): TimerCell | undefined {
    const timeMs = this.earliestMs();
    if (timeMs > limitMs || this.#count === 0) return undefined;
    if (this.#last !== undefined && this.#last.timeMs === timeMs) return this.#last.first();
    const entry = this.#entries.get(timeMs);
    if (!(entry instanceof TimerBucket)) return entry;
    this.#last = entry;
    return entry.first();
  }

  /** `Infinity` if there is none. */
  earliestMs(): TimeMs {
    for (;;) {
      const timeMs = this.#times[0];
      if (timeMs === undefined) return Infinity;
      if ((this.#last !== undefined && this.#last.timeMs === timeMs) || this.#entries.has(timeMs)) return timeMs;
      this.#pop();
      this.#stale -= 1;
    }
  }

  #push(timeMs: TimeMs): void {
    const times = this.#times;
    let index = times.length;
    times.push(timeMs);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = times[parent] ?? -Infinity;
      if (above <= timeMs) break;
      times[index] = above;
      index = parent;
    }
    times[index] = timeMs;
  }

  #pop(): void {
    const times = this.#times;
    const last = times.pop();
    const length = times.length;
    if (last === undefined || length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      let least = times[child] ?? Infinity;
      const right = times[child + 1] ?? Infinity;
      if (right < least) {
        least = right;
        child += 1;
      }
      if (last <= least) break;
      times[index] = least;
      index = child;
    }
    times[index] = last;
  }

  #rebuild(): void {
    this.#times = [...this.#entries.keys()].sort((left, right) => left - right);
    this.#stale = 0;
  }
}
