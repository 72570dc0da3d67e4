/** Bugs that were in the engine until the simulator found them, planted again: they must not come back unnoticed. */
import type { Mutant } from "./mutant.ts";

export const FOUND_MUTANTS: readonly Mutant[] = [
  {
    id: "lost-slot-heard-again",
    file: "core/cluster/scheduler.ts",
    find: `if (!this.isCurrent(task) || isTerminal(before)) return; // its slot was given up before`,
    replace: `if (!this.isCurrent(task)) return;`,
    about: "the last word of a task whose slot was given up brings the master down",
  },
  {
    id: "expired-while-written",
    waits: "a longer search than 150 runs",
    file: "core/state/heap/backend.ts",
    find: `        expired: (cell) => isExpired(cell, this.#table, times),`,
    replace: `        expired: (cell) => isExpired(cell, this.#table, this.#times),`,
    about: "state that expires while a full snapshot is written is not in it",
  },
  {
    id: "stop-goes-on",
    waits: "a longer search than 150 runs",
    file: "core/cluster/deployer.ts",
    find: `stopped: newest !== undefined && !owned };`,
    replace: `stopped: newest === undefined && owned };`,
    about: "a job that fails behind the savepoint that stopped it goes on, after it was drained too",
  },
  {
    id: "restored-commits-overtaken",
    waits: "a longer search than 150 runs",
    file: "core/operators/sink.ts",
    find: `    if (this.#flushing || this.#commits?.caughtUp === false) return false;`,
    replace: `    if (this.#flushing) return false;`,
    about: "after a restart with another parallelism newer records of a key become visible before older ones",
  },
  {
    id: "committables-dealt",
    waits: "a longer search than 150 runs",
    file: "core/operators/sink.ts",
    find: `list(COMMITTABLES, "together")`,
    replace: `list(COMMITTABLES, "split")`,
    about: "what one subtask had to commit is dealt to several, and becomes visible in any order",
  },
  {
    id: "failed-deletion-forgotten",
    waits: "a longer search than 150 runs",
    file: "core/checkpoint/cleanup.ts",
    find: `      if (!this.#deletions.waiting) return callback();`,
    replace: `      if (this.#deletions.waiting || !this.#deletions.waiting) return callback();`,
    about: "a file whose deletion failed once is left behind at the end of the job",
  },
  {
    id: "pointer-left-behind",
    waits: "a longer search than 150 runs",
    file: "core/checkpoint/cleanup.ts",
    find: `      if (attempts === ATTEMPTS_MAX || this.#options.store.retained().length === 0) return done();`,
    replace: `      if (attempts > 0 || this.#options.store.retained().length === 0) return done();`,
    about: "a checkpoint that the store did not let go at once stays at the end of the job, with its files",
  },
];
