/**
 * A sink whose flushes and commits end when the test says so, and that checks its engine: it notes what must not happen in `violations`.
 *
 * The outside world (`committed`) survives restarts: make one `ScriptedOutside` per test and one sink per attempt.
 */
import type {
  CommitRequest,
  Committer,
  Sink,
  SinkContext,
  SinkWriter,
  WriteContext,
} from "../../core/operators/contracts/sink.ts";

export interface Committable {
  readonly values: readonly number[];
}

export type ScriptedVerdict = "commit" | "retry" | "already";

interface Deferred {
  readonly promise: Promise<void>;
  settle(): void;
}

function deferred(): Deferred {
  let settle = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}

/** What all attempts share. */
export class ScriptedOutside {
  readonly committed: number[] = [];
  readonly violations: string[] = [];
  /** Values that a completed checkpoint contains: only they may be seen. */
  durable: ReadonlySet<number> = new Set();
}

export class ScriptedSink
  implements Sink<number, number, Committable>, SinkWriter<number, number, Committable>, Committer<Committable>
{
  ctx: SinkContext | undefined = undefined;
  readonly watermarks: number[] = [];
  readonly flushedAtEnd: boolean[] = [];
  readonly closed: string[] = [];
  readonly #outside: ScriptedOutside;
  readonly #sync: boolean;
  #unflushed: number[] = [];
  #flushed: number[] = [];
  #flush: Deferred | undefined;
  #commit: { readonly requests: readonly CommitRequest<Committable>[]; readonly deferred: Deferred } | undefined;
  /** Values of restored committables that are not visible yet. */
  #owed: Set<number>;
  /** Values that are in committables, restored ones included, and of which no commit has succeeded. */
  readonly #prepared: Set<number>;
  #completedId = -Infinity;

  constructor(outside: ScriptedOutside, options: { readonly sync: boolean; readonly owed?: readonly number[] }) {
    this.#outside = outside;
    this.#sync = options.sync;
    this.#owed = new Set(options.owed ?? []);
    this.#prepared = new Set(this.#owed);
  }

  createWriter(ctx: SinkContext, restored: readonly number[]): SinkWriter<number, number, Committable> {
    this.ctx = ctx;
    this.#flushed = [...restored];
    return { ...this.#methods(), close: () => void this.closed.push("writer") };
  }

  createCommitter(): Committer<Committable> {
    return { commit: (requests) => this.commit(requests), close: () => void this.closed.push("committer") };
  }

  write(value: number, _ctx: WriteContext): void {
    if (this.#flush !== undefined) this.#violated("wrote while a flush was under way");
    if (this.#owed.size > 0) this.#violated("wrote before everything restored was committed");
    this.#unflushed.push(value);
  }

  flush(endOfInput: boolean): void | Promise<void> {
    if (this.#flush !== undefined) this.#violated("flushed twice at a time");
    this.flushedAtEnd.push(endOfInput);
    if (this.#sync) return this.#flushed.push(...this.#unflushed.splice(0)) < 0 ? undefined : undefined;
    this.#flush = deferred();
    return this.#flush.promise;
  }

  prepareCommit(): readonly Committable[] {
    if (this.#unflushed.length > 0) this.#violated("prepared a commit of what was not flushed");
    if (this.#flushed.length === 0) return [];
    const values = this.#flushed.splice(0);
    for (const value of values) this.#prepared.add(value);
    return [{ values }];
  }

  snapshot(_checkpointId: number, uncommitted: readonly Committable[]): readonly number[] {
    if (this.#unflushed.length > 0) this.#violated("saved what was not flushed");
    const told = uncommitted.flatMap(({ values }) => values);
    if (told.join() !== [...this.#prepared].join())
      this.#violated(`${told.join()} was said to be uncommitted, but ${[...this.#prepared].join()} is`);
    return [...this.#flushed];
  }

  checkpointCompleted(checkpointId: number): void {
    if (checkpointId <= this.#completedId) this.#violated("heard twice of a checkpoint, or in another order");
    this.#completedId = checkpointId;
  }

  commit(requests: readonly CommitRequest<Committable>[]): void | Promise<void> {
    if (this.#commit !== undefined) this.#violated("called commit twice at a time");
    for (const value of requests.flatMap((request) => request.committable.values)) {
      if (!this.#outside.durable.has(value)) this.#violated(`committed ${value} before its checkpoint was complete`);
    }
    if (this.#sync) return this.#decide(requests, []);
    this.#commit = { requests, deferred: deferred() };
    return this.#commit.deferred.promise;
  }

  settleFlush(): void {
    this.#flushed.push(...this.#unflushed.splice(0));
    const flush = this.#flush;
    this.#flush = undefined;
    flush?.settle();
  }

  /** One verdict per request; `commit` where there is none. */
  settleCommit(verdicts: readonly ScriptedVerdict[] = []): void {
    const commit = this.#commit;
    this.#commit = undefined;
    if (commit !== undefined) this.#decide(commit.requests, verdicts);
    commit?.deferred.settle();
  }

  #decide(requests: readonly CommitRequest<Committable>[], verdicts: readonly ScriptedVerdict[]): void {
    for (const [at, request] of requests.entries()) {
      const verdict = verdicts[at] ?? "commit";
      if (verdict === "retry") {
        request.retryLater();
        continue;
      }
      if (verdict === "already") request.signalAlreadyCommitted();
      this.#outside.committed.push(...request.committable.values);
      for (const value of request.committable.values) {
        this.#owed.delete(value);
        this.#prepared.delete(value);
      }
    }
  }

  #violated(what: string): void {
    this.#outside.violations.push(what);
  }

  #methods(): SinkWriter<number, number, Committable> {
    return {
      write: (value, ctx) => this.write(value, ctx),
      writeWatermark: (watermarkMs) => void this.watermarks.push(watermarkMs),
      flush: (endOfInput) => this.flush(endOfInput),
      prepareCommit: () => this.prepareCommit(),
      snapshot: (checkpointId, uncommitted) => this.snapshot(checkpointId, uncommitted),
      checkpointCompleted: (checkpointId) => this.checkpointCompleted(checkpointId),
    };
  }
}
