/**
 * Runs a sink without an engine: its writers, its committers, and checkpoints as the engine takes them, for tests of connectors.
 *
 * In:    records per subtask; `barrier`, `complete`, `savepoint`; a new harness with `restored` is a restart, at any parallelism.
 * Out:   what the sink does to the outside; `completed`, the newest complete checkpoint; the first failure.
 * State: per open checkpoint, writer states and committables. Committables of aborted checkpoints go with the next one.
 */
import type { CommitRequest, Committer, Sink, SinkContext, SinkWriter } from "../../core/operators/contracts/sink.ts";
import { Config } from "../../core/util/config.ts";
import { asError } from "../../core/util/errors.ts";
import { HarnessMetrics } from "./harness-metrics.ts";
import { ManualClock } from "./manual-clock.ts";

export interface SinkSnapshot<W, C> {
  readonly writerStates: readonly W[];
  /** All that is not known to be committed. */
  readonly committables: readonly C[];
}

export interface SinkHarnessOptions<T, W, C> {
  readonly sink: Sink<T, W, C>;
  /** Default: 1. */
  readonly parallelism?: number;
  readonly attempt?: number;
  /** Default: `"harness"`. */
  readonly jobId?: string;
  readonly restored?: SinkSnapshot<W, C> | undefined;
  readonly clock?: ManualClock;
  /** Lets I/O go on. Default: waits for Node's. */
  readonly pump?: () => void;
}

/** Of which subtask: whose writer prepared it, or hears of it after a restart. */
interface Uncommitted<C> {
  readonly committable: C;
  readonly subtask: number;
}

interface Slot<T, W, C> {
  readonly writer: SinkWriter<T, W, C>;
  readonly committer: Committer<C> | undefined;
  blocked: number;
}

export class SinkHarness<T, W, C> {
  readonly clock: ManualClock;
  readonly metrics: HarnessMetrics = new HarnessMetrics();
  readonly sent: unknown[] = [];
  failure: Error | undefined;
  /** Signals of committers, in order. */
  readonly signals: string[] = [];
  completed: SinkSnapshot<W, C> | undefined;
  readonly #mails: (() => void)[] = [];
  readonly #slots: Slot<T, W, C>[] = [];
  readonly #pump: (() => void) | undefined;
  readonly #checkpoints = new Map<number, SinkSnapshot<W, C>>();
  #uncommitted: Uncommitted<C>[];
  #closing = false;

  constructor({
    sink,
    parallelism = 1,
    attempt = 0,
    jobId = "harness",
    restored,
    clock = new ManualClock(),
    pump,
  }: SinkHarnessOptions<T, W, C>) {
    this.clock = clock;
    this.#pump = pump;
    this.completed = restored;
    this.#uncommitted = (restored?.committables ?? []).map((committable, index) => ({
      committable,
      subtask: index % parallelism,
    }));
    const states = restored?.writerStates ?? [];
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const own = sink.writerState === "union" ? states : states.filter((_, index) => index % parallelism === subtask);
      const slot = { blocked: 0 } as Slot<T, W, C>; // completed by the next line
      this.#slots.push(
        Object.assign(
          slot,
          this.#open(
            sink,
            this.#context(slot, { subtask, parallelism, attempt, jobId, restored: restored !== undefined }),
            own,
          ),
        ),
      );
    }
  }

  /** Commits what the restored checkpoint contains, as the engine does before the first record. */
  async start(): Promise<void> {
    await this.#commit(this.#committables());
    await this.settle(() => this.#slots.every(({ blocked }) => blocked === 0));
  }

  blocked(subtask: number): boolean {
    return (this.#slots[subtask]?.blocked ?? 0) > 0;
  }

  /** Waits while the writer blocks. */
  async write(subtask: number, value: T): Promise<void> {
    await this.settle(() => !this.blocked(subtask));
    this.writeNow(subtask, value);
  }

  /** Although it blocks, as an operator of the same chain may. */
  writeNow(subtask: number, value: T): void {
    this.#slots[subtask]?.writer.write(value, { timestampMs: 0, currentWatermarkMs: -Infinity });
  }

  /** Flush, prepare and snapshot of every subtask. */
  async barrier(checkpointId: number, endOfInput = false): Promise<void> {
    const writerStates: W[] = [];
    for (const [subtask, { writer, committer }] of this.#slots.entries()) {
      await this.#awaited(writer.flush?.(endOfInput));
      const prepared = writer.prepareCommit?.(checkpointId) ?? [];
      if (committer !== undefined) this.#uncommitted.push(...prepared.map((committable) => ({ committable, subtask })));
      writerStates.push(...(writer.snapshot?.(checkpointId, this.#committables(subtask)) ?? []));
    }
    this.#checkpoints.set(checkpointId, { writerStates, committables: this.#committables() });
  }

  /** A barrier whose checkpoint nobody commits, but which somebody may start from: what it contains. */
  async savepoint(checkpointId: number): Promise<SinkSnapshot<W, C>> {
    await this.barrier(checkpointId);
    for (const [index, { committer }] of this.#slots.entries())
      await this.#awaited(committer?.keepForSavepoint?.(this.#dealtTo(index, this.#committables())));
    return this.#checkpoints.get(checkpointId) ?? { writerStates: [], committables: [] };
  }

  /** The checkpoint is complete: saved, whatever happens next. */
  markComplete(checkpointId: number): void {
    this.completed = this.#checkpoints.get(checkpointId) ?? this.completed;
  }

  /** Completes the checkpoint, tells the writers, and commits what it contains. */
  async complete(checkpointId: number): Promise<void> {
    this.markComplete(checkpointId);
    for (const { writer } of this.#slots) writer.checkpointCompleted?.(checkpointId);
    await this.#commit(this.#checkpoints.get(checkpointId)?.committables ?? []);
  }

  /** In every case, also after a failure, which it does not throw again. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { writer, committer } of this.#slots) {
      await this.#awaited(writer.close?.());
      await this.#awaited(committer?.close?.());
    }
  }

  /** Lets mails and I/O go on until `isDone`. Throws the failure. */
  async settle(isDone: () => boolean = () => true): Promise<void> {
    for (;;) {
      for (let mail = this.#mails.shift(); mail !== undefined; mail = this.#mails.shift()) mail();
      if (this.failure !== undefined && !this.#closing) throw this.failure;
      if (isDone()) return;
      if (this.#pump === undefined) await new Promise((resolve) => setImmediate(resolve));
      else {
        this.#pump();
        await Promise.resolve();
      }
    }
  }

  async #commit(committables: readonly C[]): Promise<void> {
    // Dealt out, so that a committer gets what other writers prepared.
    for (const [index, { committer }] of this.#slots.entries()) {
      let requests = this.#dealtTo(index, committables).map(
        (committable) => new HarnessRequest(committable, this.signals),
      );
      while (requests.length > 0 && committer !== undefined) {
        await this.#awaited(committer.commit(requests));
        const lost = requests.find(({ error }) => error !== undefined);
        if (lost !== undefined) throw lost.error;
        for (const request of requests)
          if (!request.again)
            this.#uncommitted = this.#uncommitted.filter(({ committable }) => committable !== request.original);
        requests = requests.filter(({ again }) => again).map((request) => request.next());
      }
    }
  }

  /** All that is open, or what is of one subtask. */
  #committables(subtask?: number): readonly C[] {
    const open = this.#uncommitted.filter((one) => subtask === undefined || one.subtask === subtask);
    return open.map(({ committable }) => committable);
  }

  #dealtTo(subtask: number, committables: readonly C[]): readonly C[] {
    return committables.filter((_, place) => place % this.#slots.length === subtask);
  }

  async #awaited(work: void | Promise<void>): Promise<void> {
    if (work === undefined) return;
    let settled = false as boolean; // a callback sets it
    let failure = undefined as { readonly error: unknown } | undefined; // as above
    work.then(
      () => (settled = true),
      (error: unknown) => {
        failure = { error };
        settled = true;
      },
    );
    await this.settle(() => settled);
    if (failure !== undefined) throw failure.error;
  }

  #open(sink: Sink<T, W, C>, ctx: SinkContext, states: readonly W[]): Pick<Slot<T, W, C>, "writer" | "committer"> {
    const committer = sink.createCommitter?.(ctx);
    return { writer: sink.createWriter(ctx, states), committer };
  }

  #context(
    slot: Slot<T, W, C>,
    at: {
      readonly subtask: number;
      readonly parallelism: number;
      readonly attempt: number;
      readonly jobId: string;
      readonly restored: boolean;
    },
  ): SinkContext {
    return {
      subtaskIndex: at.subtask,
      parallelism: at.parallelism,
      attempt: at.attempt,
      masterToken: 1,
      jobName: "harness",
      jobId: at.jobId,
      restored: at.restored,
      metrics: this.metrics,
      config: new Config(),
      nowMs: () => this.clock.nowMs(),
      block: () => void slot.blocked++,
      unblock: () => void slot.blocked--,
      execute: (mail) => void this.#mails.push(mail),
      schedule: (delayMs, mail) => this.clock.schedule(delayMs, () => this.#mails.push(mail)),
      sendToClient: (value) => void this.sent.push(value),
      fail: (error) => {
        this.failure ??= asError(error);
      },
    };
  }
}

class HarnessRequest<C> implements CommitRequest<C> {
  committable: C;
  readonly original: C;
  readonly retries: number;
  again = false;
  error: unknown;
  readonly #signals: string[];

  constructor(committable: C, signals: string[], retries = 0, original: C = committable) {
    this.committable = committable;
    this.original = original;
    this.retries = retries;
    this.#signals = signals;
  }

  next(): HarnessRequest<C> {
    return new HarnessRequest(this.committable, this.#signals, this.retries + 1, this.original);
  }

  retryLater(): void {
    this.#signals.push("retry");
    this.again = true;
  }

  updateAndRetryLater(committable: C): void {
    this.committable = committable;
    this.retryLater();
  }

  signalAlreadyCommitted(): void {
    this.#signals.push("already committed");
  }

  signalFailedWithKnownReason(): void {
    this.#signals.push("known reason");
  }

  signalFailedWithUnknownReason(error: unknown): void {
    this.#signals.push("unknown reason");
    this.error = error;
  }
}
