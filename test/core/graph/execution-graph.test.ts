/**
 * Goal:   attempts come and go as the life cycle says, and both ends of a channel number it alike.
 * Method: steps by hand; every channel of random graphs, looked up from its other end.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExecutionGraph } from "../../../core/graph/execution-graph.ts";
import type { ExecutionState } from "../../../core/graph/execution-state.ts";
import { jobGraph, jobGraphOf, fiveOperators } from "./graphs.ts";
import { buildRandomGraph, randomGraphs } from "./random-graphs.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const WAY: readonly ExecutionState[] = ["SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING", "FINISHED"];

function seedExecution(): ExecutionGraph {
  return new ExecutionGraph(jobGraphOf(fiveOperators));
}

/** Every output channel leads to the input channel that names its producer, and no input channel is left. */
function checkBothEnds(graph: ExecutionGraph): void {
  const reached = new Set<string>();
  for (const producer of graph.executions()) {
    graph.outputsOf(producer).forEach((channels, position) => {
      const edge = graph.jobGraph.vertices[producer.vertex]?.outputs[position] ?? -1;
      expect(channels.map(({ consumer }) => consumer.subtask)).toEqual(graph.consumersOf(edge, producer.subtask));
      channels.forEach(({ consumer, inputChannel, edgeChannel, index }, place) => {
        const other = graph.inputsOf(consumer)[inputChannel];
        expect(index).toBe(place);
        expect(other).toMatchObject({
          index: inputChannel,
          edge,
          edgeChannel,
          producer: { vertex: producer.vertex, subtask: producer.subtask },
        });
        reached.add(`${consumer.vertex}/${consumer.subtask} ${inputChannel}`);
      });
    });
  }
  expect(reached.size).toBe(graph.executions().reduce((sum, execution) => sum + graph.inputsOf(execution).length, 0));
}

describe("ExecutionGraph", () => {
  test("has an execution for every subtask, all created", () => {
    const graph = seedExecution();
    expect(graph.executions()).toHaveLength(4 + 2 + 4 + 2);
    expect(graph.everyIs("CREATED")).toBe(true);
    expect(graph.execution({ vertex: 2, subtask: 3 })).toEqual({ vertex: 2, subtask: 3, attempt: 0, state: "CREATED" });
    expect(() => graph.execution({ vertex: 1, subtask: 2 })).toThrow("MR3000");
  });

  test("follows each subtask on its own", () => {
    const graph = seedExecution();
    for (const state of WAY) expect(graph.transition({ vertex: 0, subtask: 1, attempt: 0 }, state)).toBe(true);
    expect(graph.execution({ vertex: 0, subtask: 1 }).state).toBe("FINISHED");
    expect(graph.execution({ vertex: 0, subtask: 0 }).state).toBe("CREATED");
    expect(graph.everyIs("CREATED")).toBe(false);
  });

  test("refuses steps that are not in the life cycle", () => {
    expect(() => seedExecution().transition({ vertex: 0, subtask: 0, attempt: 0 }, "RUNNING")).toThrow(
      "cannot go from CREATED to RUNNING",
    );
  });

  test("counts attempts, and drops what earlier ones still say", () => {
    const graph = seedExecution();
    const first = graph.execution({ vertex: 2, subtask: 0 });
    expect(() => graph.nextAttempt(first)).toThrow("not one that is CREATED");
    graph.transition(first, "FAILED");
    const second = graph.nextAttempt(first);
    expect(second).toEqual({ vertex: 2, subtask: 0, attempt: 1, state: "CREATED" });
    expect(graph.transition(first, "FINISHED")).toBe(false);
    expect(graph.execution(first)).toEqual(second);
    expect(graph.transition(second, "SCHEDULED")).toBe(true);
    expect(() => graph.transition({ ...second, attempt: 2 }, "DEPLOYING")).toThrow("MR3000");
  });
});

describe("channels", () => {
  test("a consumer's are numbered by edge, then producer", () => {
    const graph = seedExecution();
    const channels = graph
      .inputsOf({ vertex: 2, subtask: 1 })
      .map(({ index, edgePosition, edgeChannel, input, producer }) => {
        return `${index}: input ${input}, edge ${edgePosition}/${edgeChannel}, from ${producer.vertex}/${producer.subtask}`;
      });
    expect(channels).toEqual([
      "0: input 0, edge 0/0, from 0/0",
      "1: input 0, edge 0/1, from 0/1",
      "2: input 0, edge 0/2, from 0/2",
      "3: input 0, edge 0/3, from 0/3",
      "4: input 1, edge 1/0, from 1/0",
      "5: input 1, edge 1/1, from 1/1",
    ]);
  });

  test("both ends number alike, whatever the graph", () => {
    expect(() =>
      fc.assert(
        fc.property(randomGraphs, (nodes) => checkBothEnds(new ExecutionGraph(jobGraph(buildRandomGraph(nodes))))),
        replay,
      ),
    ).not.toThrow();
  });

  test("neighbours follow the pattern of the edge", () => {
    const graph = seedExecution();
    expect(graph.producersOf(0, 2)).toEqual([0, 1, 2, 3]);
    expect(graph.consumersOf(2, 3)).toEqual([0, 1]);
  });
});
