/**
 * A job of a few tasks around a real `CheckpointCoordinator`, in which a test decides every order: when messages arrive, how the storage answers, when
 * time passes. Control messages and barriers reach a task by different ways, so that a barrier may overtake a notice.
 *
 * Tasks keep their state as chains of files: a snapshot is the files of the newest checkpoint that the task knows to be complete, plus a new one.
 */
import type { CheckpointParticipants, CheckpointPlan, CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { CheckpointCoordinator } from "../../../core/checkpoint/coordinator.ts";
import type { CheckpointFailureReason } from "../../../core/checkpoint/failures.ts";
import { MemoryCheckpointStore } from "../../../core/checkpoint/store.ts";
import type { AddOutcome, CompletedCheckpointStore } from "../../../core/checkpoint/store.ts";
import type {
  CheckpointAck,
  CheckpointKind,
  CheckpointOptions,
  SubtaskId,
  SubtaskSnapshot,
} from "../../../core/graph/messages.ts";
import { Config } from "../../../core/util/config.ts";
import type { ConfigValues } from "../../../core/util/config.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { failed } from "../../../core/util/outcome.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { ControlledStorage } from "./controlled-storage.ts";
import type { Fate } from "./controlled-storage.ts";
import { fileAt, subtaskSnapshot } from "./samples.ts";

/** Faults planted in the world, each of which the checkers must find. */
export type PlantedBug =
  | "tasks ignore completedId"
  | "files go with their checkpoint"
  | "files go on an unknown outcome"
  | "late acknowledgements are lost"
  | "completed is told twice";

/** As a store behind a network: answers come when the test says, and may be unknown. */
export class ControlledStore implements CompletedCheckpointStore {
  readonly #inner = new MemoryCheckpointStore();
  readonly #leaving = new Set<number>();
  /** Nobody knows whether the store has them. */
  readonly undecided: CompletedCheckpoint[] = [];
  calls: ((fate: Fate) => void)[] = [];

  add(checkpoint: CompletedCheckpoint, done: (outcome: AddOutcome) => void): void {
    this.calls.push((fate) => {
      const error = new MillraceError("MR5299", "the store is away");
      if (fate === "ok") return this.#inner.add(checkpoint, done);
      if (fate === "failed") return done({ kind: "refused", error });
      this.undecided.push(checkpoint);
      return done({ kind: "unknown", error });
    });
  }

  retained(): readonly CompletedCheckpoint[] {
    return this.#inner.retained();
  }

  owns(checkpointId: number): boolean {
    return this.#inner.owns(checkpointId);
  }

  remove(checkpointId: number, done: (outcome: Outcome<void>) => void): void {
    if (this.#leaving.has(checkpointId)) throw new Error(`checkpoint ${checkpointId} is being removed already`);
    this.#leaving.add(checkpointId);
    this.calls.push((fate) => {
      this.#leaving.delete(checkpointId);
      if (fate === "ok") return this.#inner.remove(checkpointId, done);
      return done(failed(new MillraceError("MR5299", "the store is away")));
    });
  }
}

export type Notice =
  | { readonly kind: "trigger"; readonly checkpointId: number; readonly options: CheckpointOptions }
  | { readonly kind: "completed" | "aborted"; readonly checkpointId: number };

export interface Barrier {
  readonly checkpointId: number;
  readonly options: CheckpointOptions;
}

export type Report = { readonly ack: CheckpointAck } | { readonly declined: number; readonly task: SubtaskId };

/** What a task does at a barrier. */
export interface SnapshotChoice {
  readonly compact: boolean;
  readonly unchanged: boolean;
  readonly decline: boolean;
}

export class WorldTask {
  readonly id: SubtaskId;
  readonly inbox: Notice[] = [];
  readonly barriers: Barrier[] = [];
  readonly outbox: Report[] = [];
  /** By checkpoint: what this task acknowledged, or was restored with. */
  readonly filesOf: Map<number, readonly string[]> = new Map();
  known: number = -1;

  constructor(id: SubtaskId) {
    this.id = id;
  }

  learn(checkpointId: number): void {
    if (checkpointId > this.known && this.filesOf.has(checkpointId)) this.known = checkpointId;
  }
}

export interface WorldEvent {
  readonly kind:
    | "triggered"
    | "completed"
    | "aborted"
    | "failJob"
    | "told completed"
    | "told aborted"
    | "stopped"
    | "started";
  readonly checkpointId: number;
  readonly atMs: number;
  readonly checkpoint?: CheckpointKind;
  readonly reason?: CheckpointFailureReason;
}

export interface WorldOptions {
  readonly config: ConfigValues;
  readonly sources: number;
  readonly sinks: number;
  readonly bug?: PlantedBug | undefined;
}

export class World implements CheckpointParticipants {
  readonly clock: ManualClock = new ManualClock();
  readonly storage: ControlledStorage = new ControlledStorage(this.clock);
  readonly store: ControlledStore = new ControlledStore();
  readonly coordinator: CheckpointCoordinator;
  readonly events: WorldEvent[] = [];
  readonly savepoints: CompletedCheckpoint[] = [];
  readonly #options: WorldOptions;
  tasks: WorldTask[] = [];
  /** Of earlier attempts, which may still have something to say. */
  gone: WorldTask[] = [];
  #attempt = 0;
  #running = false;
  #settled = false;
  #savepointCount = 0;
  readonly #kinds = new Map<number, CheckpointKind>();

  constructor(options: WorldOptions) {
    this.#options = options;
    this.coordinator = new CheckpointCoordinator({
      config: new Config(options.config),
      clock: this.clock,
      participants: this,
      store: this.store,
      storage: this.storage,
      jobName: "world",
      vertices: () =>
        [options.sources, options.sinks].map((parallelism) => ({
          operators: [],
          parallelism,
          maxParallelism: 128,
          inputs: [],
        })),
      firstCheckpointId: 1,
      listeners: [
        {
          triggered: (checkpointId, kind) => {
            this.#kinds.set(checkpointId, kind);
            this.#record({ kind: "triggered", checkpointId });
          },
          completed: ({ checkpointId }) => this.#record({ kind: "completed", checkpointId }),
          aborted: (checkpointId, reason) => this.#record({ kind: "aborted", checkpointId, reason }),
        },
      ],
    });
    this.start();
  }

  #record(event: Omit<WorldEvent, "atMs" | "checkpoint">): void {
    const checkpoint = this.#kinds.get(event.checkpointId);
    this.events.push({ ...event, atMs: this.clock.elapsedMs(), ...(checkpoint !== undefined && { checkpoint }) });
  }

  // What the coordinator asks of the job.

  plan(): CheckpointPlan {
    const ids = this.tasks.map((task) => task.id);
    return { trigger: ids.filter((id) => id.vertex === 0), acknowledge: ids, finished: [] };
  }

  snapshotCoordinators(): [] {
    return [];
  }

  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void {
    this.tasks
      .find(({ id }) => id.vertex === task.vertex && id.subtask === task.subtask)
      ?.inbox.push({ kind: "trigger", checkpointId, options });
  }

  completed(checkpointId: number): void {
    for (let times = this.#options.bug === "completed is told twice" ? 2 : 1; times > 0; times -= 1)
      this.#record({ kind: "told completed", checkpointId });
    for (const task of this.tasks) task.inbox.push({ kind: "completed", checkpointId });
    if (this.#options.bug !== "files go with their checkpoint") return;
    const kept = new Set(this.store.retained().flatMap(filesOf));
    const older = this.events.filter((event) => event.kind === "completed").map((event) => event.checkpointId);
    for (const path of this.storage.files.keys()) {
      if (older.some((id) => path.startsWith(`chk-${id}/f`)) && !kept.has(path)) this.storage.files.delete(path);
    }
  }

  aborted(checkpointId: number): void {
    this.#record({ kind: "told aborted", checkpointId });
    for (const task of this.tasks) task.inbox.push({ kind: "aborted", checkpointId });
    if (this.#options.bug !== "files go on an unknown outcome") return;
    for (const { directory } of this.store.undecided) this.storage.files.delete(`${directory}/_metadata`);
  }

  failJob(): void {
    this.#record({ kind: "failJob", checkpointId: -1 });
    this.stop();
  }

  // What a test may do.

  start(): void {
    if (this.#running) return;
    if (this.#attempt > 0 && !this.#settled) return;
    this.#running = true;
    this.#attempt += 1;
    this.gone.push(...this.tasks);
    this.tasks = [this.#options.sources, this.#options.sinks].flatMap((parallelism, vertex) =>
      Array.from({ length: parallelism }, (_, subtask) => this.#restored({ vertex, subtask, attempt: this.#attempt })),
    );
    this.#record({ kind: "started", checkpointId: -1 });
    this.coordinator.start();
  }

  #restored(id: SubtaskId): WorldTask {
    const task = new WorldTask(id);
    const newest = this.store.retained().at(-1);
    if (newest !== undefined) {
      task.filesOf.set(newest.checkpointId, pathsOf(newest.vertices[id.vertex]?.subtasks[id.subtask]));
      task.learn(newest.checkpointId);
    }
    return task;
  }

  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#settled = false;
    this.#record({ kind: "stopped", checkpointId: -1 });
    this.coordinator.stop("TASK_FAILURE", () => {
      this.#settled = true;
    });
  }

  savepoint(): void {
    this.#savepointCount += 1;
    this.coordinator.triggerSavepoint(
      { storage: this.storage, directory: `savepoint-${this.#savepointCount}` },
      (outcome) => {
        if (outcome.ok) this.savepoints.push(outcome.value);
      },
    );
  }

  /** The task handles its next control message; a source that is triggered takes its snapshot and sends the barrier on. */
  handleNotice(task: WorldTask, choice: SnapshotChoice): void {
    const notice = task.inbox.shift();
    if (notice?.kind === "completed") task.learn(notice.checkpointId);
    if (notice?.kind !== "trigger") return;
    this.#snapshot(task, notice, choice);
    for (const sink of this.tasks) if (sink.id.vertex === 1) sink.barriers.push(notice);
  }

  /** A sink takes its snapshot when the barriers of all sources are there. */
  handleBarrier(task: WorldTask, choice: SnapshotChoice): void {
    const [first] = task.barriers;
    if (
      first === undefined ||
      task.barriers.filter(({ checkpointId }) => checkpointId === first.checkpointId).length < this.#options.sources
    )
      return;
    task.barriers.splice(
      0,
      task.barriers.length,
      ...task.barriers.filter(({ checkpointId }) => checkpointId !== first.checkpointId),
    );
    this.#snapshot(task, first, choice);
  }

  #snapshot(task: WorldTask, { checkpointId, options }: Barrier, choice: SnapshotChoice): void {
    if (choice.decline) {
      task.outbox.push({ declined: checkpointId, task: task.id });
      return;
    }
    if (options.completedId !== undefined && this.#options.bug !== "tasks ignore completedId")
      task.learn(options.completedId);
    const base = options.kind === "savepoint" ? [] : (task.filesOf.get(task.known) ?? []);
    const { vertex, subtask, attempt } = task.id;
    const path = `${options.directory}/f-${vertex}-${subtask}-${attempt}`;
    const full = base.length === 0 || choice.compact;
    const files = full ? [path] : choice.unchanged ? base : [...base, path];
    if (files.includes(path)) this.storage.files.set(path, new TextEncoder().encode(path));
    if (options.kind !== "savepoint") task.filesOf.set(checkpointId, files);
    const keyed = { keyGroups: { first: 0, last: 127 }, files: files.map(fileAt), watermarkMs: 0, floors: [] };
    const snapshot = subtaskSnapshot({ operators: [{ operatorId: `${vertex}`, keyed, lists: [], watermarkMs: 0 }] });
    task.outbox.push({
      ack: { checkpointId, task: task.id, snapshot, metrics: { alignmentMs: 1, syncMs: 0, asyncMs: 0, bytes: 1 } },
    });
  }

  /** The master hears the task's next report, `times` times. */
  deliver(task: WorldTask, times = 1): void {
    const report = task.outbox.shift();
    if (report === undefined) return;
    for (let time = 0; time < times; time += 1) {
      if ("declined" in report) {
        this.coordinator.decline(report.declined, report.task, "CHECKPOINT_DECLINED", new Error("no"));
      } else if (
        this.#options.bug !== "late acknowledgements are lost" ||
        this.coordinator.pendingIds().includes(report.ack.checkpointId)
      ) {
        this.coordinator.acknowledge(report.ack);
      }
    }
  }

  /** Everything that waits happens, and goes well. */
  drain(): void {
    const calm: SnapshotChoice = { compact: false, unchanged: false, decline: false };
    for (let idle = false; !idle;) {
      const before = this.#backlog();
      for (const task of [...this.tasks]) {
        this.handleNotice(task, calm);
        this.handleBarrier(task, calm);
      }
      for (const task of [...this.tasks, ...this.gone]) this.deliver(task);
      for (const call of this.storage.calls.splice(0)) call.settle("ok");
      for (const call of this.store.calls.splice(0)) call("ok");
      this.clock.runYielded();
      idle = before === 0 && this.#backlog() === 0;
    }
  }

  #backlog(): number {
    let count = this.storage.calls.length + this.store.calls.length;
    for (const task of this.tasks) count += task.inbox.length;
    for (const task of [...this.tasks, ...this.gone]) count += task.outbox.length;
    return count;
  }
}

/** Checkpoints never change, so each is walked through once. */
const known = new WeakMap<CompletedCheckpoint, readonly string[]>();

export function filesOf(checkpoint: CompletedCheckpoint): readonly string[] {
  const cached = known.get(checkpoint);
  if (cached !== undefined) return cached;
  const files = [
    `${checkpoint.directory}/_metadata`,
    ...checkpoint.vertices.flatMap((vertex) => vertex.subtasks.flatMap(pathsOf)),
  ];
  known.set(checkpoint, files);
  return files;
}

function pathsOf(snapshot: SubtaskSnapshot | undefined): readonly string[] {
  return snapshot?.operators.flatMap((operator) => operator.keyed?.files.map((file) => file.path) ?? []) ?? [];
}
