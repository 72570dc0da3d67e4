/**
 * From stream graphs to job graphs: vertices, edges, defaults and warnings.
 * That chaining is right in general is in `chaining.property.test.ts`.
 */
// covers: core/graph/planned-graph.ts, core/graph/partitioning.ts, core/graph/slot-sharing.ts, core/graph/sink-warnings.ts, core/graph/source-warnings.ts, core/graph/vertex-name.ts
import { describe, expect, test } from "vitest";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { StreamGraph } from "../../../core/graph/stream-graph.ts";
import type { ConfigValues } from "../../../core/util/config.ts";
import { HASH, add, jobGraph, jobGraphOf, names, fiveOperators, vertexNamed } from "./graphs.ts";

/** `source → map → filter → keyBy → window → sink`, parallelism 4, the sink 2. */
function windowJob(graph: StreamGraph): void {
  const source = add(graph, "source", [], { name: "numbers", uid: "numbers", stateful: true });
  const map = add(graph, "map", [{ from: source }]);
  const filter = add(graph, "filter", [{ from: map }]);
  const window = add(graph, "window.aggregate", [{ from: filter, by: HASH }], {
    uid: "window",
    stateful: true,
    keyed: true,
  });
  add(graph, "sink", [{ from: window }], { name: "out", uid: "out", stateful: true, parallelism: 2 });
}

function edgesOf(graph: JobGraph): readonly string[] {
  return graph.edges.map(
    ({ from, to, input, partitioning, pattern }) => `${from}->${to}.${input} ${partitioning.kind} ${pattern}`,
  );
}

describe("createJobGraph", () => {
  test("cuts at keyBy and where the parallelism changes: Flink's example gives three vertices", () => {
    const graph = jobGraphOf(windowJob, { "parallelism.default": 4 });
    expect(names(graph)).toEqual(["Source: numbers -> Map -> Filter", "Window Aggregate", "Sink: out"]);
    expect(graph.vertices.map((vertex) => vertex.parallelism)).toEqual([4, 4, 2]);
    expect(edgesOf(graph)).toEqual(["0->1.0 hash all-to-all", "1->2.0 rebalance all-to-all"]);
    expect(graph.warnings).toEqual([]);
  });

  test("makes everything a vertex of its own when chaining is off", () => {
    const graph = jobGraphOf(windowJob, { "pipeline.operator-chaining.enabled": false });
    expect(names(graph)).toEqual(["Source: numbers", "Map", "Filter", "Window Aggregate", "Sink: out"]);
    expect(edgesOf(graph)[0]).toBe("0->1.0 forward pointwise");
  });

  test("chains into a tree, with side outputs", () => {
    const graph = jobGraphOf((stream) => {
      const source = add(stream, "source", [], { name: "numbers" });
      const map = add(stream, "process", [{ from: source }], { name: "split" });
      const late = add(stream, "map", [{ from: map, side: "late" }]);
      add(stream, "sink", [{ from: late }], { name: "late" });
      add(stream, "sink", [{ from: map }], { name: "out" });
      add(stream, "sink", [{ from: map, by: { kind: "rescale" }, side: "odd" }], { name: "odd" });
    });
    expect(names(graph)).toEqual(["Source: numbers -> split -> (Map -> Sink: late, Sink: out)", "Sink: odd"]);
    const [vertex] = graph.vertices;
    expect(vertex?.operators.map((operator) => operator.name)).toEqual([
      "Source: numbers",
      "split",
      "Map",
      "Sink: late",
      "Sink: out",
    ]);
    expect(vertex?.operators[1]?.outputs).toEqual([
      { kind: "chained", sideOutput: "late", operator: 2 },
      { kind: "chained", sideOutput: undefined, operator: 4 },
      { kind: "edge", sideOutput: "odd", edge: 0 },
    ]);
    expect(graph.edges[0]).toMatchObject({ from: 0, to: 1, sideOutput: "odd", pattern: "pointwise" });
  });

  test("gives a union, and an operator with two inputs, a vertex of its own, and what follows them may chain", () => {
    const graph = jobGraphOf((stream) => {
      const left = add(stream, "source", [], { name: "left" });
      const right = add(stream, "source", [], { name: "right" });
      const union = add(stream, "map", [{ from: left }, { from: right }], { name: "union" });
      const both = add(stream, "co-process", [{ from: union }, { from: left, input: 1 }], { name: "both" });
      add(stream, "sink", [{ from: both }], { name: "out" });
    });
    expect(names(graph)).toEqual(["Source: left", "Source: right", "union", "both -> Sink: out"]);
    expect(edgesOf(graph)).toEqual([
      "0->2.0 forward pointwise",
      "0->3.1 forward pointwise",
      "1->2.0 forward pointwise",
      "2->3.0 forward pointwise",
    ]);
    // By logical input first, so that the channels of input 0 stand before those of input 1.
    expect(vertexNamed(graph, "both -> Sink: out").inputs).toEqual([3, 1]);
  });

  test("keeps both edges where a stream is united with itself", () => {
    const graph = jobGraphOf((stream) => {
      const source = add(stream, "source", [], { name: "s" });
      add(stream, "map", [{ from: source }, { from: source }]);
    });
    expect(edgesOf(graph)).toEqual(["0->1.0 forward pointwise", "0->1.0 forward pointwise"]);
    expect(graph.vertices[0]?.operators[0]?.outputs).toEqual([
      { kind: "edge", sideOutput: undefined, edge: 0 },
      { kind: "edge", sideOutput: undefined, edge: 1 },
    ]);
  });

  test("respects startNewChain and disableChaining", () => {
    const chain = (chaining: "head" | "never"): readonly string[] =>
      names(
        jobGraphOf((stream) => {
          const source = add(stream, "source", [], { name: "s" });
          const first = add(stream, "map", [{ from: source }], { name: "m", chaining });
          add(stream, "filter", [{ from: first }]);
        }),
      );
    expect(chain("head")).toEqual(["Source: s", "m -> Filter"]);
    expect(chain("never")).toEqual(["Source: s", "m", "Filter"]);
  });

  test("puts sources first, and everything else behind its inputs", () => {
    const graph = jobGraphOf(fiveOperators);
    expect(names(graph)).toEqual(["Source: A -> B", "Source: C", "D", "Sink: E"]);
  });

  test("copes with a chain of thousands", () => {
    const graph = jobGraphOf((stream) => {
      let last = add(stream, "source", [], { name: "s" });
      for (let node = 0; node < 2_000; node += 1) last = add(stream, "map", [{ from: last }]);
    });
    expect(graph.vertices).toHaveLength(1);
    expect(graph.vertices[0]?.operators).toHaveLength(2_001);
  });
});

describe("parallelism and key groups", () => {
  test("what is not set comes from the configuration, as far as the operator can", () => {
    const graph = jobGraphOf(
      (stream) => {
        const source = add(stream, "source", [], { name: "s", parallelismMax: 1 });
        add(stream, "map", [{ from: source }]);
      },
      { "parallelism.default": 3, "pipeline.max-parallelism": 77 },
    );
    expect(graph.vertices.map(({ parallelism, maxParallelism }) => [parallelism, maxParallelism])).toEqual([
      [1, 77],
      [3, 77],
    ]);
    expect(graph.edges[0]?.partitioning.kind).toBe("rebalance");
  });

  test("an operator that asks for its own max parallelism keeps it; one that does not takes its head's", () => {
    const graph = jobGraphOf((stream) => {
      const source = add(stream, "source", [], { name: "s", maxParallelism: 256 });
      const follower = add(stream, "map", [{ from: source }], { name: "follower" });
      const agreeing = add(stream, "map", [{ from: follower }], { name: "agreeing", maxParallelism: 256 });
      add(stream, "map", [{ from: agreeing }], { name: "differing", maxParallelism: 128 });
    });
    expect(graph.vertices.map(({ name, maxParallelism }) => [name, maxParallelism])).toEqual([
      ["Source: s -> follower -> agreeing", 256],
      ["differing", 128],
    ]);
  });

  test("one that was set, at any operator of the chain or by the configuration, is told from one that was derived", () => {
    const build = (stream: StreamGraph): void => {
      const source = add(stream, "source", [], { name: "derived" });
      const head = add(stream, "map", [{ from: source, by: { kind: "rebalance" } }], { name: "head" });
      add(stream, "map", [{ from: head }], { name: "set", maxParallelism: 128 });
    };
    const areSet = (values: ConfigValues): boolean[] =>
      jobGraphOf(build, values).vertices.map(({ maxParallelismSet }) => maxParallelismSet);
    expect(areSet({})).toEqual([false, true]);
    expect(areSet({ "pipeline.max-parallelism": 128 })).toEqual([true, true]);
  });
});

describe("slot sharing groups", () => {
  test("are asked for, inherited from inputs that agree, or the default; and cut chains", () => {
    const graph = jobGraphOf((stream) => {
      const red = add(stream, "source", [], { name: "red", slotSharingGroup: "red" });
      const plain = add(stream, "source", [], { name: "plain" });
      const heir = add(stream, "map", [{ from: red }], { name: "heir" });
      const mixed = add(stream, "map", [{ from: heir }, { from: plain }], { name: "mixed" });
      add(stream, "map", [{ from: mixed }], { name: "blue", slotSharingGroup: "blue" });
    });
    expect(graph.vertices.map(({ name, slotSharingGroup }) => `${name}: ${slotSharingGroup}`)).toEqual([
      "Source: red -> heir: red",
      "Source: plain: default",
      "mixed: default",
      "blue: blue",
    ]);
  });
});

describe("warnings", () => {
  const build = (stream: StreamGraph): void => {
    add(stream, "source", [], {
      name: "ticks",
      uid: "ticks",
      stateful: true,
      parameters: { source: { replayable: false } },
    });
    add(stream, "source", [], {
      name: "file",
      uid: "file",
      stateful: true,
      parameters: { source: { boundedness: "bounded" } },
    });
  };

  test("checkpointing over a source that cannot replay", () => {
    const { warnings } = jobGraphOf(build, { "execution.checkpointing.interval": "1s" });
    const sentence =
      'source "Source: ticks" (#0) cannot replay: records it read after the last checkpoint are lost when the job restarts';
    expect(warnings).toEqual([{ kind: "not-replayable", sentence }]);
  });

  test("none without checkpointing", () => expect(jobGraphOf(build).warnings).toEqual([]));

  describe("a sink that commits", () => {
    const committing = { createWriter: () => undefined, createCommitter: () => undefined };
    const into =
      (sink: object, boundedness: string) =>
      (stream: StreamGraph): void => {
        const source = add(stream, "source", [], {
          uid: "in",
          stateful: true,
          parameters: { source: { boundedness } },
        });
        add(stream, "sink", [{ from: source }], { name: "out", uid: "out", stateful: true, parameters: { sink } });
      };

    test("without checkpoints, in a job that need not end", () => {
      const sentence =
        'sink "Sink: out" (#1) makes visible what it has written when a checkpoint completes, and without execution.checkpointing.interval the job takes none by itself before all sources have ended, which not all need to: set it';
      const { warnings } = jobGraphOf(into(committing, "continuous-unbounded"));
      expect(warnings).toEqual([{ kind: "not-committed", sentence }]);
    });

    test.each<[string, object, string, ConfigValues]>([
      ["with checkpoints", committing, "continuous-unbounded", { "execution.checkpointing.interval": "1s" }],
      ["in a job that ends", committing, "bounded", {}],
      ["if it does so without", { ...committing, commitsWithoutCheckpoints: true }, "continuous-unbounded", {}],
      ["if it does not commit", { ...committing, createCommitter: undefined }, "continuous-unbounded", {}],
    ])("none %s", (_, sink, boundedness, config) => {
      expect(jobGraphOf(into(sink, boundedness), config).warnings).toEqual([]);
    });
  });
});

test("the same program gives the same job graph", () => {
  const build = (): JobGraph => {
    const graph = new StreamGraph();
    fiveOperators(graph);
    return jobGraph(graph);
  };
  expect(JSON.stringify(build())).toBe(JSON.stringify(build()));
});
