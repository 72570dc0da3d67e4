/**
 * Who processes the records that were in flight: operators are found by id, though the job may have changed.
 *
 * In:   the files of the checkpoint's subtasks, the job graph. Out: per subtask which records of which files are its own.
 *
 * Where the consumer has as many subtasks as before, each takes back its own. Else the edge decides, as it would for a new record: on keyed edges the key group,
 * and with a partitioner of the user's its answer; on all others anybody may, so that the records of one channel stay together and in order.
 */
import { edgeAt } from "../graph/channels.ts";
import type { JobEdge, JobGraph, JobVertex } from "../graph/job-graph-types.ts";
import type { InFlightRestore } from "../runtime/deployment.ts";
import { intersect, isEmptyRange, keyGroupRange } from "../state/key-groups.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { assert, MillraceError } from "../util/errors.ts";
import type { CompletedCheckpoint, VertexSnapshot } from "./contract.ts";
import { describeInput } from "./describe-vertices.ts";

export interface InFlightSource {
  readonly checkpoint: CompletedCheckpoint;
  readonly graph: JobGraph;
  readonly config: Config;
}

/** Where records of one saved edge go now. */
interface Target {
  readonly vertex: JobVertex;
  readonly operatorId: string;
  readonly input: number;
  /** Undefined: the consumer is chained to its producer now. */
  readonly edge: JobEdge | undefined;
}

/** By vertex, then subtask. Errors: `MR5007` the job has nobody to process them, unless `execution.state-recovery.ignore-unclaimed-state`. */
export function planInFlight(source: InFlightSource): readonly (readonly (readonly InFlightRestore[])[])[] {
  const planned = source.graph.vertices.map(({ parallelism }) =>
    Array.from({ length: parallelism }, (): InFlightRestore[] => []),
  );
  for (const saved of source.checkpoint.vertices) {
    for (const [subtask, { inFlight }] of saved.subtasks.entries()) {
      for (const savedEdge of inFlight?.edges ?? []) {
        const target = targetOf(source, saved, savedEdge);
        if (target === undefined || inFlight === undefined) continue;
        const { vertex, operatorId, input, edge } = target;
        const { owners, dealt } = ownersOf(target, saved, { savedEdge, subtask });
        const dealtBy = dealt ? edge?.index : undefined;
        for (const owner of owners)
          for (const file of inFlight.files)
            planned[vertex.index]?.[owner]?.push({ file, savedEdge, operatorId, input, dealtBy });
      }
    }
  }
  return planned;
}

function targetOf({ graph, config }: InFlightSource, saved: VertexSnapshot, savedEdge: number): Target | undefined {
  const description = saved.inputs[savedEdge];
  const operatorId = saved.operators[0]?.id;
  assert(
    description !== undefined && operatorId !== undefined,
    "records in flight come through an edge, to an operator",
  );
  const way = wayOf(description);
  const vertex = graph.vertices.find(({ operators }) => operators.some(({ id }) => id === operatorId));
  if (vertex !== undefined && vertex.operators[0]?.id !== operatorId)
    return { vertex, operatorId, input: way.input, edge: undefined };
  for (const index of vertex?.inputs ?? []) {
    const edge = edgeAt(graph, index);
    const now = wayOf(describeInput(graph, edge));
    if (
      vertex !== undefined &&
      now.sender === way.sender &&
      now.input === way.input &&
      now.sideOutput === way.sideOutput
    )
      return { vertex, operatorId, input: way.input, edge };
  }
  if (config.get(OPTIONS.ignoreUnclaimedState)) return undefined;
  throw unclaimed(saved);
}

/** The parts of `describeInput` that stay the same when the parallelism changes: how an edge deals may depend on it. */
function wayOf(description: string): { readonly sender: string; readonly input: number; readonly sideOutput: string } {
  const [sender = "", input = "", _kind, _pattern, ...sideOutput] = description.split(" ");
  return { sender, input: Number(input), sideOutput: sideOutput.join(" ") };
}

/** `dealt`: each owner has to look which records are its own. */
function ownersOf(
  { vertex, edge }: Target,
  saved: VertexSnapshot,
  from: { readonly savedEdge: number; readonly subtask: number },
): { readonly owners: readonly number[]; readonly dealt: boolean } {
  const { parallelism, maxParallelism } = vertex;
  const all = Array.from({ length: parallelism }, (_, subtask) => subtask);
  const kind = edge?.partitioning.kind;
  const wasKind = saved.inputs[from.savedEdge]?.split(" ")[2];
  const anybody = { owners: [from.subtask % parallelism], dealt: false };
  if (kind === "broadcast") return { owners: all, dealt: false };
  if (kind === "global") return { owners: [0], dealt: false };
  if (kind !== "hash" && kind !== "custom") return anybody;
  const isUnchanged = saved.parallelism === parallelism && saved.maxParallelism === maxParallelism && wasKind === kind;
  if (isUnchanged) return anybody;
  if (kind === "custom" || wasKind !== kind || saved.maxParallelism !== maxParallelism)
    return { owners: all, dealt: true };
  const former = keyGroupRange(maxParallelism, saved.parallelism, from.subtask);
  const owners = all.filter(
    (subtask) => !isEmptyRange(intersect(former, keyGroupRange(maxParallelism, parallelism, subtask))),
  );
  return { owners, dealt: true };
}

function unclaimed(saved: VertexSnapshot): MillraceError {
  const names = saved.operators.map(({ name }) => `"${name}"`).slice(0, 1);
  const message =
    `the checkpoint has records in flight to ${names.join("")}, which the job has no such input for; start from a savepoint instead, ` +
    `give operators the same uid as before, or set ${OPTIONS.ignoreUnclaimedState.key} to true to drop them`;
  return new MillraceError("MR5007", message, { retryable: false });
}
