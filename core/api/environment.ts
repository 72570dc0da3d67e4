/**
 * `StreamExecutionEnvironment`: where a job begins. It makes the first streams, holds the configuration and the graph, and executes.
 *
 * In:   sources, settings. Out: a stream graph with its configuration, handed to a cluster once.
 * What code sets wins over what the environment was created with, which wins over defaults.
 */
import { explain } from "../graph/explain.ts";
import { createJobGraph } from "../graph/job-graph.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import type { Source, SourceSplit } from "../operators/contracts/source.ts";
import { KeptForJob } from "../operators/kept-for-job.ts";
import { WatermarkStrategy } from "../time/watermark-strategy.ts";
import { Config, OPTIONS } from "../util/config.ts";
import type { ConfigValues } from "../util/config.ts";
import type { Duration } from "../util/duration.ts";
import { checkpointingValues } from "./checkpointing.ts";
import type { CheckpointingOptions } from "./checkpointing.ts";
import { DataStream } from "./data-stream.ts";
import type { ExplainOptions, JobClient, JobResult, JobSubmission } from "./job-client.ts";
import { checkMaxParallelism, checkParallelism } from "./modifiers.ts";
import { Pipeline } from "./pipeline.ts";
import { requireMethod, requireStrategy, requireText } from "./refuse.ts";
import type { RestartStrategy } from "./restart-strategies.ts";
import { DataSource } from "./sources/data-source.ts";
import { SequenceSource } from "./sources/sequence-source.ts";

const JOB_NAME = "Millrace Job";

interface NewSource {
  readonly kind: string;
  readonly source: unknown;
  readonly strategy: unknown;
  readonly name?: string;
  readonly parallelism?: number;
  readonly parallelismMax?: number | undefined;
}

/** Where a job begins: sources, settings, execution. One environment builds one job. */
export class StreamExecutionEnvironment {
  readonly #pipeline: Pipeline;
  #config: Config;

  /** Prefer {@link create}, which takes a `Config` too. */
  constructor(values: ConfigValues = {}) {
    this.#config = new Config(values);
    this.#pipeline = new Pipeline({
      makeStream: (handle) => new DataStream(handle),
      submit: () => this.executeAsync(),
    });
  }

  /**
   * An environment that executes in this process.
   *
   * Shape:  `StreamExecutionEnvironment`, for one job.
   * Errors: `MR2001` an option that does not exist, `MR2002` a value that does not fit.
   * Source: Flink's `StreamExecutionEnvironment.getExecutionEnvironment`.
   *
   * @example
   * const local = StreamExecutionEnvironment.create({ "parallelism.default": 2 });
   * local.fromData(1, 2, 3).print();
   */
  static create(config: Config | ConfigValues = {}): StreamExecutionEnvironment {
    return new StreamExecutionEnvironment(isConfig(config) ? config.toValues() : config);
  }

  /** The settings so far. */
  get config(): Config {
    return this.#config;
  }

  /**
   * Sets the number of subtasks of operators that do not set their own.
   *
   * Shape:  the same environment. Default: 1.
   * Errors: `MR1027` not a whole number of 1 or more.
   * Source: Flink's `StreamExecutionEnvironment#setParallelism`.
   *
   * @example
   * env.setParallelism(4);
   */
  setParallelism(parallelism: number): this {
    checkParallelism(parallelism);
    return this.configure({ [OPTIONS.parallelism.key]: parallelism });
  }

  /**
   * Sets the number of key groups of operators that do not set their own.
   *
   * Shape:  the same environment. Default: that of the state which the job starts from, else derived from each operator's parallelism, at least 128.
   * State:  saved with it; it cannot change afterwards, and another one is refused with `MR5008`.
   * Errors: `MR1029` not a whole number from 1 to 32,768.
   * Source: Flink's `StreamExecutionEnvironment#setMaxParallelism`.
   *
   * @example
   * env.setMaxParallelism(256);
   */
  setMaxParallelism(maxParallelism: number): this {
    checkMaxParallelism(maxParallelism);
    return this.configure({ [OPTIONS.maxParallelism.key]: maxParallelism });
  }

  /**
   * Takes checkpoints, from which the job goes on after a failure.
   *
   * Shape:  the same environment. Default: no checkpoints, and then no restarts.
   * Units:  `interval` in ms, or text such as `"10s"`: from the start of one checkpoint to the start of the next.
   * Cost:   each checkpoint writes what changed since the one before.
   * Errors: `MR1001` no duration, `MR1002` not above zero, `MR2002` an option out of range.
   * Source: Flink's `StreamExecutionEnvironment#enableCheckpointing` and `CheckpointConfig`.
   *
   * @example
   * env.enableCheckpointing("10s", { minPause: "5s", tolerableFailures: 3 });
   */
  enableCheckpointing(interval: Duration, options: CheckpointingOptions = {}): this {
    return this.configure(checkpointingValues(interval, options));
  }

  /**
   * Says what happens after a failure.
   *
   * Shape:  the same environment. Default: `exponentialDelay()` with checkpointing, `noRestart()` without.
   * Errors: `MR2002` an amount out of range.
   * Source: Flink's `restart-strategy.type`.
   *
   * @example
   * env.setRestartStrategy(fixedDelay({ attempts: 3, delay: "10s" }));
   */
  setRestartStrategy(strategy: RestartStrategy): this {
    return this.configure(strategy.values);
  }

  /**
   * Sets options by their keys; what was set before and is not named stays.
   *
   * Shape:  the same environment.
   * Errors: `MR2001` an option that does not exist, `MR2002` a value that does not fit, `MR1054` the job was executed.
   * Source: Flink's `StreamExecutionEnvironment#configure`.
   *
   * @example
   * env.configure({ "pipeline.auto-watermark-interval": "50ms" });
   */
  configure(values: ConfigValues): this {
    this.#pipeline.assertOpen();
    this.#config = this.#config.with(values);
    return this;
  }

  /**
   * A stream of the values given, one after the other or as one array.
   *
   * Shape:  `DataStream<T>` of bounded length, in order; one subtask unless its parallelism is set, and then an equal part for each.
   * Time:   no timestamps; `assignTimestampsAndWatermarks` gives them.
   * Cost:   every thread that takes part in the job holds the values.
   * Source: Flink's `StreamExecutionEnvironment#fromData`.
   *
   * @example
   * env.fromData("to", "be", "or", "not").print();
   * env.fromData([{ user: "ann", amount: 12 }]).map((order) => order.amount).print();
   */
  fromData<T>(values: readonly T[]): DataStream<T>;
  fromData<T>(...values: readonly T[]): DataStream<T>;
  fromData<T>(...given: readonly (T | readonly T[])[]): DataStream<T> {
    const [only] = given;
    const values = (given.length === 1 && Array.isArray(only) ? only : given) as readonly T[]; // as the overloads say
    return this.#addSource<T>({
      kind: "data-source",
      source: new DataSource<T>([...values]),
      strategy: WatermarkStrategy.noWatermarks<T>(),
      parallelism: 1,
    });
  }

  /**
   * The whole numbers from `from` to `to`, both inclusive.
   *
   * Shape:  `DataStream<number>` of bounded length; each subtask emits an equal part of the range, in order. Nothing if `from` is above `to`.
   * Time:   no timestamps; `assignTimestampsAndWatermarks` gives them.
   * Errors: `MR1063` not whole numbers up to 2^53 - 1.
   * Source: Flink's `StreamExecutionEnvironment#fromSequence`.
   *
   * @example
   * env.fromSequence(1, 100).map((n) => n * n).print();
   */
  fromSequence(from: number, to: number): DataStream<number> {
    return this.#addSource<number>({
      kind: "sequence-source",
      source: new SequenceSource(from, to),
      strategy: WatermarkStrategy.noWatermarks<number>(),
    });
  }

  /**
   * A stream of what a source reads.
   *
   * Shape:  `DataStream<T>`; its name in plans is `Source: <name>`. What the source puts aside, such as records that it cannot read, is in its `getSideOutput(tag)`.
   * Time:   timestamps and watermarks as the strategy says, per split of the source: one slow split is waited for.
   * State:  the positions of the splits, so that a restore reads on where the checkpoint was taken.
   * Errors: `MR1065` not a source, or not a strategy; `MR1053` an empty name.
   * Source: Flink's `StreamExecutionEnvironment#fromSource`; FLIP-27.
   *
   * @example
   * const strategy = WatermarkStrategy.forBoundedOutOfOrderness("5s").withTimestampAssigner((click: Click) => click.atMs);
   * env.fromSource(clickSource, strategy, "clicks").print();
   */
  fromSource<T, S extends SourceSplit, E>(
    source: Source<T, S, E>,
    watermarkStrategy: WatermarkStrategy<NoInfer<T>>,
    name: string,
  ): DataStream<T> {
    requireMethod(source, "createReader", "fromSource() takes a source");
    requireMethod(source, "createEnumerator", "fromSource() takes a source");
    requireStrategy(watermarkStrategy, "fromSource");
    requireText(name, "fromSource");
    return this.#addSource<T>({
      kind: "source",
      source,
      strategy: watermarkStrategy,
      name,
      parallelismMax: source.parallelismMax,
    });
  }

  /** The graph as the program wrote it. For tools; {@link explain} is for people. */
  getStreamGraph(): StreamGraph {
    return this.#pipeline.graph;
  }

  /**
   * What the job will run as: tasks, what is chained into them, how they are connected, and the slots that they need.
   *
   * Shape:  text for a terminal, JSON, or dot for Graphviz.
   * Errors: those of a graph that cannot run, as `execute`.
   * Source: Flink's `StreamExecutionEnvironment#getExecutionPlan`.
   *
   * @example
   * numbers.map((n) => n * n).print();
   * console.log(env.explain({ format: "text" }));
   */
  explain(options: ExplainOptions & { readonly name?: string } = {}): string {
    return explain(createJobGraph(this.#pipeline.graph, { name: options.name ?? JOB_NAME, config: this.#config }), {
      format: options.format ?? "text",
    });
  }

  /**
   * Executes the job and waits for its end.
   *
   * Shape:  a promise of the result; it rejects with the cause if the job fails.
   * Errors: `MR1020` there is no source, `MR1054` the environment was executed before, and those of a graph that cannot run.
   * Source: Flink's `StreamExecutionEnvironment#execute`.
   *
   * @example
   * numbers.map((n) => n * n).print();
   * const result = await env.execute("squares");
   * console.log(result.durationMs);
   */
  async execute(name: string = JOB_NAME): Promise<JobResult> {
    const client = await this.executeAsync(name);
    return client.result();
  }

  /**
   * Starts the job and returns at once.
   *
   * Shape:  a promise of the client, through which to watch, stop and save the job.
   * Errors: `MR1020` there is no source, `MR1054` the environment was executed before, and those of a graph that cannot run.
   * Source: Flink's `StreamExecutionEnvironment#executeAsync`.
   *
   * @example
   * numbers.map((n) => n * n).print();
   * const client = await env.executeAsync("squares");
   * const result = await client.result();
   * console.log(result.jobName);
   */
  async executeAsync(name: string = JOB_NAME): Promise<JobClient> {
    this.#pipeline.seal();
    // oxlint-disable-next-line no-restricted-imports -- the one door up to the executor, opened only when a job is executed
    const { executeLocally } = await import("../cluster/local.ts");
    return this.#submit(name, executeLocally);
  }

  /** @internal Starts the job where the executor runs it, such as a cluster. */
  executeOn(execute: (submission: JobSubmission) => JobClient, name: string): JobClient {
    this.#pipeline.seal();
    return this.#submit(name, execute);
  }

  #submit(jobName: string, execute: (submission: JobSubmission) => JobClient): JobClient {
    const { graph, listeners } = this.#pipeline;
    const client = execute({ jobName, streamGraph: graph, config: this.#config, listeners });
    this.#pipeline.submitted(client);
    return client;
  }

  #addSource<T>({ kind, source, strategy, name, parallelism, parallelismMax }: NewSource): DataStream<T> {
    const spec = { module: "source", functions: {}, parameters: { source, strategy, kept: new KeptForJob() } };
    const subtasks = parallelismMax === 1 ? 1 : parallelism;
    return this.#pipeline.addOperator<T>(
      { kind, spec, stateful: true, parallelismMax, parallelism: subtasks, ...(name === undefined ? {} : { name }) },
      [],
    );
  }
}

/** By its shape: it may come from another copy of the package. */
function isConfig(config: Config | ConfigValues): config is Config {
  return typeof config["toValues"] === "function";
}
