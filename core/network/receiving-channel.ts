/**
 * The consumer's end of a channel between two slots, see `remote-channel.ts`: the reader is an in-slot channel, filled by frames, whose consumption is granted back as credit.
 *
 * In:    messages of the producer; what the task takes out. Out: credit.
 * State: frames that are not processed yet, by their records; how much credit the producer has, as far as it is known here.
 *
 * What the producer can use at all is in one of four places: as credit with it, on the way, in frames here, or in what is owed. Together that is always what the
 * channel has of its own and what it was given of the shared credit.
 */
import { assert } from "../util/errors.ts";
import { Deque } from "../util/deque.ts";
import type { Backlog } from "./backlog.ts";
import { FrameDecoder } from "./columnar/frame-decoder.ts";
import type { CreditShare, FloatingCredit } from "./floating-credit.ts";
import { InSlotChannel } from "./in-slot-channel.ts";
import { FRAME_RECORDS_MAX, UNBOUNDED_FRAMES } from "./remote-channel.ts";
import type { ChannelMessage, RemoteChannelOptions, SendChannelMessage } from "./remote-channel.ts";

/** Whose room has no end: what does not fit waits in a backlog. */
export interface LoopRoom {
  readonly capacity: number;
  readonly backlog: Backlog;
}

/** What a channel asks of the shared credit. */
type SharedCredit = Pick<FloatingCredit, "ask" | "isBetterUsedThanBy" | "giveBack">;

export interface ReceivingChannelOptions extends RemoteChannelOptions {
  /** Of all channels into the task. Loops have no share in it. */
  readonly shared: SharedCredit;
  /** Of it, at most; for the room that the reader counts with. */
  readonly sharedFrames: number;
  /** Undefined: it belongs to no loop. */
  readonly loop?: LoopRoom | undefined;
}

export class ReceivingChannel implements CreditShare {
  readonly reader: InSlotChannel;
  readonly #send: SendChannelMessage;
  readonly #shared: SharedCredit;
  readonly #isLoop: boolean;
  readonly #frames: number;
  readonly #decoder: FrameDecoder;
  /** Records of each frame that are not processed yet. */
  readonly #waiting: Deque<number>;
  readonly #decoded: { values: unknown[]; timestampsMs: Float64Array };
  #consumedOfFirst: number;
  /** Room for so many frames that the producer does not know of. */
  #owed: number;
  #extra: number;
  /** Granted, and not used as far as one can see here. Below 0: frames came without. */
  #withProducer: number;
  /** Nothing more will be sent. */
  #isClosed: boolean;

  /** Grants what is the channel's own at once. */
  constructor({ frames, codecs, shared, sharedFrames, loop }: ReceivingChannelOptions, send: SendChannelMessage) {
    this.reader =
      loop === undefined
        ? new InSlotChannel((frames + sharedFrames) * FRAME_RECORDS_MAX, undefined, FRAME_RECORDS_MAX)
        : new InSlotChannel(loop.capacity, loop.backlog);
    this.#send = send;
    this.#shared = shared;
    this.#isLoop = loop !== undefined;
    this.#frames = loop === undefined ? frames : UNBOUNDED_FRAMES;
    this.#decoder = new FrameDecoder({ codecs });
    this.#waiting = new Deque();
    this.#decoded = { values: [], timestampsMs: new Float64Array(FRAME_RECORDS_MAX) };
    this.#consumedOfFirst = 0;
    this.#owed = this.#frames;
    this.#extra = 0;
    this.#withProducer = 0;
    this.#isClosed = false;
    // The producer holds back by itself, as it has no credit left.
    const unhindered = { block: () => undefined, unblock: () => undefined };
    this.reader.connectProducer(
      loop === undefined ? { ...unhindered, consumed: (count) => this.#consumed(count) } : unhindered,
    );
    this.#grant();
  }

  get extra(): number {
    return this.#extra;
  }

  get isStarved(): boolean {
    return this.#withProducer <= 0 && !this.#isClosed;
  }

  give(frames: number): void {
    this.#extra += frames;
    this.#owed += frames;
    this.#grant();
  }

  /** What is wrong with a message, or with the disk that should keep it, fails the task that it is for, and not the slot in which it arrives. */
  receive(message: ChannelMessage): void {
    try {
      this.#take(message);
    } catch (error) {
      this.reader.failed(error);
    }
  }

  #take(message: ChannelMessage): void {
    switch (message.kind) {
      case "records":
        return this.#received(message.frame, message.count);
      case "control":
        this.reader.send(message.element);
        if (message.element.kind === "close") this.#closed();
        return;
      case "return":
        if (!this.#isClosed) this.#returned(message.frames);
        return;
      case "credit":
        assert(false, "credit goes to producers");
    }
  }

  #received(frame: Uint8Array, count: number): void {
    if (this.reader.defers(frame, count)) return;
    const decoded = this.#decoder.decode(frame, this.#decoded);
    const { values, timestampsMs } = this.#decoded;
    if (!this.#isLoop) this.#waiting.push(decoded);
    this.reader.reserve(decoded);
    for (let index = 0; index < decoded; index += 1) this.reader.push(values[index], timestampsMs[index] ?? 0);
    values.fill(undefined, 0, decoded);
    this.#withProducer -= 1;
    if (this.#withProducer <= 0 && !this.#isLoop) this.#shared.ask(this);
  }

  /** What it had of the shared credit and has not used is for others; the rest follows as its frames are processed. */
  #closed(): void {
    this.#isClosed = true;
    this.#owed += Math.max(0, this.#withProducer);
    this.#release(this.#owed);
    this.#owed = 0;
  }

  /** The producer has nothing to send. */
  #returned(frames: number): void {
    assert(frames <= this.#extra, "a producer returns nothing but what it was lent");
    this.#withProducer -= frames;
    this.#owed += frames;
    this.#release(this.#owed);
  }

  #consumed(count: number): void {
    this.#consumedOfFirst += count;
    for (
      let first = this.#waiting.peek();
      first !== undefined && this.#consumedOfFirst >= first;
      first = this.#waiting.peek()
    ) {
      this.#consumedOfFirst -= first;
      this.#waiting.shift();
      this.#processed();
    }
    // In portions, so that not every frame is answered by a message.
    if (this.#owed * 4 >= this.#frames + this.#extra) this.#grant();
  }

  #processed(): void {
    this.#owed += 1;
    if (this.#extra === 0) return;
    const isQuiet = this.#waiting.length === 0 && this.#withProducer >= this.#frames;
    if (this.#isClosed || isQuiet) this.#release(this.#owed);
    else if (this.#shared.isBetterUsedThanBy(this)) this.#release(1);
  }

  /** As much of this room as is not the channel's own. */
  #release(room: number): void {
    const frames = Math.min(room, this.#extra);
    if (frames === 0) return;
    this.#owed -= frames;
    this.#extra -= frames;
    this.#shared.giveBack(frames);
  }

  #grant(): void {
    const frames = this.#owed;
    if (frames === 0) return;
    this.#owed = 0;
    this.#withProducer += frames;
    this.#send({ kind: "credit", frames });
  }
}
