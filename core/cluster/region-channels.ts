/**
 * The channels of a slot, by pipelined region. No channel leaves its region, so all channels of a region belong to one attempt, and each region counts its own.
 *
 * In:   tasks as they are deployed, channel messages of other slots. Out: the channels of each task; channel messages to other slots.
 * State: per region the channels of its newest attempt here, and messages that came before anything of their attempt was deployed.
 */
import type { JobGraph, Subtask } from "../graph/job-graph-types.ts";
import type { SubtaskId } from "../graph/messages.ts";
import { PipelinedRegions } from "../graph/regions.ts";
import type { TaskDescriptor } from "../runtime/deployment.ts";
import { GeneratedCodecs } from "../network/columnar/generated-codecs.ts";
import { SlotChannels } from "../runtime/slot-channels.ts";
import type { Scratch } from "../storage/scratch.ts";
import { OPTIONS } from "../util/config.ts";
import type { SlotMessage } from "./task-slot.ts";

export interface RegionChannelsOptions {
  /** The slot that this is. */
  readonly slot: string;
  readonly scratch: Scratch;
  send(slot: string, message: SlotMessage): void;
}

interface OfJob {
  readonly graph: JobGraph;
  readonly regions: PipelinedRegions;
}

interface OfAttempt {
  readonly attempt: number;
  readonly channels: SlotChannels;
}

export class RegionChannels {
  readonly #options: RegionChannelsOptions;
  /** Undefined before the first task. */
  #job: OfJob | undefined;
  /** By index of the region. */
  readonly #newest: Map<number, OfAttempt>;
  readonly #codecs: GeneratedCodecs;
  #early: SlotMessage[];

  constructor(options: RegionChannelsOptions) {
    this.#options = options;
    this.#job = undefined;
    this.#newest = new Map();
    this.#codecs = new GeneratedCodecs();
    this.#early = [];
  }

  /** Of the task's region and attempt; those of earlier attempts of that region are let go. */
  of(descriptor: TaskDescriptor): SlotChannels {
    const { task } = descriptor;
    const region = this.#regionsOf(descriptor.graph).of(task).index;
    const known = this.#newest.get(region);
    if (known?.attempt === task.attempt) return known.channels;
    known?.channels.close();
    const channels = this.#create(descriptor);
    this.#newest.set(region, { attempt: task.attempt, channels });
    return channels;
  }

  /** What came before this task was deployed, and may be for it. */
  deployed(): void {
    for (const message of this.#early.splice(0)) this.receive(message);
  }

  /** Of an attempt that is not known yet only first credits can come, one per channel. */
  receive(message: SlotMessage): void {
    const { channel, attempt } = message;
    const edge = this.#job?.graph.edges[channel.edge];
    const region = edge && this.#job?.regions.of({ vertex: edge.from, subtask: channel.producer });
    const newest = region && this.#newest.get(region.index);
    if (newest === undefined || attempt > newest.attempt) this.#early.push(message);
    else if (attempt === newest.attempt) newest.channels.receive(channel, message.message);
  }

  /** Whether a channel leads from a subtask to another slot, or comes from there. */
  touches(task: SubtaskId, slot: string): boolean {
    const region = this.#job?.regions.of(task);
    return region !== undefined && this.#newest.get(region.index)?.channels.touches(task, slot) === true;
  }

  areConnected(left: Subtask, right: Subtask): boolean {
    return this.#job !== undefined && this.#job.regions.of(left) === this.#job.regions.of(right);
  }

  /** Nobody is deployed here any more. */
  close(): void {
    this.#early = [];
    for (const { channels } of this.#newest.values()) channels.close();
  }

  #regionsOf(graph: JobGraph): PipelinedRegions {
    if (this.#job?.graph !== graph) this.#job = { graph, regions: new PipelinedRegions(graph) };
    return this.#job.regions;
  }

  #create({ graph, task, config, placement }: TaskDescriptor): SlotChannels {
    const { attempt } = task;
    return new SlotChannels({
      graph,
      placement,
      slot: this.#options.slot,
      capacity: config.get(OPTIONS.channelCapacity),
      remote: {
        frames: config.get(OPTIONS.buffersPerChannel),
        sharedFrames: config.get(OPTIONS.floatingBuffersPerGate),
        frameBytes: config.get(OPTIONS.segmentSize),
        codecs: this.#codecs,
      },
      spill: {
        scratch: this.#options.scratch,
        memoryBytesMax: config.get(OPTIONS.feedbackMemory),
        diskBytesMax: config.get(OPTIONS.feedbackDisk),
      },
      send: (slot, channel, message) => this.#options.send(slot, { attempt, channel, message }),
    });
  }
}
