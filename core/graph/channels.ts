/**
 * The channels of a subtask, numbered the same way on both ends, so that producer and consumer agree without talking, and so that a
 * snapshot can name a channel by its place.
 *
 * Consumer: edge after edge in the order of `JobVertex.inputs`, within an edge by rising producer. Producer: per edge by rising consumer.
 */
import { assert } from "../util/errors.ts";
import { consumersOf, producerRange, producersOf } from "./distribution.ts";
import type { Distribution } from "./distribution.ts";
import type { JobEdge, JobGraph, JobVertex, Subtask } from "./job-graph-types.ts";

export interface InputChannel {
  /** Among all channels of the consumer. */
  readonly index: number;
  /** Index in `JobGraph.edges`. */
  readonly edge: number;
  /** Place of the edge in `JobVertex.inputs`, and of the channel within the edge. */
  readonly edgePosition: number;
  readonly edgeChannel: number;
  /** The logical input of the head operator. */
  readonly input: number;
  readonly producer: Subtask;
  readonly isFeedback: boolean;
}

export interface OutputChannel {
  /** Among the channels of this edge at this producer; what a partitioner chooses. */
  readonly index: number;
  readonly consumer: Subtask;
  /** `InputChannel.index` and `InputChannel.edgeChannel` of its other end. */
  readonly inputChannel: number;
  readonly edgeChannel: number;
}

export function distributionOf(graph: JobGraph, edge: JobEdge): Distribution {
  return {
    pattern: edge.pattern,
    producers: vertexAt(graph, edge.from).parallelism,
    consumers: vertexAt(graph, edge.to).parallelism,
  };
}

export function inputChannels(graph: JobGraph, vertex: number, subtask: number): readonly InputChannel[] {
  const channels: InputChannel[] = [];
  vertexAt(graph, vertex).inputs.forEach((index, edgePosition) => {
    const edge = edgeAt(graph, index);
    producersOf(distributionOf(graph, edge), subtask).forEach((producer, edgeChannel) => {
      channels.push({
        index: channels.length,
        edge: index,
        edgePosition,
        edgeChannel,
        input: edge.input,
        producer: { vertex: edge.from, subtask: producer },
        isFeedback: edge.isFeedback,
      });
    });
  });
  return channels;
}

/** The channels of one edge at one producing subtask. */
export function outputChannels(graph: JobGraph, edge: number, subtask: number): readonly OutputChannel[] {
  const jobEdge = edgeAt(graph, edge);
  const distribution = distributionOf(graph, jobEdge);
  return consumersOf(distribution, subtask).map((consumer, index) => {
    const edgeChannel = subtask - producerRange(distribution, consumer).first;
    const inputChannel = channelsBefore(graph, jobEdge, consumer) + edgeChannel;
    return { index, consumer: { vertex: jobEdge.to, subtask: consumer }, inputChannel, edgeChannel };
  });
}

export function vertexAt(graph: JobGraph, index: number): JobVertex {
  const vertex = graph.vertices[index];
  assert(vertex !== undefined, `the job has no vertex ${index}`);
  return vertex;
}

export function edgeAt(graph: JobGraph, index: number): JobEdge {
  const edge = graph.edges[index];
  assert(edge !== undefined, `the job has no edge ${index}`);
  return edge;
}

/** How many channels of the consumer belong to earlier edges. */
function channelsBefore(graph: JobGraph, edge: JobEdge, consumer: number): number {
  let count = 0;
  for (const index of vertexAt(graph, edge.to).inputs) {
    if (index === edge.index) break;
    const { first, end } = producerRange(distributionOf(graph, edgeAt(graph, index)), consumer);
    count += end - first;
  }
  return count;
}
