/**
 * The job graph as plain data: vertices are chains of operators, edges are exchanges between vertices. Made by `job-graph.ts`, read by the
 * scheduler, the tasks and `explain`.
 */
import type { OperatorSpec, Partitioning } from "./stream-graph.ts";

/** Where one output of an operator goes. */
export type OperatorOutput =
  | {
      readonly kind: "chained";
      readonly sideOutput: string | undefined;
      /** Index in `JobVertex.operators`. */ readonly operator: number;
    }
  | {
      readonly kind: "edge";
      readonly sideOutput: string | undefined;
      /** Index in `JobGraph.edges`. */ readonly edge: number;
    };

export interface JobOperator {
  /** Stable across versions of the job: 32 hexadecimal digits, from the uid if there is one. */
  readonly id: string;
  /** The stream node it came from. */
  readonly node: number;
  readonly kind: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly stateful: boolean;
  readonly keyed: boolean;
  readonly spec: OperatorSpec;
  readonly outputs: readonly OperatorOutput[];
}

export interface JobVertex {
  /** The id of its head operator. */
  readonly id: string;
  readonly index: number;
  /** `Source: numbers -> Map -> (Sink: a, Sink: b)`. */
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Somebody has set it. Else it was derived from the parallelism, and yields to that of the state that the job starts from. */
  readonly maxParallelismSet: boolean;
  readonly slotSharingGroup: string;
  /** Head first; each before those it feeds. */
  readonly operators: readonly JobOperator[];
  /** Indices in `JobGraph.edges`. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface JobEdge {
  readonly index: number;
  /** Vertex indices. */
  readonly from: number;
  readonly to: number;
  /** Which logical input of the target's head operator. */
  readonly input: number;
  readonly partitioning: Partitioning;
  readonly pattern: "pointwise" | "all-to-all";
  readonly sideOutput: string | undefined;
  /** Leads from a vertex back to its own head. Whatever asks who feeds whom (order, time, alignment, the end) leaves it out. */
  readonly isFeedback: boolean;
}

/** What the user should know about a graph that runs all the same. */
export interface JobWarning {
  /** `missing-uid` matters where state outlives the process; `not-replayable` is said only where checkpoints are taken, `not-committed` only where none are. */
  readonly kind: "missing-uid" | "not-replayable" | "not-committed";
  readonly sentence: string;
}

export interface JobGraph {
  readonly name: string;
  /** In topological order: sources first. */
  readonly vertices: readonly JobVertex[];
  readonly edges: readonly JobEdge[];
  /** Same graph, same text; guards against modules that build different graphs in different threads. */
  readonly fingerprint: string;
  /** What the user should know: stateful operators without uid, sources that cannot replay under checkpointing, sinks that never commit without. */
  readonly warnings: readonly JobWarning[];
}

/** One of the parallel instances of a vertex. */
export interface Subtask {
  /** Index of the job vertex. */
  readonly vertex: number;
  readonly subtask: number;
}
