/** Which files a snapshot refers to, how large it is, and the same snapshot with its files elsewhere. */
import type { OperatorSnapshot, SubtaskSnapshot } from "../graph/messages.ts";
import type { StateFile } from "../state/keyed-state.ts";
import type { CompletedCheckpoint } from "./contract.ts";

export function stateFilesOf(snapshot: SubtaskSnapshot): readonly StateFile[] {
  const keyed = snapshot.operators.flatMap((operator) => operator.keyed?.files ?? []);
  return snapshot.inFlight === undefined ? keyed : [...keyed, ...snapshot.inFlight.files];
}

/** Every file once, although several subtasks refer to it after a rescale. */
export function stateFilesOfCheckpoint(checkpoint: CompletedCheckpoint): readonly StateFile[] {
  const files = new Map<string, StateFile>();
  for (const vertex of checkpoint.vertices) {
    for (const subtask of vertex.subtasks) for (const file of stateFilesOf(subtask)) files.set(file.path, file);
  }
  return [...files.values()];
}

/** Bytes of the lists, which lie in the metadata file itself. */
export function inlinedBytesOf(snapshot: SubtaskSnapshot): number {
  let bytes = 0;
  for (const operator of snapshot.operators) {
    for (const list of operator.lists) for (const item of list.items) bytes += item.byteLength;
  }
  return bytes;
}

export function withFiles(snapshot: SubtaskSnapshot, moved: (file: StateFile) => StateFile): SubtaskSnapshot {
  const { inFlight } = snapshot;
  return {
    ...snapshot,
    operators: snapshot.operators.map((operator) => operatorWithFiles(operator, moved)),
    ...(inFlight !== undefined && { inFlight: { ...inFlight, files: inFlight.files.map(moved) } }),
  };
}

function operatorWithFiles(operator: OperatorSnapshot, moved: (file: StateFile) => StateFile): OperatorSnapshot {
  return operator.keyed === undefined
    ? operator
    : { ...operator, keyed: { ...operator.keyed, files: operator.keyed.files.map(moved) } };
}
