/** What `sinkTo`, `print` and `discard` return: the end of a stream, to be named and placed. */
import type { StreamNode } from "../graph/stream-graph.ts";
import { NodeModifiers } from "./modifiers.ts";
import type { OperatorModifiers } from "./modifiers.ts";
import type { Pipeline } from "./pipeline.ts";

/** The end of a stream. Made by `sinkTo`, `print` and `discard`. */
export class DataStreamSink implements OperatorModifiers {
  readonly #modifiers: NodeModifiers;

  /** @internal Made by `DataStream`. */
  constructor(pipeline: Pipeline, node: StreamNode) {
    this.#modifiers = new NodeModifiers(pipeline, node);
  }

  name(name: string): this {
    this.#modifiers.name(name);
    return this;
  }

  uid(uid: string): this {
    this.#modifiers.uid(uid);
    return this;
  }

  setParallelism(parallelism: number): this {
    this.#modifiers.setParallelism(parallelism);
    return this;
  }

  setMaxParallelism(maxParallelism: number): this {
    this.#modifiers.setMaxParallelism(maxParallelism);
    return this;
  }

  disableChaining(): this {
    this.#modifiers.disableChaining();
    return this;
  }

  startNewChain(): this {
    this.#modifiers.startNewChain();
    return this;
  }

  slotSharingGroup(group: string): this {
    this.#modifiers.slotSharingGroup(group);
    return this;
  }
}
