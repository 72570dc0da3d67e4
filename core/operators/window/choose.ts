/**
 * Chooses the operator for a window: the fastest of the files in this folder that serves what was asked. All of them give the same results.
 *
 * In:  what the user said about the window, with functions as instances. Out: a module path for the operator's spec.
 *
 * `tumbling`: windows that do not overlap, folded, fired at their end. `sliding`: the same for windows that overlap and can share slices. `session`:
 * merging windows with their default trigger; `merging`: with another one. `window`: everything else. `count`: windows by count.
 *
 * A job that changes its window so that another file serves it does not find its state again, so the choice depends on nothing but the job.
 */
import type { WindowAssigner } from "./assigners.ts";

/** Functions may be of any type here: only what matters to the choice is looked at. */
export interface WindowChoice {
  /** Undefined for windows by count. */
  readonly assigner?: WindowAssigner<never, never> | undefined;
  readonly trigger?: unknown;
  readonly reduce?: unknown;
  readonly aggregate?: unknown;
  readonly process?: unknown;
}

export type WindowModule =
  | "window/tumbling"
  | "window/sliding"
  | "window/session"
  | "window/merging"
  | "window/window"
  | "window/count";

export function chooseWindowModule(choice: WindowChoice): WindowModule {
  const { assigner, trigger, reduce, aggregate } = choice;
  if (assigner === undefined) return "window/count";
  if (assigner.kind === "session") return trigger === undefined ? "window/session" : "window/merging";
  const folds = reduce !== undefined || aggregate !== undefined;
  const { sizeMs, slideMs } = assigner;
  const grid =
    (assigner.kind === "tumbling" || assigner.kind === "sliding") && sizeMs !== undefined && slideMs !== undefined;
  if (!grid || !folds || assigner.time !== "event" || trigger !== undefined) return "window/window";
  if (slideMs >= sizeMs) return "window/tumbling";
  return canMerge(choice) && !hearsOfEachWindow(choice.process) ? "window/sliding" : "window/window";
}

function canMerge({ reduce, aggregate }: WindowChoice): boolean {
  return reduce !== undefined || has(aggregate, "merge");
}

/** With shared slices nobody notices the end of a single window. */
function hearsOfEachWindow(process: unknown): boolean {
  return has(process, "windowState") || has(process, "clear");
}

function has(subject: unknown, member: string): boolean {
  if (typeof subject !== "object" || subject === null || !(member in subject)) return false;
  return (subject as Readonly<Record<string, unknown>>)[member] !== undefined; // it is in there
}
