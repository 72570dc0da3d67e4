/** Planted bugs in restarts by pipelined region: which regions start again, from where, and what becomes of splits, checkpoints and reports meanwhile. */
import type { Mutant } from "./mutant.ts";

const SOURCES = "core/cluster/source-coordinators.ts";
const SPLITS = "core/cluster/split-assignments.ts";
const SCHEDULER = "core/cluster/scheduler.ts";
const STRATEGY = "core/cluster/failover-strategy.ts";

export const REGION_MUTANTS: readonly Mutant[] = [
  {
    id: "splits-not-given-back",
    file: SOURCES,
    find: `enumerator?.addSplitsBack(splits, subtask)`,
    replace: `enumerator?.addSplitsBack(splits.slice(splits.length), subtask)`,
    about: "what was assigned to a reader since the checkpoint is lost when its region starts again",
  },
  {
    id: "splits-given-back-twice",
    file: SOURCES,
    find: `enumerator?.addSplitsBack(splits, subtask)`,
    replace: `enumerator?.addSplitsBack([...splits, ...splits], subtask)`,
    about: "what a reader has lost goes back to the enumerator twice",
  },
  {
    id: "saved-splits-given-back",
    file: SPLITS,
    find: `    this.#open = this.#open.filter(({ savedBy }) => savedBy === undefined || savedBy > checkpointId);`,
    replace: ``,
    about: "splits that a reader has in its checkpoint go back to the enumerator, too",
  },
  {
    id: "new-splits-forgotten",
    waits: "a longer search: splits are dealt late only where watermarks come at the end",
    file: SPLITS,
    find: `savedBy === undefined || savedBy > checkpointId);`,
    replace: `savedBy !== undefined && savedBy > checkpointId);`,
    about: "a completed checkpoint counts for splits that were assigned behind it",
  },
  {
    id: "enumerator-reset-alone",
    file: SOURCES,
    find: `if (own.length === vertex.parallelism) this.#renew(`,
    replace: `if (own.length > 0) this.#renew(`,
    about: "an enumerator starts again from the checkpoint though only some of its readers do",
  },
  {
    id: "pending-survives-failure",
    file: "core/checkpoint/coordinator.ts",
    find: `if (pending.phase !== "committing") this.#abort(pending, reason);`,
    replace: `if (pending.phase === "collecting" && pending.isFullyAcknowledged()) this.#abort(pending, reason);`,
    about: "a checkpoint under way completes though a region has started again since, from the one before",
  },
  {
    id: "region-starts-empty",
    file: "core/cluster/deployer.ts",
    find: `const restore = checkpoint === undefined ?`,
    replace: `const restore = checkpoint === undefined || scheduled.length < this.#executions.executions().length ?`,
    about: "a region that starts again alone starts from nothing",
  },
  {
    id: "regions-too-small",
    file: "core/graph/regions.ts",
    find: `edge.pattern === "all-to-all" && producer > 0 ? [0] :`,
    replace: `edge.pattern === "all-to-all" && producer > 0 ? [] :`,
    about: "a region starts again without all that it exchanges records with",
  },
  {
    id: "everything-restarts",
    file: STRATEGY,
    find: `if (config.get(OPTIONS.failoverStrategy) === "full")`,
    replace: `if (config.get(OPTIONS.failoverStrategy) !== "")`,
    about: "the failure of one region starts all of them again",
  },
  {
    id: "full-is-by-region",
    file: STRATEGY,
    find: `if (config.get(OPTIONS.failoverStrategy) === "full")`,
    replace: `if (config.get(OPTIONS.failoverStrategy) === "")`,
    about: "the full strategy starts again only what has failed",
  },
  {
    id: "stopped-half",
    waits: "a longer search: a task has to fail in the moments in which a savepoint stops its job",
    file: SCHEDULER,
    find: `this.#parts.isStopping() ? this.#regions.all : this.#strategy(struck)`,
    replace: `this.#strategy(struck)`,
    about: "if a region fails while a savepoint stops the job, the others stay behind its barrier for ever",
  },
  {
    id: "region-not-awaited",
    file: SCHEDULER,
    find: `subtasks.every((subtask) => isTerminal(`,
    replace: `subtasks.some((subtask) => isTerminal(`,
    about: "a region starts again while some of its tasks have not ended",
  },
  {
    id: "completion-known-from-before",
    file: "core/cluster/ended-tasks.ts",
    find: `      this.#hasCompleted.delete(subtaskKey(task));
`,
    replace: ``,
    about: "a task that starts again counts as one that was told of the checkpoint with its end, and may be gone",
  },
];
