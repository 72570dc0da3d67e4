/**
 * One job in this process: a job master and a TaskManager with all slots, wired together, and the client's view of them.
 *
 * In:   a submission, and the client's calls. Out: promises for the client; nothing inside the engine waits on one.
 * What is found wrong with the graph throws from the constructor; everything later ends up in `result()`.
 */
import { CheckpointCoordinator } from "../checkpoint/coordinator.ts";
import type { CompletedCheckpoint } from "../checkpoint/contract.ts";
import { describeVertices } from "../checkpoint/describe-vertices.ts";
import { findCheckpoint } from "../checkpoint/find-checkpoint.ts";
import { MemoryCheckpointStore } from "../checkpoint/store.ts";
import { explain } from "../graph/explain.ts";
import { createJobGraph } from "../graph/job-graph.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import { requiredSlots, slotShortage } from "../graph/slots.ts";
import { MetricRegistry } from "../metrics/metric-registry.ts";
import { codeFingerprint, ModuleCopies } from "../runtime/copies.ts";
import { OPTIONS } from "../util/config.ts";
import { asError, MillraceError } from "../util/errors.ts";
import type { Done, Outcome } from "../util/outcome.ts";
import { randomHex } from "../util/random.ts";
import type { ExplainOptions, JobClient, JobResult, JobStatus, JobSubmission, MetricSample, SavepointOptions, StopOptions } from "../api/job-client.ts";
import { JobMaster } from "./job-master.ts";
import type { JobOutcome, JobPhaseName } from "./job-master.ts";
import { JobStores } from "./job-stores.ts";
import { createRestartStrategy } from "./restart-strategy.ts";
import { Endpoint } from "./rpc/endpoint.ts";
import { inProcessGateway } from "./rpc/in-process.ts";
import { SourceCoordinators } from "./source-coordinators.ts";
import { TaskManager } from "./task-manager.ts";
import type { World } from "./world.ts";

const STATUS: Readonly<Record<JobPhaseName, JobStatus>> = {
  created: "CREATED",
  deploying: "RUNNING",
  running: "RUNNING",
  failing: "FAILING",
  restarting: "RESTARTING",
  cancelling: "CANCELLING",
  finished: "FINISHED",
  canceled: "CANCELED",
  failed: "FAILED",
};

export class LocalJob implements JobClient {
  readonly jobId: string;
  readonly jobName: string;
  readonly #world: World;
  readonly #submission: JobSubmission;
  readonly #graph: JobGraph;
  readonly #stores: JobStores;
  readonly #metrics: MetricRegistry;
  readonly #endpoint: Endpoint;
  readonly #startedMs: number;
  readonly #result: Promise<JobResult>;
  #settle: (outcome: JobOutcome) => void;
  #status: JobStatus;
  #master: JobMaster | undefined;
  /** Read by attempts that failed. */
  #recordsBefore: number;

  constructor(submission: JobSubmission, world: World) {
    const { config, jobName } = submission;
    this.jobId = randomHex(world.random, 32);
    this.jobName = jobName;
    this.#world = world;
    this.#submission = submission;
    this.#graph = createJobGraph(submission.streamGraph, { name: jobName, config });
    this.#checkSlots();
    for (const warning of this.#graph.warnings) world.warn(`millrace: ${warning}`);
    this.#stores = new JobStores({ world, config, jobId: this.jobId });
    this.#metrics = new MetricRegistry({ clock: world.clock });
    this.#endpoint = new Endpoint({ clock: world.clock, onError: (error) => this.#master?.failJob(asError(error)) });
    this.#startedMs = world.clock.elapsedMs();
    this.#status = "CREATED";
    this.#master = undefined;
    this.#recordsBefore = 0;
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
    return this.#status;
  }

  result(): Promise<JobResult> {
    return this.#result;
  }

  async cancel(): Promise<void> {
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
      master.stopping();
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

  /** Needs as many slots as the job, unless the configuration says how many there are. */
  #checkSlots(): void {
    const slots = this.#submission.config.get(OPTIONS.slots);
    const shortage = slots < 0 ? undefined : slotShortage(requiredSlots(this.#graph), slots);
    if (shortage !== undefined) throw new MillraceError("MR7001", shortage.sentence, { retryable: false });
  }

  #start(): void {
    const path = this.#stores.restorePath();
    if (path === undefined) {
      this.#run(undefined);
      return;
    }
    const acceptDuplicates = this.#submission.config.get(OPTIONS.acceptDuplicates);
    findCheckpoint(this.#stores.store, path, { acceptDuplicates }, (outcome) => this.#endpoint.post(() => this.#restored(outcome)));
  }

  #restored(outcome: Outcome<CompletedCheckpoint>): void {
    if (outcome.ok) this.#run(outcome.value);
    else this.#ended({ kind: "failed", cause: outcome.error });
  }

  #run(restorePoint: CompletedCheckpoint | undefined): void {
    const { config, listeners } = this.#submission;
    const { clock, random } = this.#world;
    const graph = this.#graph;
    const lease = this.#metrics.open({ job: this.jobName });
    const store = new MemoryCheckpointStore();
    const taskManagerEndpoint = new Endpoint({ clock, onError: (error) => this.#master?.failJob(asError(error)) });
    const taskManager = new TaskManager(
      {
        clock,
        random,
        storage: this.#stores.store,
        metrics: this.#metrics,
        copies: new ModuleCopies({ enabled: config.get(OPTIONS.operatorCopies), job: codeFingerprint(graph) }),
      },
      {
        running: (task) => this.#tell((master) => master.running(task)),
        ended: (task) => this.#tell((master) => master.ended(task)),
        failed: (task, cause) => this.#tell((master) => master.failed(task, cause)),
        terminated: (task, state) => this.#tell((master) => master.terminated(task, state)),
        acknowledge: (ack) => this.#tell((master) => master.acknowledge(ack)),
        decline: (checkpointId, task, reason, cause) => this.#tell((master) => master.decline(checkpointId, task, reason, cause)),
        operatorEvent: (task, operatorId, event) => this.#tell((master) => master.operatorEvent(task, operatorId, event)),
        accumulated: (task, totals) => this.#tell((master) => master.accumulated(task, totals)),
      },
    );
    const gateway = inProcessGateway(taskManagerEndpoint, taskManager);
    this.#master = new JobMaster({
      jobName: this.jobName,
      graph,
      config,
      clock,
      store,
      taskManager: gateway,
      restartStrategy: createRestartStrategy(config, { clock, random, checkpointingEnabled: config.get(OPTIONS.checkpointInterval) > 0 }),
      restorePoint,
      createSources: (master) =>
        new SourceCoordinators({
          graph,
          config,
          clock,
          metrics: lease,
          execute: (mail) => this.#endpoint.post(mail),
          send: (vertex, subtask, operatorId, event) => gateway.operatorEvent({ vertex, subtask, attempt: master.attempt }, operatorId, event),
          fail: (cause) => master.failJob(cause),
        }),
      createCheckpoints: (participants) => {
        const coordinator = new CheckpointCoordinator({
          config,
          clock,
          participants,
          store,
          storage: this.#stores.store,
          directory: this.#stores.checkpointDirectory,
          jobName: this.jobName,
          vertices: () => describeVertices(graph),
          firstCheckpointId: (restorePoint?.checkpointId ?? 0) + 1,
        });
        coordinator.statistics.register(lease.metrics);
        return coordinator;
      },
      toClient: (node, value) => listeners.get(node)?.(value),
      onPhase: (phase) => {
        this.#status = STATUS[phase];
        if (phase === "failing") this.#recordsBefore += sourceRecords(this.#metrics.snapshot());
      },
      onFailure: (cause, restartInMs) => this.#world.warn(failureLine(this.jobName, cause, restartInMs)),
      onEnded: (outcome) => this.#ended(outcome),
    });
    lease.metrics.gauge("numRestarts", () => this.#master?.attempt ?? 0);
    this.#master.start();
  }

  #ended(outcome: JobOutcome): void {
    this.#status = STATUS[outcome.kind];
    this.#settle(outcome);
  }

  #tell(message: (master: JobMaster) => void): void {
    this.#endpoint.post(() => {
      if (this.#master !== undefined) message(this.#master);
    });
  }

  #ask<T>(question: (master: JobMaster, done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#endpoint.post(() => {
        if (this.#master === undefined) {
          reject(new MillraceError("MR7005", `the job "${this.jobName}" has not started yet, or could not: see result()`));
          return;
        }
        question(this.#master, (outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
      });
    });
  }

  #resultOf(): JobResult {
    return {
      jobId: this.jobId,
      jobName: this.jobName,
      records: this.#recordsBefore + sourceRecords(this.#metrics.snapshot()),
      durationMs: this.#world.clock.elapsedMs() - this.#startedMs,
      restarts: this.#master?.attempt ?? 0,
      checkpoints: this.#master?.checkpoints.statistics.completedCount ?? 0,
      accumulators: this.accumulators(),
    };
  }
}

/** What the sources of the current attempt have read. */
function sourceRecords(metrics: readonly MetricSample[]): number {
  return metrics.reduce((sum, { name, scope, value }) => sum + (name === "numRecordsIn" && scope.operator !== undefined ? Number(value) : 0), 0);
}

function failureLine(jobName: string, cause: Error, restartInMs: number | undefined): string {
  const next = restartInMs === undefined ? "the job fails" : `restarting in ${restartInMs} ms`;
  return `millrace: job "${jobName}": ${cause.message}; ${next}`;
}
