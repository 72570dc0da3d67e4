/** Counts the checkpoints that failed in a row, and says when the job has to fail with them. */
import { OPTIONS } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";
import { CHECKPOINT_FAILURES } from "./failures.ts";
import type { CheckpointFailureReason } from "./failures.ts";
import type { PendingCheckpoint } from "./pending-checkpoint.ts";

export class FailurePolicy {
  readonly #tolerated: number;
  #inRow = 0;

  constructor(tolerated: number) {
    this.#tolerated = tolerated;
  }

  succeeded(): void {
    this.#inRow = 0;
  }

  /**
   * With what the job fails; undefined if it goes on. Savepoints do not count, being the user's; but one that should have stopped the job has stopped
   * its tasks, so that without a restart nothing would go on.
   */
  failed(pending: PendingCheckpoint, reason: CheckpointFailureReason, cause: MillraceError): MillraceError | undefined {
    if (pending.options.stop !== undefined) {
      const message =
        "the job could not stop with a savepoint, and its tasks have stopped reading; it has to start again from its last checkpoint";
      return new MillraceError("MR5012", `${message}: ${reasonOf(cause)}`, { cause });
    }
    if (!CHECKPOINT_FAILURES[reason].counts || pending.kind === "savepoint") return undefined;
    this.#inRow += 1;
    if (this.#inRow <= this.#tolerated) return undefined;
    this.#inRow = 0;
    const message = `more checkpoints failed in a row than the ${this.#tolerated} that ${OPTIONS.checkpointTolerableFailures.key} allows; the last: ${reasonOf(cause)}`;
    return new MillraceError("MR5011", message, { cause });
  }
}

/** With what somebody can mend, the disk or the value: who shows an error shows one sentence. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
