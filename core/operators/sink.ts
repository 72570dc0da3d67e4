/**
 * The operator behind `stream.sinkTo(sink)`: the sink's writer, and behind it what commits (`commits.ts`).
 *
 * In:    records and watermarks of one input; barriers, completed checkpoints.
 * Out:   calls of the writer and the committer. At a barrier: `flush`, `prepareCommit`, for a savepoint `keepForSavepoint`, `snapshot`, in this order,
 *        nothing written in between. Of a completed checkpoint the writer hears first, then its committables are committed.
 * State: the list `writer`: what the writer returns. The list `committables`: all that is not yet visible.
 *
 * While a flush is under way, and until everything restored is committed, nothing is to be written, so the chain is blocked; what an operator in the
 * same chain overdraws meanwhile waits here and is flushed as well, before the barrier passes.
 */
import type { Counter } from "../metrics/registry.ts";
import type { OperatorListState } from "../state/handles.ts";
import type { TimeMs } from "../time/clock.ts";
import { MillraceError, assert } from "../util/errors.ts";
import { COMMITTABLES, Commits } from "./commits.ts";
import type { SavedCommittable } from "./commits.ts";
import type { Committer, Sink, SinkContext, SinkWriter, WriteContext } from "./contracts/sink.ts";
import type { WriterToCoordinator } from "./contracts/sink-events.ts";
import { NO_TIMESTAMP } from "./operator.ts";
import type { Availability, Input, Operator, OperatorServices, Pending } from "./operator.ts";

export interface SinkOptions<T, W, C> {
  readonly sink: Sink<T, W, C>;
}

class RecordContext implements WriteContext {
  timestampMs: TimeMs = NO_TIMESTAMP;
  currentWatermarkMs: TimeMs;

  constructor(currentWatermarkMs: TimeMs) {
    this.currentWatermarkMs = currentWatermarkMs;
  }
}

/** Arrived while nothing may be written. */
type Waiting<T> =
  | { readonly kind: "record"; readonly value: T; readonly timestampMs: TimeMs }
  | { readonly kind: "watermark"; readonly watermarkMs: TimeMs };

interface Progress {
  readonly checkpointId: number;
  readonly records: number;
  readonly watermarks: number;
}

const NOTHING: Progress = { checkpointId: Number.NaN, records: 0, watermarks: 0 };

class SinkOperator<T, W, C> implements Operator, Input<T> {
  readonly inputs: readonly Input<never>[];
  readonly #services: OperatorServices<never>;
  readonly #availability: Availability;
  readonly #writer: SinkWriter<T, W, C>;
  readonly #committer: Committer<C> | undefined;
  readonly #commits: Commits<C> | undefined;
  readonly #context: RecordContext;
  readonly #sent: Counter;
  readonly #writerStates: OperatorListState<W>;
  readonly #committables: OperatorListState<SavedCommittable<C>>;
  /** A flush is under way, or restored committables are not visible yet: nothing is written. */
  #closed = false;
  /** Keeping what a savepoint contains is the last part of the flush before it. */
  #flushing = false;
  #waiting: Waiting<T>[] = [];
  #ended = false;
  /** That the writer was told of: it may write for them. */
  #watermarks = 0;
  /** For which checkpoint, and after how many calls, the writer was last flushed and prepared: another one in between asks for both again. */
  #flushedFor: Progress = NOTHING;
  #preparedFor: Progress = NOTHING;

  constructor(services: OperatorServices<never>, options: SinkOptions<T, W, C>) {
    const { sink } = options;
    const context = sinkContext(services);
    this.inputs = [this];
    this.#services = services;
    this.#availability = services.availability;
    this.#writerStates = services.operatorState.list("writer", sink.writerState ?? "split");
    this.#committables = services.operatorState.list(COMMITTABLES, "together");
    const restored = this.#committables.get();
    if (restored.length > 0 && sink.createCommitter === undefined) throw nobodyCommits(restored.length);
    this.#committer = sink.createCommitter?.(context);
    this.#commits =
      this.#committer && new Commits(this.#committer, services, { restored, onQuiet: () => this.#onQuiet() });
    this.#writer = sink.createWriter(context, [...this.#writerStates.get()]);
    this.#context = new RecordContext(services.restoredWatermarkMs);
    this.#sent = services.metrics.counter("numRecordsSend");
    if (restored.length === 0) return;
    this.#close();
    services.execute(() => this.#commits?.run());
  }

  /** Atomic only at the end of input: the last flush has no barrier to wait for it. */
  get pending(): Pending {
    return this.#ended && (this.#flushing || this.#waiting.length > 0) ? "atomic" : "none";
  }

  get settled(): boolean {
    return !this.#flushing && (this.#commits?.empty ?? true);
  }

  get watermarkMs(): TimeMs {
    return this.#context.currentWatermarkMs;
  }

  /** Hot. */
  processRecord(value: T, timestampMs: TimeMs): void {
    if (this.#closed) return this.#wait({ kind: "record", value, timestampMs });
    this.#context.timestampMs = timestampMs;
    this.#sent.count++;
    this.#writer.write(value, this.#context);
  }

  processWatermark(watermarkMs: TimeMs): void {
    if (this.#closed) return this.#wait({ kind: "watermark", watermarkMs });
    this.#context.currentWatermarkMs = watermarkMs;
    if (this.#writer.writeWatermark === undefined) return;
    this.#watermarks += 1;
    this.#writer.writeWatermark(watermarkMs);
  }

  processIdle(): void {
    // A sink waits for nobody.
  }

  resume(): void {
    // The last flush goes on by itself, and blocks the chain until it ends.
  }

  endInput(): void {
    assert(!this.#flushing, "a sink's input ends after the barrier has passed");
    this.#ended = true;
    this.#flush(Number.NaN);
  }

  prepareBarrier(checkpointId: number, { savepoint }: { readonly savepoint: boolean }): boolean {
    // Until what was restored is visible no checkpoint completes, here or elsewhere, and so nothing newer becomes visible before it: with another parallelism
    // the records of one key may now come through another subtask.
    if (this.#flushing || this.#commits?.caughtUp === false) return false;
    if (this.#is(this.#preparedFor, checkpointId)) return true;
    if (this.#waiting.length > 0) return false;
    if (!this.#ended && !this.#is(this.#flushedFor, checkpointId)) this.#flush(checkpointId);
    if (this.#flushing) return false;
    if (this.#commits !== undefined) this.#commits.add(checkpointId, this.#writer.prepareCommit?.(checkpointId) ?? []);
    this.#preparedFor = this.#at(checkpointId);
    if (savepoint) this.#keep();
    return !this.#flushing;
  }

  snapshot(checkpointId: number): void {
    assert(
      this.#is(this.#preparedFor, checkpointId),
      `a sink writes nothing between its flush and its snapshot ${checkpointId}`,
    );
    this.#writerStates.update(this.#writer.snapshot?.(checkpointId, this.#uncommitted()) ?? []);
    this.#committables.update(this.#commits?.saved ?? []);
  }

  checkpointCompleted(checkpointId: number): void {
    this.#writer.checkpointCompleted?.(checkpointId);
    this.#commits?.completed(checkpointId);
  }

  close(): Promise<void> {
    return closeBoth(this.#writer, this.#committer);
  }

  #at(checkpointId: number): Progress {
    return { checkpointId, records: this.#sent.count, watermarks: this.#watermarks };
  }

  #is(progress: Progress, checkpointId: number): boolean {
    const { records, watermarks } = progress;
    return progress.checkpointId === checkpointId && records === this.#sent.count && watermarks === this.#watermarks;
  }

  #flush(checkpointId: number): void {
    this.#flushedFor = this.#at(checkpointId);
    this.#await(this.#writer.flush?.(this.#ended));
  }

  /** Everything that is not visible yet, whichever checkpoint it was prepared for: a failure may take the job back behind that one too. */
  #keep(): void {
    const committables = this.#uncommitted();
    if (committables.length > 0) this.#await(this.#committer?.keepForSavepoint?.(committables));
  }

  #uncommitted(): readonly C[] {
    return this.#commits?.saved.map(({ committable }) => committable) ?? [];
  }

  /** Blocks the chain for as long as the promise is open. */
  #await(flushed: void | Promise<void>): void {
    if (flushed === undefined) return;
    this.#flushing = true;
    this.#close();
    flushed.then(
      () => this.#services.execute(() => this.#flushEnded()),
      (error: unknown) => this.#services.execute(() => this.#services.fail(error)),
    );
  }

  #flushEnded(): void {
    this.#flushing = false;
    this.#reopen();
    this.#services.wake();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#availability.block();
  }

  /** Once no reason is left to keep closed. What waited is written now. */
  #reopen(): void {
    if (!this.#closed || this.#flushing || this.#commits?.caughtUp === false) return;
    this.#closed = false;
    this.#availability.unblock();
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const one of waiting) {
      if (one.kind === "record") this.processRecord(one.value, one.timestampMs);
      else this.processWatermark(one.watermarkMs);
    }
    if (this.#ended) this.#flush(Number.NaN);
  }

  #wait(waiting: Waiting<T>): void {
    this.#waiting.push(waiting);
  }

  /** Commits have nothing to do for now: the restored ones are through, or a task that waits to finish may. */
  #onQuiet(): void {
    this.#reopen();
    this.#services.wake();
  }
}

function sinkContext(services: OperatorServices<never>): SinkContext {
  const { task, availability } = services;
  return {
    subtaskIndex: task.subtaskIndex,
    parallelism: task.parallelism,
    attempt: task.attempt,
    masterToken: task.masterToken,
    jobName: task.jobName,
    jobId: task.jobId,
    restored: services.restored,
    metrics: services.metrics,
    config: services.config,
    nowMs: () => services.clock.nowMs(),
    block: () => availability.block(),
    unblock: () => availability.unblock(),
    execute: (mail) => services.execute(mail),
    schedule: (delayMs, mail) => services.schedule(delayMs, mail),
    sendToClient: (value) => {
      const event: WriterToCoordinator = { type: "to-client", value };
      services.sendEvent(event);
    },
    fail: (error) => services.fail(error),
  };
}

type Closable = Pick<SinkWriter<never, never, never>, "close">;

/** Both, also if the writer's fails. */
async function closeBoth(writer: Closable, committer: Closable | undefined): Promise<void> {
  try {
    await writer.close?.();
  } finally {
    await committer?.close?.();
  }
}

function nobodyCommits(count: number): MillraceError {
  return new MillraceError(
    "MR3025",
    `the snapshot holds ${count} committables of this sink, but the sink has no committer any more: give it one, or start without the sink's state`,
    { retryable: false },
  );
}

export function createOperator<T, W, C>(services: OperatorServices<never>, options: SinkOptions<T, W, C>): Operator {
  return new SinkOperator(services, options);
}
