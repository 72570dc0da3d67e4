/**
 * A histogram of fixed size: buckets that grow with the values, so that every quantile is right to about three per cent.
 *
 * In:    values from 2^-10 to 2^53, such as durations in ms and sizes in bytes; what lies beyond counts in the outermost buckets.
 * Out:   count, mean, minimum and maximum exactly; quantiles as the middle of their bucket.
 * State: 1,024 numbers (8 KB), made once. All values since the start count alike; nothing is ever forgotten.
 */
import type { Histogram } from "./registry.ts";

const STEPS_PER_DOUBLING = 16;
const EXPONENT_MIN = -10;
const EXPONENT_MAX = 53;
const BUCKETS = (EXPONENT_MAX - EXPONENT_MIN + 1) * STEPS_PER_DOUBLING;

export class LogHistogram implements Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  get max(): number {
    return this.#count === 0 ? 0 : this.#max;
  }

  /** Hot: allocates nothing. NaN is not counted. */
  update(value: number): void {
    if (Number.isNaN(value)) return;
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /** The value below or at which a share `q` (0 to 1) of all values lies; 0 while there are none. Costs a walk over the buckets. */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(Math.min(Math.max(q, 0), 1) * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(Math.max(middleOf(bucket), this.#min), this.#max);
    }
    return this.#max;
  }
}

function bucketOf(value: number): number {
  if (!(value >= 2 ** EXPONENT_MIN)) return 0;
  const exponent = Math.floor(Math.log2(value));
  if (exponent > EXPONENT_MAX) return BUCKETS - 1;
  const step = Math.floor((value / 2 ** exponent - 1) * STEPS_PER_DOUBLING);
  // The logarithm may be off by one unit in the last place, next to a power of two; the step then lies just outside.
  return (exponent - EXPONENT_MIN) * STEPS_PER_DOUBLING + Math.min(Math.max(step, 0), STEPS_PER_DOUBLING - 1);
}

function middleOf(bucket: number): number {
  const exponent = Math.floor(bucket / STEPS_PER_DOUBLING) + EXPONENT_MIN;
  const step = bucket % STEPS_PER_DOUBLING;
  return 2 ** exponent * (1 + (step + 0.5) / STEPS_PER_DOUBLING);
}
