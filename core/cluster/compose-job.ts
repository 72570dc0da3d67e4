/**
 * Puts the parts of one job in one process together: its master, a TaskManager with all slots, and the gateways between them.
 *
 * The one place where they meet. Other kinds of processes put the same parts together with other gateways.
 */
import { CheckpointCoordinator } from "../checkpoint/coordinator.ts";
import type { CheckpointParticipants, CompletedCheckpoint } from "../checkpoint/contract.ts";
import { describeVertices } from "../checkpoint/describe-vertices.ts";
import { CHECKPOINT_FAILURES } from "../checkpoint/failures.ts";
import type { CheckpointFailureReason } from "../checkpoint/failures.ts";
import { MemoryCheckpointStore } from "../checkpoint/store.ts";
import { claim } from "../checkpoint/savepoint.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { MetricLease, MetricRegistry } from "../metrics/metric-registry.ts";
import { codeFingerprint, ModuleCopies } from "../runtime/copies.ts";
import type { TaskReports } from "../runtime/deployment.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { asError } from "../util/errors.ts";
import { JobMaster } from "./job-master.ts";
import type { JobMasterParts } from "./job-master.ts";
import type { JobStores } from "./job-stores.ts";
import { createRestartStrategy } from "./restart-strategy.ts";
import { Endpoint } from "./rpc/endpoint.ts";
import { inProcessGateway } from "./rpc/in-process.ts";
import type { Gateway } from "./rpc/in-process.ts";
import { SourceCoordinators } from "./source-coordinators.ts";
import { TaskManager } from "./task-manager.ts";
import type { TaskManagerGateway } from "./task-manager.ts";
import type { World } from "./world.ts";

export interface JobParts extends Pick<JobMasterParts, "jobName" | "toClient" | "onPhase" | "onFailure" | "onEnded"> {
  readonly graph: JobGraph;
  readonly config: Config;
  readonly world: World;
  readonly stores: JobStores;
  readonly metrics: MetricRegistry;
  /** Of the job master. */
  readonly endpoint: Endpoint;
  readonly restorePoint: CompletedCheckpoint | undefined;
}

/** Made, not started. */
export function composeJob(parts: JobParts): JobMaster {
  const { config, world, endpoint, restorePoint } = parts;
  const { clock, random } = world;
  const lease = parts.metrics.open({ job: parts.jobName });
  const store = createStore(parts);
  // The TaskManager reports to a master that is made after it; nothing is reported before something is deployed.
  let master: JobMaster | undefined = undefined;
  const toMaster = (message: (target: JobMaster) => void): void => endpoint.post(() => master && message(master));
  const taskManager = createTaskManager(parts, reportsTo(toMaster), (error) =>
    toMaster((target) => target.failJob(asError(error))),
  );
  const made: JobMaster = new JobMaster({
    ...parts,
    clock,
    store,
    taskManager,
    restartStrategy: createRestartStrategy(config, {
      clock,
      random,
      checkpointingEnabled: config.get(OPTIONS.checkpointInterval) > 0,
    }),
    restorePoint,
    createSources: (target) => createSources(parts, { lease, master: target, taskManager }),
    createCheckpoints: (participants) => createCheckpoints(parts, { lease, store, participants }),
  });
  master = made;
  lease.metrics.gauge("numRestarts", () => made.attempt);
  return made;
}

/** With claim mode CLAIM, what the job starts from is the first of its own checkpoints. */
function createStore({ config, stores, restorePoint }: JobParts): MemoryCheckpointStore {
  if (restorePoint === undefined) return new MemoryCheckpointStore();
  return claim(restorePoint, { claimMode: config.get(OPTIONS.claimMode), sameStore: stores.restoredFromOwn }).store;
}

function createTaskManager(
  parts: JobParts,
  reports: TaskReports,
  onError: (error: unknown) => void,
): Gateway<TaskManagerGateway> {
  const { world, config, graph, metrics, stores } = parts;
  const copies = new ModuleCopies({ enabled: config.get(OPTIONS.operatorCopies), job: codeFingerprint(graph) });
  const taskManager = new TaskManager(
    {
      clock: world.clock,
      random: world.random,
      storage: stores.store,
      metrics,
      copies,
      warn: (line) => world.warn(`millrace: job "${parts.jobName}": ${line}`),
    },
    reports,
  );
  return inProcessGateway<TaskManagerGateway>(new Endpoint({ clock: world.clock, onError }), taskManager);
}

/** Every report is a message to the master's endpoint. */
function reportsTo(toMaster: (message: (target: JobMaster) => void) => void): TaskReports {
  return {
    running: (task) => toMaster((master) => master.running(task)),
    ended: (task) => toMaster((master) => master.ended(task)),
    failed: (task, cause) => toMaster((master) => master.failed(task, cause)),
    terminated: (task, state) => toMaster((master) => master.terminated(task, state)),
    acknowledge: (ack) => toMaster((master) => master.acknowledge(ack)),
    decline: (checkpointId, task, reason, cause) =>
      toMaster((master) => master.decline(checkpointId, task, reason, cause)),
    operatorEvent: (task, operatorId, event) => toMaster((master) => master.operatorEvent(task, operatorId, event)),
    accumulated: (task, totals) => toMaster((master) => master.accumulated(task, totals)),
  };
}

function createSources(
  { graph, config, world, endpoint }: JobParts,
  {
    lease,
    master,
    taskManager,
  }: { readonly lease: MetricLease; readonly master: JobMaster; readonly taskManager: Gateway<TaskManagerGateway> },
): SourceCoordinators {
  return new SourceCoordinators({
    graph,
    config,
    clock: world.clock,
    metrics: lease,
    execute: (mail) => endpoint.post(mail),
    send: (vertex, subtask, operatorId, event) =>
      taskManager.operatorEvent({ vertex, subtask, attempt: master.attempt }, operatorId, event),
    fail: (cause) => master.failJob(cause),
  });
}

interface FailedCheckpoint {
  readonly checkpointId: number;
  readonly reason: CheckpointFailureReason;
  readonly cause: Error | undefined;
}

function createCheckpoints(
  { graph, config, world, stores, jobName, restorePoint }: JobParts,
  parts: {
    readonly lease: MetricLease;
    readonly store: MemoryCheckpointStore;
    readonly participants: CheckpointParticipants;
  },
): CheckpointCoordinator {
  const isTolerant = config.get(OPTIONS.checkpointTolerableFailures) > 0;
  /** Of which nobody would hear otherwise: the job goes on without that checkpoint. */
  const warnOfFailure = ({ checkpointId, reason, cause }: FailedCheckpoint): void => {
    const { sentence, counts } = CHECKPOINT_FAILURES[reason];
    if (reason !== "TRIGGER_CHECKPOINT_FAILURE" && !(counts && isTolerant)) return;
    const why = cause === undefined ? "" : `: ${cause.message}`;
    world.warn(`millrace: job "${jobName}": checkpoint ${checkpointId} did not complete: ${sentence}${why}`);
  };
  const coordinator = new CheckpointCoordinator({
    config,
    clock: world.clock,
    participants: parts.participants,
    store: parts.store,
    storage: stores.store,
    directory: stores.checkpointDirectory,
    jobName,
    vertices: () => describeVertices(graph),
    firstCheckpointId: (restorePoint?.checkpointId ?? 0) + 1,
    listeners: [{ aborted: (checkpointId, reason, cause) => warnOfFailure({ checkpointId, reason, cause }) }],
  });
  coordinator.statistics.register(parts.lease.metrics);
  return coordinator;
}
