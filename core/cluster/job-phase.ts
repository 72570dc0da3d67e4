/** The phase of a job, as its client sees it: the stage of its slowest region, or how it comes to its end. */
import type { Execution, ExecutionGraph } from "../graph/execution-graph.ts";
import type { Restarts } from "./restarts.ts";

export type JobOutcome =
  | { readonly kind: "finished" | "canceled" }
  | { readonly kind: "failed"; readonly cause: Error };

/**
 *   created → (waiting for slots) → deploying → running → finished
 *                      ↑            ↘ failing → restarting → (waiting) → deploying …, or failed
 *                 cancelling (from anywhere) → canceled
 */
export type JobPhaseName =
  | "created"
  | "waiting"
  | "deploying"
  | "running"
  | "failing"
  | "restarting"
  | "cancelling"
  | JobOutcome["kind"];

/** `outcome`: decided, while its tasks are still ending. */
export function phaseOf(executions: ExecutionGraph, restarts: Restarts, outcome: JobOutcome | undefined): JobPhaseName {
  if (outcome !== undefined) return outcome.kind === "canceled" ? "cancelling" : "failing";
  if (restarts.in("cancelling").length > 0) return "failing";
  if (restarts.in("delayed").length > 0) return "restarting";
  if (restarts.in("waiting").length > 0) return "waiting";
  if (executions.everyIs("CREATED")) return "created";
  const runs = ({ state }: Execution): boolean => state === "RUNNING" || state === "FINISHED";
  return executions.executions().every(runs) ? "running" : "deploying";
}
