/** Planted bugs on the master's side of checkpoints: when one is complete, who is told, which files go, what a job starts from. */
import type { Mutant } from "./mutant.ts";

export const CHECKPOINT_MUTANTS: readonly Mutant[] = [
  {
    id: "complete-before-metadata",
    file: "core/checkpoint/finalize.ts",
    find: `    return options.pending.storage.write(metadataPath(checkpoint.directory), [bytes], (outcome) =>
      done(outcome.ok ? succeeded(checkpoint) : outcome),
    );`,
    replace: `    options.pending.storage.write(metadataPath(checkpoint.directory), [bytes], () => undefined);
    return done(succeeded(checkpoint));`,
    about: "a checkpoint counts as complete while its metadata file is still being written",
  },
  {
    id: "savepoint-commits",
    file: "core/checkpoint/coordinator.ts",
    find: `const notifies = kind !== "savepoint" || pending.options.stop !== undefined;`,
    replace: `const notifies = true;`,
    about: "sinks commit with a savepoint, to which a failure does not go back",
  },
  {
    id: "shared-file-too-early",
    file: "core/checkpoint/shared-files.ts",
    find: `blockers: new Set(underWay) }`,
    replace: `blockers: new Set<number>() }`,
    about: "a state file is deleted while a checkpoint under way may still refer to it",
  },
  {
    id: "one-release-for-all",
    file: "core/checkpoint/shared-files.ts",
    find: `if (left === 0) this.#references.delete(path);`,
    replace: `if (left >= 0) this.#references.delete(path);`,
    about: "the first checkpoint that lets go of a shared file takes it from all others",
  },
  {
    id: "late-acknowledgement-leaks",
    file: "core/checkpoint/cleanup.ts",
    find: `else this.#sharedFiles.discard(pathsOf(ack.snapshot), this.#options.pending.keys());`,
    replace: ``,
    about: "files acknowledged after their checkpoint was aborted stay for ever",
  },
  {
    id: "discard-before-metadata",
    file: "core/checkpoint/coordinator.ts",
    find: `if (!isWriting && files?.keepFiles !== true) this.#cleanup.discard(pending);`,
    replace: `if (files?.keepFiles !== true) this.#cleanup.discard(pending);`,
    arena: "slow-storage",
    about: "an aborted checkpoint's files are deleted while its metadata file, which names them, may still appear",
  },
  {
    id: "stop-point-forgotten",
    file: "core/checkpoint/completion.ts",
    find: `if (pending.kind === "savepoint" && pending.options.stop === undefined)`,
    replace: `if (pending.kind === "savepoint")`,
    about: "a job that fails after the savepoint that stops it has committed goes back behind it",
  },
  {
    id: "final-checkpoint-once",
    file: "core/checkpoint/final-checkpoint.ts",
    find: `this.#cancelRetry = this.#clock.schedule(RETRY_MS, this.#begin);`,
    replace: ``,
    about: "the last checkpoint of a job is not tried again if it fails",
  },
  {
    id: "older-than-damaged",
    waits: "a longer search than 150 runs",
    file: "core/checkpoint/find-checkpoint.ts",
    find: `newestError === undefined || options.acceptDuplicates ? outcome : failed(unreadable(newestError, directory)),`,
    replace: `outcome,`,
    about: "a job starts from an older checkpoint when its newest one cannot be read",
  },
  {
    id: "damage-unnoticed",
    waits: "a longer search than 150 runs",
    file: "core/runtime/state-loading.ts",
    find: `if (outcome.value.byteLength !== file.bytes || crc32(outcome.value) !== file.checksum) {`,
    replace: `if (outcome.value.byteLength === 0) {`,
    about: "a state file is loaded without a look at its length and checksum",
  },
  {
    id: "finished-files-unreferenced",
    file: "core/checkpoint/cleanup.ts",
    find: `for (const { snapshot } of pending.plan.finished) this.#sharedFiles.retain(pending.checkpointId, pathsOf(snapshot));`,
    replace: `void pending;`,
    about: "state files of subtasks that have finished go with the checkpoint that wrote them",
  },
  {
    id: "store-not-awaited",
    waits: "a longer search than 150 runs",
    file: "core/cluster/scheduler.ts",
    find: `this.#unsettled === 0 && subtasks.every(`,
    replace: `subtasks.every(`,
    about: "a job restarts before it is known whether the checkpoint being entered into the store is the newest",
  },
  {
    id: "trigger-the-gone",
    waits: "a longer search than 150 runs",
    file: "core/cluster/checkpoint-plan.ts",
    find: `if (someAreAboutToFinish(executions, (execution) => parts.endIsSaved(execution)))`,
    replace: `if (someAreAboutToFinish(executions, () => false))`,
    about: "checkpoints count on tasks that may be gone before they are asked",
  },
];
