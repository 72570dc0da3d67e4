/**
 * The execution graph: every vertex times its parallelism, and how far each subtask's current attempt has come. The master's picture of a
 * running job.
 *
 * In:    the job graph, then reports of tasks and decisions of the scheduler.
 * Out:   who feeds whom, and in which state everything is. It decides nothing and sends nothing.
 * State: one execution per subtask, replaced at each step; earlier attempts are forgotten.
 */
import { assert } from "../util/errors.ts";
import { distributionOf, edgeAt, inputChannels, outputChannels, vertexAt } from "./channels.ts";
import type { InputChannel, OutputChannel } from "./channels.ts";
import { consumersOf, producersOf } from "./distribution.ts";
import { checkTransition, isTerminal } from "./execution-state.ts";
import type { ExecutionState } from "./execution-state.ts";
import type { JobGraph, Subtask } from "./job-graph-types.ts";
import type { SubtaskId } from "./messages.ts";

/** One attempt to run one subtask; a value, not an object that changes. */
export interface Execution extends SubtaskId {
  readonly state: ExecutionState;
}

export class ExecutionGraph {
  readonly jobGraph: JobGraph;
  /** By vertex, then subtask. */
  readonly #current: Execution[][];

  constructor(jobGraph: JobGraph) {
    this.jobGraph = jobGraph;
    this.#current = jobGraph.vertices.map(({ index, parallelism }) =>
      Array.from({ length: parallelism }, (_, subtask): Execution => ({
        vertex: index,
        subtask,
        attempt: 0,
        state: "CREATED",
      })),
    );
  }

  /** The current attempt of a subtask. */
  execution({ vertex, subtask }: Subtask): Execution {
    const execution = this.#current[vertex]?.[subtask];
    assert(execution !== undefined, `there is no subtask ${subtask} of vertex ${vertex}`);
    return execution;
  }

  /** The current attempts of all subtasks, by vertex, then subtask. */
  executions(): readonly Execution[] {
    return this.#current.flat();
  }

  everyIs(state: ExecutionState): boolean {
    return this.#current.every((subtasks) => subtasks.every((execution) => execution.state === state));
  }

  /** False, and no change, if the attempt is not the current one: the message comes from a task that was given up. */
  transition(id: SubtaskId, to: ExecutionState): boolean {
    const execution = this.execution(id);
    assert(
      id.attempt <= execution.attempt,
      `attempt ${id.attempt} of subtask ${id.subtask} of vertex ${id.vertex} was started`,
    );
    if (id.attempt < execution.attempt) return false;
    checkTransition(execution.state, to);
    this.#replace({ ...execution, state: to });
    return true;
  }

  /** Starts over: the next attempt, in state CREATED. The current one must have ended. */
  nextAttempt(subtask: Subtask): Execution {
    const ended = this.execution(subtask);
    assert(isTerminal(ended.state), `an attempt follows one that has ended, not one that is ${ended.state}`);
    const next: Execution = { ...ended, attempt: ended.attempt + 1, state: "CREATED" };
    this.#replace(next);
    return next;
  }

  /** Subtasks of the edge's target that one subtask of its source sends to, rising. */
  consumersOf(edge: number, producer: number): readonly number[] {
    return consumersOf(distributionOf(this.jobGraph, edgeAt(this.jobGraph, edge)), producer);
  }

  /** Subtasks of the edge's source that one subtask of its target reads, rising. */
  producersOf(edge: number, consumer: number): readonly number[] {
    return producersOf(distributionOf(this.jobGraph, edgeAt(this.jobGraph, edge)), consumer);
  }

  /** Without loops: nobody comes before itself. */
  inputsOf({ vertex, subtask }: Subtask): readonly InputChannel[] {
    return inputChannels(this.jobGraph, vertex, subtask).filter(({ isFeedback }) => !isFeedback);
  }

  /** By output edge of the vertex. */
  outputsOf({ vertex, subtask }: Subtask): readonly (readonly OutputChannel[])[] {
    return vertexAt(this.jobGraph, vertex).outputs.map((edge) => outputChannels(this.jobGraph, edge, subtask));
  }

  #replace(execution: Execution): void {
    const subtasks = this.#current[execution.vertex];
    assert(subtasks !== undefined, `there is no vertex ${execution.vertex}`);
    subtasks[execution.subtask] = execution;
  }
}
