/**
 * Makes the master of a job: its scheduler, checkpoint coordinator and source coordinators, wired to one endpoint.
 *
 * In:   the job, the slots that were offered so far, the store of completed checkpoints. Out: a job master, made, not started.
 */
import { CheckpointCoordinator } from "../checkpoint/coordinator.ts";
import type { CheckpointParticipants, CompletedCheckpoint } from "../checkpoint/contract.ts";
import { describeVertices } from "../checkpoint/describe-vertices.ts";
import { CHECKPOINT_FAILURES } from "../checkpoint/failures.ts";
import type { CheckpointFailureReason } from "../checkpoint/failures.ts";
import type { CompletedCheckpointStore } from "../checkpoint/store.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { MetricLease, MetricRegistry } from "../metrics/metric-registry.ts";
import type { TaskReports } from "../runtime/deployment.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { JobMaster } from "./job-master.ts";
import type { JobMasterParts } from "./job-master.ts";
import { LoopCoordinators } from "./loop-coordinators.ts";
import { createRestartStrategy } from "./restart-strategy.ts";
import type { Endpoint } from "./rpc/endpoint.ts";
import type { SlotPool } from "./slot-pool.ts";
import { SourceCoordinators } from "./source-coordinators.ts";
import type { World } from "./world.ts";

export interface MasterParts extends Pick<
  JobMasterParts,
  "jobName" | "jobId" | "masterToken" | "toClient" | "onPhase" | "onFailure" | "onDeploying" | "keepOutcome" | "onEnded"
> {
  readonly graph: JobGraph;
  readonly config: Config;
  readonly world: Pick<World, "clock" | "random" | "warn">;
  readonly metrics: MetricRegistry;
  readonly endpoint: Endpoint;
  readonly slots: SlotPool;
  readonly store: CompletedCheckpointStore;
  /** Where checkpoints are written, and the job's directory in it. */
  readonly storage: BlobStore;
  readonly checkpointDirectory: string;
  /** What to start from while the store has nothing. */
  readonly restorePoint: CompletedCheckpoint | undefined;
}

export function createMaster(parts: MasterParts): JobMaster {
  const { config, world, store } = parts;
  const { clock, random } = world;
  const lease = parts.metrics.open({ job: parts.jobName });
  const master = new JobMaster({
    ...parts,
    clock,
    restartStrategy: createRestartStrategy(config, {
      clock,
      random,
      checkpointingEnabled: config.get(OPTIONS.checkpointInterval) > 0,
    }),
    createSources: (target) => createSources(parts, lease, target),
    createLoops: (target) => createLoops(parts, target),
    createCheckpoints: (participants) => createCheckpoints(parts, { lease, store, participants }),
  });
  lease.metrics.gauge("numRestarts", () => master.restarts);
  return master;
}

/** Every report is a message to the master's endpoint. */
export function reportsTo(toMaster: (message: (target: JobMaster) => void) => void): TaskReports {
  return {
    running: (task) => toMaster((master) => master.running(task)),
    ended: (task) => toMaster((master) => master.ended(task)),
    failed: (task, cause) => toMaster((master) => master.failed(task, cause)),
    terminated: (task, state) => toMaster((master) => master.terminated(task, state)),
    acknowledge: (ack) => toMaster((master) => master.acknowledge(ack)),
    decline: (checkpointId, task, reason, cause) =>
      toMaster((master) => master.decline(checkpointId, task, reason, cause)),
    operatorEvent: (task, operatorId, event) => toMaster((master) => master.operatorEvent(task, operatorId, event)),
    accumulated: (task, totals, quarantined) => toMaster((master) => master.accumulated(task, totals, quarantined)),
  };
}

function createSources(
  { graph, config, world, endpoint, jobName }: MasterParts,
  lease: MetricLease,
  master: JobMaster,
): SourceCoordinators {
  return new SourceCoordinators({
    graph,
    config,
    clock: world.clock,
    metrics: lease,
    execute: (mail) => endpoint.post(mail),
    send: (vertex, subtask, operatorId, event) => master.sendEvent({ vertex, subtask }, operatorId, event),
    warn: (sentence) => world.warn(`millrace: job "${jobName}": ${sentence}`),
    fail: (cause) => master.failJob(cause),
  });
}

function createLoops({ graph, world, endpoint }: MasterParts, master: JobMaster): LoopCoordinators {
  return new LoopCoordinators({
    graph,
    clock: world.clock,
    execute: (mail) => endpoint.post(mail),
    send: (subtask, operatorId, event) => master.sendEvent(subtask, operatorId, event),
  });
}

interface FailedCheckpoint {
  readonly checkpointId: number;
  readonly reason: CheckpointFailureReason;
  readonly cause: Error | undefined;
}

function createCheckpoints(
  { graph, config, world, storage, checkpointDirectory, jobName, restorePoint }: MasterParts,
  parts: {
    readonly lease: MetricLease;
    readonly store: CompletedCheckpointStore;
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
    storage,
    directory: checkpointDirectory,
    jobName,
    vertices: () => describeVertices(graph),
    firstCheckpointId: Math.max(restorePoint?.checkpointId ?? 0, parts.store.retained().at(-1)?.checkpointId ?? 0) + 1,
    listeners: [{ aborted: (checkpointId, reason, cause) => warnOfFailure({ checkpointId, reason, cause }) }],
  });
  coordinator.statistics.register(parts.lease.metrics);
  return coordinator;
}
