/**
 * Goal:   all channels into a task together have no more frames under way than each has for itself and all share, whatever they send and in which order it is
 *         processed; everything arrives, nobody waits for ever, and in the end nothing of the shared credit is lost: one channel alone can use all of it.
 * Method: random bursts, control elements, flushes, reads and ends on several channels, over wires in order that deliver when the script says so.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GeneratedCodecs } from "../../../core/network/columnar/generated-codecs.ts";
import { FloatingCredit } from "../../../core/network/floating-credit.ts";
import { ReceivingChannel } from "../../../core/network/receiving-channel.ts";
import type { ReceivingChannelOptions } from "../../../core/network/receiving-channel.ts";
import { SendingChannel } from "../../../core/network/remote-channel.ts";
import type { ChannelMessage } from "../../../core/network/remote-channel.ts";
import { replay } from "../../harness/replay.ts";

type SharedCredit = ReceivingChannelOptions["shared"];

interface Action {
  readonly kind: "burst" | "read" | "forward" | "back" | "control" | "flush" | "close";
  readonly channel: number;
  readonly count: number;
}

interface Limits {
  readonly channels: number;
  readonly frames: number;
  readonly sharedFrames: number;
}

type PlantedBug = "lends twice" | "keeps what comes back" | "keeps what the ended had";

const CODECS = new GeneratedCodecs();
/** So small that, but for the first, each record has a frame of its own. */
const FRAME_BYTES = 1;
const BURST_MAX = 50;

const limits: fc.Arbitrary<Limits> = fc.record({
  channels: fc.integer({ min: 1, max: 4 }),
  frames: fc.integer({ min: 1, max: 3 }),
  sharedFrames: fc.integer({ min: 0, max: 8 }),
});
const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom("burst" as const, "read" as const, "forward" as const, "back" as const) },
      { weight: 2, arbitrary: fc.constantFrom("flush" as const, "control" as const) },
      { weight: 1, arbitrary: fc.constant("close" as const) },
    ),
    channel: fc.nat(3),
    count: fc.integer({ min: 1, max: BURST_MAX }),
  }),
  { minLength: 20, maxLength: 150 },
);

function creditWith(frames: number, bug: PlantedBug | undefined): SharedCredit {
  const credit = new FloatingCredit(frames);
  return {
    ask: (share) => credit.ask(share),
    isBetterUsedThanBy: (share) => credit.isBetterUsedThanBy(share),
    giveBack(returned) {
      if (bug !== "keeps what comes back") credit.giveBack(bug === "lends twice" ? returned * 2 : returned);
    },
  };
}

/** One channel with its wire, and what its producer should know. */
class Line {
  readonly forward: ChannelMessage[] = [];
  readonly back: ChannelMessage[] = [];
  readonly sending: SendingChannel;
  readonly receiving: ReceivingChannel;
  readonly seen: unknown[] = [];
  /** Records of frames that are under way. */
  readonly underWay: number[] = [];
  #readOfFirst = 0;
  isBlocked = false;
  isClosed = false;
  /** Messages and records that got further. */
  moves = 0;
  pushed = 0;
  /** With the producer. */
  credit = 0;
  /** Frames that control elements have taken along without credit. */
  overdrawn = 0;

  constructor(limit: Limits, shared: SharedCredit, keepsEnds: boolean) {
    const options = { frames: limit.frames, frameBytes: FRAME_BYTES, codecs: CODECS };
    this.sending = new SendingChannel((message) => {
      if (message.kind === "records") {
        this.underWay.push(message.count);
        this.credit -= 1;
      }
      if (message.kind === "return") this.credit -= message.frames;
      this.forward.push(message);
    }, options);
    this.sending.connectProducer({
      block: () => (this.isBlocked = true),
      unblock: () => (this.isBlocked = false),
    });
    // As if nobody heard that a channel has ended.
    const own = keepsEnds ? { ...shared, giveBack: (n: number) => void (this.isClosed || shared.giveBack(n)) } : shared;
    this.receiving = new ReceivingChannel({ ...options, sharedFrames: limit.sharedFrames, shared: own }, (message) =>
      this.back.push(message),
    );
  }

  push(count: number): void {
    if (this.isBlocked || this.isClosed) return;
    for (let step = 0; step < count; step += 1) {
      this.sending.push(this.pushed, 0);
      this.pushed += 1;
    }
  }

  send(kind: "control" | "close"): void {
    if (this.isClosed) return;
    const before = Math.max(0, this.credit);
    const frames = this.underWay.length;
    this.sending.send(kind === "close" ? { kind } : { kind: "idle", idle: true });
    this.overdrawn += Math.max(0, this.underWay.length - frames - before);
    this.isClosed ||= kind === "close";
  }

  deliver(count: number): void {
    for (const message of this.forward.splice(0, count)) {
      this.moves += 1;
      this.receiving.receive(message);
    }
  }

  answer(count: number): void {
    for (const message of this.back.splice(0, count)) {
      if (message.kind !== "credit") throw new Error("only credits come back");
      this.moves += 1;
      this.credit += message.frames;
      this.sending.grant(message.frames);
    }
  }

  read(count: number): void {
    const { reader } = this.receiving;
    for (let step = 0; step < count; step += 1) {
      if (reader.peekControl() !== undefined) reader.takeControl();
      else if (reader.readable() > 0) this.#readRecord();
      else return;
    }
  }

  #readRecord(): void {
    const { reader } = this.receiving;
    const slot = reader.head & reader.mask;
    this.moves += 1;
    this.seen.push(reader.values[slot]);
    reader.values[slot] = undefined;
    this.#readOfFirst += 1;
    if (this.#readOfFirst === this.underWay[0]) {
      this.underWay.shift();
      this.#readOfFirst = 0;
    }
    reader.consumed(1);
  }

  /** Room that it takes at the consumer, now or once it is used; who has ended uses none of its credit. */
  get held(): number {
    const granted = this.back.reduce((sum, message) => sum + (message.kind === "credit" ? message.frames : 0), 0);
    const credit = this.credit + granted;
    return this.underWay.length + (this.isClosed ? Math.min(0, credit) : credit);
  }
}

function act(line: Line, { kind, count }: Action): void {
  if (kind === "burst") line.push(count);
  else if (kind === "read") line.read(count);
  else if (kind === "forward") line.deliver(count);
  else if (kind === "back") line.answer(count);
  else if (kind === "flush") line.sending.flush();
  else line.send(kind);
}

/** Until nothing moves any more; a producer with nothing to do ends its step with a flush. */
function settle(lines: readonly Line[], reads: boolean): void {
  const moves = (): number => lines.reduce((sum, line) => sum + line.moves, 0);
  for (let before = -1; before !== moves();) {
    before = moves();
    for (const line of lines) {
      line.answer(Infinity);
      line.sending.flush();
      line.deliver(Infinity);
      if (reads) line.read(Infinity);
    }
  }
}

function together(bug?: PlantedBug): fc.IProperty<[Limits, readonly Action[]]> {
  return fc.property(limits, actions, (limit, script) => {
    const shared = creditWith(limit.sharedFrames, bug);
    const lines = Array.from(
      { length: limit.channels },
      () => new Line(limit, shared, bug === "keeps what the ended had"),
    );
    const bound = limit.channels * limit.frames + limit.sharedFrames;
    for (const action of script) {
      const line = lines[action.channel % limit.channels];
      if (line !== undefined) act(line, action);
      expect(lines.reduce((sum, { held }) => sum + held, 0)).toBeLessThanOrEqual(bound);
      for (const { credit, overdrawn } of lines) expect(credit).toBeGreaterThanOrEqual(-overdrawn);
    }
    settle(lines, true);
    for (const line of lines) {
      expect(line.seen).toEqual(Array.from({ length: line.pushed }, (_, n) => n));
      expect([line.forward, line.back, line.isBlocked]).toEqual([[], [], false]);
    }
    const open = lines.find(({ isClosed }) => !isClosed);
    if (open === undefined) return;
    // Whatever went before: with all others quiet, the own frames and all that is shared are for whoever needs them.
    open.push(100);
    settle(lines, false);
    expect(open.underWay.length).toBe(limit.frames + limit.sharedFrames);
  });
}

describe("the channels into one task", () => {
  test("keep their common bound, deliver everything, and lose nothing of what they share", () => {
    fc.assert(together(), { numRuns: 300, ...replay });
  });

  test.each<PlantedBug>(["lends twice", "keeps what comes back", "keeps what the ended had"])(
    "the property catches: %s",
    (bug) => {
      expect(fc.check(together(bug), { numRuns: 300, seed: 11 }).failed).toBe(true);
    },
  );
});

/** A share that only counts. */
function shareOf(extra: number): { extra: number; isStarved: boolean; give(frames: number): void } {
  return {
    extra,
    isStarved: true,
    give(frames) {
      this.extra += frames;
      this.isStarved = false;
    },
  };
}

describe("who gets shared credit", () => {
  test("half of what is there goes to whoever asks first", () => {
    const credit = new FloatingCredit(8);
    const shares = [shareOf(0), shareOf(0), shareOf(0), shareOf(0), shareOf(0)];
    for (const share of shares) credit.ask(share);
    expect(shares.map(({ extra }) => extra)).toEqual([4, 2, 1, 1, 0]);
  });

  test("what comes back goes to those that have least, and have not been helped otherwise", () => {
    const credit = new FloatingCredit(0);
    const [rich, poor, helped] = [shareOf(3), shareOf(1), shareOf(0)];
    for (const share of [rich, poor, helped]) credit.ask(share);
    helped.isStarved = false;
    credit.giveBack(1);
    expect([rich.extra, poor.extra, helped.extra]).toEqual([3, 2, 0]);
  });

  test("room changes hands where it evens out, and does not go to and fro", () => {
    const credit = new FloatingCredit(0);
    const waiting = shareOf(1);
    credit.ask(waiting);
    expect([1, 2, 3].map((extra) => credit.isBetterUsedThanBy(shareOf(extra)))).toEqual([false, false, true]);
    expect(credit.isBetterUsedThanBy(waiting)).toBe(false);
  });
});
