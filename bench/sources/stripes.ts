/**
 * Records by number, dealt out to the subtasks like cards: of three, the second makes 1, 4, 7, … So all subtasks are at about the same number at a time,
 * which keeps event time together where it follows the number. The total is the same at any parallelism.
 *
 * In:    how many records, and the function that makes the record of a number. Out: a bounded source of the public API.
 * State: a split is its own position: the `next` of its stripe, counted within the stripe.
 */
import type {
  PollResult,
  ReaderOutput,
  Source,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from "millrace";

/** The numbers `ordinal + index * step` for each `index` from `next` to before `end`. */
export interface Stripe extends SourceSplit {
  readonly ordinal: number;
  readonly step: number;
  readonly next: number;
  readonly end: number;
}

export function stripes<T>(records: number, recordOf: (number: number) => T): Source<T, Stripe, readonly Stripe[]> {
  return {
    boundedness: "bounded",
    createReader: (ctx) => new StripeReader(ctx, recordOf),
    createEnumerator: (ctx, restored) => new StripeEnumerator(ctx, restored ?? dealt(records, ctx.parallelism)),
  };
}

function dealt(records: number, step: number): readonly Stripe[] {
  return Array.from({ length: step }, (_, ordinal) => ({
    splitId: String(ordinal),
    ordinal,
    step,
    next: 0,
    end: Math.ceil(Math.max(records - ordinal, 0) / step),
  }));
}

/** A subtask reads its own stripe only. */
class StripeEnumerator implements SplitEnumerator<Stripe, readonly Stripe[]> {
  readonly #ctx: SplitEnumeratorContext<Stripe>;
  #pending: readonly Stripe[];

  constructor(ctx: SplitEnumeratorContext<Stripe>, pending: readonly Stripe[]) {
    this.#ctx = ctx;
    this.#pending = pending;
  }

  handleSplitRequest(subtask: number): void {
    const own = this.#pending.filter(({ ordinal }) => ordinal % this.#ctx.parallelism === subtask);
    this.#pending = this.#pending.filter((stripe) => !own.includes(stripe));
    if (own.length > 0) this.#ctx.assignSplits(subtask, own);
    this.#ctx.signalNoMoreSplits(subtask);
  }

  addSplitsBack(stripesBack: readonly Stripe[]): void {
    this.#pending = [...this.#pending, ...stripesBack];
  }

  snapshot(): readonly Stripe[] {
    return this.#pending;
  }
}

class StripeReader<T> implements SourceReader<T, Stripe> {
  readonly #ctx: SourceReaderContext;
  readonly #recordOf: (number: number) => T;
  readonly #waiting: Stripe[] = [];
  #stripe: Stripe | undefined;
  #next = 0;
  #make: (index: number) => T;
  #output: SourceOutput<T> | undefined;
  #noMore = false;

  constructor(ctx: SourceReaderContext, recordOf: (number: number) => T) {
    this.#ctx = ctx;
    this.#recordOf = recordOf;
    this.#make = recordOf;
  }

  /** Also after a restore: whether more stripes come is for the enumerator to say. */
  start(): void {
    this.#ctx.requestSplit();
  }

  addSplits(added: readonly Stripe[]): void {
    this.#waiting.push(...added);
    if (this.#stripe === undefined) this.#begin();
    this.#ctx.wake();
  }

  noMoreSplits(): void {
    this.#noMore = true;
    this.#ctx.wake();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    const stripe = this.#stripe;
    if (stripe === undefined) return this.#noMore ? "end-of-input" : "nothing-available";
    this.#output ??= output.forSplit(stripe.splitId);
    this.#next = this.#output.collectRange(this.#next, Math.min(this.#next + recordsMax, stripe.end), this.#make);
    if (this.#next === stripe.end) {
      output.release(stripe.splitId);
      this.#begin();
    }
    return "more-available";
  }

  snapshot(): readonly Stripe[] {
    return this.#stripe === undefined ? [] : [{ ...this.#stripe, next: this.#next }, ...this.#waiting];
  }

  #begin(): void {
    const stripe = this.#waiting.shift();
    this.#stripe = stripe;
    this.#output = undefined;
    if (stripe === undefined) return;
    const { ordinal, step } = stripe;
    const recordOf = this.#recordOf;
    this.#next = stripe.next;
    this.#make = step === 1 ? recordOf : (index) => recordOf(ordinal + index * step);
  }
}
