/**
 * `millrace`: everything that is public, by name. Values first, then types; nothing is computed here.
 *
 * Begin with `StreamExecutionEnvironment` and `DataStream`; the contracts of functions, sources, sinks and operators follow.
 */

// Jobs and streams
export { defineJob, isJobDefinition } from "./api/define-job.ts";
export { StreamExecutionEnvironment } from "./api/environment.ts";
export { DataStream } from "./api/data-stream.ts";
export { DataStreamSink } from "./api/data-stream-sink.ts";
export { KeyedStream } from "./api/keyed-stream.ts";
export { WindowedStream } from "./api/windowed-stream.ts";
export { ConnectedStreams, KeyedConnectedStreams } from "./api/connected-streams.ts";
export { exponentialDelay, failureRate, fixedDelay, noRestart } from "./api/restart-strategies.ts";

// What functions declare and use
export { OutputTag } from "./operators/contracts/functions.ts";
export { aggregating, list, map, operatorList, reducing, unionList, value } from "./state/descriptors.ts";
export { WatermarkStrategy } from "./time/watermark-strategy.ts";

// Windows
export { global, session, sliding, tumbling } from "./operators/window/assigners.ts";
export {
  continuousEventTime,
  continuousProcessingTime,
  count,
  delta,
  eventTime,
  never,
  processingTime,
  processingTimeout,
  purging,
} from "./operators/window/triggers.ts";

// Configuration and errors
export { Config, OPTIONS } from "./util/config.ts";
export { MillraceError, isMillraceError } from "./util/errors.ts";

// Types: jobs and streams
export type { BuildJob, JobDefinition, JobOptions } from "./api/define-job.ts";
export type {
  ExplainFormat,
  ExplainOptions,
  JobClient,
  JobResult,
  JobStatus,
  MetricSample,
  SavepointOptions,
  StopOptions,
} from "./api/job-client.ts";
export type { CheckpointingOptions } from "./api/checkpointing.ts";
export type {
  ExponentialDelayOptions,
  FailureRateOptions,
  FixedDelayOptions,
  RestartStrategy,
} from "./api/restart-strategies.ts";
export type { OperatorModifiers } from "./api/modifiers.ts";
export type { Quarantined, QuarantineReport } from "./operators/quarantine-report.ts";
export type { StreamPartitioning } from "./api/stream-partitioning.ts";
export type { CollectOptions, PrintOptions, StreamResults } from "./api/stream-results.ts";
export type { MakeOperator, TransformOptions } from "./api/transform.ts";
export type { NoState, OperatorStateDeclarations } from "./api/declared-functions.ts";
export type { Comparable, Reducer } from "./api/rolling.ts";

// Types: functions
export type {
  CoProcessFunction,
  Collector,
  FilterFunction,
  FlatMapFunction,
  Instantiable,
  KeySelector,
  KeyedCoProcessFunction,
  KeyedProcessContext,
  KeyedProcessFunction,
  LifeCycle,
  MapFunction,
  OnTimerContext,
  Partitioner,
  ProcessContext,
  ProcessFunction,
  RuntimeContext,
  TaskInfo,
  TimeContext,
  TimerService,
} from "./operators/contracts/functions.ts";

// Types: state
export type {
  AggregateFunction,
  AggregatingDescriptor,
  KeyedStateOptions,
  ListDescriptor,
  MapDescriptor,
  OperatorListDescriptor,
  ReduceFunction,
  ReducingDescriptor,
  StateDeclarations,
  StateHandles,
  TtlOptions,
  ValueDescriptor,
} from "./state/descriptors.ts";
export type {
  AggregatingState,
  ListState,
  MapState,
  OperatorListState,
  ReducingState,
  ValueState,
} from "./state/handles.ts";

// Types: windows
export type {
  GlobalWindow,
  SessionAssigner,
  SessionOptions,
  TimeWindow,
  WindowAssigner,
  WindowOptions,
  WindowTime,
} from "./operators/window/assigners.ts";
export type { ProcessWindowContext, ProcessWindowFunction, WindowResult } from "./operators/window/functions.ts";
export type { Trigger, TriggerContext, TriggerResult } from "./operators/window/trigger.ts";
export type { ProcessingTimeoutOptions } from "./operators/window/triggers.ts";

// Types: sources and sinks
export type {
  PollResult,
  ReaderOutput,
  Source,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from "./operators/contracts/source.ts";
export type {
  CommitRequest,
  Committer,
  Sink,
  SinkContext,
  SinkWriter,
  WriteContext,
} from "./operators/contracts/sink.ts";

// Types: operators of your own
export type {
  Availability,
  Input,
  Operator,
  OperatorServices,
  Output,
  Pending,
  SourceStatus,
} from "./operators/operator.ts";
export type { KeyedState } from "./state/keyed-state.ts";
export type { OperatorState } from "./state/operator-state.ts";
export type { InternalTimers, TimerTarget } from "./state/timers.ts";

// Types: time, metrics, configuration, errors
export type { Cancel, Clock, TimeMs } from "./time/clock.ts";
export type { TimestampAssigner, WatermarkGenerator, WatermarkOutput } from "./time/watermark-strategy.ts";
export type { Counter, Histogram, MetricGroup, MetricScope, MetricValue } from "./metrics/registry.ts";
export type { ConfigValues } from "./util/config.ts";
export type { Option } from "./util/options.ts";
export type { Duration, DurationUnit } from "./util/duration.ts";
export type { ErrorCode } from "./util/errors.ts";
export type { StreamGraph } from "./graph/stream-graph.ts";
