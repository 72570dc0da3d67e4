/** Where a stream ends: sinks, and results for the client. The public side, with the documentation; `DataStream` implements it. */
import type { Sink } from "../operators/contracts/sink.ts";
import type { DataStreamSink } from "./data-stream-sink.ts";

export interface PrintOptions {
  /** Stands before each line, as `prefix> `. Default: nothing. */
  readonly prefix?: string;
  /** Called with each line in the process that submitted the job. Default: writes it to the standard output. */
  readonly write?: (line: string) => void;
}

export interface CollectOptions {
  /** Results that wait to be read; more than this end the iteration with `MR1061`. Default: 1,000,000. */
  readonly bufferMax?: number;
}

export interface StreamResults<T> {
  /**
   * Hands the stream to a sink.
   *
   * Shape:  `DataStreamSink`, which takes a name, a uid and so on.
   * State:  the sink's: what its writers keep and what is not yet committed.
   * Errors: `MR1065` not a sink.
   * Source: Flink's `DataStream#sinkTo`.
   *
   * @example
   * numbers.sinkTo({ createWriter: () => ({ write: (n) => console.log(n) }) }).name("console");
   */
  sinkTo<W, C>(sink: Sink<T, W, C>): DataStreamSink;

  /**
   * Writes each value as a line to the standard output of the process that submitted the job.
   *
   * Shape:  `DataStreamSink`. Lines begin with the prefix, and with the subtask's number where there are several: `clicks:2> …`.
   * Cost:   for looking at a job: after a restart, lines since the last checkpoint come again.
   * Source: Flink's `DataStream#print`.
   *
   * @example
   * clicks.map((click) => click.page).print("pages");
   */
  print(options?: string | PrintOptions): DataStreamSink;

  /**
   * Drops every value; for streams whose side effects or side outputs matter, and for benchmarks.
   *
   * Shape:  `DataStreamSink`.
   * Source: Flink's `DiscardingSink`.
   *
   * @example
   * numbers.map((n) => n * n).discard();
   */
  discard(): DataStreamSink;

  /**
   * Executes the job and brings the values of this stream to the caller.
   *
   * Shape:  a promise of the values, in the order of each subtask; with `limit`, of the first ones, after which the job is cancelled.
   * State:  with checkpointing, values arrive exactly once, when the checkpoint that contains them is complete.
   * Errors: `MR1062` the limit is not a whole number of 1 or more; `MR1060` the job restarted without checkpoints; otherwise the job's failure.
   * Source: Flink's `DataStream#executeAndCollect`.
   *
   * @example
   * const squares = await numbers.map((n) => n * n).executeAndCollect();
   * console.log(squares.length);
   */
  executeAndCollect(limit?: number): Promise<T[]>;

  /**
   * Brings the values of this stream to the caller, once the job is executed: for several streams of one job, and for jobs without an end.
   *
   * Shape:  an async iterator. It ends with the job and rejects with its failure; leaving it early does not end the job.
   * State:  as `executeAndCollect`. Values that were not yet read wait in memory, at most `bufferMax`.
   * Errors: `MR1062` `bufferMax` is not a whole number of 1 or more; while iterating `MR1060`, `MR1061`, and the job's failure.
   * Source: Flink's `DataStream#collectAsync`.
   *
   * @example
   * const results = numbers.map((n) => n * n).collectAsync();
   * await env.executeAsync();
   * for await (const square of results) console.log(square);
   */
  collectAsync(options?: CollectOptions): AsyncIterableIterator<T, undefined>;
}
