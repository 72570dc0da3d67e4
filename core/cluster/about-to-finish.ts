/**
 * Which tasks may be gone before a trigger reaches them: no checkpoint can count on those.
 *
 * In:  the executions; which tasks have said that they ended, and whose end is in a complete checkpoint of this attempt.
 * Out: whether a running task is about to finish. A task goes after its producers: at least once, its end may be in a checkpoint that theirs is not in, and
 *      then it stays until they had theirs.
 */
import type { Execution, ExecutionGraph } from "../graph/execution-graph.ts";

export function someAreAboutToFinish(graph: ExecutionGraph, endIsSaved: (execution: Execution) => boolean): boolean {
  const known = new Map<Execution, boolean>();
  const mayGo = (execution: Execution): boolean => {
    const before = known.get(execution);
    if (before !== undefined) return before;
    const here =
      endIsSaved(execution) &&
      graph.inputsOf(execution).every(({ producer }) => {
        const feeding = graph.execution(producer);
        return feeding.state === "FINISHED" || mayGo(feeding);
      });
    known.set(execution, here);
    return here;
  };
  return graph.executions().some((execution) => execution.state === "RUNNING" && mayGo(execution));
}
