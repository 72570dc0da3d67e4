/**
 * The timers of one service and time domain, by time: a binary heap of distinct times, and the bucket of each. The times are the index; the buckets
 * are the state.
 */
import type { TimeMs } from "../../time/clock.ts";
import type { Namespace } from "../keyed-state.ts";
import type { Row } from "./row.ts";
import type { StateEntry } from "./state-table.ts";
import { TimerBucket } from "./timer-bucket.ts";
import type { TimerHome } from "./timer-bucket.ts";

const STALE_MIN = 64;

export class TimerIndex implements TimerHome {
  readonly state: StateEntry;
  readonly event: boolean;
  readonly #buckets = new Map<TimeMs, TimerBucket>();
  /** A binary heap; may hold times that have no bucket any more, or hold one twice. */
  #times: TimeMs[] = [];
  #stale = 0;
  #count = 0;
  /** The bucket asked for last: timers of one time are registered, and fire, in a row. */
  #last: TimerBucket | undefined = undefined;

  constructor(state: StateEntry, options: { readonly event: boolean }) {
    this.state = state;
    this.event = options.event;
  }

  get count(): number {
    return this.#count;
  }

  /** Hot. */
  bucketAt(timeMs: TimeMs): TimerBucket | undefined {
    const last = this.#last;
    if (last !== undefined && last.timeMs === timeMs) return last;
    const bucket = this.#buckets.get(timeMs);
    if (bucket !== undefined) this.#last = bucket;
    return bucket;
  }

  /** Hot. Into the bucket of that time, undefined if there is none yet; returns it. */
  add(known: TimerBucket | undefined, timeMs: TimeMs, row: Row, namespace: Namespace, number: number): TimerBucket {
    this.#count += 1;
    if (known !== undefined) {
      known.add(row, namespace, number);
      return known;
    }
    const bucket = new TimerBucket(this, timeMs, { row, namespace, number });
    this.#buckets.set(timeMs, bucket);
    this.#push(timeMs);
    this.#last = bucket;
    return bucket;
  }

  /** Hot. */
  remove(bucket: TimerBucket, place: number): void {
    this.#count -= 1;
    bucket.remove(place);
    if (bucket.live > 0) return;
    if (bucket === this.#last) this.#last = undefined;
    this.#buckets.delete(bucket.timeMs);
    this.#stale += 1;
    if (this.#stale > STALE_MIN && this.#stale > this.#buckets.size) this.#rebuild();
  }

  /** Hot while firing: the bucket of the next timer with `timeMs <= limitMs`. */
  due(limitMs: TimeMs): TimerBucket | undefined {
    const timeMs = this.earliestMs();
    return timeMs > limitMs || this.#count === 0 ? undefined : this.bucketAt(timeMs);
  }

  /** `Infinity` if there is none. */
  earliestMs(): TimeMs {
    for (;;) {
      const timeMs = this.#times[0];
      if (timeMs === undefined) return Infinity;
      if ((this.#last !== undefined && this.#last.timeMs === timeMs) || this.#buckets.has(timeMs)) return timeMs;
      this.#pop();
      this.#stale -= 1;
    }
  }

  /** Those that have timers whose number is below, and perhaps others; tolerates changes between two steps. */
  *bucketsBelow(number: number): Generator<TimerBucket, void> {
    for (const bucket of this.#buckets.values()) {
      if (bucket.numberAt(0) >= number) return; // so are all that were made later
      yield bucket;
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
    this.#times = [...this.#buckets.keys()].sort((left, right) => left - right);
    this.#stale = 0;
  }
}
