/** Operator state: lists per subtask, independent of keys, with their redistribution when the parallelism changes. */
import type { OperatorListState } from "./handles.ts";

/** `split`: items are dealt one by one. `together`: those of one subtask stay together, in their order. `union`: everybody gets all. */
export type RedistributionMode = "split" | "together" | "union";

/** One list as saved: plain data, each item encoded on its own. */
export interface OperatorListSnapshot {
  readonly name: string;
  readonly mode: RedistributionMode;
  readonly items: readonly Uint8Array[];
}

export interface OperatorState {
  /** The list of that name, with what was restored. Same handle on every call; a changed mode counts from the next snapshot. */
  list<T>(name: string, mode: RedistributionMode): OperatorListState<T>;
}

/** What the task uses beside it. */
export interface OperatorStateBackend extends OperatorState {
  snapshot(): readonly OperatorListSnapshot[];
}
