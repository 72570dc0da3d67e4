/** A stream graph as lines, so that tests compare what a reader can read. */
import type { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { StreamEdge, StreamNode } from "../../../core/graph/stream-graph.ts";

/** `2 keyed-process: keyed-process(process; keyOf) keyed stateful`. */
export function nodeLines(env: StreamExecutionEnvironment): string[] {
  return env.getStreamGraph().nodes.map((node) => {
    const { module, functions, parameters } = node.spec;
    const marks = [node.keyed ? " keyed" : "", node.stateful ? " stateful" : ""].join("");
    return `${node.id} ${node.kind}: ${module}(${Object.keys(functions).join(" ")}; ${Object.keys(parameters).join(" ")})${marks}`;
  });
}

/** `0 -> 2 input 1 hash late`. */
export function edgeLines(env: StreamExecutionEnvironment): string[] {
  return env.getStreamGraph().edges.map(edgeLine);
}

function edgeLine({ from, to, input, partitioning, sideOutput }: StreamEdge): string {
  const words = [`${from} -> ${to}`, input === 0 ? "" : `input ${input}`, partitioning?.kind ?? "", sideOutput ?? ""];
  return words.filter((word) => word !== "").join(" ");
}

export function lastNode(env: StreamExecutionEnvironment): StreamNode {
  const node = env.getStreamGraph().nodes.at(-1);
  if (node === undefined) throw new Error("the graph is empty");
  return node;
}

/** The code of the refusal, or `none`. */
export function refusalOf(build: () => unknown): string {
  try {
    build();
    return "none";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error); // what MillraceError has
  }
}
