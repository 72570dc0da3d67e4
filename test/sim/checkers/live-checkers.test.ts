/** The checkers that look on while a run goes on are content with what is sound, and see what is not. */
import { describe, expect, test } from "vitest";
import type { SubtaskId } from "../../../core/graph/messages.ts";
import type { Pointed } from "./checker.ts";
import type { SimRun } from "../run.ts";
import { boundedQueues } from "./bounded-queues.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { CALM } from "../plan.ts";
import { failoverScope } from "./failover-scope.ts";
import { singleWriter } from "./single-writer.ts";

const RUN = {} as SimRun; // neither looks at it

/** Two sources without a connection, so that each is a region of its own. */
const GRAPH = graphOf((env) => {
  for (const name of ["a", "b"]) env.fromSequence(1, 9).name(name).discard();
});

test("bounded queues: more under way than the consumer has room for, beyond what one call may emit", () => {
  const sound = boundedQueues();
  sound.granted?.("a b 0", 16);
  sound.sent?.("a b 0", 16 + 128);
  expect(sound.check(RUN)).toBeUndefined();
  sound.sent?.("a b 0", 1);
  expect(sound.check(RUN)).toMatch(/a b 0 has 129 frames more under way/);
});

test("single writer: an attempt that begins before the last one has ended", () => {
  const checker = singleWriter();
  const task = { vertex: 1, subtask: 2 };
  checker.deployed?.("slot#1", { ...task, attempt: 0 }, GRAPH);
  checker.terminated?.("slot#1", { ...task, attempt: 0 });
  checker.deployed?.("slot#1", { ...task, attempt: 1 }, GRAPH);
  checker.deployed?.("another#1", { ...task, attempt: 1 }, GRAPH);
  expect(checker.check(RUN)).toBeUndefined();
  checker.deployed?.("slot#1", { ...task, attempt: 2 }, GRAPH);
  expect(checker.check(RUN)).toMatch(/attempt 2 of subtask 1\/2 began in slot#1 while attempt 1 ran/);
});

describe("failover scope", () => {
  const run = (failover: "region" | "full"): SimRun => ({ plan: { ...CALM, failover } }) as SimRun; // it looks at the plan only
  const at = (vertex: number, attempt: number): SubtaskId => ({ vertex, subtask: 0, attempt });
  const begun = (): ReturnType<typeof failoverScope> => {
    const checker = failoverScope();
    for (const vertex of [0, 1]) checker.deployed?.("slot#1", at(vertex, 0), GRAPH);
    return checker;
  };

  test("by region: only that begins again in which a task has failed", () => {
    const checker = begun();
    const boom = new Error("boom");
    checker.taskFailed?.(at(1, 0), boom);
    checker.jobFailed?.(boom);
    checker.deployed?.("slot#1", at(1, 1), GRAPH);
    expect(checker.check(run("region"))).toBeUndefined();
    checker.deployed?.("slot#1", at(0, 1), GRAPH);
    expect(checker.check(run("region"))).toMatch(/region 0 began its attempt 1, though nothing had failed in it/);
  });

  test("what concerns the whole job, and a new master, may begin everything again", () => {
    const checker = begun();
    checker.jobFailed?.(new Error("an enumerator"));
    for (const vertex of [0, 1]) checker.deployed?.("slot#1", at(vertex, 1), GRAPH);
    for (const vertex of [1, 0]) checker.deployed?.("slot#2", at(vertex, 0), GRAPH);
    expect(checker.check(run("region"))).toBeUndefined();
  });

  test("full: no checkpoint completes while regions are in different attempts", () => {
    const checker = begun();
    const pointed = { pointer: { checkpointId: 3 } } as unknown as Pointed; // it looks at the id only
    checker.completed?.(pointed);
    checker.deployed?.("slot#1", at(1, 1), GRAPH);
    expect(checker.check(run("full"))).toBeUndefined();
    checker.completed?.(pointed);
    expect(checker.check(run("full"))).toMatch(/in checkpoint 3 regions are in the attempts 0 and 1/);
  });
});

function graphOf(build: (env: StreamExecutionEnvironment) => void): JobGraph {
  const env = StreamExecutionEnvironment.create();
  build(env);
  return createJobGraph(env.getStreamGraph(), { name: "job", config: env.config });
}
