/**
 * What each subtask remembers of its inputs: how far every channel was, and whether all of it had ended.
 *
 * Where nothing has changed between two vertices, every channel and subtask gets back its own. Elsewhere the answer is the most cautious one: the lowest
 * watermark that any channel of the edge had, nothing at all for new edges, and an end only where everything before had ended too. Too low a watermark
 * costs waiting; one too high would make records late that are not.
 */
import { distributionOf, edgeAt } from "../graph/channels.ts";
import { producersOf } from "../graph/distribution.ts";
import type { JobEdge, JobGraph, JobVertex } from "../graph/job-graph-types.ts";
import type { ChannelStatus } from "../graph/messages.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "../time/watermark.ts";
import type { CompletedCheckpoint, VertexSnapshot } from "./contract.ts";
import { describeInput } from "./describe-vertices.ts";
import type { SavedOperators } from "./saved-operators.ts";

export interface RestoredInputs {
  /** By input edge of the vertex, in the order of its channels. */
  readonly channels: readonly (readonly ChannelStatus[])[];
  readonly ended: boolean;
}

export interface RestoreSource {
  readonly checkpoint: CompletedCheckpoint;
  readonly saved: SavedOperators;
  readonly graph: JobGraph;
}

const UNKNOWN: ChannelStatus = { watermarkMs: WATERMARK_MIN, status: "active" };

/** By vertex, then subtask. */
export function planInputs(source: RestoreSource): readonly (readonly RestoredInputs[])[] {
  const { checkpoint, graph } = source;
  /** By vertex, then subtask; filled in topological order. */
  const ended: boolean[][] = [];
  return graph.vertices.map((vertex) => {
    const before = checkpoint.drained ? undefined : sameVertex(source, vertex);
    const planned: RestoredInputs[] = [];
    for (let subtask = 0; subtask < vertex.parallelism; subtask += 1) {
      const inputs = vertex.inputs.map((index) => {
        const edge = edgeAt(graph, index);
        return { edge, producers: producersOf(distributionOf(graph, edge), subtask) };
      });
      const allEnded = inputs.every(
        ({ edge, producers }) =>
          edge.isFeedback || producers.every((producer) => ended[edge.from]?.[producer] === true),
      );
      planned.push({
        channels: inputs.map(({ edge, producers }) => {
          const statuses = before === undefined ? undefined : savedStatuses(source, { before, vertex, edge, subtask });
          return producers.map((producer, channel) =>
            statusOf(statuses, { channel, producerEnded: ended[edge.from]?.[producer] === true }),
          );
        }),
        ended: !checkpoint.drained && allEnded && hadEnded(source, { before, vertex, subtask }),
      });
    }
    const settled = isLoop(graph, vertex) ? endedTogether(planned) : planned;
    ended[vertex.index] = settled.map((inputs) => inputs.ended);
    return settled;
  });
}

function isLoop(graph: JobGraph, { inputs }: JobVertex): boolean {
  return inputs.some((index) => edgeAt(graph, index).isFeedback);
}

/** Whoever goes on may send to any other, so that all of them go on. */
function endedTogether(planned: readonly RestoredInputs[]): readonly RestoredInputs[] {
  return planned.every((inputs) => inputs.ended) ? planned : planned.map((inputs) => ({ ...inputs, ended: false }));
}

/** The saved vertex with the same head: its inputs are the new vertex's inputs. */
function sameVertex({ saved }: RestoreSource, vertex: JobVertex): VertexSnapshot | undefined {
  const head = vertex.operators[0]?.id;
  const before = head === undefined ? undefined : saved.get(head)?.vertex;
  return before?.operators[0]?.id === head ? before : undefined;
}

/** One status per channel, if every channel is the one it was; or one for all of them. */
type SavedStatuses = { readonly each: readonly ChannelStatus[] } | { readonly all: ChannelStatus };

function savedStatuses(
  { graph, saved }: RestoreSource,
  input: {
    readonly before: VertexSnapshot;
    readonly vertex: JobVertex;
    readonly edge: JobEdge;
    readonly subtask: number;
  },
): SavedStatuses | undefined {
  const { before, vertex, edge, subtask } = input;
  const description = describeInput(graph, edge);
  const position = before.inputs.indexOf(description);
  if (position === -1) return undefined;
  const sender = saved.get(description.slice(0, description.indexOf(" ")));
  const unchanged =
    before.parallelism === vertex.parallelism && sender?.vertex.parallelism === graph.vertices[edge.from]?.parallelism;
  if (unchanged) return { each: before.subtasks[subtask]?.channels[position] ?? [] };
  return { all: lowest(before.subtasks.flatMap((other) => other.channels[position] ?? [])) };
}

/** Finished channels hold nobody back, unless there are no others. */
function lowest(statuses: readonly ChannelStatus[]): ChannelStatus {
  const open = statuses.filter(({ status }) => status !== "finished");
  const counted = open.length > 0 ? open : statuses;
  if (counted.length === 0) return UNKNOWN;
  const watermarkMs = counted.reduce((lowestMs, status) => Math.min(lowestMs, status.watermarkMs), WATERMARK_MAX);
  return { watermarkMs, status: open.length > 0 ? "active" : "finished" };
}

/** A channel stays finished only if its producer does: from any other, records may follow. */
function statusOf(
  statuses: SavedStatuses | undefined,
  of: { readonly channel: number; readonly producerEnded: boolean },
): ChannelStatus {
  if (statuses === undefined) return UNKNOWN;
  const status = "each" in statuses ? (statuses.each[of.channel] ?? UNKNOWN) : statuses.all;
  return status.status === "finished" && !of.producerEnded ? UNKNOWN : status;
}

function hadEnded(
  { saved }: RestoreSource,
  {
    before,
    vertex,
    subtask,
  }: { readonly before: VertexSnapshot | undefined; readonly vertex: JobVertex; readonly subtask: number },
): boolean {
  const origins = new Set(vertex.operators.flatMap((operator) => saved.get(operator.id)?.vertex ?? []));
  const unchanged = before !== undefined && origins.size === 1 && before.parallelism === vertex.parallelism;
  if (unchanged) return before.subtasks[subtask]?.ended === true;
  return origins.size > 0 && [...origins].every((origin) => origin.subtasks.every((other) => other.ended));
}
