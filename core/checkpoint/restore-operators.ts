/**
 * State of one operator, dealt to its subtasks.
 *
 * Keyed state goes by key groups: each handle to every subtask whose groups it has some of, cut to these. Lists are redistributed. A subtask's
 * watermark is the lowest of those subtasks that it takes over from; what its key groups had reached beyond that is in the handles.
 */
import type { JobOperator, JobVertex } from "../graph/job-graph-types.ts";
import type { OperatorRestore } from "../runtime/deployment.ts";
import { intersect, isEmptyRange, keyGroupRange } from "../state/key-groups.ts";
import type { KeyGroupRange } from "../state/key-groups.ts";
import type { KeyedStateHandle, SavedTime } from "../state/keyed-state.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "../time/watermark.ts";
import type { TimeMs } from "../time/clock.ts";
import { redistributeLists } from "./redistribute.ts";
import type { SavedOperator } from "./saved-operators.ts";

export interface RestoreOperatorOptions {
  /** Undefined for operators that the checkpoint does not know. */
  readonly saved: SavedOperator | undefined;
  readonly operator: JobOperator;
  readonly vertex: JobVertex;
  /** The job had come to its end: every window has fired, so time begins anew. */
  readonly drained: boolean;
}

/** By subtask of the vertex. */
export function restoreOperator({
  saved,
  operator,
  vertex,
  drained,
}: RestoreOperatorOptions): readonly OperatorRestore[] {
  const { parallelism, maxParallelism } = vertex;
  const lists = redistributeLists(saved?.snapshots.map((snapshot) => snapshot?.lists ?? []) ?? [], parallelism);
  return Array.from({ length: parallelism }, (_, subtask): OperatorRestore => {
    const keyGroups = keyGroupRange(maxParallelism, parallelism, subtask);
    return {
      operatorId: operator.id,
      lists: lists[subtask] ?? [],
      keyed: keyedOf(saved, keyGroups).map((handle) => (drained ? withoutTime(handle) : handle)),
      watermarkMs:
        drained || saved === undefined
          ? WATERMARK_MIN
          : watermarkOf(saved, contributors(saved, operator, { subtask, parallelism, keyGroups })),
    };
  });
}

function keyedOf(saved: SavedOperator | undefined, keyGroups: KeyGroupRange): readonly KeyedStateHandle[] {
  const handles: KeyedStateHandle[] = [];
  for (const snapshot of saved?.snapshots ?? []) {
    if (snapshot?.keyed === undefined) continue;
    const cut = intersect(snapshot.keyed.keyGroups, keyGroups);
    if (!isEmptyRange(cut)) handles.push(cutTo(snapshot.keyed, cut));
  }
  return handles;
}

function cutTo(handle: KeyedStateHandle, keyGroups: KeyGroupRange): KeyedStateHandle {
  const floors = handle.floors
    .map((floor) => ({ ...floor, keyGroups: intersect(floor.keyGroups, keyGroups) }))
    .filter((floor) => !isEmptyRange(floor.keyGroups));
  return { ...handle, keyGroups, floors };
}

/** Key groups whose input had ended are where they were before it did. */
export function beforeEnd(handle: KeyedStateHandle): KeyedStateHandle {
  const { keyGroups, files, floors } = handle;
  return {
    keyGroups,
    files,
    ...timeBeforeEnd(handle),
    floors: floors.map((floor) => ({ keyGroups: floor.keyGroups, ...timeBeforeEnd(floor) })),
  };
}

function timeBeforeEnd({ watermarkMs, expiryMs = WATERMARK_MIN }: SavedTime): SavedTime {
  return { watermarkMs: watermarkMs === WATERMARK_MAX ? expiryMs : watermarkMs };
}

/** Full snapshots, such as savepoints, do not hold what had expired. */
function withoutTime(handle: KeyedStateHandle): KeyedStateHandle {
  const { keyGroups, files } = handle;
  return { keyGroups, files, watermarkMs: WATERMARK_MIN, floors: [] };
}

/** The saved subtasks that a new one takes over from. */
function contributors(
  saved: SavedOperator,
  operator: JobOperator,
  to: { readonly subtask: number; readonly parallelism: number; readonly keyGroups: KeyGroupRange },
): readonly number[] {
  const { parallelism, maxParallelism } = saved.vertex;
  if (parallelism === to.parallelism) return [to.subtask];
  const all = Array.from({ length: parallelism }, (_, subtask) => subtask);
  return operator.keyed
    ? all.filter(
        (subtask) => !isEmptyRange(intersect(keyGroupRange(maxParallelism, parallelism, subtask), to.keyGroups)),
      )
    : all;
}

function watermarkOf(saved: SavedOperator, subtasks: readonly number[]): TimeMs {
  let lowestMs = WATERMARK_MAX;
  for (const subtask of subtasks) lowestMs = Math.min(lowestMs, saved.snapshots[subtask]?.watermarkMs ?? WATERMARK_MIN);
  return subtasks.length === 0 ? WATERMARK_MIN : lowestMs;
}
