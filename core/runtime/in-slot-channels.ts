/**
 * The channels among the subtasks of one thread for one attempt of a job. Both ends ask for the same channel by its place in the graph; whoever
 * comes first makes it.
 */
import { inputChannels, outputChannels } from "../graph/channels.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { SubtaskId } from "../graph/messages.ts";
import { InSlotChannel } from "../network/in-slot-channel.ts";
import type { TaskChannels } from "./deployment.ts";

export class InSlotChannels {
  readonly #graph: JobGraph;
  readonly #capacity: number;
  readonly #channels: Map<string, InSlotChannel>;

  constructor(graph: JobGraph, capacity: number) {
    this.#graph = graph;
    this.#capacity = capacity;
    this.#channels = new Map();
  }

  of(task: SubtaskId): TaskChannels {
    const vertex = this.#graph.vertices[task.vertex];
    const inputs = inputChannels(this.#graph, task.vertex, task.subtask).map((channel) => ({
      edge: channel.edgePosition,
      input: channel.input,
      channel: this.#channel(channel.edge, channel.producer.subtask, task.subtask),
    }));
    const outputs = new Map(
      (vertex?.outputs ?? []).map((edge) => [
        edge,
        outputChannels(this.#graph, edge, task.subtask).map(({ consumer }) =>
          this.#channel(edge, task.subtask, consumer.subtask),
        ),
      ]),
    );
    return {
      inputs: inputs.map(({ edge, input, channel }) => ({ edge, input, reader: channel })),
      outputs,
      usage() {
        const usages = inputs.map(({ channel }) => channel.usage());
        return {
          waiting: usages.reduce((sum, { waiting }) => sum + waiting, 0),
          overdrawn: usages.reduce((sum, { overdrawn }) => sum + overdrawn, 0),
        };
      },
      recordsSent: (edge) => {
        const pushed = (outputs.get(edge) ?? []).map((channel) => channel.usage().pushed);
        const isBroadcast = this.#graph.edges[edge]?.partitioning.kind === "broadcast";
        return isBroadcast ? (pushed[0] ?? 0) : pushed.reduce((sum, count) => sum + count, 0);
      },
      connect(end) {
        for (const { channel } of inputs) channel.connectConsumer(end);
        for (const channels of outputs.values()) for (const channel of channels) channel.connectProducer(end);
      },
    };
  }

  #channel(edge: number, producer: number, consumer: number): InSlotChannel {
    const place = `${edge}/${producer}/${consumer}`;
    const known = this.#channels.get(place);
    if (known !== undefined) return known;
    const made = new InSlotChannel(this.#capacity);
    this.#channels.set(place, made);
    return made;
  }
}
