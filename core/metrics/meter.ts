/**
 * Rates over the last minute, as Flink's `MeterView` gives them: how much a total grew per second.
 *
 * In:    a total that only grows, a clock, and calls of `sample` by whoever is awake anyway: a task at its steps, a reader. No timer of its own, which
 *        would keep a process alive and a clock under test busy.
 * Out:   growth per second: over the last 60 s, or since the start while that is shorter.
 * State: where the total stood every five seconds, for as long as the minute reaches back. Where nobody sampled, the growth in between is taken to be
 *        even.
 */

/** The part of a `Clock` that meters need; `core/time` is a sibling and not imported. */
export interface ElapsedClock {
  elapsedMs(): number;
}

const SPAN_MS = 60_000;

/** Flink's. More samples would not be kept. */
export const SAMPLE_EVERY_MS = 5_000;

interface Sample {
  readonly atMs: number;
  readonly total: number;
}

export class Meter {
  readonly #read: () => number;
  readonly #clock: ElapsedClock;
  /** Oldest first; when a rate is computed, the second one lies within the span. */
  readonly #samples: Sample[];

  constructor(read: () => number, clock: ElapsedClock) {
    this.#read = read;
    this.#clock = clock;
    this.#samples = [{ atMs: clock.elapsedMs(), total: read() }];
  }

  /** Remembers where the total stands, unless it did so a moment ago. */
  sample(nowMs: number): void {
    const samples = this.#samples;
    const newestMs = samples.at(-1)?.atMs ?? -Infinity;
    if (nowMs - newestMs < SAMPLE_EVERY_MS) return;
    samples.push({ atMs: nowMs, total: this.#read() });
    this.#forget(nowMs);
  }

  perSecond(): number {
    const nowMs = this.#clock.elapsedMs();
    this.sample(nowMs);
    this.#forget(nowMs);
    const startMs = Math.max(nowMs - SPAN_MS, this.#samples[0]?.atMs ?? nowMs);
    if (!(nowMs > startMs)) return 0;
    const now: Sample = { atMs: nowMs, total: this.#read() };
    return ((now.total - this.#totalAt(startMs, now)) * 1_000) / (nowMs - startMs);
  }

  /** What lies before the span, but for the sample from which it is reached. */
  #forget(nowMs: number): void {
    const samples = this.#samples;
    while (samples[1] !== undefined && nowMs - samples[1].atMs >= SPAN_MS) samples.shift();
  }

  /** Between the oldest sample and the next. */
  #totalAt(timeMs: number, now: Sample): number {
    const [before = now, after = now] = this.#samples;
    const lengthMs = after.atMs - before.atMs;
    return lengthMs <= 0
      ? before.total
      : before.total + ((after.total - before.total) * (timeMs - before.atMs)) / lengthMs;
  }
}
