/**
 * The client of a simulated job: asks its leading master for savepoints, as long as it takes, through crashes of whoever it asks.
 *
 * In:   a cluster, what to ask for. Out: promises, which settle in the turn of the event that brings the answer.
 * An answer may never come, though what was asked for has been done. So the client asks again, elsewhere, and in the end looks how the job ended.
 */
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import type { SavepointTarget } from "../../core/checkpoint/savepoint.ts";
import type { Outcome } from "../../core/util/outcome.ts";
import type { Cluster } from "./cluster.ts";

const PATIENCE_MS = 30_000;
const AGAIN_MS = 500;
const TRIES_MAX = 12;

export class SimClient {
  readonly #cluster: Cluster;
  readonly #directory: string;
  #savepoints = 0;

  /** `directory`: where its savepoints go. */
  constructor(cluster: Cluster, directory: string) {
    this.#cluster = cluster;
    this.#directory = directory;
  }

  /** Settles when the job is over. */
  over(): Promise<void> {
    const cluster = this.#cluster;
    if (cluster.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const unwatch = cluster.watch(() => {
        if (!cluster.isOver) return;
        unwatch();
        resolve();
      });
    });
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#cluster.options.scheduler.at(undefined, ms, resolve));
  }

  /** Asks until the job is over, or in vain. */
  async stop(how: "suspend" | "drain"): Promise<void> {
    const { history } = this.#cluster.options;
    for (let attempt = 0; attempt < TRIES_MAX && !this.#cluster.isOver; attempt += 1) {
      history.note({ kind: "control", what: how });
      const answer = await this.savepoint({ stop: how });
      history.note({
        kind: "control",
        what: answer === undefined ? "no answer" : answer.ok ? "stopped" : "not stopped",
      });
      await Promise.race([this.over(), this.pause(answer?.ok === true ? PATIENCE_MS : AGAIN_MS)]);
    }
  }

  /** Asks until the job is over, one way or the other. */
  async cancel(): Promise<void> {
    while (!this.#cluster.isOver) {
      const { leader } = this.#cluster;
      leader.post(() => leader.master?.cancel());
      await Promise.race([this.over(), this.pause(AGAIN_MS)]);
    }
  }

  /** Undefined: no answer. `onDone` runs in the very event of the answer. */
  savepoint(
    options: Pick<SavepointTarget, "stop">,
    onDone: (savepoint: CompletedCheckpoint) => void = () => undefined,
  ): Promise<Outcome<CompletedCheckpoint> | undefined> {
    const { leader } = this.#cluster;
    this.#savepoints += 1;
    const target: Omit<SavepointTarget, "storage"> = {
      ...options,
      directory: `${this.#directory}-${this.#savepoints}`,
    };
    const answer = new Promise<Outcome<CompletedCheckpoint> | undefined>((resolve) => {
      leader.post(() => {
        if (leader.master === undefined) return resolve(undefined);
        return leader.master.checkpoints.triggerSavepoint({ ...target, storage: leader.storage }, (outcome) => {
          if (outcome.ok) onDone(outcome.value);
          resolve(outcome);
        });
      });
    });
    return Promise.race([answer, this.over().then(() => undefined), this.pause(PATIENCE_MS).then(() => undefined)]);
  }
}
