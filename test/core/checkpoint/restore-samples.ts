/** Checkpoints of a source and a keyed vertex, to be restored. */
import type { CompletedCheckpoint, VertexSnapshot } from "../../../core/checkpoint/contract.ts";
import { describeVertices } from "../../../core/checkpoint/describe-vertices.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import type { SubtaskSnapshot } from "../../../core/graph/messages.ts";
import { keyGroupRange } from "../../../core/state/key-groups.ts";
import type { OperatorListSnapshot } from "../../../core/state/operator-state.ts";
import { checkpointWith, fileAt, operatorSnapshot, sampleGraph, subtaskSnapshot } from "./samples.ts";
import type { SampleVertex } from "./samples.ts";

export const GROUPS = 16;

export const source = (parallelism: number): SampleVertex => ({
  operators: [{ id: "source" }],
  parallelism,
  maxParallelism: GROUPS,
});
export const keyed = (parallelism: number): SampleVertex => ({
  operators: [{ id: "keyed", keyed: true }, { id: "sink" }],
  parallelism,
  maxParallelism: GROUPS,
});

export function pipeline(from: number, to: number): JobGraph {
  return sampleGraph([source(from), keyed(to)], [{ from: 0, to: 1 }]);
}

/** A checkpoint of this graph, with what `snapshotOf` says of each subtask. */
export function checkpointOf(
  graph: JobGraph,
  snapshotOf: (vertex: number, subtask: number) => SubtaskSnapshot,
  values: Partial<CompletedCheckpoint> = {},
): CompletedCheckpoint {
  const vertices = describeVertices(graph).map((vertex, index): VertexSnapshot => ({
    ...vertex,
    subtasks: Array.from({ length: vertex.parallelism }, (_, subtask) => snapshotOf(index, subtask)),
  }));
  return checkpointWith(1, [], { vertices, ...values });
}

/** Sources with lists; keyed subtasks with one file each, a watermark, and a floor over all their groups. */
export function busySnapshot(
  parallelism: number,
  marks: readonly number[],
): (vertex: number, subtask: number) => SubtaskSnapshot {
  return (vertex, subtask) => {
    const watermarkMs = marks[subtask % marks.length] ?? 0;
    if (vertex === 0) {
      const list = (name: string, mode: OperatorListSnapshot["mode"]): OperatorListSnapshot => {
        const count = (subtask * 7) % 5;
        return {
          name,
          mode,
          items: Array.from({ length: count }, (_, item) => Buffer.from(`${name}-${subtask}-${item}`)),
        };
      };
      return subtaskSnapshot({
        operators: [
          operatorSnapshot({
            operatorId: "source",
            lists: [list("splits", "split"), list("all", "union")],
            watermarkMs,
          }),
        ],
      });
    }
    const keyGroups = keyGroupRange(GROUPS, parallelism, subtask);
    const keyedHandle = {
      keyGroups,
      files: [fileAt(`f${subtask}`)],
      watermarkMs,
      floors: [{ keyGroups, watermarkMs: watermarkMs + 1 }],
    };
    const operators = [
      operatorSnapshot({ operatorId: "keyed", keyed: keyedHandle, watermarkMs }),
      operatorSnapshot({ operatorId: "sink", watermarkMs }),
    ];
    return subtaskSnapshot({
      operators,
      channels: [marks.map((mark) => ({ watermarkMs: mark, status: "active" as const }))],
    });
  };
}
