/**
 * Goal:   a channel between two slots delivers what an in-slot channel delivers, in the same order, holds its producer back by credits, and always lets it
 *         go again; nothing leaves before the consumer is there. Its bound is in frames: what is under way, and one frame that waits for credit.
 * Method: random bursts, control elements, flushes and reads, over a wire in order that delivers when the script says so; beside it an in-slot channel that
 *         is fed the same. A burst is what one record emits: only a producer that is not blocked begins one, and none is cut short.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ControlElement } from "../../../core/network/channel.ts";
import { GeneratedCodecs } from "../../../core/network/columnar/generated-codecs.ts";
import { FloatingCredit } from "../../../core/network/floating-credit.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { ReceivingChannel } from "../../../core/network/receiving-channel.ts";
import { SendingChannel } from "../../../core/network/remote-channel.ts";
import type { ChannelMessage, RemoteChannelOptions, SendChannelMessage } from "../../../core/network/remote-channel.ts";
import { asError } from "../../../core/util/errors.ts";
import { replay } from "../../harness/replay.ts";

const BURST_MAX = 12;
const CODECS: GeneratedCodecs = new GeneratedCodecs();

type Action =
  | { readonly kind: "burst" | "read" | "forward" | "back"; readonly count: number }
  | { readonly kind: "control" | "flush" };

/** Faults of the wire or of an end, each of which the property must find. */
type PlantedBug = "swaps messages" | "loses a credit" | "grants twice" | "sends early";

const actions = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: counted("burst", BURST_MAX) },
    { weight: 3, arbitrary: counted("read", 20) },
    { weight: 3, arbitrary: counted("forward", 4) },
    { weight: 2, arbitrary: counted("back", 4) },
    { weight: 2, arbitrary: fc.constantFrom<Action>({ kind: "control" }, { kind: "flush" }) },
  ),
  { minLength: 20, maxLength: 120 },
);
/** The action before which the consumer is deployed. */
const arrival = fc.nat(12);

function counted(kind: "burst" | "read" | "forward" | "back", max: number): fc.Arbitrary<Action> {
  return fc.integer({ min: 1, max }).map((count) => ({ kind, count }));
}

/** The head of a reader, record or control element; undefined if it is empty. */
function take(reader: InSlotChannel): unknown {
  const control = reader.peekControl();
  if (control !== undefined) {
    reader.takeControl();
    return control;
  }
  if (reader.readable() === 0) return undefined;
  const slot = reader.head & reader.mask;
  const record = [reader.values[slot], reader.timestampsMs[slot]];
  reader.values[slot] = undefined;
  reader.consumed(1);
  return record;
}

interface Limits extends RemoteChannelOptions {
  /** Beyond `frames`, as if it were the only channel into its task. */
  readonly sharedFrames: number;
}

function receivingEnd(limits: Limits, send: SendChannelMessage): ReceivingChannel {
  return new ReceivingChannel({ ...limits, shared: new FloatingCredit(limits.sharedFrames) }, send);
}

class Pair {
  readonly forward: ChannelMessage[] = [];
  readonly back: ChannelMessage[] = [];
  readonly sending: SendingChannel;
  readonly plain: InSlotChannel;
  readonly seen: unknown[] = [];
  readonly #limits: Limits;
  readonly #bug: PlantedBug | undefined;
  receiving: ReceivingChannel | undefined = undefined;
  blocked = 0;
  pushed = 0;
  /** Records that have left. */
  sent = 0;
  /** As the producer should count it, and what control elements have taken along without any. */
  credit = 0;
  overdrawn = 0;
  firstCreditCame = false;

  constructor(limits: Limits, bug: PlantedBug | undefined) {
    this.#limits = limits;
    this.#bug = bug;
    this.plain = new InSlotChannel(1_000);
    this.sending = new SendingChannel((message) => this.#leaves(message), limits);
    this.sending.connectProducer({ block: () => (this.blocked += 1), unblock: () => (this.blocked -= 1) });
    if (bug === "sends early") this.sending.grant(0);
  }

  act(action: Action): void {
    if (action.kind === "burst" && this.blocked === 0) this.#burst(action.count);
    else if (action.kind === "control") {
      const element: ControlElement = { kind: "watermark", watermarkMs: this.pushed };
      const before = this.credit;
      this.sending.send(element);
      this.overdrawn += Math.max(0, Math.min(0, before) - this.credit, -this.credit);
      this.plain.send(element);
    } else if (action.kind === "flush") this.sending.flush();
    else if (action.kind === "read") this.read(action.count);
    else if (action.kind === "forward") this.deliver(action.count);
    else if (action.kind === "back") this.answer(action.count);
  }

  open(): void {
    this.receiving ??= receivingEnd(this.#limits, (message) => this.back.push(message));
  }

  deliver(count: number): void {
    for (let step = 0; step < count; step += 1) {
      const swap = this.#bug === "swaps messages" && this.forward.length > 1 ? 1 : 0;
      const [message] = this.forward.splice(swap, 1);
      if (message !== undefined) this.receiving?.receive(message);
    }
  }

  answer(count: number): void {
    for (const message of this.back.splice(0, count)) {
      if (message.kind !== "credit") throw new Error("only credits come back");
      if (this.#bug === "loses a credit" && this.firstCreditCame) continue;
      this.firstCreditCame = true;
      this.credit += message.frames;
      this.sending.grant(message.frames);
      if (this.#bug === "grants twice") this.sending.grant(message.frames);
    }
  }

  read(count: number): void {
    const reader = this.receiving?.reader;
    for (let step = 0; reader !== undefined && step < count; step += 1) {
      const head = take(reader);
      if (head === undefined) return;
      this.seen.push(head);
    }
  }

  #leaves(message: ChannelMessage): void {
    this.forward.push(message);
    if (message.kind === "return") this.credit -= message.frames;
    if (message.kind !== "records") return;
    this.sent += message.count;
    this.credit -= 1;
  }

  #burst(count: number): void {
    for (let step = 0; step < count; step += 1) {
      const value = this.pushed % 3 === 0 ? { n: this.pushed } : this.pushed;
      this.sending.push(value, this.pushed * 10);
      this.plain.push(value, this.pushed * 10);
      this.pushed += 1;
    }
  }
}

/** Before anybody knows how large records are, so many make a frame full. */
const FRAME_RECORDS_FIRST = 32;

/** What holds at any time. */
function check(pair: Pair): void {
  expect(pair.blocked === 0 || pair.blocked === 1).toBe(true);
  expect(pair.sending.pushed).toBe(pair.pushed);
  if (!pair.firstCreditCame) expect([pair.forward, pair.blocked]).toEqual([[], 1]);
  else {
    // Only in front of a control element more leaves than there is credit for.
    expect(pair.credit).toBeGreaterThanOrEqual(-pair.overdrawn);
    if (pair.credit > 0) expect(pair.blocked).toBe(0);
  }
  // The last burst began while there was room.
  if (pair.credit <= 0) expect(pair.pushed - pair.sent).toBeLessThan(2 * FRAME_RECORDS_FIRST + BURST_MAX);
}

function sameAsInSlot(bug?: PlantedBug): fc.IProperty<[Limits, number, Action[]]> {
  const limits = fc.record({
    codecs: fc.constant(CODECS),
    frames: fc.integer({ min: 1, max: 9 }),
    sharedFrames: fc.integer({ min: 0, max: 5 }),
    frameBytes: fc.constantFrom(1, 100, 300, 1_000),
  });
  return fc.property(limits, arrival, actions, (given, openAt, script) => {
    const pair = new Pair(given, bug);
    for (const [index, action] of script.entries()) {
      if (index === openAt) pair.open();
      pair.act(action);
      check(pair);
    }
    // At the end of a step everything leaves, the consumer is there, and reads all.
    pair.sending.flush();
    pair.open();
    for (let round = 0; round < 100; round += 1) {
      pair.answer(Infinity);
      pair.deliver(pair.forward.length);
      pair.read(Infinity);
    }
    const expected: unknown[] = [];
    for (let head = take(pair.plain); head !== undefined; head = take(pair.plain)) expected.push(head);
    expect(pair.seen).toEqual(expected);
    expect([pair.forward, pair.back, pair.blocked]).toEqual([[], [], 0]);
    expect(pair.receiving?.reader.usage()).toMatchObject({ waiting: 0, pushed: pair.pushed });
  });
}

describe("the channel between two slots", () => {
  test("delivers what an in-slot channel delivers, within its bound, and lets its producer go again", () => {
    fc.assert(sameAsInSlot(), { numRuns: 300, ...replay });
  });

  test.each<PlantedBug>(["swaps messages", "loses a credit", "grants twice", "sends early"])(
    "the property catches: %s",
    (bug) => {
      expect(fc.check(sameAsInSlot(bug), { numRuns: 300, seed: 7 }).failed).toBe(true);
    },
  );
});

const LIMITS: Limits = { frames: 8, sharedFrames: 0, frameBytes: 32_768, codecs: CODECS };

test("what was written before the consumer was there comes first, once it is there", () => {
  const wire: ChannelMessage[] = [];
  const channel = new SendingChannel((message) => wire.push(message), LIMITS);
  channel.push("a", 1);
  channel.send({ kind: "barrier", checkpointId: 4, options: { kind: "checkpoint", directory: "chk-4" } });
  channel.push("b", 2);
  channel.flush();
  const log: string[] = [];
  // Also a producer that connects late is held back.
  channel.connectProducer({ block: () => log.push("block"), unblock: () => log.push("unblock") });
  expect([wire, log]).toEqual([[], ["block"]]);
  channel.grant(3);
  expect(wire.map(({ kind }) => kind)).toEqual(["records", "control", "records"]);
  expect(log).toEqual(["block", "unblock"]);
});

test("a credit that comes before the producer lets it begin at once", () => {
  const channel = new SendingChannel(() => undefined, LIMITS);
  channel.grant(1);
  const log: string[] = [];
  channel.connectProducer({ block: () => log.push("block"), unblock: () => log.push("unblock") });
  for (let n = 0; n < 32; n += 1) channel.push(n, n);
  expect(log).toEqual([]);
  for (let n = 0; n < 64; n += 1) channel.push(n, n);
  expect(log).toEqual(["block"]);
});

test("frames grow with what records are small, and shrink to one record where records are large", () => {
  const counts = (value: string): number[] => {
    const wire: number[] = [];
    const sending = new SendingChannel((message) => message.kind === "records" && wire.push(message.count), LIMITS);
    sending.grant(100_000);
    for (let n = 0; n < 5_000; n += 1) sending.push(value, n);
    return wire;
  };
  expect(counts("s").slice(0, 7)).toEqual([32, 64, 128, 256, 512, 1_024, 1_024]);
  expect(counts("l".repeat(40_000)).slice(0, 4)).toEqual([32, 1, 1, 1]);
});

test("credits come back in portions", () => {
  const wire: ChannelMessage[] = [];
  const sending = new SendingChannel((message) => wire.push(message), LIMITS);
  const credits: ChannelMessage[] = [];
  const receiving = receivingEnd(LIMITS, (message) => credits.push(message));
  sending.grant(8);
  for (let n = 0; n < 4; n += 1) {
    sending.push(n, n);
    sending.push(n, n);
    sending.flush();
  }
  for (const message of wire) receiving.receive(message);
  receiving.reader.consumed(3);
  expect(credits).toEqual([{ kind: "credit", frames: 8 }]);
  receiving.reader.consumed(1);
  expect(credits).toEqual([
    { kind: "credit", frames: 8 },
    { kind: "credit", frames: 2 },
  ]);
});

test("values, timestamps and absent values arrive as they were", () => {
  const values = [undefined, null, -0, 7n, new Date(5), new Map([["k", [1, undefined]]]), Uint8Array.of(1, 2)];
  const timestampsMs = [-Infinity, 0, 1.5, Infinity, 2, 3, 4];
  const receiving = receivingEnd(LIMITS, () => undefined);
  const sending = new SendingChannel((message) => receiving.receive(message), LIMITS);
  sending.grant(10);
  for (const [index, value] of values.entries()) sending.push(value, timestampsMs[index] ?? 0);
  sending.flush();
  const seen = values.map(() => take(receiving.reader));
  expect(seen).toEqual(values.map((value, index) => [value, timestampsMs[index]]));
});

test("what cannot be encoded fails its producer, also if that is found out when credit comes", () => {
  const channel = new SendingChannel(() => undefined, LIMITS);
  const log: string[] = [];
  const failed = (error: unknown): void => void log.push(asError(error).message);
  channel.connectProducer({ block: () => log.push("block"), unblock: () => log.push("unblock"), failed });
  channel.push({ n: 1, f: (n: number) => n }, 1);
  channel.flush();
  channel.grant(1);
  expect(log).toEqual(["block", expect.stringMatching(/^MR4101: the value at `.f` cannot be kept or sent/)]);
  // Within a step of the producer it is thrown there.
  expect(() => channel.flush()).toThrow("MR4101");
});
