/** Builds a task from its descriptor: reads its state, makes the writers, the chain, the gate, and puts them together. */
import { edgeAt } from "../graph/channels.ts";
import type { JobEdge, JobOperator } from "../graph/job-graph-types.ts";
import type { ChannelStatus } from "../graph/messages.ts";
import type { MetricLease } from "../metrics/metric-registry.ts";
import type { TaskInfo } from "../operators/contracts/functions.ts";
import { InSlotChannel } from "../network/in-slot-channel.ts";
import type { Cancel } from "../time/clock.ts";
import { WATERMARK_MIN } from "../time/watermark.ts";
import { OPTIONS } from "../util/config.ts";
import { assert, MillraceError } from "../util/errors.ts";
import type { TaskAvailability } from "./availability.ts";
import { mayOvertakeOn } from "./barrier-overtaking.ts";
import { buildChain } from "./chain-builder.ts";
import type { Chain } from "./chain.ts";
import type { TaskChannels, TaskDescriptor, TaskEnvironment } from "./deployment.ts";
import { DevelopmentGuard } from "./development-guard.ts";
import { loadInFlight } from "./in-flight-loading.ts";
import type { LoadedInFlight } from "./in-flight-loading.ts";
import { InputGate } from "./input-gate.ts";
import type { Mailbox } from "./mailbox.ts";
import { OutputCounts } from "./output-counts.ts";
import type { createPartitionWriter, PartitionWriter } from "./partition-writer.ts";
import type { pump } from "./pump.ts";
import { PutOffRecords } from "./put-off-records.ts";
import { registerRecords } from "./record-metrics.ts";
import { Loop } from "./loop.ts";
import { Replay } from "./replay.ts";
import type { TaskServices } from "./services.ts";
import { loadState } from "./state-loading.ts";
import type { LoadedOperatorState } from "./state-loading.ts";
import type { SubtaskCheckpoints } from "./subtask-checkpoint.ts";
import type { TaskMetrics } from "./task-metrics.ts";
import type { TaskTimers } from "./task-timers.ts";
import { Task } from "./task.ts";
import { registerWatermarks } from "./watermark-metrics.ts";

export interface TaskBuildParts {
  readonly descriptor: TaskDescriptor;
  readonly environment: TaskEnvironment;
  readonly channels: TaskChannels;
  readonly info: TaskInfo;
  readonly mailbox: Mailbox;
  readonly availability: TaskAvailability;
  readonly timers: TaskTimers;
  readonly checkpoints: SubtaskCheckpoints;
  readonly metrics: TaskMetrics;
  readonly lease: MetricLease;
  accumulate(name: string, amount: number): void;
  /** Before each call of the job's code that may not settle. */
  waitsFor(call: "open" | "close", operator: JobOperator): void;
  isOver(): boolean;
  execute(mail: () => void): void;
  schedule(delayMs: number, mail: () => void): Cancel;
  wake(): void;
  fail(error: unknown, operator: JobOperator): void;
  onEnded(): void;
  onFinished(): void;
}

/** Records that were in flight and are kept as objects while they wait to be processed. */
const QUEUE_CAPACITY = 256;

export interface BuiltTask {
  readonly chain: Chain;
  /** Makes the task, which emits at once what was due when it was saved: call it when the task may run. */
  readonly createTask: () => Task;
}

/** Rejects with what failed; whatever was opened until then is closed. */
export async function buildTask(parts: TaskBuildParts): Promise<BuiltTask> {
  const { descriptor, environment, channels, availability } = parts;
  const { graph, config, task, restore } = descriptor;
  const vertex = graph.vertices[task.vertex];
  assert(vertex !== undefined, "a task belongs to a vertex of its graph");
  const position = String(vertex.index);
  const restored = restore === undefined ? undefined : await readState(parts);
  const replay = new Replay(await readInFlight(parts));
  const putOff = putOffRecords(parts);
  const counts = config.get(OPTIONS.operatorRecords) ? new OutputCounts(environment.copies, vertex.index) : undefined;
  const chain = await buildChain({
    task: taskServices(parts, putOff),
    availability,
    copies: environment.copies,
    writers: await createWriters(parts, position),
    restored,
    replay,
    guard: config.get(OPTIONS.developmentMode) ? new DevelopmentGuard() : undefined,
    counts,
    waitsFor: (call, operator) => parts.waitsFor(call, operator),
    isOver: () => parts.isOver(),
    context: (operator) => ({
      task: { ...parts.info, name: operator.name },
      metrics: parts.lease.operator(operator.name, operator.id),
      accumulate: (name, amount) => parts.accumulate(name, amount),
    }),
  });
  const feed = await loadRuntimeModule<{ readonly pump: typeof pump }>(environment, "runtime/pump", position);
  const gate = new InputGate(channels.inputs, {
    exactlyOnce: config.get(OPTIONS.checkpointMode) === "EXACTLY_ONCE",
    restored: restoredChannels(parts),
    overtaking: {
      putOff: () => putOff.waiting(),
      isAllowed: mayOvertake(parts),
      nowMs: () => parts.metrics.nowMs(),
      schedule: (delayMs, mail) => parts.schedule(delayMs, mail),
    },
  });
  replay.beforeHead(vertex.operators[0]?.id ?? "", chain.head?.inputs ?? []);
  registerWatermarks({ graph, task, operators: chain.operators, gate, lease: parts.lease });
  registerRecords({ vertex, lease: parts.lease, channels, recordsIn: parts.metrics.recordsIn, counts });
  const createTask = (): Task =>
    new Task({
      vertex,
      loop: createLoop(parts, chain),
      chain,
      gate,
      mailbox: parts.mailbox,
      availability,
      timers: parts.timers,
      checkpoints: parts.checkpoints,
      metrics: parts.metrics,
      pump: feed.pump,
      replay,
      restoredEnded: restore?.ended ?? false,
      restoredStopped: restore?.stopped ?? false,
      onEnded: () => parts.onEnded(),
      onFinished: () => parts.onFinished(),
      onSuperseded: (checkpointId) =>
        environment.reports.decline(
          checkpointId,
          task,
          "CHECKPOINT_SUBSUMED",
          new MillraceError("MR3008", `checkpoint ${checkpointId} was overtaken by a newer one in a task`),
        ),
    });
  return { chain, createTask };
}

function createLoop(
  { descriptor: { task }, environment, channels }: TaskBuildParts,
  { head, operators }: Chain,
): Loop | undefined {
  const readers = channels.inputs.filter(({ isFeedback }) => isFeedback).map(({ reader }) => reader);
  const operatorId = operators[0]?.job.id ?? "";
  if (readers.length === 0 || head === undefined) return undefined;
  return new Loop({
    head,
    readers,
    writers: channels.loopOutputs,
    space: channels.loopSpace,
    tell: (event) => environment.reports.operatorEvent(task, operatorId, event),
  });
}

function readState(parts: TaskBuildParts): Promise<ReadonlyMap<string, LoadedOperatorState>> {
  const { restore } = parts.descriptor;
  assert(restore !== undefined, "state is read only for a restore");
  return new Promise((resolve, reject) => {
    loadState(parts.environment.storage, restore, (outcome) =>
      outcome.ok ? resolve(outcome.value) : reject(outcome.error),
    );
  });
}

function readInFlight({ descriptor, environment, channels }: TaskBuildParts): Promise<readonly LoadedInFlight[]> {
  const { graph, task, restore } = descriptor;
  return new Promise((resolve, reject) => {
    const createQueue = (): InSlotChannel =>
      new InSlotChannel(QUEUE_CAPACITY, channels.createBacklog(channels.loopSpace));
    loadInFlight({ storage: environment.storage, graph, task, createQueue }, restore?.inFlight ?? [], (outcome) =>
      outcome.ok ? resolve(outcome.value) : reject(outcome.error),
    );
  });
}

/** Flink's rule: one edge that does not allow it is enough. */
function mayOvertake({ descriptor: { config, graph, task } }: TaskBuildParts): boolean {
  const edges = graph.vertices[task.vertex]?.inputs ?? [];
  return (
    config.get(OPTIONS.unaligned) &&
    config.get(OPTIONS.checkpointMode) === "EXACTLY_ONCE" &&
    edges.length > 0 &&
    edges.every((edge) => mayOvertakeOn(edgeAt(graph, edge).partitioning.kind))
  );
}

async function createWriters(parts: TaskBuildParts, position: string): Promise<ReadonlyMap<number, PartitionWriter>> {
  const { descriptor, environment, channels } = parts;
  const writers = new Map<number, PartitionWriter>();
  for (const [index, outputs] of channels.outputs) {
    const edge: JobEdge | undefined = descriptor.graph.edges[index];
    const consumer = descriptor.graph.vertices[edge?.to ?? -1];
    assert(edge !== undefined && consumer !== undefined, "an edge leads from vertex to vertex");
    const module = await loadRuntimeModule<{ readonly createPartitionWriter: typeof createPartitionWriter }>(
      environment,
      "runtime/partition-writer",
      `${position}/${index}`,
    );
    writers.set(
      index,
      module.createPartitionWriter({
        partitioning: edge.partitioning,
        channels: outputs,
        maxParallelism: consumer.maxParallelism,
        producer: descriptor.task.subtask,
        random: environment.random,
        isFeedback: edge.isFeedback,
      }),
    );
  }
  return writers;
}

function loadRuntimeModule<M>(environment: TaskEnvironment, name: string, position: string): Promise<M> {
  return new Promise((resolve) => environment.copies.load(name, position, (module) => resolve(module as M))); // the name decides the type
}

function restoredChannels({ descriptor, channels }: TaskBuildParts): readonly ChannelStatus[] {
  const byEdge = descriptor.restore?.channels ?? [];
  const nextOfEdge: number[] = [];
  return channels.inputs.map(({ edge, isFeedback }): ChannelStatus => {
    if (isFeedback) return { watermarkMs: WATERMARK_MIN, status: "finished" };
    const position = nextOfEdge[edge] ?? 0;
    nextOfEdge[edge] = position + 1;
    const { watermarkMs, status } = byEdge[edge]?.[position] ?? { watermarkMs: WATERMARK_MIN, status: "active" };
    // Whoever was idle says so again; until then it counts, since its first record would not announce that it is active.
    return { watermarkMs, status: status === "idle" ? "active" : status };
  });
}

function putOffRecords({ channels }: TaskBuildParts): PutOffRecords {
  const loop = channels.inputs.find(({ isFeedback }) => isFeedback);
  return new PutOffRecords(loop?.edge ?? 0, () => {
    assert(loop !== undefined, "only what came through a loop can be put off");
    return channels.createBacklog(channels.putOffSpace);
  });
}

function taskServices(parts: TaskBuildParts, putOff: PutOffRecords): TaskServices {
  const { descriptor, environment, availability, timers, info, lease } = parts;
  const vertex = descriptor.graph.vertices[descriptor.task.vertex];
  assert(vertex !== undefined, "a task belongs to a vertex of its graph");
  return {
    vertex,
    info,
    config: descriptor.config,
    clock: environment.clock,
    availability,
    timers,
    putOff,
    metrics: (operator: JobOperator) => lease.operator(operator.name, operator.id),
    execute: (mail) => parts.execute(mail),
    schedule: (delayMs, mail) => parts.schedule(delayMs, mail),
    wake: () => parts.wake(),
    sendEvent: (operator, event) => environment.reports.operatorEvent(descriptor.task, operator.id, event),
    warn: (sentence, operator) =>
      environment.warn(`operator "${operator.name}" (${info.subtaskIndex + 1}/${info.parallelism}): ${sentence}`),
    fail: (error, operator) => parts.fail(error, operator),
  };
}
