/**
 * How a stream's records choose among the subtasks of the next operator: the public side, with the documentation. `DataStream` implements it.
 *
 * Each method returns a stream whose next edge is partitioned that way. Nothing is said about edges after that one.
 */
import type { KeySelector, Partitioner } from "../operators/contracts/functions.ts";
import type { DataStream } from "./data-stream.ts";

export interface StreamPartitioning<T> {
  /**
   * Subtask i feeds subtask i.
   *
   * Shape:  `DataStream<T>`. The only partitioning that lets operators be chained.
   * Errors: `MR1026` when the job graph is made and the parallelisms differ.
   * Source: Flink's `DataStream#forward`.
   *
   * @example
   * numbers.map((n) => n + 1).forward().map((n) => n * 2).print();
   */
  forward(): DataStream<T>;

  /**
   * Each subtask deals its records out to all subtasks in turn.
   *
   * Shape:  `DataStream<T>`. What happens anyway where parallelisms differ.
   * Cost:   an exchange between all subtasks. Records of one input subtask no longer keep their order.
   * Source: Flink's `DataStream#rebalance`.
   *
   * @example
   * numbers.rebalance().map((n) => n * n).setParallelism(2).print();
   */
  rebalance(): DataStream<T>;

  /**
   * Each subtask deals its records out to its share of the subtasks in turn: from 2 to 4, each feeds 2.
   *
   * Shape:  `DataStream<T>`.
   * Cost:   less than `rebalance`, as fewer subtasks are connected; it does not even out what is uneven before.
   * Source: Flink's `DataStream#rescale`.
   *
   * @example
   * numbers.rescale().map((n) => n * n).setParallelism(2).print();
   */
  rescale(): DataStream<T>;

  /**
   * Each record goes to a subtask chosen at random.
   *
   * Shape:  `DataStream<T>`.
   * Source: Flink's `DataStream#shuffle`.
   *
   * @example
   * numbers.shuffle().map((n) => n * n).setParallelism(2).print();
   */
  shuffle(): DataStream<T>;

  /**
   * Each record goes to every subtask.
   *
   * Shape:  `DataStream<T>`, with each element once per subtask of the next operator.
   * Source: Flink's `DataStream#broadcast`.
   *
   * @example
   * numbers.broadcast().map((n) => n * n).setParallelism(2).print();
   */
  broadcast(): DataStream<T>;

  /**
   * Every record goes to the first subtask.
   *
   * Shape:  `DataStream<T>`.
   * Cost:   the next operator does all its work in one subtask.
   * Source: Flink's `DataStream#global`.
   *
   * @example
   * numbers.global().map((n) => n * n).print();
   */
  global(): DataStream<T>;

  /**
   * Each record goes to the subtask that `partitioner` names for its key.
   *
   * Shape:  `DataStream<T>`; not keyed, so without keyed state: for that, use `keyBy`.
   * Cost:   both functions run once per record.
   * Errors: an index outside 0 to `partitions - 1` fails the task.
   * Source: Flink's `DataStream#partitionCustom`.
   *
   * @example
   * clicks
   *   .partitionCustom((length: number, partitions) => length % partitions, (click) => click.page.length)
   *   .map((click) => click.page)
   *   .print();
   */
  partitionCustom<K>(partitioner: Partitioner<K>, keySelector: KeySelector<T, K>): DataStream<T>;
}
