/**
 * What can be said about an operator after it was added: its name, its stable id, its parallelism, and its place in chains and slots.
 *
 * `OperatorModifiers` is the public side, with the documentation; `NodeModifiers` writes to the node of the stream graph and refuses what can never run.
 */
import type { StreamNode } from "../graph/stream-graph.ts";
import { MAX_PARALLELISM_LIMIT } from "../state/key-groups.ts";
import type { Pipeline, StreamHandle } from "./pipeline.ts";
import { refuse, requireText } from "./refuse.ts";

/**
 * They change the operator that the stream comes from, and return the stream. They go right behind it: a union, a side output and a stream behind
 * `rebalance()` and the like have no operator of their own, and refuse them with `MR1052`.
 */
export interface OperatorModifiers {
  /**
   * Names the operator in plans, logs and metrics.
   *
   * Shape:  the same stream. Default: what the operator is, such as `Map`.
   * Errors: `MR1053` the name is empty.
   * Source: Flink's `SingleOutputStreamOperator#name`.
   *
   * @example
   * numbers.map((n) => n * n).name("square").print();
   */
  name(name: string): this;

  /**
   * Gives the operator an id under which its state is found again, whatever else changes in the job.
   *
   * Shape:  the same stream. Default: derived from the name, and refused where that would be ambiguous.
   * State:  a savepoint maps ids to states; an operator that keeps its uid keeps its state.
   * Errors: `MR1053` the uid is empty. A uid that two operators share is refused when the job graph is made.
   * Source: Flink's `SingleOutputStreamOperator#uid`.
   *
   * @example
   * numbers.keyBy((n) => n % 10).reduce((left, right) => left + right).uid("totals").print();
   */
  uid(uid: string): this;

  /**
   * Sets the number of subtasks of the operator.
   *
   * Shape:  the same stream. Default: the environment's.
   * Errors: `MR1027` not a whole number of 1 or more; `MR1030` more than the source or sink allows.
   * Source: Flink's `SingleOutputStreamOperator#setParallelism`.
   *
   * @example
   * numbers.map((n) => n * n).setParallelism(2).print();
   */
  setParallelism(parallelism: number): this;

  /**
   * Sets the number of key groups, which is the highest parallelism that the operator's state can ever be spread over.
   *
   * Shape:  the same stream. Default: that of the state which the job starts from, else derived from the parallelism, at least 128.
   * State:  saved with it; it cannot change afterwards, and another one is refused with `MR5008`.
   * Errors: `MR1029` not a whole number from 1 to 32,768.
   * Source: Flink's `SingleOutputStreamOperator#setMaxParallelism`.
   *
   * @example
   * numbers.keyBy((n) => n % 10).reduce((left, right) => left + right).setMaxParallelism(256).print();
   */
  setMaxParallelism(maxParallelism: number): this;

  /**
   * Runs the operator in a task of its own, chained to neither side.
   *
   * Shape:  the same stream.
   * Cost:   a channel on both sides, several times the cost of a chained call.
   * Source: Flink's `SingleOutputStreamOperator#disableChaining`.
   *
   * @example
   * numbers.map((n) => n * n).disableChaining().print();
   */
  disableChaining(): this;

  /**
   * Begins a new task with the operator: what follows may be chained to it, what stands before may not.
   *
   * Shape:  the same stream.
   * Cost:   a channel before the operator.
   * Source: Flink's `SingleOutputStreamOperator#startNewChain`.
   *
   * @example
   * numbers.map((n) => n * n).startNewChain().print();
   */
  startNewChain(): this;

  /**
   * Puts the operator into a slot sharing group: subtasks of different groups never share a slot.
   *
   * Shape:  the same stream. Default: the group of the inputs if they agree, else `"default"`.
   * Cost:   the job needs, for each group, as many slots as its highest parallelism.
   * Errors: `MR1053` the name is empty.
   * Source: Flink's `SingleOutputStreamOperator#slotSharingGroup`.
   *
   * @example
   * numbers.map((n) => n * n).slotSharingGroup("heavy").print();
   */
  slotSharingGroup(group: string): this;
}

export class NodeModifiers {
  readonly #pipeline: Pipeline;
  readonly #node: StreamNode;

  constructor(pipeline: Pipeline, node: StreamNode) {
    this.#pipeline = pipeline;
    this.#node = node;
  }

  name(name: string): void {
    this.#open().name = requireText(name, "name");
  }

  uid(uid: string): void {
    this.#open().uid = requireText(uid, "uid");
  }

  setParallelism(parallelism: number): void {
    const node = this.#open();
    checkParallelism(parallelism);
    if (node.parallelismMax !== undefined && parallelism > node.parallelismMax) {
      refuse("MR1030", `"${node.name}" runs in ${node.parallelismMax} subtask(s) at most, not in ${parallelism}`);
    }
    node.parallelism = parallelism;
  }

  setMaxParallelism(maxParallelism: number): void {
    const node = this.#open();
    checkMaxParallelism(maxParallelism);
    node.maxParallelism = maxParallelism;
  }

  disableChaining(): void {
    this.#open().chaining = "never";
  }

  startNewChain(): void {
    this.#open().chaining = "head";
  }

  slotSharingGroup(group: string): void {
    this.#open().slotSharingGroup = requireText(group, "slotSharingGroup");
  }

  #open(): StreamNode {
    this.#pipeline.assertOpen();
    return this.#node;
  }
}

/** The modifiers of the operator that a stream comes from; refuses streams that have none of their own. */
export function modifiersOf(handle: StreamHandle, method: string): NodeModifiers {
  return new NodeModifiers(handle.pipeline, operatorOf(handle, method));
}

/** The operator whose main output the stream is, with nothing in between. */
export function operatorOf(handle: StreamHandle, method: string): StreamNode {
  const [end, second] = handle.ends;
  if (end !== undefined && second === undefined && end.sideOutput === undefined && end.partitioning === undefined)
    return end.node;
  return refuse(
    "MR1052",
    `${method}() goes right behind the operator that it is about, not behind a union, a side output or a partitioning`,
  );
}

export function checkParallelism(parallelism: number): void {
  if (Number.isInteger(parallelism) && parallelism >= 1) return;
  refuse("MR1027", `a parallelism is a whole number of 1 or more, not ${String(parallelism)}`);
}

export function checkMaxParallelism(maxParallelism: number): void {
  if (Number.isInteger(maxParallelism) && maxParallelism >= 1 && maxParallelism <= MAX_PARALLELISM_LIMIT) return;
  refuse(
    "MR1029",
    `a maximum parallelism is a whole number from 1 to ${MAX_PARALLELISM_LIMIT}, not ${String(maxParallelism)}`,
  );
}
