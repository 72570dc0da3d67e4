/** What the user should know about sources: checkpoints cannot bring back what a source cannot read again. */
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import type { JobWarning } from "./job-graph-types.ts";
import { operatorLabel } from "./operator-name.ts";
import type { StreamNode } from "./stream-graph.ts";

export function sourceWarnings(nodes: readonly Readonly<StreamNode>[], config: Config): readonly JobWarning[] {
  if (config.get(OPTIONS.checkpointInterval) === 0) return [];
  return nodes
    .filter((node) => isNotReplayable(node.spec.parameters["source"]))
    .map((node): JobWarning => {
      const sentence = `source ${operatorLabel(node)} cannot replay: records it read after the last checkpoint are lost when the job restarts`;
      return { kind: "not-replayable", sentence };
    });
}

function isNotReplayable(source: unknown): boolean {
  return typeof source === "object" && source !== null && "replayable" in source && source.replayable === false;
}
