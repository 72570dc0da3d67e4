/**
 * Numbers at a steady rate by the machine's clock, in steps of a millisecond: those that are due are emitted together, and then the source rests.
 *
 * In:    how many, how many of them at once in the beginning, and the rate of all subtasks together. Out: each number with the moment of its emission.
 * State: the next number of each stripe. After a restore the rate goes on from there; what was missed is not made up for.
 *
 * Where the rest of the job keeps the source from emitting, its records are younger than they should be. So it also measures how long after their
 * moment they came: the lag, which is a timer's lateness while nothing is wrong. A reader that goes on from a checkpoint does not, since what holds it
 * up is the recovery.
 */
import type { PollResult, ReaderOutput, Source, SourceReader, SourceReaderContext } from "millrace";
import { Durations } from "../measure/durations.ts";
import { preciseNowMs } from "../measure/marks.ts";
import { stripes } from "./stripes.ts";
import type { Stripe } from "./stripes.ts";

export interface Paced {
  readonly n: number;
  /** Comparable between threads, see `preciseNowMs`. */
  readonly emittedMs: number;
}

export interface PacedOptions {
  readonly records: number;
  readonly perSecond: number;
  /** As fast as the job takes them, before the rate begins. Default: 0. */
  readonly atOnce?: number;
  /** Where the lag is saved, under the name `lag`. */
  readonly directory: string;
}

const STEP_MS = 1;

export function paced(options: PacedOptions): Source<Paced, Stripe, readonly Stripe[]> {
  const dealt = stripes<Paced>(options.records, () => ({ n: 0, emittedMs: 0 }));
  return {
    boundedness: "bounded",
    createReader: (ctx) => new PacedReader(ctx, options),
    createEnumerator: (ctx, restored) => dealt.createEnumerator(ctx, restored),
  };
}

class PacedReader implements SourceReader<Paced, Stripe> {
  readonly #ctx: SourceReaderContext;
  readonly #options: PacedOptions;
  readonly #perMs: number;
  readonly #lag: Durations;
  #stripe: Stripe | undefined;
  #next = 0;
  #noMore = false;
  #isRestored = false;
  /** When the rate began, and at which index of the stripe. */
  #pace: { readonly startMs: number; readonly from: number } | undefined;

  constructor(ctx: SourceReaderContext, options: PacedOptions) {
    this.#ctx = ctx;
    this.#options = options;
    this.#perMs = options.perSecond / 1_000 / ctx.parallelism;
    this.#lag = new Durations();
    this.#pace = undefined;
  }

  start(): void {
    if (this.#stripe === undefined) this.#ctx.requestSplit();
  }

  addSplits([stripe]: readonly Stripe[]): void {
    this.#stripe = stripe;
    this.#next = stripe?.next ?? 0;
    this.#isRestored = this.#next > 0;
    this.#ctx.wake();
  }

  noMoreSplits(): void {
    this.#noMore = true;
    this.#ctx.wake();
  }

  pollNext(output: ReaderOutput<Paced>, recordsMax: number): PollResult {
    const stripe = this.#stripe;
    if (stripe === undefined) return this.#noMore ? "end-of-input" : "nothing-available";
    const emittedMs = preciseNowMs();
    const dueBefore = Math.min(this.#dueBefore(emittedMs, stripe), stripe.end);
    const { ordinal, step } = stripe;
    this.#next = output
      .forSplit(stripe.splitId)
      .collectRange(this.#next, Math.min(dueBefore, this.#next + recordsMax), (index) => ({
        n: ordinal + index * step,
        emittedMs,
      }));
    if (this.#next === stripe.end) return "end-of-input";
    if (this.#next < dueBefore) return "more-available";
    this.#ctx.schedule(STEP_MS, () => this.#ctx.wake());
    return "nothing-available";
  }

  snapshot(): readonly Stripe[] {
    return this.#stripe === undefined ? [] : [{ ...this.#stripe, next: this.#next }];
  }

  close(): void {
    this.#lag.save(this.#options.directory, "lag");
  }

  /** The index before which everything is due. */
  #dueBefore(nowMs: number, { step }: Stripe): number {
    const atOnce = Math.ceil((this.#options.atOnce ?? 0) / step);
    if (this.#next < atOnce) return atOnce;
    this.#pace ??= { startMs: nowMs, from: this.#next };
    const { startMs, from } = this.#pace;
    const due = from + Math.floor((nowMs - startMs) * this.#perMs);
    if (due > this.#next && !this.#isRestored)
      this.#lag.record(nowMs - startMs - (this.#next + 1 - from) / this.#perMs);
    return due;
  }
}
