/**
 * One job whose master lives in this thread, and the client's view of it. Its slots live here too, or wherever a cluster puts them.
 *
 * In:   a submission, where the job is placed, and the client's calls. Out: promises for the client; nothing inside the engine waits on one.
 * What is found wrong with the graph throws from the constructor; everything later ends up in `result()`.
 */
import type { CompletedCheckpoint } from "../checkpoint/contract.ts";
import { findCheckpoint } from "../checkpoint/find-checkpoint.ts";
import { withSavedKeyGroups } from "../checkpoint/saved-key-groups.ts";
import { explain } from "../graph/explain.ts";
import { createJobGraph } from "../graph/job-graph.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import { MetricRegistry } from "../metrics/metric-registry.ts";
import { NOTHING_QUARANTINED } from "../operators/quarantine-report.ts";
import { OPTIONS } from "../util/config.ts";
import { asError, MillraceError } from "../util/errors.ts";
import type { Done, Outcome } from "../util/outcome.ts";
import { randomHex } from "../util/random.ts";
import type {
  ExplainOptions,
  JobClient,
  JobResult,
  JobStatus,
  JobSubmission,
  MetricSample,
  SavepointOptions,
  StopOptions,
} from "../api/job-client.ts";
import { closeKept } from "./close-kept.ts";
import { IN_THIS_THREAD } from "./compose-job.ts";
import type { JobPlacement } from "./compose-job.ts";
import type { JobMaster, JobOutcome, JobPhaseName } from "./job-master.ts";
import { JobStores } from "./job-stores.ts";
import { Endpoint } from "./rpc/endpoint.ts";
import { ofSubtasks, sourceRecords } from "./source-records.ts";
import type { World } from "./world.ts";

const STATUS: Readonly<Record<JobPhaseName, JobStatus>> = {
  created: "CREATED",
  waiting: "CREATED",
  deploying: "RUNNING",
  running: "RUNNING",
  failing: "FAILING",
  restarting: "RESTARTING",
  cancelling: "CANCELLING",
  finished: "FINISHED",
  canceled: "CANCELED",
  failed: "FAILED",
};

/** It leads the job from its beginning to its end. */
const ONLY_MASTER = 1;

export class LocalJob implements JobClient {
  readonly jobId: string;
  readonly jobName: string;
  readonly #world: World;
  readonly #submission: JobSubmission;
  readonly #placement: JobPlacement;
  /** As it runs, once it is known what the job starts from. */
  #graph: JobGraph;
  readonly #stores: JobStores;
  readonly #metrics: MetricRegistry;
  readonly #endpoint: Endpoint;
  readonly #startedMs: number;
  readonly #result: Promise<JobResult>;
  #settle: (outcome: JobOutcome) => void;
  #phase: JobPhaseName;
  /** Wait until all tasks run. */
  readonly #questions: (() => void)[];
  #master: JobMaster | undefined;
  /** Read by attempts that failed. */
  #recordsBefore: number;
  /** Somebody waits for the result, and so hears of the failure that ends the job. */
  #isAwaited: boolean;
  /** Perhaps before there is a master to tell. */
  #isCancelled: boolean;

  constructor(submission: JobSubmission, world: World, placement: JobPlacement = IN_THIS_THREAD) {
    const { config, jobName } = submission;
    this.jobId = randomHex(world.random, 32);
    this.jobName = jobName;
    this.#world = world;
    this.#submission = submission;
    this.#placement = placement;
    this.#graph = createJobGraph(submission.streamGraph, { name: jobName, config });
    placement.check(this.#graph, config);
    this.#warn();
    this.#stores = new JobStores({ world, config, jobId: this.jobId });
    this.#metrics = new MetricRegistry({ clock: world.clock });
    this.#endpoint = new Endpoint({ clock: world.clock, onError: (error) => this.#broken(asError(error)) });
    this.#startedMs = world.clock.elapsedMs();
    this.#phase = "created";
    this.#questions = [];
    this.#master = undefined;
    this.#recordsBefore = 0;
    this.#isAwaited = false;
    this.#isCancelled = false;
    this.#metrics.open({ job: jobName }).metrics.gauge("numRecordsInEarlierAttempts", () => this.#recordsBefore);
    this.#settle = () => undefined;
    this.#result = new Promise((resolve, reject) => {
      this.#settle = (outcome) => {
        if (outcome.kind === "finished") resolve(this.#resultOf());
        else if (outcome.kind === "failed") reject(outcome.cause);
        else reject(new MillraceError("MR7004", `the job "${jobName}" was cancelled`, { retryable: false }));
      };
    });
    this.#result.catch(() => undefined); // whoever asks for it gets the rejection; nobody has to
    this.#endpoint.post(() => this.#start());
  }

  status(): JobStatus {
    return STATUS[this.#phase];
  }

  result(): Promise<JobResult> {
    this.#isAwaited = true;
    return this.#result;
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true;
    this.#endpoint.post(() => this.#master?.cancel());
    await this.#result.catch(() => undefined);
  }

  async triggerCheckpoint(): Promise<number> {
    const checkpoint = await this.#ask((master, done: Done<CompletedCheckpoint>) => master.checkpoints.trigger(done));
    return checkpoint.checkpointId;
  }

  async triggerSavepoint(options: SavepointOptions = {}): Promise<string> {
    const { directory, path } = this.#stores.savepoint(options.directory);
    await this.#ask((master, done: Done<CompletedCheckpoint>) =>
      master.checkpoints.triggerSavepoint({ storage: this.#stores.store, directory }, done),
    );
    return path;
  }

  async stopWithSavepoint(options: StopOptions = {}): Promise<string> {
    const { directory, path } = this.#stores.savepoint(options.directory);
    const stop = options.drain === true ? "drain" : "suspend";
    await this.#ask((master, done: Done<CompletedCheckpoint>) => {
      master.checkpoints.triggerSavepoint({ storage: this.#stores.store, directory, stop }, done);
    });
    await this.#result;
    return path;
  }

  accumulators(): Readonly<Record<string, number>> {
    return this.#master?.accumulators() ?? {};
  }

  metrics(): readonly MetricSample[] {
    return this.#metrics.snapshot();
  }

  explain(options: ExplainOptions = {}): string {
    return explain(this.#graph, { format: options.format ?? "text" });
  }

  /** Uids tie state to the operators of a later process, so that a missing one is worth a word only where one can read the state. */
  #warn(): void {
    const { config } = this.#submission;
    const outlives = [OPTIONS.checkpointDirectory, OPTIONS.savepointDirectory, OPTIONS.restoreFrom].some(
      (option) => config.get(option) !== "",
    );
    for (const { kind, sentence } of this.#graph.warnings) {
      if (kind !== "missing-uid" || outlives) this.#world.warn(`millrace: ${sentence}`);
    }
  }

  #start(): void {
    const path = this.#stores.restorePath();
    if (path === undefined) {
      this.#run(undefined);
      return;
    }
    const acceptDuplicates = this.#submission.config.get(OPTIONS.acceptDuplicates);
    findCheckpoint(this.#stores.store, path, { acceptDuplicates }, (outcome) =>
      this.#endpoint.post(() => this.#restored(outcome)),
    );
  }

  #restored(outcome: Outcome<CompletedCheckpoint>): void {
    if (this.#isCancelled) this.#ended({ kind: "canceled" });
    else if (outcome.ok) this.#run(outcome.value);
    else this.#ended({ kind: "failed", cause: this.#inUserTerms(outcome.error) });
  }

  #inUserTerms(error: MillraceError): MillraceError {
    const { code, retryable, message } = error;
    return new MillraceError(code, this.#stores.inUserTerms(message.slice(`${code}: `.length)), {
      cause: error.cause,
      retryable,
    });
  }

  #run(restorePoint: CompletedCheckpoint | undefined): void {
    const { config, listeners } = this.#submission;
    if (restorePoint !== undefined) this.#graph = withSavedKeyGroups(this.#graph, restorePoint);
    this.#master = this.#placement.compose({
      jobId: this.jobId,
      masterToken: ONLY_MASTER,
      jobName: this.jobName,
      graph: this.#graph,
      config,
      world: this.#world,
      stores: this.#stores,
      metrics: this.#metrics,
      endpoint: this.#endpoint,
      restorePoint,
      toClient: (node, value) => listeners.get(node)?.(value),
      onPhase: (phase) => {
        this.#phase = phase;
        this.#askWaiting();
      },
      onDeploying: (subtasks) => {
        // Until the next attempts begin, the metrics of the last ones can still be read.
        const isOfThese = ofSubtasks(this.#graph, subtasks);
        this.#recordsBefore += sourceRecords(this.#metrics.snapshot().filter(isOfThese));
        // Slots that are there tell their own again within a second.
        this.#metrics.forgetMirrored((reading) => reading.scope.slot !== undefined || isOfThese(reading));
      },
      onFailure: (cause, restartInMs) => this.#failed(cause, restartInMs),
      onEnded: (outcome) => this.#ended(outcome),
    });
    this.#master.start();
  }

  #failed(cause: Error, restartInMs: number | undefined): void {
    if (restartInMs === undefined && this.#isAwaited) return;
    const completed = this.#master?.checkpoints.statistics.completedCount ?? 0;
    const next =
      restartInMs === undefined
        ? "the job fails"
        : `restarting in ${restartInMs} ms, completed checkpoints: ${completed}`;
    this.#world.warn(`millrace: job "${this.jobName}": ${cause.message}; ${next}`);
  }

  /** Nobody foresaw it. Before there is a master, the job cannot begin. */
  #broken(cause: Error): void {
    if (this.#master === undefined) this.#ended({ kind: "failed", cause });
    else this.#master.failJob(cause);
  }

  #ended(outcome: JobOutcome): void {
    this.#phase = outcome.kind;
    this.#askWaiting();
    closeKept(this.#graph);
    this.#settle(outcome);
  }

  /** Puts a question to the master once all tasks run; while they start, it waits. */
  #ask<T>(question: (master: JobMaster, done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const ask = (): void => {
        if (this.#master === undefined || this.#over) {
          reject(
            new MillraceError("MR7005", `the job "${this.jobName}" does not run any more: see result()`, {
              retryable: false,
            }),
          );
        } else {
          question(this.#master, (outcome) =>
            outcome.ok ? resolve(outcome.value) : reject(this.#inUserTerms(outcome.error)),
          );
        }
      };
      this.#endpoint.post(() => {
        if (this.#phase === "running" || this.#over) ask();
        else this.#questions.push(ask);
      });
    });
  }

  get #over(): boolean {
    return this.#phase === "finished" || this.#phase === "canceled" || this.#phase === "failed";
  }

  /** Asks what waited, when the tasks run or never will. */
  #askWaiting(): void {
    if (this.#phase !== "running" && !this.#over) return;
    for (const ask of this.#questions.splice(0)) ask();
  }

  #resultOf(): JobResult {
    return {
      jobId: this.jobId,
      jobName: this.jobName,
      records: this.#recordsBefore + sourceRecords(this.#metrics.snapshot()),
      durationMs: this.#world.clock.elapsedMs() - this.#startedMs,
      restarts: this.#master?.restarts ?? 0,
      checkpoints: this.#master?.checkpoints.statistics.completedCount ?? 0,
      accumulators: this.accumulators(),
      quarantined: this.#master?.quarantined() ?? NOTHING_QUARANTINED,
    };
  }
}
