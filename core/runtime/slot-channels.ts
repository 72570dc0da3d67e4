/**
 * The channels of the subtasks of one slot for one attempt of a job: in the slot's memory where both ends run here, over the wire where one runs elsewhere.
 *
 * In:   where every subtask runs; messages of other slots. Out: the channels of each subtask; messages to other slots.
 * Both ends within the slot ask for the same channel by its place in the graph; whoever comes first makes it. A consumer's first credit may come before
 * the producer is deployed, so a sending end, too, is made by whoever comes first.
 */
import { inputChannels, outputChannels } from "../graph/channels.ts";
import type { JobEdge, JobGraph, Subtask } from "../graph/job-graph-types.ts";
import type { SubtaskId } from "../graph/messages.ts";
import type { Placement } from "../graph/slots.ts";
import { Backlog } from "../network/backlog.ts";
import type { ChannelConsumer, ChannelProducer } from "../network/channel.ts";
import { InSlotChannel } from "../network/in-slot-channel.ts";
import { FloatingCredit } from "../network/floating-credit.ts";
import { ReceivingChannel } from "../network/receiving-channel.ts";
import type { LoopRoom } from "../network/receiving-channel.ts";
import { SendingChannel, UNBOUNDED_FRAMES } from "../network/remote-channel.ts";
import type { ChannelAddress, ChannelMessage, RemoteChannelOptions } from "../network/remote-channel.ts";
import { SpillSpace } from "../network/spill-space.ts";
import type { SpillSpaceOptions } from "../network/spill-space.ts";
import { assert } from "../util/errors.ts";
import type { TaskChannels } from "./deployment.ts";
import type { LoopWriter } from "./loop.ts";

export interface SlotChannelsOptions {
  readonly graph: JobGraph;
  readonly placement: Placement;
  /** The slot that this is. */
  readonly slot: string;
  /** Records that wait in a channel within the slot, at most. */
  readonly capacity: number;
  /** Of channels to and from other slots. `sharedFrames`: credit that all of them into one subtask share, beyond what each has for itself. */
  readonly remote: RemoteChannelOptions & { readonly sharedFrames: number };
  /** For what waits in the loop of a subtask. */
  readonly spill: SpillSpaceOptions;
  send(slot: string, channel: ChannelAddress, message: ChannelMessage): void;
}

export class SlotChannels {
  readonly #options: SlotChannelsOptions;
  readonly #local: Map<string, InSlotChannel>;
  readonly #sending: Map<string, SendingChannel>;
  readonly #receiving: Map<string, ReceivingChannel>;
  /** By consumer. */
  readonly #shared: Map<string, FloatingCredit>;
  /** By consumer: its neighbours may write into its loop before it is deployed. */
  readonly #spaces: Map<string, SpillSpace>;

  constructor(options: SlotChannelsOptions) {
    this.#options = options;
    this.#local = new Map();
    this.#sending = new Map();
    this.#receiving = new Map();
    this.#shared = new Map();
    this.#spaces = new Map();
  }

  of(task: SubtaskId): TaskChannels {
    const { graph } = this.#options;
    const inputs = inputChannels(graph, task.vertex, task.subtask).map((channel) => {
      const { edge, edgePosition, input, producer, isFeedback } = channel;
      return {
        edge: edgePosition,
        input,
        isFeedback,
        reader: this.#reader({ edge, producer: producer.subtask, consumer: task.subtask }),
      };
    });
    const outputs = new Map(
      (graph.vertices[task.vertex]?.outputs ?? []).map((edge) => [
        edge,
        outputChannels(graph, edge, task.subtask).map(({ consumer }) =>
          this.#writer({ edge, producer: task.subtask, consumer: consumer.subtask }),
        ),
      ]),
    );
    const bounded = inputs.filter(({ isFeedback }) => !isFeedback);
    const loopOutputs = [...outputs].flatMap(([edge, writers]) => (this.#edge(edge).isFeedback ? writers : []));
    const remote = [...outputs.values()].flat().filter((writer) => writer instanceof SendingChannel);
    return {
      inputs,
      outputs,
      usage() {
        const usages = inputs.map(({ reader }) => reader.usage());
        return {
          waiting: usages.reduce((sum, { waiting }) => sum + waiting, 0),
          overdrawn: bounded.reduce((sum, { reader }) => sum + reader.usage().overdrawn, 0),
          inFullness: meanFullness(bounded.map(({ reader }) => reader)),
          outFullness: meanFullness([...outputs.values()].flat()),
          plainFrames: remote.reduce((sum, { plainFrames }) => sum + plainFrames, 0),
        };
      },
      recordsSent: (edge) => {
        const pushed = (outputs.get(edge) ?? []).map(pushedInto);
        const isBroadcast = graph.edges[edge]?.partitioning.kind === "broadcast";
        return isBroadcast ? (pushed[0] ?? 0) : pushed.reduce((sum, count) => sum + count, 0);
      },
      loopOutputs: loopOutputs.map(loopWriter),
      loopSpace: this.#spaceOf(task),
      // Whoever puts something off has had it in memory before.
      putOffSpace: new SpillSpace({
        ...this.#options.spill,
        memoryBytesMax: 0,
        segmentBytesMax: this.#options.spill.memoryBytesMax / 4,
      }),
      createBacklog: (space) => new Backlog(space, this.#options.remote.codecs),
      flush() {
        for (const writer of remote) writer.flush();
      },
      connect: (end) =>
        this.#connect(end, {
          inputs: inputs.map(({ reader }) => reader),
          outputs: [...outputs.values()].flat().filter((writer) => !loopOutputs.includes(writer)),
          loopOutputs,
        }),
    };
  }

  /** From the slot where the other end is. */
  receive(channel: ChannelAddress, message: ChannelMessage): void {
    if (message.kind === "credit") this.#sendingEnd(channel).grant(message.frames);
    else this.#receiving.get(nameOf(channel))?.receive(message);
  }

  /** The attempt is over: neighbours may have written into the loops of subtasks that were never deployed. */
  close(): void {
    for (const space of this.#spaces.values()) space.close();
  }

  /** Whether a channel leads from a subtask to another slot, or comes from there. */
  touches(task: SubtaskId, slot: string): boolean {
    const { graph } = this.#options;
    const outputs = graph.vertices[task.vertex]?.outputs ?? [];
    return (
      inputChannels(graph, task.vertex, task.subtask).some(
        ({ edge, producer }) => this.#producerSlot(edge, producer.subtask) === slot,
      ) ||
      outputs.some((edge) =>
        outputChannels(graph, edge, task.subtask).some(
          ({ consumer }) => this.#consumerSlot(edge, consumer.subtask) === slot,
        ),
      )
    );
  }

  #connect(
    end: ChannelProducer & ChannelConsumer,
    {
      inputs,
      outputs,
      loopOutputs,
    }: { readonly inputs: readonly InSlotChannel[] } & Record<"outputs" | "loopOutputs", readonly Writer[]>,
  ): void {
    for (const reader of inputs) reader.connectConsumer(end);
    for (const writer of outputs) writer.connectProducer(end);
    // A loop that waited for itself would wait for ever.
    const unhindered: ChannelProducer = {
      block: () => undefined,
      unblock: () => undefined,
      failed: (error) => end.failed?.(error),
    };
    for (const writer of loopOutputs) writer.connectProducer(unhindered);
  }

  #reader(channel: ChannelAddress): InSlotChannel {
    const slot = this.#producerSlot(channel.edge, channel.producer);
    if (slot === this.#options.slot) return this.#localChannel(channel);
    const known = this.#receiving.get(nameOf(channel));
    if (known !== undefined) return known.reader;
    const shared = this.#sharedBy({ vertex: this.#edge(channel.edge).to, subtask: channel.consumer });
    const send = (message: ChannelMessage): void => this.#options.send(slot, channel, message);
    const made = new ReceivingChannel({ ...this.#options.remote, shared, loop: this.#loopOf(channel) }, send);
    this.#receiving.set(nameOf(channel), made);
    return made.reader;
  }

  #writer(channel: ChannelAddress): Writer {
    return this.#consumerSlot(channel.edge, channel.consumer) === this.#options.slot
      ? this.#localChannel(channel)
      : this.#sendingEnd(channel);
  }

  #localChannel(channel: ChannelAddress): InSlotChannel {
    const known = this.#local.get(nameOf(channel));
    if (known !== undefined) return known;
    const made = new InSlotChannel(this.#options.capacity, this.#loopOf(channel)?.backlog);
    this.#local.set(nameOf(channel), made);
    return made;
  }

  #sendingEnd(channel: ChannelAddress): SendingChannel {
    const known = this.#sending.get(nameOf(channel));
    if (known !== undefined) return known;
    const slot = this.#consumerSlot(channel.edge, channel.consumer);
    const send = (message: ChannelMessage): void => this.#options.send(slot, channel, message);
    const { remote } = this.#options;
    const isFeedback = this.#edge(channel.edge).isFeedback;
    const made = new SendingChannel(send, isFeedback ? { ...remote, frames: UNBOUNDED_FRAMES } : remote);
    this.#sending.set(nameOf(channel), made);
    return made;
  }

  /** What a loop has that other channels have not. */
  #loopOf({ edge, consumer }: ChannelAddress): LoopRoom | undefined {
    const { isFeedback, to } = this.#edge(edge);
    if (!isFeedback) return undefined;
    return {
      capacity: this.#options.capacity,
      backlog: new Backlog(this.#spaceOf({ vertex: to, subtask: consumer }), this.#options.remote.codecs),
    };
  }

  #sharedBy({ vertex, subtask }: Subtask): FloatingCredit {
    const name = `${vertex}/${subtask}`;
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const made = new FloatingCredit(this.#options.remote.sharedFrames);
    this.#shared.set(name, made);
    return made;
  }

  #spaceOf({ vertex, subtask }: Subtask): SpillSpace {
    const name = `${vertex}/${subtask}`;
    const known = this.#spaces.get(name);
    if (known !== undefined) return known;
    const made = new SpillSpace(this.#options.spill);
    this.#spaces.set(name, made);
    return made;
  }

  #producerSlot(edge: number, subtask: number): string {
    return this.#slotOf(this.#edge(edge).from, subtask);
  }

  #consumerSlot(edge: number, subtask: number): string {
    return this.#slotOf(this.#edge(edge).to, subtask);
  }

  #slotOf(vertex: number, subtask: number): string {
    const slot = this.#options.placement[vertex]?.[subtask];
    assert(slot !== undefined, "every subtask has a slot");
    return slot;
  }

  #edge(index: number): JobEdge {
    const edge = this.#options.graph.edges[index];
    assert(edge !== undefined, "a channel belongs to an edge of the graph");
    return edge;
  }
}

type Writer = InSlotChannel | SendingChannel;

/** What waits within the slot waits at its reader. */
function loopWriter(writer: Writer): LoopWriter {
  return {
    get pushed() {
      return pushedInto(writer);
    },
    get unsent() {
      return writer instanceof SendingChannel ? writer.unsent : 0;
    },
  };
}

function meanFullness(channels: readonly { readonly fullness: number }[]): number {
  return channels.reduce((sum, { fullness }) => sum + fullness, 0) / Math.max(1, channels.length);
}

function pushedInto(writer: Writer): number {
  return writer instanceof SendingChannel ? writer.pushed : writer.usage().pushed;
}

function nameOf({ edge, producer, consumer }: ChannelAddress): string {
  return `${edge}/${producer}/${consumer}`;
}
