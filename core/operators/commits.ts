/**
 * The committing half of a sink: what checkpoints contain and the outside world does not see yet.
 *
 * In:    committables with the checkpoint that contains them; completed checkpoints.
 * Out:   calls of the committer, one at a time, each with all that may be committed by then, in the order of the checkpoints.
 * State: a committable stays in `saved` until its commit succeeded (or it is given up for a known reason), so that a checkpoint taken while a commit
 *        is under way contains it still. What was restored belongs to a completed checkpoint and is committed at once, again if need be.
 *
 * What is given up for a known reason is lost: a warning names it, since nothing else would.
 *
 * A commit that asks for a retry is repeated after 100 ms, 200 ms, … 10 s; what completes meanwhile joins that call, so the order is kept. After
 * `sink.committer.retries` of them the job fails: the restart commits again, and the restart strategy says how often.
 */
import type { Counter } from "../metrics/registry.ts";
import { OPTIONS } from "../util/config.ts";
import { asError, isMillraceError, located, MillraceError } from "../util/errors.ts";
import type { CommitRequest, Committer } from "./contracts/sink.ts";
import type { OperatorServices } from "./operator.ts";

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 10_000;

/** Name of the list in which a sink's operator saves them. */
export const COMMITTABLES = "committables";

export interface SavedCommittable<C> {
  readonly checkpointId: number;
  readonly committable: C;
}

type Verdict =
  | { readonly kind: "committed" | "already-committed" | "retry" }
  | { readonly kind: "known-failure" | "unknown-failure"; readonly error: unknown };

const COMMITTED: Verdict = { kind: "committed" };

class Request<C> implements CommitRequest<C> {
  readonly checkpointId: number;
  committable: C;
  retries = 0;
  /** What holds if the committer says nothing. */
  verdict: Verdict = COMMITTED;

  constructor(saved: SavedCommittable<C>) {
    this.checkpointId = saved.checkpointId;
    this.committable = saved.committable;
  }

  retryLater(): void {
    this.verdict = { kind: "retry" };
  }

  updateAndRetryLater(committable: C): void {
    this.committable = committable;
    this.retryLater();
  }

  signalAlreadyCommitted(): void {
    this.verdict = { kind: "already-committed" };
  }

  signalFailedWithKnownReason(error: unknown): void {
    this.verdict = { kind: "known-failure", error };
  }

  signalFailedWithUnknownReason(error: unknown): void {
    this.verdict = { kind: "unknown-failure", error };
  }
}

interface CommitCounters {
  readonly total: Counter;
  readonly successful: Counter;
  readonly failed: Counter;
  readonly retried: Counter;
  readonly alreadyCommitted: Counter;
}

export class Commits<C> {
  readonly #committer: Committer<C>;
  readonly #services: OperatorServices<never>;
  /** Called after each round that left nothing to do now. */
  readonly #onQuiet: () => void;
  readonly #retriesMax: number;
  readonly #counters: CommitCounters;
  /** Not yet visible, in the order of the checkpoints. */
  #open: Request<C>[];
  /** Restored ones that are still open: they are committed whatever completes. */
  #restoredOpen: number;
  #completedId = -Infinity;
  #phase: "quiet" | "committing" | "backing-off" = "quiet";
  #backoffMs = BACKOFF_MS_MIN;

  constructor(
    committer: Committer<C>,
    services: OperatorServices<never>,
    options: { readonly restored: readonly SavedCommittable<C>[]; readonly onQuiet: () => void },
  ) {
    this.#committer = committer;
    this.#services = services;
    this.#onQuiet = options.onQuiet;
    this.#open = options.restored.map((saved) => new Request(saved));
    this.#restoredOpen = this.#open.length;
    this.#retriesMax = services.config.get(OPTIONS.committerRetries);
    const { metrics } = services;
    metrics.gauge("pendingCommittables", () => this.#open.length);
    this.#counters = {
      total: metrics.counter("totalCommittables"),
      successful: metrics.counter("successfulCommittables"),
      failed: metrics.counter("failedCommittables"),
      retried: metrics.counter("retriedCommittables"),
      alreadyCommitted: metrics.counter("alreadyCommittedCommittables"),
    };
  }

  /** What the coming checkpoint must contain. */
  get saved(): SavedCommittable<C>[] {
    return this.#open.map(({ checkpointId, committable }) => ({ checkpointId, committable }));
  }

  /** Nothing is open and nothing under way. */
  get empty(): boolean {
    return this.#open.length === 0 && this.#phase === "quiet";
  }

  /** Everything that was restored is visible. */
  get caughtUp(): boolean {
    return this.#restoredOpen === 0;
  }

  add(checkpointId: number, committables: readonly C[]): void {
    for (const committable of committables) this.#open.push(new Request({ checkpointId, committable }));
  }

  /** Every committable up to that checkpoint may be seen. Aborted checkpoints among them: a later one contains their committables. */
  completed(checkpointId: number): void {
    this.#completedId = Math.max(this.#completedId, checkpointId);
    this.run();
  }

  /** Starts a round unless one is under way; the end of that round starts the next. */
  run(): void {
    if (this.#phase !== "quiet") return;
    const due = this.#open.filter(
      (request, at) => at < this.#restoredOpen || request.checkpointId <= this.#completedId,
    );
    if (due.length === 0) return this.#onQuiet();
    for (const request of due) request.verdict = COMMITTED;
    this.#phase = "committing";
    const outcome = this.#committer.commit(due);
    if (outcome === undefined) return this.#finish(due);
    outcome.then(
      () => this.#services.execute(() => this.#finish(due)),
      (error: unknown) => this.#services.execute(() => this.#services.fail(error)),
    );
  }

  #finish(due: readonly Request<C>[]): void {
    const fatal = due.find((request) => request.verdict.kind === "unknown-failure");
    if (fatal !== undefined) return this.#services.fail(commitFailed(fatal));
    const endless = due.find(({ verdict, retries }) => verdict.kind === "retry" && retries >= this.#retriesMax);
    if (endless !== undefined) return this.#services.fail(tooManyRetries(endless));
    this.#warn(due);
    const done = new Set(due.filter((request) => this.#count(request)));
    this.#restoredOpen = this.#open.slice(0, this.#restoredOpen).filter((request) => !done.has(request)).length;
    this.#open = this.#open.filter((request) => !done.has(request));
    if (done.size < due.length) return this.#backOff();
    this.#backoffMs = BACKOFF_MS_MIN;
    this.#phase = "quiet";
    this.run();
  }

  /** Once per checkpoint and reason, since a server that refuses one committable refuses many. */
  #warn(due: readonly Request<C>[]): void {
    const givenUp = new Map<string, number>();
    for (const { checkpointId, verdict } of due) {
      if (verdict.kind !== "known-failure") continue;
      const what = `of checkpoint ${checkpointId}, whose records are lost: ${asError(verdict.error).message}`;
      givenUp.set(what, (givenUp.get(what) ?? 0) + 1);
    }
    for (const [what, count] of givenUp)
      this.#services.warn(`the sink gave up ${count} committable${count === 1 ? "" : "s"} ${what}`);
  }

  /** True if the request is settled. */
  #count(request: Request<C>): boolean {
    const { kind } = request.verdict;
    if (kind === "retry") {
      request.retries++;
      this.#counters.retried.count++;
      return false;
    }
    this.#counters.total.count++;
    if (kind === "committed") this.#counters.successful.count++;
    else if (kind === "already-committed") this.#counters.alreadyCommitted.count++;
    else this.#counters.failed.count++;
    return true;
  }

  #backOff(): void {
    this.#phase = "backing-off";
    this.#services.schedule(this.#backoffMs, () => {
      this.#phase = "quiet";
      this.run();
    });
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS_MAX);
  }
}

function tooManyRetries({ checkpointId, retries }: Request<unknown>): MillraceError {
  return new MillraceError(
    "MR3024",
    `the sink could not commit what checkpoint ${checkpointId} contains: its committer asked for another try after ${retries} retries; ` +
      `the restart tries again, and ${OPTIONS.committerRetries.key} allows more of them before`,
  );
}

function commitFailed(request: Request<unknown>): MillraceError {
  const cause = request.verdict.kind === "unknown-failure" ? request.verdict.error : undefined;
  const what = `the sink could not commit what checkpoint ${request.checkpointId} contains`;
  if (isMillraceError(cause)) return located(cause, what);
  return new MillraceError("MR3024", `${what}: ${asError(cause).message}; the restart tries again`, { cause });
}
