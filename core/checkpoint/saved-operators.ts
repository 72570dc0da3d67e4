/** The operators of a checkpoint by their ids, which stay the same when the job is chained or numbered differently. */
import type { OperatorSnapshot, SubtaskSnapshot } from "../graph/messages.ts";
import type { CompletedCheckpoint, VertexSnapshot } from "./contract.ts";

export interface SavedOperator {
  readonly id: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly vertex: VertexSnapshot;
  /** By subtask; undefined where the subtask saved nothing for it. */
  readonly snapshots: readonly (OperatorSnapshot | undefined)[];
  /** State of its coordinator. */
  readonly coordinator: Uint8Array | undefined;
}

export type SavedOperators = ReadonlyMap<string, SavedOperator>;

export function savedOperators(checkpoint: CompletedCheckpoint): SavedOperators {
  const saved = new Map<string, SavedOperator>();
  for (const vertex of checkpoint.vertices) {
    for (const { id, name, uid } of vertex.operators) {
      const coordinator = checkpoint.coordinators.find(({ operatorId }) => operatorId === id)?.state;
      saved.set(id, {
        id,
        name,
        uid,
        vertex,
        snapshots: vertex.subtasks.map((subtask) => snapshotOf(subtask, id)),
        coordinator,
      });
    }
  }
  return saved;
}

/** Whether anything would be lost without it. */
export function hasState(operator: SavedOperator): boolean {
  if ((operator.coordinator?.byteLength ?? 0) > 0) return true;
  return operator.snapshots.some(
    (snapshot) =>
      snapshot !== undefined &&
      ((snapshot.keyed?.files.length ?? 0) > 0 || snapshot.lists.some((list) => list.items.length > 0)),
  );
}

/** `Map "price" (uid "p")`, as errors name it. */
export function describeOperator({ name, uid, id }: Pick<SavedOperator, "name" | "uid" | "id">): string {
  return `"${name}" (${uid === undefined ? `no uid, id ${id}` : `uid "${uid}"`})`;
}

function snapshotOf(subtask: SubtaskSnapshot, operatorId: string): OperatorSnapshot | undefined {
  return subtask.operators.find((operator) => operator.operatorId === operatorId);
}
