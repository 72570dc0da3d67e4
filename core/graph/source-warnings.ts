/** What the user should know about sources: checkpoints cannot bring back what a source cannot read again. */
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { operatorLabel } from "./operator-name.ts";
import type { StreamNode } from "./stream-graph.ts";

export function sourceWarnings(nodes: readonly Readonly<StreamNode>[], config: Config): readonly string[] {
  if (config.get(OPTIONS.checkpointInterval) === 0) return [];
  return nodes
    .filter((node) => isNotReplayable(node.spec.parameters["source"]))
    .map(
      (node) =>
        `source ${operatorLabel(node)} cannot replay: records it read after the last checkpoint are lost when the job restarts`,
    );
}

function isNotReplayable(source: unknown): boolean {
  return typeof source === "object" && source !== null && "replayable" in source && source.replayable === false;
}
