/**
 * Builds what each operator of a chain may use: its outputs, its state with what was restored, timers, metrics, and the ways back into the task.
 *
 * Wired by hand, one object per operator; an operator that asks for keyed state on an unkeyed input gets an error instead.
 */
import type { JobOperator, JobVertex } from "../graph/job-graph-types.ts";
import type { MetricGroup } from "../metrics/registry.ts";
import type { Availability, OperatorServices, Output, PutOffQueues } from "../operators/operator.ts";
import type { TaskInfo } from "../operators/contracts/functions.ts";
import { createHeapKeyedState } from "../state/heap/backend.ts";
import { keyGroupRange } from "../state/key-groups.ts";
import type { KeyedStateBackend } from "../state/keyed-state.ts";
import { createOperatorState } from "../state/operator-state-backend.ts";
import type { OperatorStateBackend } from "../state/operator-state.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import { WATERMARK_MIN } from "../time/watermark.ts";
import type { Config } from "../util/config.ts";
import { OPTIONS } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";
import type { LoadedOperatorState } from "./state-loading.ts";
import type { TaskTimers } from "./task-timers.ts";

/** What all operators of a task share. */
export interface TaskServices {
  readonly vertex: JobVertex;
  readonly info: TaskInfo;
  readonly config: Config;
  readonly clock: Clock;
  readonly availability: Availability;
  readonly timers: TaskTimers;
  readonly putOff: PutOffQueues;
  metrics(operator: JobOperator): MetricGroup;
  execute(mail: () => void): void;
  schedule(delayMs: number, mail: () => void): Cancel;
  wake(): void;
  sendEvent(operator: JobOperator, event: unknown): void;
  /** `operator`: who says so. */
  warn(sentence: string, operator: JobOperator): void;
  /** `operator`: who says so. */
  fail(error: unknown, operator: JobOperator): void;
}

/** The state of one operator, as the task saves it. */
export interface OperatorStates {
  readonly keyed: KeyedStateBackend | undefined;
  readonly lists: OperatorStateBackend;
}

export interface OperatorOutputs {
  readonly main: Output<unknown>;
  readonly sides: ReadonlyMap<string, Output<unknown>>;
}

export function createStates(
  task: TaskServices,
  operator: JobOperator,
  restored: LoadedOperatorState | undefined,
): OperatorStates {
  const { vertex, info } = task;
  const lists = createOperatorState(restored === undefined ? [] : [restored.lists]);
  if (!operator.keyed) return { keyed: undefined, lists };
  const keyed = createHeapKeyedState({
    keyGroups: keyGroupRange(vertex.maxParallelism, vertex.parallelism, info.subtaskIndex),
    maxParallelism: vertex.maxParallelism,
    clock: task.clock,
    operatorName: operator.name,
    developmentMode: task.config.get(OPTIONS.developmentMode),
  });
  if (restored !== undefined && restored.keyed.length > 0) keyed.restore(restored.keyed, { owned: restored.owned });
  return { keyed, lists };
}

export function createServices(
  task: TaskServices,
  operator: JobOperator,
  parts: {
    readonly states: OperatorStates;
    readonly outputs: OperatorOutputs;
    readonly restored: LoadedOperatorState | undefined;
    readonly isRestored: boolean;
  },
): OperatorServices<unknown> {
  const { states, outputs, restored } = parts;
  return {
    output: outputs.main,
    sideOutput: (tagId) => outputs.sides.get(tagId),
    availability: task.availability,
    get keyedState() {
      return keyedStateOf(states, operator);
    },
    operatorState: states.lists,
    timers(name, target) {
      const timers = keyedStateOf(states, operator).timers(name, target);
      task.timers.add(timers);
      return timers;
    },
    putOff: task.putOff,
    restored: parts.isRestored,
    restoredWatermarkMs: restored?.watermarkMs ?? WATERMARK_MIN,
    task: { ...task.info, name: operator.name },
    metrics: task.metrics(operator),
    config: task.config,
    clock: task.clock,
    execute: (mail) => task.execute(mail),
    schedule: (delayMs, mail) => task.schedule(delayMs, mail),
    wake: () => task.wake(),
    sendEvent: (event) => task.sendEvent(operator, event),
    warn: (sentence) => task.warn(sentence, operator),
    fail: (error) => task.fail(error, operator),
  };
}

function keyedStateOf(states: OperatorStates, operator: JobOperator): KeyedStateBackend {
  if (states.keyed !== undefined) return states.keyed;
  throw new MillraceError(
    "MR3003",
    `operator "${operator.name}" uses keyed state or timers on a stream without keys: call keyBy before it`,
  );
}
