/**
 * The client's side of `collectAsync()`: what the collect sink sent, as an async iterator.
 *
 * In:    batches from the sink's committers, possibly repeated; the end or the failure of the job.
 * Out:   each value once, in the order of arrival; then the end, or the job's failure as a rejection.
 * State: values that were not yet asked for, at most `bufferMax`, and the ids of the latest batches.
 */
import { Deque } from "../util/deque.ts";
import { MillraceError } from "../util/errors.ts";
import type { JobClient } from "./job-client.ts";
import type { CollectedBatch } from "./sinks/collect-sink.ts";

/** Only batches of checkpoints that were not yet known to be complete are repeated, so the latest ids suffice. */
const BATCH_IDS_MAX = 10_000;

type Ending = { readonly kind: "finished" } | { readonly kind: "failed"; readonly cause: unknown };

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (cause: unknown) => void;
}

export class ResultStream<T> implements AsyncIterableIterator<T, undefined> {
  readonly #bufferMax: number;
  readonly #batchIds = new Set<string>();
  readonly #waiting: Waiting<T>[] = [];
  readonly #buffer = new Deque<T>();
  #ending: Ending | undefined;
  /** The attempt whose values came without a batch id. */
  #attempt: number | undefined;

  constructor(bufferMax: number) {
    this.#bufferMax = bufferMax;
  }

  /** Follows the job to its end. */
  attach(client: JobClient): void {
    client.result().then(
      () => this.#end({ kind: "finished" }),
      (cause: unknown) => this.#end({ kind: "failed", cause }),
    );
  }

  receive(batch: CollectedBatch<T>): void {
    if (this.#ending !== undefined || !this.#isNew(batch)) return;
    for (const value of batch.values) {
      const waiting = this.#waiting.shift();
      if (waiting !== undefined) {
        waiting.resolve({ done: false, value });
      } else if (this.#buffer.length >= this.#bufferMax) {
        this.#end(overflow(this.#bufferMax));
        return;
      } else {
        this.#buffer.push(value);
      }
    }
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#buffer.length > 0) return Promise.resolve({ done: false, value: this.#buffer.shift() as T }); // its length says that there is one
    if (this.#ending === undefined) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    return this.#ending.kind === "finished"
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(this.#ending.cause);
  }

  /** The consumer has seen enough: what comes later is dropped. The job goes on. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#buffer.clear();
    this.#end({ kind: "finished" });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #isNew(batch: CollectedBatch<T>): boolean {
    if (batch.batchId === undefined) return this.#isSameAttempt(batch.attempt);
    if (this.#batchIds.has(batch.batchId)) return false;
    this.#batchIds.add(batch.batchId);
    if (this.#batchIds.size > BATCH_IDS_MAX) {
      for (const oldest of this.#batchIds) {
        this.#batchIds.delete(oldest);
        break;
      }
    }
    return true;
  }

  #isSameAttempt(attempt: number): boolean {
    this.#attempt ??= attempt;
    if (this.#attempt === attempt) return true;
    const cause = new MillraceError(
      "MR1060",
      "the job restarted from its beginning after results had been collected, so they would repeat: call env.enableCheckpointing(...), or use restart strategy noRestart()",
    );
    this.#end({ kind: "failed", cause });
    return false;
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    for (const waiting of this.#waiting.splice(0)) {
      if (ending.kind === "finished") waiting.resolve({ done: true, value: undefined });
      else waiting.reject(ending.cause);
    }
  }
}

function overflow(bufferMax: number): Ending {
  const sentence = `more than ${bufferMax} results wait to be read: read them faster, raise bufferMax, or write them to a sink`;
  return { kind: "failed", cause: new MillraceError("MR1061", sentence) };
}
