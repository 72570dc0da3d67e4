/** Every refusal while a graph is built: its code, the operators it names and the cure. */
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../../../core/util/errors.ts";
import type { ConfigValues } from "../../../core/util/config.ts";
import { StreamGraph } from "../../../core/graph/stream-graph.ts";
import { HASH, add, jobGraphOf } from "./graphs.ts";
import type { NodeOptions } from "./graphs.ts";

/** A source and a map behind it. */
function pair(source: NodeOptions, map: NodeOptions, forward = false): (graph: StreamGraph) => void {
  return (graph) => {
    const from = add(graph, "source", [], { name: "numbers", ...source });
    add(graph, "map", [forward ? { from, by: { kind: "forward" } } : { from }], map);
  };
}

interface Refusal {
  readonly what: string;
  readonly build: (graph: StreamGraph) => void;
  readonly config?: ConfigValues;
  readonly sentence: string;
}

const refusals: readonly Refusal[] = [
  {
    what: "an empty graph",
    build: () => undefined,
    sentence: "MR1020: the job has no source: start it with env.fromSource, env.fromData or env.fromSequence",
  },
  {
    what: "an operator that nothing feeds",
    build: (graph) => {
      add(graph, "source", [], { name: "numbers" });
      add(graph, "map", []);
    },
    sentence: 'MR1021: operator "Map" (#1) has no input: connect it to a stream, or remove it',
  },
  {
    what: "a cycle",
    build: (graph) => {
      const source = add(graph, "source", [], { name: "numbers" });
      const first = add(graph, "map", [{ from: source }], { name: "first" });
      const second = add(graph, "map", [{ from: first }], { name: "second" });
      add(graph, "sink", [{ from: second }]);
      graph.connect({ from: second.id, to: first.id, input: 0, partitioning: undefined, sideOutput: undefined });
    },
    sentence:
      'MR1022: these operators feed themselves: "first" (#1) -> "second" (#2) -> "first" (#1); a stream cannot be its own input, so take out one of the connections',
  },
  {
    what: "forward to another parallelism",
    build: pair({ parallelism: 2 }, { parallelism: 3 }, true),
    sentence:
      'MR1026: forward from operator "Source: numbers" (#0) with parallelism 2 to "Map" (#1) with 3 is impossible: make them equal, or use rebalance or rescale',
  },
  {
    what: "no parallelism",
    build: pair({}, { parallelism: 0 }),
    sentence: 'MR1027: the parallelism of operator "Map" (#1) must be a whole number from 1, not 0',
  },
  { what: "half a subtask", build: pair({}, { parallelism: 1.5 }), sentence: "MR1027" },
  {
    what: "parallelism above max parallelism",
    build: pair({}, { parallelism: 5, maxParallelism: 4 }),
    sentence:
      'MR1028: operator "Map" (#1) has parallelism 5, above its max parallelism of 4: lower the first or raise the second',
  },
  {
    what: "parallelism above the configured max parallelism",
    build: pair({}, { parallelism: 5 }),
    config: { "pipeline.max-parallelism": 4 },
    sentence: "MR1028",
  },
  {
    what: "parallelism above the limit",
    build: pair({}, { parallelism: 32_769 }),
    sentence: "above its max parallelism of 32768",
  },
  {
    what: "max parallelism above the limit",
    build: pair({}, { maxParallelism: 32_769 }),
    sentence: 'MR1029: the max parallelism of operator "Map" (#1) must be a whole number from 1 to 32768, not 32769',
  },
  { what: "no key groups", build: pair({}, {}), config: { "pipeline.max-parallelism": 0 }, sentence: "MR1029" },
  {
    what: "more subtasks than the operator can have",
    build: pair({ parallelism: 2, parallelismMax: 1 }, {}),
    sentence:
      'MR1030: operator "Source: numbers" (#0) can run with parallelism 1 at most, not 2: set its parallelism to 1',
  },
  {
    what: "keyed state without keyBy",
    build: pair({}, { keyed: true, stateful: true }),
    sentence:
      'MR1031: operator "Map" (#1) has keyed state, but its input from "Source: numbers" (#0) is partitioned by forward: call keyBy right before it',
  },
  {
    what: "keyed state of which one input is not keyed",
    build: (graph) => {
      const from = add(graph, "source", [], { name: "numbers" });
      add(
        graph,
        "keyed-co-process",
        [
          { from, by: HASH },
          { from, input: 1, by: { kind: "broadcast" } },
        ],
        { keyed: true, stateful: true },
      );
    },
    sentence: "is partitioned by broadcast",
  },
  {
    what: "a slot sharing group without name",
    build: pair({ slotSharingGroup: "" }, {}),
    sentence:
      'MR1032: the slot sharing group of operator "Source: numbers" (#0) must be a name without blanks around it, not ""',
  },
  {
    what: "a slot sharing group that looks like another",
    build: pair({ slotSharingGroup: "a" }, { slotSharingGroup: "a " }),
    sentence: "MR1032",
  },
];

describe("what is refused while the graph is built", () => {
  test.each(refusals)("$what", ({ build, config, sentence }) => {
    expect(() => jobGraphOf(build, config)).toThrow(sentence);
  });

  test("no restart would help", () => {
    try {
      jobGraphOf(() => undefined);
      expect.unreachable();
    } catch (error) {
      expect(isMillraceError(error) && error.retryable).toBe(false);
    }
  });

  test("an API that feeds a source, or leaves out an input, is our mistake", () => {
    expect(() =>
      jobGraphOf((graph) => {
        const from = add(graph, "source", [], { name: "a" });
        add(graph, "source", [{ from }], { name: "b" });
      }),
    ).toThrow("MR3000");
    expect(() =>
      jobGraphOf((graph) => {
        const from = add(graph, "source", [], { name: "a" });
        add(graph, "co-process", [{ from, input: 1 }]);
      }),
    ).toThrow("MR3000");
    expect(() =>
      new StreamGraph().connect({ from: 0, to: 1, input: 0, partitioning: undefined, sideOutput: undefined }),
    ).toThrow("MR3000");
  });
});
