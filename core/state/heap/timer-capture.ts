/**
 * Writes, in slices, the timers that a part of a snapshot holds: those in some buckets whose numbers are in a range, as they were when the snapshot
 * began. A timer never changes, so all there is to preserve are those that die before their turn.
 */
import type { SectionWriter } from "./section-writer.ts";
import type { TimerBucket } from "./timer-bucket.ts";

export interface CaptureOptions {
  /** The numbers that it holds: from `from` to below `to`. */
  readonly from: number;
  readonly to: number;
  readonly section: SectionWriter;
  /** Where they may be; tolerates changes between two steps. */
  readonly buckets: Iterator<TimerBucket, void>;
  /** Whether the bucket is still to come. */
  readonly isPending: (bucket: TimerBucket) => boolean;
  readonly passed: (bucket: TimerBucket) => void;
}

export class TimerCapture {
  readonly #options: CaptureOptions;
  #current: TimerBucket | undefined = undefined;
  /** In the current bucket, timers with lower numbers are written. */
  #next = 0;
  #finished = false;

  constructor(options: CaptureOptions) {
    this.#options = options;
  }

  /** Looks at up to `timersMax` timers and buckets; returns at how many. Less than `timersMax` means that it is finished. */
  advance(timersMax: number): number {
    let done = 0;
    while (done < timersMax && !this.#finished) {
      if (this.#current === undefined) this.#enter();
      else done += 1 + this.#pass(this.#current, timersMax - done);
    }
    return done;
  }

  /** The timer dies. */
  dying(bucket: TimerBucket, place: number): void {
    const { from, to, section, isPending } = this.#options;
    const number = bucket.numberAt(place);
    if (this.#finished || number < from || number >= to) return;
    if (bucket === this.#current ? number >= this.#next : isPending(bucket)) section.putTimer(bucket.savedAt(place));
  }

  #enter(): void {
    const next = this.#options.buckets.next();
    if (next.done === true) {
      this.#finished = true;
    } else {
      this.#current = next.value;
      this.#next = this.#options.from;
    }
  }

  #pass(bucket: TimerBucket, timersMax: number): number {
    const { to, section, passed } = this.#options;
    let done = 0;
    let last = 0;
    for (let place = bucket.placeFrom(this.#next); place < bucket.end && bucket.numberAt(place) < to; place += 1) {
      const number = bucket.numberAt(place);
      // Equal numbers, from different subtasks before a restore, are written in one go: a slice ends between numbers.
      if (done >= timersMax && number > last) {
        this.#next = number;
        return done;
      }
      if (bucket.rowAt(place) !== undefined) section.putTimer(bucket.savedAt(place));
      last = number;
      done += 1;
    }
    passed(bucket);
    this.#current = undefined;
    return done;
  }
}
