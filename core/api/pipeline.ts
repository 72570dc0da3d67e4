/**
 * The graph under construction, shared by an environment and the streams made from it.
 *
 * In:   nodes with the ends of the streams that feed them, and listeners at the client for what sinks send back.
 * Out:  the stream graph, sealed by the first submission; after it, every attempt to change it is refused.
 */
import { StreamGraph } from "../graph/stream-graph.ts";
import type { NewNode, Partitioning, StreamNode } from "../graph/stream-graph.ts";
import type { DataStream } from "./data-stream.ts";
import type { JobClient } from "./job-client.ts";
import { refuse } from "./refuse.ts";

/** Where a stream begins: one output of one node, and how its records choose among the subtasks of whatever is connected next. */
export interface StreamEnd {
  readonly node: StreamNode;
  /** Undefined: the main output. */
  readonly sideOutput: string | undefined;
  /** Undefined: forward if the parallelisms agree, else rebalance. */
  readonly partitioning: Partitioning | undefined;
}

/** What a stream is to its operators: all ends of a union, one end otherwise. */
export interface StreamHandle {
  readonly pipeline: Pipeline;
  readonly ends: readonly StreamEnd[];
}

export interface PipelineServices {
  readonly makeStream: <T>(handle: StreamHandle) => DataStream<T>;
  readonly submit: () => Promise<JobClient>;
}

export class Pipeline {
  readonly graph: StreamGraph = new StreamGraph();
  readonly #services: PipelineServices;
  readonly #listeners = new Map<number, (value: unknown) => void>();
  readonly #submittedCallbacks: ((client: JobClient) => void)[] = [];
  readonly #claims = new Set<string>();
  #sealed = false;

  constructor(services: PipelineServices) {
    this.#services = services;
  }

  get listeners(): ReadonlyMap<number, (value: unknown) => void> {
    return this.#listeners;
  }

  /** Adds an operator; `inputs` in the order of its logical inputs. */
  addNode(node: NewNode, inputs: readonly StreamHandle[]): StreamNode {
    this.assertOpen();
    for (const input of inputs) this.assertOwns(input);
    const added = this.graph.addNode(node);
    inputs.forEach((handle, input) => {
      for (const end of handle.ends) {
        this.graph.connect({
          from: end.node.id,
          to: added.id,
          input,
          partitioning: end.partitioning,
          sideOutput: end.sideOutput,
        });
      }
    });
    return added;
  }

  /** Reserves what only one sink may write. */
  claim(exclusive: string): void {
    if (this.#claims.has(exclusive))
      refuse("MR1067", `two sinks of the job write ${exclusive}: give each its own directory or prefix`);
    this.#claims.add(exclusive);
  }

  /** As {@link addNode}, and returns the stream of what the operator emits. `loop`: how that comes back to it, at one more input. */
  addOperator<O>(
    node: NewNode,
    inputs: readonly StreamHandle[],
    { loop }: { readonly loop?: Partitioning | undefined } = {},
  ): DataStream<O> {
    const added = this.addNode(node, inputs);
    if (loop !== undefined) {
      const { id } = added;
      const input = inputs.length;
      this.graph.connect({ from: id, to: id, input, partitioning: loop, sideOutput: undefined, isFeedback: true });
    }
    return this.#services.makeStream<O>({
      pipeline: this,
      ends: [{ node: added, sideOutput: undefined, partitioning: undefined }],
    });
  }

  /** `listener` gets what the sink at `node` sends to the client. */
  listen(node: StreamNode, listener: (value: unknown) => void): void {
    this.#listeners.set(node.id, listener);
  }

  onSubmitted(callback: (client: JobClient) => void): void {
    this.#submittedCallbacks.push(callback);
  }

  submit(): Promise<JobClient> {
    return this.#services.submit();
  }

  /** No change after this. Called once, by the environment. */
  seal(): void {
    this.assertOpen();
    this.#sealed = true;
  }

  submitted(client: JobClient): void {
    for (const callback of this.#submittedCallbacks) callback(client);
  }

  assertOpen(): void {
    if (!this.#sealed) return;
    refuse(
      "MR1054",
      "this environment was executed, and its graph cannot change any more: build the next job on a new environment",
    );
  }

  assertOwns(other: StreamHandle): void {
    if (other.pipeline === this) return;
    refuse("MR1050", "the two streams come from different environments: build both from the same one");
  }
}
