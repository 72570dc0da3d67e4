/** What the user should know about sinks: what they commit becomes visible with a checkpoint, or when all sources have ended, and some jobs have neither. */
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import type { JobWarning } from "./job-graph-types.ts";
import { operatorLabel } from "./operator-name.ts";
import type { StreamNode } from "./stream-graph.ts";

export function sinkWarnings(nodes: readonly Readonly<StreamNode>[], config: Config): readonly JobWarning[] {
  const { checkpointInterval } = OPTIONS;
  if (config.get(checkpointInterval) > 0 || !nodes.some(({ spec }) => isEndless(spec.parameters["source"]))) return [];
  return nodes
    .filter(({ spec }) => commits(spec.parameters["sink"]))
    .map((node): JobWarning => {
      const sentence = `sink ${operatorLabel(node)} makes visible what it has written when a checkpoint completes, and without ${checkpointInterval.key} the job takes none by itself before all sources have ended, which not all need to: set it`;
      return { kind: "not-committed", sentence };
    });
}

function isEndless(source: unknown): boolean {
  return (
    typeof source === "object" &&
    source !== null &&
    "boundedness" in source &&
    source.boundedness === "continuous-unbounded"
  );
}

function commits(sink: unknown): boolean {
  if (typeof sink !== "object" || sink === null || !("createCommitter" in sink)) return false;
  const atOnce = "commitsWithoutCheckpoints" in sink && sink.commitsWithoutCheckpoints === true;
  return sink.createCommitter !== undefined && !atOnce;
}
