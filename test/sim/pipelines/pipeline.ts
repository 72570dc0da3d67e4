/** What a pipeline under test is: how it is built, where it reads and writes, and what it promises. */
import type {
  DataStream,
  Sink,
  Source,
  SourceSplit,
  StreamExecutionEnvironment,
  WatermarkStrategy,
} from "../../../core/index.ts";

/** What a pipeline under test writes. Records of one lane must come in one order, whatever happens. */
export interface Out {
  readonly lane: string;
  readonly value: unknown;
}

/** What a pipeline is built with. */
export interface PipelineRun {
  readonly env: StreamExecutionEnvironment;
  /** `env.fromSource`, with a source that faults can strike. */
  read<T, S extends SourceSplit, E>(
    source: Source<T, S, E>,
    strategy: WatermarkStrategy<NoInfer<T>>,
    name: string,
  ): DataStream<T>;
  /** To the outside world. */
  write(stream: DataStream<Out>, name?: string): void;
  /** To a sink of the pipeline's own, that faults can strike: what it writes, its own checkers look at. Where nobody simulates, left out. */
  writeTo?<T, W, C>(stream: DataStream<T>, sink: Sink<T, W, C>, name: string): void;
}

export interface Pipeline {
  readonly name: string;
  /**
   * `exact`: whatever happens, it writes the same to each lane. `conserving`: what it writes depends on chance, such as who is late, and laws say what
   * must be true of it all the same.
   */
  readonly promise: "exact" | "conserving";
  /** It calls `env.fromSource` itself: faults strike its sources all the same, and before its sinks. */
  readonly hasOwnSources?: boolean;
  build(run: PipelineRun): void;
}

/** How many records of each split there are, by split id. Undefined, or a split that is not named: all of them. */
export type UpTo = ReadonlyMap<string, number> | undefined;
