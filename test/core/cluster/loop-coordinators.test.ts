/**
 * Goal:   a loop is ended only when nothing is under way in it, and then always.
 * Method: a model of tasks that pass messages on over slow channels, with questions and answers that take any time; chosen by a seed.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
// covers: core/graph/loop-events.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LoopCoordinators } from "../../../core/cluster/loop-coordinators.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { isLoopToTask, isTaskToLoop } from "../../../core/graph/loop-events.ts";
import type { LoopToTask, TaskToLoop } from "../../../core/graph/loop-events.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { replay } from "../../harness/replay.ts";

const TASKS = 3;

function loopGraph(): JobGraph {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": TASKS });
  const operator = { inputs: [] };
  env
    .fromSequence(1, 3)
    .keyBy((n) => n)
    .transform<number>("loop", () => operator, { loopBy: (n) => n })
    .uid("loop")
    .print();
  return createJobGraph(env.getStreamGraph(), { name: "loop", config: env.config });
}

/** Everything that is on its way arrives in an order of chance; what is sent between two ends stays in order. */
class Model {
  readonly #random: SeededRandom;
  readonly #ways: (() => void)[][];
  readonly #coordinators: LoopCoordinators;
  readonly #sent: number[];
  readonly #taken: number[];
  readonly #vertex: number;
  /** Messages in the loop, wherever they are. */
  underWay: number;
  /** A task would go on once when it is asked what is left. */
  #left: number;
  over: number;
  endedEarly: boolean;

  constructor(seed: number, left: number) {
    this.#random = new SeededRandom(seed);
    this.#ways = Array.from({ length: TASKS * TASKS + 2 * TASKS + 1 }, () => []);
    this.#sent = new Array<number>(TASKS).fill(0);
    this.#taken = new Array<number>(TASKS).fill(0);
    this.underWay = 0;
    this.over = 0;
    this.endedEarly = false;
    this.#left = left;
    const graph = loopGraph();
    this.#vertex = graph.edges.find(({ isFeedback }) => isFeedback)?.to ?? -1;
    this.#coordinators = new LoopCoordinators({
      graph,
      clock: {
        nowMs: () => 0,
        elapsedMs: () => 0,
        yield: (callback) => this.#go(0, callback),
        schedule: (_, callback) => {
          this.#go(0, callback);
          return () => undefined;
        },
      },
      execute: (mail) => mail(),
      send: ({ subtask }, _, event) => this.#go(1 + subtask, () => this.#asked(subtask, event)),
    });
  }

  run(messages: number, hops: number): void {
    for (let message = 0; message < messages; message += 1) this.#send(message % TASKS, hops);
    for (let task = 0; task < TASKS; task += 1) this.#tell(task, { type: "loop-alone" });
    for (let step = 0; step < 20_000 && this.over < TASKS; step += 1) {
      const ways = this.#ways.filter((way) => way.length > 0);
      ways[Math.floor(this.#random.next() * ways.length)]?.shift()?.();
    }
  }

  #send(from: number, hops: number): void {
    const to = Math.floor(this.#random.next() * TASKS);
    this.#sent[from] = (this.#sent[from] ?? 0) + 1;
    this.underWay += 1;
    this.#go(1 + 2 * TASKS + from * TASKS + to, () => {
      this.#taken[to] = (this.#taken[to] ?? 0) + 1;
      this.underWay -= 1;
      // None, one or two: what rests for a moment may have sent twice before.
      const followers = hops > 0 ? Math.floor(this.#random.next() * 3) : 0;
      for (let follower = 0; follower < followers; follower += 1) this.#send(to, hops - 1);
    });
  }

  #asked(task: number, event: LoopToTask): void {
    if (event.type === "loop-over") {
      this.over += 1;
      this.endedEarly ||= this.underWay > 0;
    } else if (event.type === "loop-rests") {
      const goesOn = this.#left > 0;
      if (goesOn) this.#send(task, 2);
      this.#left -= goesOn ? 1 : 0;
      this.#tell(task, { type: "loop-asked", round: event.round, goesOn });
    } else {
      const count = { sent: this.#sent[task] ?? 0, taken: this.#taken[task] ?? 0 };
      this.#tell(task, { type: "loop-counted", round: event.round, rests: true, count });
    }
  }

  #tell(task: number, event: TaskToLoop): void {
    this.#go(1 + TASKS + task, () => this.#coordinators.handle({ vertex: this.#vertex, subtask: task }, event));
  }

  #go(way: number, callback: () => void): void {
    this.#ways[way]?.push(callback);
  }
}

describe("a loop", () => {
  test("ends when nothing is under way in it, and not before", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(6), fc.nat(100), fc.nat(2), (seed, messages, hops, left) => {
        const model = new Model(seed, left);
        model.run(messages, hops);
        expect(model).toMatchObject({ over: TASKS, underWay: 0, endedEarly: false });
      }),
      { numRuns: 400, ...replay },
    );
  });

  test.each([
    ["goes on whenever it is asked", { goesOn: 1_000, rests: () => true }, 5],
    ["rests only now and then", { goesOn: 0, rests: (atMs: number) => atMs >= 10_000 }, 60],
  ])("that %s is over soon after it has come to rest", (_, { goesOn, rests }, lateMs) => {
    const clock = new ManualClock();
    const graph = loopGraph();
    const vertex = graph.edges.find(({ isFeedback }) => isFeedback)?.to ?? -1;
    let [left, restsAtMs, overAtMs] = [goesOn * TASKS, 0, -1];
    const coordinators: LoopCoordinators = new LoopCoordinators({
      graph,
      clock,
      execute: (mail) => mail(),
      send: (subtask, __, event) =>
        clock.yield(() => {
          if (event.type === "loop-over") overAtMs = clock.nowMs();
          else if (event.type === "loop-rests") {
            coordinators.handle(subtask, { type: "loop-asked", round: event.round, goesOn: left > 0 });
            left -= 1;
            if (left >= 0) restsAtMs = clock.nowMs();
          } else {
            const isAtRest = rests(clock.nowMs());
            if (!isAtRest) restsAtMs = clock.nowMs();
            const count = { sent: 0, taken: 0 };
            coordinators.handle(subtask, { type: "loop-counted", round: event.round, rests: isAtRest, count });
          }
        }),
    });
    for (let subtask = 0; subtask < TASKS; subtask += 1)
      coordinators.handle({ vertex, subtask }, { type: "loop-alone" });
    for (let ms = 0; overAtMs < 0 && ms < 60_000; ms += 1) clock.advance(1);
    expect(overAtMs - restsAtMs).toBeLessThan(lateMs);
    // As often as it was asked, and the pauses between.
    expect(overAtMs).toBeLessThan(10_000 + lateMs);
  });

  test("takes no answers from before its tasks started again", () => {
    const asked: LoopToTask[] = [];
    const graph = loopGraph();
    const vertex = graph.edges.find(({ isFeedback }) => isFeedback)?.to ?? -1;
    const coordinators = new LoopCoordinators({
      graph,
      clock: { nowMs: () => 0, elapsedMs: () => 0, yield: () => undefined, schedule: () => () => undefined },
      execute: (mail) => mail(),
      send: (_, __, event) => void asked.push(event),
    });
    const rested = { rests: true, count: { sent: 1, taken: 1 } };
    for (let subtask = 0; subtask < TASKS; subtask += 1)
      coordinators.handle({ vertex, subtask }, { type: "loop-alone" });
    expect(asked).toHaveLength(TASKS);
    coordinators.reset([{ vertex, subtask: 0 }]);
    for (let subtask = 0; subtask < TASKS; subtask += 1)
      coordinators.handle({ vertex, subtask }, { type: "loop-counted", round: 1, ...rested });
    expect(asked).toHaveLength(TASKS);
  });
});

test("events of loops are told from those of sources and sinks", () => {
  expect(isLoopToTask({ type: "loop-over" })).toBe(true);
  expect(isLoopToTask({ type: "add-splits", splits: [] })).toBe(false);
  expect(isTaskToLoop({ type: "loop-alone" })).toBe(true);
  expect(isTaskToLoop("loop-alone")).toBe(false);
});
