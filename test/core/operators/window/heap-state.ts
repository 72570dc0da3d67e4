/** Keyed state on the heap for operators in the harness. */
import { createHeapKeyedState } from "../../../../core/state/heap/backend.ts";
import type { KeyGroupRange } from "../../../../core/state/key-groups.ts";
import type { KeyedStateBackend } from "../../../../core/state/keyed-state.ts";
import type { Clock } from "../../../../core/time/clock.ts";

export function heapState(clock: Clock, keyGroups: KeyGroupRange = { first: 0, last: 127 }): KeyedStateBackend {
  return createHeapKeyedState({ keyGroups, maxParallelism: 128, clock, operatorName: "window", developmentMode: true });
}
