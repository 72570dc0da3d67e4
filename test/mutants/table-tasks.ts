/** Planted bugs in tasks and channels: alignment, acknowledgement, the end of a task, what a channel holds. */
import type { Mutant } from "./mutant.ts";

export const TASK_MUTANTS: readonly Mutant[] = [
  {
    id: "barrier-does-not-block",
    file: "core/runtime/barrier-alignment.ts",
    find: `this.blocked[channel] = this.#blocking;`,
    replace: `this.blocked[channel] = false;`,
    about: "a channel that has delivered its barrier goes on while the others are awaited",
  },
  {
    id: "first-barrier-counts",
    file: "core/runtime/barrier-alignment.ts",
    find: `      arrived.every((here, channel)`,
    replace: `      arrived.some((here, channel)`,
    about: "the snapshot is taken at the first barrier instead of the last",
  },
  {
    id: "no-realignment",
    waits: "a longer search than 150 runs",
    file: "core/runtime/barrier-alignment.ts",
    find: `        superseded = this.#collecting.shift()?.checkpoint.checkpointId;
        this.blocked.fill(false);
      }
      collecting = { checkpoint, arrived: this.#closed.map(() => false) };`,
    replace: `        const before = this.#collecting.shift();
        superseded = before?.checkpoint.checkpointId;
        this.#collecting.push({ checkpoint, arrived: before?.arrived ?? [] });
      } else this.#collecting.push({ checkpoint, arrived: this.#closed.map(() => false) });
      collecting = this.#collecting.pop() as Collecting;`,
    about: "channels that had delivered the barrier of an abandoned checkpoint count as aligned for the next",
  },
  {
    id: "abandoned-barrier-blocks",
    waits: "a longer search than 150 runs",
    file: "core/runtime/barrier-alignment.ts",
    find: `        superseded = this.#collecting.shift()?.checkpoint.checkpointId;
        this.blocked.fill(false);`,
    replace: `        superseded = this.#collecting.shift()?.checkpoint.checkpointId;`,
    about: "channels stay held back by the barrier of an abandoned checkpoint",
  },
  {
    id: "aborted-barrier-blocks",
    file: "core/runtime/barrier-alignment.ts",
    find: `    this.#drop(({ checkpoint }) => checkpoint.checkpointId === checkpointId);`,
    replace: `    this.#collecting = this.#collecting.filter(({ checkpoint }) => checkpoint.checkpointId !== checkpointId);`,
    about: "channels stay held back by the barrier of a checkpoint that was aborted",
  },
  {
    id: "aborted-barrier-begins-anew",
    waits: "a longer search than 150 runs",
    file: "core/runtime/barrier-alignment.ts",
    find: `if (!this.isLive(id)) return undefined;`,
    replace: `if (id <= this.#doneUpTo) return undefined;`,
    about: "the late barrier of an aborted checkpoint holds its channel back all the same",
  },
  {
    id: "acknowledged-before-durable",
    file: "core/runtime/subtask-checkpoint.ts",
    find: `    current.writing = true;
    this.#options.storage.write(`,
    replace: `    this.#options.storage.write(path, contents.chunks, () => undefined);
    stored({ path, bytes, checksum: contents.checksum });
    if (path !== "") return;
    this.#options.storage.write(`,
    about: "a task acknowledges while its state file is still being written",
  },
  {
    id: "failed-write-acknowledged",
    file: "core/runtime/subtask-checkpoint.ts",
    find: `else this.#decline(current, "IO_EXCEPTION", outcome.error);`,
    replace: `else stored({ path, bytes, checksum: contents.checksum });`,
    about: "a task acknowledges a state file whose write has failed",
  },
  {
    id: "abandoned-file-leaks",
    file: "core/runtime/subtask-checkpoint.ts",
    find: `if (!this.#inProgress.includes(current)) return this.#discard(current);`,
    replace: `if (!this.#inProgress.includes(current)) return;`,
    about: "a file that is written when its checkpoint is given up already stays for ever",
  },
  {
    id: "closed-task-leaks",
    file: "core/runtime/task-execution.ts",
    find: `    this.#checkpoints.close();`,
    replace: ``,
    about: "a task that ends leaves the files that it has not acknowledged",
  },
  {
    id: "finished-before-committed",
    file: "core/runtime/task.ts",
    find: `this.#phase.kind === "committing" && chain.settled && this.#nobodyWaits()`,
    replace: `this.#phase.kind === "committing" && this.#nobodyWaits()`,
    about: "a task with a sink is finished before its last commit is",
  },
  {
    id: "finished-before-saved",
    file: "core/runtime/task.ts",
    find: `      this.#phase.checkpointId !== undefined &&
      checkpointId >= this.#phase.checkpointId
    ) {`,
    replace: `      checkpointId > 0
    ) {`,
    about: "a task is finished with a checkpoint that does not contain its end",
  },
  {
    id: "ended-rescale",
    file: "core/checkpoint/restore-inputs.ts",
    find: `[...origins].every((origin) => origin.subtasks.every((other) => other.ended))`,
    replace: `[...origins].every((origin) => origin.subtasks.some((other) => other.ended))`,
    about: "with another parallelism, all subtasks count as ended if one had",
  },
  {
    id: "overdraw-overwrites",
    file: "core/network/in-slot-channel.ts",
    find: `if (((this.tail - this.head) | 0) > this.mask) this.#resize(`,
    replace: `if (((this.tail - this.head) | 0) > this.mask + 1) this.#resize(`,
    about: "a ring that is full to the last place is not grown, so that the oldest record is overwritten",
  },
  {
    id: "growing-forgets",
    file: "core/network/in-slot-channel.ts",
    find: `for (let index = 0; index < waiting; index += 1) {`,
    replace: `for (let index = 0; index < waiting - 1; index += 1) {`,
    about: "a ring that grows leaves its youngest record behind",
  },
  {
    id: "stale-completion",
    file: "core/runtime/task.ts",
    find: `if (due.options.completedId !== undefined) this.completed(due.options.completedId);`,
    replace: `if (due.options.completedId !== undefined) this.completed(due.checkpointId - 1);`,
    about: "a barrier is taken for the news that all checkpoints before it are complete",
  },
  {
    id: "end-before-pending",
    waits: "a longer search than 150 runs",
    file: "core/runtime/chain.ts",
    find: `      if (!this.resume()) return false;
      if (this.#availability.busy) return false;
      const index`,
    replace: `      const index`,
    about: "an operator hears the end of its input while the one before it has more to emit",
  },
  {
    id: "barrier-through-atomic",
    waits: "a longer search than 150 runs",
    file: "core/runtime/task.ts",
    find: `    if (!this.#parts.chain.interruptible) return false;`,
    replace: ``,
    about: "a barrier passes while an operator holds records that are in no state",
  },
  {
    id: "ended-not-asked-again",
    file: "core/runtime/input-gate.ts",
    find: `this.#ended[other] !== true);`,
    replace: `this.#ended[other] !== true && other > index);`,
    about: "an input counts as ended when its last channel ends, whatever the others do",
  },
];
