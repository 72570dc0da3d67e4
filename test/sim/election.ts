/**
 * The highly available part of a simulated deployment: who leads, which checkpoints are complete, how the job ended.
 *
 * In:   questions and changes of masters. Out: answers, later. State: the token of the leader, pointers, the outcome; it survives every crash.
 * Whoever does not lead any more is refused at the moment at which its change would take effect. An answer may be lost, whether the change was made or not.
 */
import type { CheckpointPointer, CheckpointPointers } from "../../core/checkpoint/pointer-store.ts";
import { failed, succeeded } from "../../core/util/outcome.ts";
import type { Done, Outcome } from "../../core/util/outcome.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { Random } from "../../core/util/random.ts";
import type { History } from "./history.ts";
import type { SimProcess, SimScheduler } from "./scheduler.ts";

/** What can go wrong with it. `pointer-unknown`: the change is made, and the answer lost; `pointer`: it is not made. */
export type ElectionFault = "pointer" | "pointer-unknown" | "pointer-list";

export const ELECTION_FAULTS: readonly ElectionFault[] = ["pointer", "pointer-unknown", "pointer-list"];

export interface ElectionFaults {
  strike(site: ElectionFault): boolean;
}

/** How a job ended, as later masters and the client learn it. */
export interface KeptOutcome {
  readonly kind: "finished" | "canceled" | "failed";
  readonly message: string;
  /** The savepoint that it stopped with. */
  readonly savepoint: string | undefined;
  /** The newest checkpoint or savepoint that it had. */
  readonly newest: string | undefined;
}

export interface ElectionOptions {
  readonly scheduler: SimScheduler;
  readonly random: Random;
  readonly history: History;
  readonly faults: ElectionFaults;
  readonly latencyMsMax: number;
  /** A pointer is there: its checkpoint is complete, for everybody and for ever. */
  onPointer(pointer: CheckpointPointer): void;
  /** The job starts from it no more. */
  onRemoved(checkpointId: number): void;
}

export class SimElection {
  readonly #options: ElectionOptions;
  #token = 0;
  #pointers: readonly CheckpointPointer[] = [];
  #outcome: KeptOutcome | undefined = undefined;

  /** `pointers`: what is complete already. */
  constructor(options: ElectionOptions, pointers: readonly CheckpointPointer[] = []) {
    this.#options = options;
    this.#pointers = pointers;
  }

  get token(): number {
    return this.#token;
  }

  get outcome(): KeptOutcome | undefined {
    return this.#outcome;
  }

  pointers(): readonly CheckpointPointer[] {
    return this.#pointers;
  }

  /** A new leader: the token of its reign. */
  elect(): number {
    this.#token += 1;
    return this.#token;
  }

  pointersOf(process: SimProcess, token: number): CheckpointPointers {
    return {
      list: (done) => {
        if (this.#options.faults.strike("pointer-list")) return this.#lose(process, done, () => undefined);
        return this.#answer(process, token, done, () => this.#pointers);
      },
      add: (pointer, done) =>
        this.#change(process, token, done, () => {
          this.#pointers = [...this.#pointers, pointer];
          const { checkpointId, directory } = pointer;
          this.#options.history.note({ kind: "completed", checkpointId, directory });
          this.#options.onPointer(pointer);
        }),
      remove: (checkpointId, done) =>
        this.#change(process, token, done, () => {
          this.#pointers = this.#pointers.filter((pointer) => pointer.checkpointId !== checkpointId);
          this.#options.onRemoved(checkpointId);
        }),
    };
  }

  /** Tries until it is kept. Never done for a master that leads no more. */
  keepOutcome(process: SimProcess, token: number, outcome: KeptOutcome, done: () => void): void {
    this.#change(
      process,
      token,
      (kept) => {
        if (kept.ok) done();
        else if (kept.error.code !== "MR7009")
          process.clock.schedule(100, () => this.keepOutcome(process, token, outcome, done));
      },
      () => {
        this.#outcome ??= outcome;
      },
    );
  }

  #change(process: SimProcess, token: number, done: Done<void>, effect: () => void): void {
    const { faults } = this.#options;
    if (faults.strike("pointer")) return this.#lose(process, done, () => undefined);
    if (faults.strike("pointer-unknown")) {
      return this.#lose(process, done, () => {
        if (token === this.#token) effect();
      });
    }
    return this.#answer(process, token, done, effect);
  }

  #lose(process: SimProcess, done: Done<never>, effect: () => void): void {
    const { scheduler } = this.#options;
    scheduler.at(undefined, this.#latency(), () => {
      effect();
      const error = new MillraceError("MR7010", "the connection was lost on purpose: nobody knows whether it is done");
      scheduler.at(process, this.#latency(), () => done(failed(error)));
    });
  }

  #answer<T>(process: SimProcess, token: number, done: Done<T>, effect: () => T): void {
    const { scheduler } = this.#options;
    scheduler.at(undefined, this.#latency(), () => {
      const outcome: Outcome<T> =
        token === this.#token
          ? succeeded(effect())
          : failed(new MillraceError("MR7009", "another master leads the job now: this one has to stop"));
      scheduler.at(process, this.#latency(), () => done(outcome));
    });
  }

  #latency(): number {
    return this.#options.random.next() * this.#options.latencyMsMax;
  }
}
