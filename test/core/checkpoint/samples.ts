/** Small checkpoints and job graphs for the tests of this folder. */
import type { CompletedCheckpoint, VertexSnapshot } from "../../../core/checkpoint/contract.ts";
import type { JobEdge, JobGraph, JobOperator, JobVertex } from "../../../core/graph/job-graph-types.ts";
import type { OperatorSnapshot, SubtaskSnapshot } from "../../../core/graph/messages.ts";
import type { StateFile } from "../../../core/state/keyed-state.ts";
import type { BlobStore } from "../../../core/storage/blob-store.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { crc32 } from "../../../core/util/checksum.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import type { Done } from "../../../core/util/outcome.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A file whose contents are its path. */
export function fileAt(path: string): StateFile {
  const contents = bytesOf(path);
  return { path, bytes: contents.byteLength, checksum: crc32(contents) };
}

export function operatorSnapshot(
  values: Partial<OperatorSnapshot> & { readonly operatorId: string },
): OperatorSnapshot {
  return { lists: [], watermarkMs: -Infinity, ...values };
}

export function subtaskSnapshot(values: Partial<SubtaskSnapshot> = {}): SubtaskSnapshot {
  return { operators: [], channels: [], ended: false, ...values };
}

export function keyedSnapshot(operatorId: string, paths: readonly string[]): OperatorSnapshot {
  const keyed = { keyGroups: { first: 0, last: 127 }, files: paths.map(fileAt), watermarkMs: -Infinity, floors: [] };
  return operatorSnapshot({ operatorId, keyed });
}

/** One vertex, one subtask, which refers to these files. */
export function checkpointWith(
  checkpointId: number,
  paths: readonly string[],
  values: Partial<CompletedCheckpoint> = {},
): CompletedCheckpoint {
  const vertex: VertexSnapshot = {
    operators: [{ id: "a", name: "Count", uid: "count", stateful: true }],
    parallelism: 1,
    maxParallelism: 128,
    inputs: [],
    subtasks: [subtaskSnapshot({ operators: [keyedSnapshot("a", paths)] })],
  };
  return {
    checkpointId,
    kind: "checkpoint",
    jobName: "sample",
    triggeredAtMs: 1_000,
    completedAtMs: 1_250,
    bytes: 0,
    drained: false,
    vertices: [vertex],
    coordinators: [],
    directory: `jobs/one/chk-${checkpointId}`,
    ...values,
  };
}

export interface Store {
  readonly clock: ManualClock;
  readonly storage: BlobStore;
}

export function memoryStore(): Store {
  const clock = new ManualClock();
  return { clock, storage: new MemoryBlobStore((callback) => clock.yield(callback)) };
}

/** Runs one call to its end; a failure comes as `[code, message]`. */
export function run<T>({ clock }: Store, call: (done: Done<T>) => void): T | MillraceError {
  const answers: (T | MillraceError)[] = [];
  call((outcome) => answers.push(outcome.ok ? outcome.value : outcome.error));
  clock.runYielded();
  const [answer, ...more] = answers;
  if (answers.length === 0 || more.length > 0) throw new Error(`answered ${answers.length} times`);
  return answer as T | MillraceError; // one was pushed
}

export function put(store: Store, files: Readonly<Record<string, Uint8Array | string>>): void {
  for (const [path, contents] of Object.entries(files)) {
    run<void>(store, (done) =>
      store.storage.write(path, [typeof contents === "string" ? bytesOf(contents) : contents], done),
    );
  }
}

export function listAll(store: Store): readonly string[] {
  return run<readonly string[]>(store, (done) => store.storage.list("", done)) as readonly string[]; // memory lists always
}

export interface SampleOperator {
  readonly id: string;
  readonly uid?: string;
  readonly keyed?: boolean;
}

export interface SampleVertex {
  readonly operators: readonly SampleOperator[];
  readonly parallelism: number;
  readonly maxParallelism?: number;
}

export interface SampleEdge {
  readonly from: number;
  readonly to: number;
  readonly pattern?: JobEdge["pattern"];
}

/** The last operator of a vertex feeds its edges. */
export function sampleGraph(vertices: readonly SampleVertex[], edges: readonly SampleEdge[]): JobGraph {
  return {
    name: "sample",
    vertices: vertices.map((vertex, index) => jobVertex(vertex, index, edges)),
    edges: edges.map(({ from, to, pattern = "all-to-all" }, index): JobEdge => ({
      index,
      from,
      to,
      input: 0,
      partitioning: { kind: pattern === "pointwise" ? "rescale" : "rebalance" },
      pattern,
      sideOutput: undefined,
      isFeedback: false,
    })),
    fingerprint: "sample",
    warnings: [],
  };
}

function jobVertex(vertex: SampleVertex, index: number, edges: readonly SampleEdge[]): JobVertex {
  const indicesOf = (end: "from" | "to"): number[] =>
    edges.flatMap((edge, edgeIndex) => (edge[end] === index ? [edgeIndex] : []));
  const outputs = indicesOf("from");
  return {
    id: vertex.operators[0]?.id ?? "",
    index,
    name: vertex.operators.map(({ id }) => id).join(" -> "),
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism ?? 128,
    maxParallelismSet: vertex.maxParallelism !== undefined,
    slotSharingGroup: "default",
    operators: vertex.operators.map((operator, position): JobOperator => ({
      id: operator.id,
      node: 0,
      kind: "map",
      name: operator.id,
      uid: operator.uid,
      stateful: true,
      keyed: operator.keyed ?? false,
      spec: { module: "map", functions: {}, parameters: {} },
      outputs:
        position === vertex.operators.length - 1
          ? outputs.map((edge) => ({ kind: "edge", sideOutput: undefined, edge }))
          : [{ kind: "chained", sideOutput: undefined, operator: position + 1 }],
    })),
    inputs: indicesOf("to"),
    outputs,
  };
}
