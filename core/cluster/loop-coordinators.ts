/**
 * The master's side of loops: finds out when a loop whose other inputs have ended rests for good, and ends it.
 *
 * In:   what the tasks of the looping vertices say (`loop-events.ts` has the idea). Out: rounds of questions, and at last the order to end.
 * State: per looping vertex the round under way, in the present attempt of its tasks. They all start again together, and then it begins anew.
 *
 * Asked by the master rather than told by the tasks, since a task that passes a message on now and then rests thousands of times a second. The pauses between
 * rounds grow, so that a loop that goes on for hours costs next to nothing; a job is over that much later than its loop, at most.
 */
import type { JobGraph, JobVertex, Subtask } from "../graph/job-graph-types.ts";
import type { LoopCount, LoopToTask, TaskToLoop } from "../graph/loop-events.ts";
import type { Cancel, Clock } from "../time/clock.ts";

const PAUSE_FIRST_MS = 2;
const PAUSE_MAX_MS = 50;

export interface LoopCoordinatorsOptions {
  readonly graph: JobGraph;
  readonly clock: Clock;
  /** Runs a callback in the master's turn. */
  execute(mail: () => void): void;
  send(subtask: Subtask, operatorId: string, event: LoopToTask): void;
}

type Answer = Exclude<TaskToLoop, { readonly type: "loop-alone" }>;

class Loop {
  readonly #options: LoopCoordinatorsOptions;
  readonly #vertex: JobVertex;
  /** Subtasks that wait for nothing but the loop. */
  readonly #alone: Set<number>;
  /** Of the round under way, by subtask. */
  readonly #answers: Map<number, Answer>;
  #round: number;
  /** What the round before has counted, if all rested. */
  #before: LoopCount | undefined;
  #pauseMs: number;
  #wait: Cancel | undefined;

  constructor(options: LoopCoordinatorsOptions, vertex: JobVertex) {
    this.#options = options;
    this.#vertex = vertex;
    this.#alone = new Set();
    this.#answers = new Map();
    this.#round = 0;
    this.#before = undefined;
    this.#pauseMs = PAUSE_FIRST_MS;
    this.#wait = undefined;
  }

  /** Its tasks start again. What they were asked before, nobody answers any more. */
  reset(): void {
    this.#alone.clear();
    this.#answers.clear();
    this.#round += 1;
    this.#before = undefined;
    this.#pauseMs = PAUSE_FIRST_MS;
    this.#wait?.();
    this.#wait = undefined;
  }

  handle(subtask: number, event: TaskToLoop): void {
    if (event.type === "loop-alone") {
      this.#alone.add(subtask);
      if (this.#alone.size === this.#vertex.parallelism) this.#ask("loop-count");
      return;
    }
    if (event.round !== this.#round) return;
    this.#answers.set(subtask, event);
    if (this.#answers.size === this.#vertex.parallelism) this.#answered([...this.#answers.values()]);
  }

  #answered(answers: readonly Answer[]): void {
    if (answers.some(({ type }) => type === "loop-asked")) {
      if (!answers.some((answer) => answer.type === "loop-asked" && answer.goesOn)) {
        this.#tellAll({ type: "loop-over" });
        return;
      }
      this.#pauseMs = PAUSE_FIRST_MS; // that it goes on is what the question has done: a delayed message came early
      this.#askLater();
      return;
    }
    const count = atRest(answers);
    const rested = count !== undefined && count.sent === this.#before?.sent && count.taken === this.#before.taken;
    if (count === undefined) this.#askLater();
    else if (rested) this.#ask("loop-rests");
    else {
      this.#before = count;
      this.#ask("loop-count");
    }
  }

  #askLater(): void {
    this.#before = undefined;
    const round = this.#round;
    this.#wait = this.#options.clock.schedule(this.#pauseMs, () =>
      this.#options.execute(() => {
        if (round === this.#round) this.#ask("loop-count");
      }),
    );
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MAX_MS);
  }

  #ask(type: "loop-count" | "loop-rests"): void {
    this.#round += 1;
    this.#answers.clear();
    this.#tellAll({ type, round: this.#round });
  }

  #tellAll(event: LoopToTask): void {
    const { index, parallelism, operators } = this.#vertex;
    for (let subtask = 0; subtask < parallelism; subtask += 1)
      this.#options.send({ vertex: index, subtask }, operators[0]?.id ?? "", event);
  }
}

/** The sums, if all tasks rest and nothing is on its way. */
function atRest(answers: readonly Answer[]): LoopCount | undefined {
  let [sent, taken] = [0, 0];
  for (const answer of answers) {
    if (answer.type !== "loop-counted" || !answer.rests) return undefined;
    sent += answer.count.sent;
    taken += answer.count.taken;
  }
  return sent === taken ? { sent, taken } : undefined;
}

export class LoopCoordinators {
  /** By vertex. */
  readonly #loops: ReadonlyMap<number, Loop>;

  constructor(options: LoopCoordinatorsOptions) {
    const looping = options.graph.edges.filter(({ isFeedback }) => isFeedback).map(({ to }) => to);
    const vertices = options.graph.vertices.filter(({ index }) => looping.includes(index));
    this.#loops = new Map(vertices.map((vertex) => [vertex.index, new Loop(options, vertex)]));
  }

  /** Of tasks in their present attempt. */
  handle({ vertex, subtask }: Subtask, event: TaskToLoop): void {
    this.#loops.get(vertex)?.handle(subtask, event);
  }

  /** These tasks start again, or stop. */
  reset(subtasks: readonly Subtask[]): void {
    for (const vertex of new Set(subtasks.map((subtask) => subtask.vertex))) this.#loops.get(vertex)?.reset();
  }
}
