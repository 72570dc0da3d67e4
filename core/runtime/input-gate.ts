/**
 * All input channels of a task, over all its logical inputs: which one is next, which are held back, which have ended.
 *
 * Channels take turns, so a busy one cannot starve the others.
 */
import type { ControlElement } from "../network/channel.ts";
import type { ChannelStatus } from "../graph/messages.ts";
import { BarrierAlignment } from "./barrier-alignment.ts";
import { BarrierOvertaking } from "./barrier-overtaking.ts";
import type { BarrierOvertakingOptions } from "./barrier-overtaking.ts";
import type { LoopReader } from "./loop.ts";
import { WatermarkValve } from "./watermark-valve.ts";

export interface GateChannel {
  readonly reader: LoopReader;
  /** Position of its edge among the input edges of the vertex. */
  readonly edge: number;
  /** Which logical input of the head operator it belongs to. */
  readonly input: number;
  /** Of a loop: it says nothing of time, nobody waits for its barriers or its end. */
  readonly isFeedback: boolean;
}

export interface InputGateOptions {
  readonly exactlyOnce: boolean;
  readonly restored: readonly ChannelStatus[];
  readonly overtaking: Omit<BarrierOvertakingOptions, "channels" | "alignment">;
}

/** Runs of records that a loop has for one run of new ones. */
const LOOP_SHARE = 8;

export class InputGate {
  readonly channels: readonly GateChannel[];
  readonly alignment: BarrierAlignment;
  readonly overtaking: BarrierOvertaking;
  readonly valve: WatermarkValve;
  readonly #ended: boolean[];
  #cursor: number;
  /** Runs of the loop since anything else had its turn. */
  #loopRuns: number;

  constructor(channels: readonly GateChannel[], options: InputGateOptions) {
    this.channels = channels;
    const feedback = channels.map(({ isFeedback }) => isFeedback);
    this.alignment = new BarrierAlignment({
      channels: channels.length,
      exactlyOnce: options.exactlyOnce,
      feedback,
    });
    this.overtaking = new BarrierOvertaking({ channels, alignment: this.alignment, ...options.overtaking });
    this.valve = new WatermarkValve(options.restored);
    this.#ended = feedback.slice();
    this.#cursor = 0;
    this.#loopRuns = 0;
  }

  /** The next channel in turn that has records or a control element, -1 if none has. `controlOnly`: records cannot be taken now. */
  next(controlOnly: boolean): number {
    const count = this.channels.length;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#cursor + step) % count;
      const channel = this.channels[index];
      if (channel === undefined || this.alignment.blocked[index] === true) continue;
      const control = channel.reader.peekControl();
      if (control === undefined ? !controlOnly && channel.reader.readable() > 0 : !controlOnly || passesBusy(control)) {
        this.#cursor = (index + 1) % count;
        return index;
      }
    }
    return -1;
  }

  /**
   * The same where there is a loop: barriers that are awaited first, then the loop, which has `LOOP_SHARE` turns for one of the others. `isCongested`: these wait, but for
   * what stands before a barrier, as checkpoints go on whatever the loop does.
   */
  nextWithLoop(controlOnly: boolean, isCongested: boolean): number {
    if (controlOnly) return this.next(true);
    const urgent = this.#nextBarrier();
    if (urgent >= 0) return urgent;
    const loopFirst = this.#loopRuns < LOOP_SHARE;
    let index = this.#nextOf(loopFirst, isCongested);
    if (index < 0) index = this.#nextOf(!loopFirst, isCongested);
    if (this.channels[index]?.isFeedback === true) this.#loopRuns += 1;
    else this.#loopRuns = 0;
    return index;
  }

  /** Not those that come too late to matter: a task that is slow may always have some of them. */
  #nextBarrier(): number {
    return this.channels.findIndex(({ reader }, index) => {
      if (this.alignment.blocked[index] === true || reader.barriers === 0) return false;
      const control = reader.peekControl();
      return control?.kind === "barrier" && this.alignment.isLive(control.checkpointId);
    });
  }

  #nextOf(feedback: boolean, isCongested: boolean): number {
    const count = this.channels.length;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#cursor + step) % count;
      const channel = this.channels[index];
      if (channel === undefined || channel.isFeedback !== feedback || this.alignment.blocked[index] === true) continue;
      if (isCongested && !feedback && channel.reader.barriers === 0) continue;
      // Control elements that nobody is in a hurry for have their turn like records.
      if (channel.reader.readable() === 0 && channel.reader.peekControl() === undefined) continue;
      this.#cursor = (index + 1) % count;
      return index;
    }
    return -1;
  }

  /** Marks the end of a channel's data, not of a loop; returns the logical input that has ended with it, -1 if others of that input go on. */
  endOfData(index: number): number {
    this.#ended[index] = true;
    const input = this.channels[index]?.input ?? 0;
    const goesOn = this.channels.some((channel, other) => channel.input === input && this.#ended[other] !== true);
    return goesOn ? -1 : input;
  }

  abort(checkpointId: number): void {
    this.alignment.abort(checkpointId);
    this.overtaking.abort(checkpointId);
  }

  /** All but the loop. */
  get allEnded(): boolean {
    return this.#ended.every(Boolean);
  }
}

/** What is handled even while the chain is busy: barriers, since they must not wait for capacity, and what they may wait for. */
function passesBusy(control: ControlElement): boolean {
  return control.kind === "barrier" || control.kind === "close";
}
