/**
 * A job master whose slots are played by the test: every message to a slot is written down, every report is sent by hand, one at a time.
 *
 * Unless a test builds another, the job is a source and a map of parallelism 2 each, exchanged by key, so that it needs two slots with one subtask of both
 * vertices in each.
 */
import { MemoryCheckpointStore } from "../../../core/checkpoint/store.ts";
import type { CompletedCheckpointStore } from "../../../core/checkpoint/store.ts";
import { createMaster } from "../../../core/cluster/create-master.ts";
import type { JobMaster, JobOutcome, JobPhaseName } from "../../../core/cluster/job-master.ts";
import { Endpoint } from "../../../core/cluster/rpc/endpoint.ts";
import { SlotPool } from "../../../core/cluster/slot-pool.ts";
import type { Slot } from "../../../core/cluster/slot-pool.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { SubtaskId } from "../../../core/graph/messages.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { ConfigValues } from "../../../core/index.ts";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import type { TaskDescriptor } from "../../../core/runtime/deployment.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

export const RESTART_MS = 100;

/** What a slot was told. */
export class PlayedSlot implements Slot {
  readonly id: string;
  readonly gateway: Slot["gateway"];
  readonly deployed: TaskDescriptor[] = [];
  readonly canceled: SubtaskId[] = [];
  readonly triggered: { readonly task: SubtaskId; readonly checkpointId: number; readonly directory: string }[] = [];
  /** `completed 3`. */
  readonly told: string[] = [];
  /** To readers of sources. */
  readonly events: { readonly task: SubtaskId; readonly event: unknown }[] = [];

  constructor(id: string) {
    this.id = id;
    this.gateway = {
      deploy: (descriptor) => this.deployed.push(descriptor),
      cancel: (task) => this.canceled.push(task),
      trigger: (task, checkpointId, { directory }) => this.triggered.push({ task, checkpointId, directory }),
      completed: (checkpointId) => this.told.push(`completed ${checkpointId}`),
      aborted: (checkpointId) => this.told.push(`aborted ${checkpointId}`),
      operatorEvent: (task, _operatorId, event) => this.events.push({ task, event }),
    };
  }

  /** Of each subtask the newest attempt here. */
  tasks(): SubtaskId[] {
    const tasks = this.deployed.map(({ task }) => task);
    return tasks.filter(
      (task) =>
        !tasks.some(
          ({ vertex, subtask, attempt }) =>
            vertex === task.vertex && subtask === task.subtask && attempt > task.attempt,
        ),
    );
  }
}

export interface BenchOptions {
  readonly build?: (env: StreamExecutionEnvironment) => void;
  readonly values?: ConfigValues;
  readonly store?: CompletedCheckpointStore;
  readonly keepOutcome?: (outcome: JobOutcome, done: () => void) => void;
}

export class MasterBench {
  readonly clock: ManualClock = new ManualClock();
  readonly phases: JobPhaseName[] = [];
  readonly failures: string[] = [];
  readonly outcomes: JobOutcome[] = [];
  readonly toClient: unknown[] = [];
  readonly storage: MemoryBlobStore = new MemoryBlobStore((callback) => this.clock.yield(callback));
  readonly store: CompletedCheckpointStore;
  readonly master: JobMaster;

  constructor({
    build = countedByKey,
    values = {},
    store = new MemoryCheckpointStore(),
    keepOutcome,
  }: BenchOptions = {}) {
    const { clock } = this;
    const env = StreamExecutionEnvironment.create({
      "parallelism.default": 2,
      "restart-strategy.type": "fixed-delay",
      "restart-strategy.fixed-delay.attempts": 1_000,
      "restart-strategy.fixed-delay.delay": RESTART_MS,
      ...values,
    });
    build(env);
    this.store = store;
    this.master = createMaster({
      jobName: "played",
      jobId: "0",
      masterToken: 1,
      graph: createJobGraph(env.getStreamGraph(), { name: "played", config: env.config }),
      config: env.config,
      world: { clock, random: new SeededRandom(1), warn: () => undefined },
      metrics: new MetricRegistry({ clock }),
      endpoint: new Endpoint({
        clock,
        onError: (error) => {
          throw error;
        },
      }),
      slots: new SlotPool(),
      store,
      storage: this.storage,
      checkpointDirectory: "job",
      restorePoint: undefined,
      toClient: (_node, value) => this.toClient.push(value),
      onPhase: (phase) => this.phases.push(phase),
      onFailure: (cause) => this.failures.push(cause.message),
      onEnded: (outcome) => this.outcomes.push(outcome),
      ...(keepOutcome === undefined ? {} : { keepOutcome }),
    });
  }

  get phase(): JobPhaseName | undefined {
    return this.phases.at(-1);
  }

  offer(...ids: readonly string[]): PlayedSlot[] {
    return ids.map((id) => {
      const slot = new PlayedSlot(id);
      this.master.slotOffered(slot);
      return slot;
    });
  }

  lose(slot: PlayedSlot): void {
    this.master.slotLost(slot.id, new Error(`${slot.id} is gone`));
  }

  /** All tasks of the newest attempts run. */
  run(...slots: readonly PlayedSlot[]): void {
    for (const task of slots.flatMap((slot) => slot.tasks())) this.master.running(task);
  }

  /** All tasks of the newest attempt have closed after they were canceled. */
  close(...slots: readonly PlayedSlot[]): void {
    for (const task of slots.flatMap((slot) => slot.tasks())) this.master.terminated(task, "canceled");
  }

  /** Every task acknowledges, without state. */
  acknowledge(checkpointId: number, ...slots: readonly PlayedSlot[]): void {
    for (const task of slots.flatMap((slot) => slot.tasks())) {
      const snapshot = { operators: [], channels: [], ended: false };
      const metrics = { alignmentMs: 0, syncMs: 0, asyncMs: 0, bytes: 0 };
      this.master.acknowledge({ checkpointId, task, snapshot, metrics });
    }
    this.clock.runYielded();
  }
}

function countedByKey(env: StreamExecutionEnvironment): void {
  env
    .fromSequence(1, 9)
    .keyBy((n) => n)
    .reduce((left, right) => left + right)
    .uid("sum")
    .discard();
}
