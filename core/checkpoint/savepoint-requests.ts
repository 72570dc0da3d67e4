/**
 * Savepoints that users ask for: begun at once, or as soon as no task is about to finish.
 *
 * In:    requests, and what happens to the tasks. Out: calls of `begin`; refusals.
 * State: the requests that wait; whether a savepoint that stops the job is under way, after which nothing else may begin.
 *
 * A task whose end is in a complete checkpoint may be gone before a trigger reaches it, so that a savepoint of that moment would fail, and one that stops the
 * job would take the job with it. So the request waits until the task has said that it is gone: mostly a moment, but as long as a sink of the task tries to
 * commit.
 */
import type { Clock } from "../time/clock.ts";
import type { CheckpointFailureReason } from "./failures.ts";
import { refuse } from "./request.ts";
import type { CheckpointRequest, Refusal } from "./request.ts";

export interface SavepointRequestsOptions {
  readonly clock: Clock;
  readonly begin: (request: CheckpointRequest) => Refusal | undefined;
}

export class SavepointRequests {
  readonly #options: SavepointRequestsOptions;
  #waiting: CheckpointRequest[] = [];
  #stopping = false;

  constructor(options: SavepointRequestsOptions) {
    this.#options = options;
  }

  /** From the trigger of a savepoint that stops the job until the job goes on after all. */
  get stopping(): boolean {
    return this.#stopping;
  }

  request(request: CheckpointRequest): void {
    if (this.#stopping) return this.#refuse(request, { reason: "CHECKPOINT_COORDINATOR_SHUTDOWN" });
    const refusal = this.#options.begin(request);
    if (refusal === undefined) this.#stopping = request.stop !== undefined;
    else if (refusal.reason === "NOT_ALL_REQUIRED_TASKS_RUNNING") this.#waiting.push(request);
    else this.#refuse(request, refusal);
  }

  /** A task is gone: perhaps the one that they waited for. */
  retry(): void {
    for (const request of this.#waiting.splice(0)) this.request(request);
  }

  /** The tasks do not run any more. */
  giveUp(reason: CheckpointFailureReason): void {
    for (const request of this.#waiting.splice(0)) this.#refuse(request, { reason });
  }

  /** The job starts, or the savepoint that should have stopped it did not complete. */
  goOn(): void {
    this.#stopping = false;
  }

  #refuse({ done }: CheckpointRequest, refusal: Refusal): void {
    refuse(done, refusal, this.#options.clock);
  }
}
