/** Planted bugs in the cluster: attempts, restarts, and messages that come late. */
import type { Mutant } from "./mutant.ts";

export const CLUSTER_MUTANTS: readonly Mutant[] = [
  {
    id: "old-attempt-reports",
    waits: "a longer search than 150 runs",
    file: "core/cluster/scheduler.ts",
    find: `    return task.attempt === this.executions.execution(task).attempt;`,
    replace: `    return task.attempt <= this.executions.execution(task).attempt;`,
    about: "reports of tasks of an earlier attempt count",
  },
  {
    id: "attempt-not-in-key",
    waits: "a longer search than 150 runs",
    file: "core/checkpoint/task-key.ts",
    find: "#${task.attempt}`",
    replace: "`",
    about: "an acknowledgement counts whichever attempt of the task it comes from",
  },
];
