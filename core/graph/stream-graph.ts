/**
 * The stream graph: nodes and edges as the user wrote them. The API adds nodes; `job-graph.ts` chains them into vertices.
 *
 * In:   calls of `addNode` and `connect`, in the order of the program.
 * Out:  a plain structure; nothing runs.
 */
import { assert } from "../util/errors.ts";

/** How records choose among the subtasks of the next operator. */
export type Partitioning =
  | { readonly kind: "forward" | "rebalance" | "rescale" | "shuffle" | "broadcast" | "global" }
  | { readonly kind: "hash"; readonly keyOf: (value: never) => unknown }
  | {
      readonly kind: "custom";
      readonly keyOf: (value: never) => unknown;
      readonly partitioner: (key: never, partitions: number) => number;
    };

/** What to run at a position: the operator's file under `core/operators`, the user's functions, and plain parameters. */
export interface OperatorSpec {
  /** Path under `core/operators` without ending (`"map"`, `"window/window"`), or `"custom"` for `transform`. */
  readonly module: string;
  /** Functions, objects or classes of the user; instantiated and opened before the operator is made, and closed after it. */
  readonly functions: Readonly<Record<string, unknown>>;
  /** Everything else; handed to the operator's factory together with the functions. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type ChainingStrategy = "always" | "head" | "never";

/** A node under construction: the modifiers of `SingleOutputStreamOperator` write to it until the job is submitted. */
export interface StreamNode {
  readonly id: number;
  /** `map`, `window.aggregate`, `source`, `sink` …: what it is, for plans and default names. */
  readonly kind: string;
  readonly spec: OperatorSpec;
  /** Has state of any kind, and so needs a stable id. */
  readonly stateful: boolean;
  /** Has keyed state: its inputs are hash partitioned. */
  readonly keyed: boolean;
  name: string;
  uid: string | undefined;
  /** Undefined: the environment's. */
  parallelism: number | undefined;
  maxParallelism: number | undefined;
  chaining: ChainingStrategy;
  slotSharingGroup: string | undefined;
  /** More subtasks than this are refused. */
  parallelismMax: number | undefined;
}

export interface StreamEdge {
  readonly from: number;
  readonly to: number;
  /** Which logical input of the target: 0, or 1 for the second input of two. */
  readonly input: number;
  /** Undefined: forward if the parallelisms agree, else rebalance. */
  readonly partitioning: Partitioning | undefined;
  /** Id of the side output that flows here; undefined: the main output. */
  readonly sideOutput: string | undefined;
  /** From an operator back to itself: what it emits comes in again. Counts neither for time nor for the alignment of barriers. Default: false. */
  readonly isFeedback?: boolean;
}

export type NewNode = Pick<StreamNode, "kind" | "spec"> & Partial<Omit<StreamNode, "id" | "kind" | "spec">>;

export class StreamGraph {
  readonly #nodes: StreamNode[] = [];
  readonly #edges: StreamEdge[] = [];

  get nodes(): readonly StreamNode[] {
    return this.#nodes;
  }

  get edges(): readonly StreamEdge[] {
    return this.#edges;
  }

  /** Ids count from 0, in the order of the program. */
  addNode(node: NewNode): StreamNode {
    const added: StreamNode = {
      id: this.#nodes.length,
      kind: node.kind,
      spec: node.spec,
      stateful: node.stateful ?? false,
      keyed: node.keyed ?? false,
      name: node.name ?? node.kind,
      uid: node.uid,
      parallelism: node.parallelism,
      maxParallelism: node.maxParallelism,
      chaining: node.chaining ?? "always",
      slotSharingGroup: node.slotSharingGroup,
      parallelismMax: node.parallelismMax,
    };
    this.#nodes.push(added);
    return added;
  }

  connect(edge: StreamEdge): void {
    assert(edge.from < this.#nodes.length && edge.to < this.#nodes.length, "an edge connects nodes of its graph");
    this.#edges.push(edge);
  }

  node(id: number): StreamNode {
    const node = this.#nodes[id];
    assert(node !== undefined, `there is no node ${id}`);
    return node;
  }

  /** Feedback too. */
  inputsOf(id: number): readonly StreamEdge[] {
    return this.#edges.filter((edge) => edge.to === id);
  }

  /** The graph without its loops: what decides the order of nodes. */
  get forwardEdges(): readonly StreamEdge[] {
    return this.#edges.filter(({ isFeedback }) => isFeedback !== true);
  }

  outputsOf(id: number): readonly StreamEdge[] {
    return this.#edges.filter((edge) => edge.from === id);
  }
}
