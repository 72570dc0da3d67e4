/**
 * Goal:   a channel between two slots delivers what an in-slot channel delivers, in the same order, holds its producer back by credits, and always lets it
 *         go again; nothing leaves before the consumer is there.
 * Method: random bursts, control elements, flushes and reads, over a wire in order that delivers when the script says so; beside it an in-slot channel that
 *         is fed the same. A burst is what one record emits: only a producer that is not blocked begins one, and none is cut short.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ControlElement } from "../../../core/network/channel.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { ReceivingChannel, SendingChannel } from "../../../core/network/remote-channel.ts";
import type { ChannelMessage } from "../../../core/network/remote-channel.ts";
import { replay } from "../../harness/replay.ts";

const BURST_MAX = 12;

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

class Pair {
  readonly forward: ChannelMessage[] = [];
  readonly back: ChannelMessage[] = [];
  readonly sending: SendingChannel;
  readonly plain: InSlotChannel;
  readonly seen: unknown[] = [];
  readonly #capacity: number;
  readonly #bug: PlantedBug | undefined;
  receiving: ReceivingChannel | undefined = undefined;
  blocked = 0;
  pushed = 0;
  consumed = 0;
  /** As the producer should count it. */
  credit = 0;
  firstCreditCame = false;

  constructor(capacity: number, bug: PlantedBug | undefined) {
    this.#capacity = capacity;
    this.#bug = bug;
    this.plain = new InSlotChannel(capacity);
    this.sending = new SendingChannel((message) => this.forward.push(message));
    this.sending.connectProducer({ block: () => (this.blocked += 1), unblock: () => (this.blocked -= 1) });
    if (bug === "sends early") this.sending.grant(0);
  }

  act(action: Action): void {
    if (action.kind === "burst" && this.blocked === 0) this.#burst(action.count);
    else if (action.kind === "control") {
      const element: ControlElement = { kind: "watermark", watermarkMs: this.pushed };
      this.sending.send(element);
      this.plain.send(element);
    } else if (action.kind === "flush") this.sending.flush();
    else if (action.kind === "read") this.read(action.count);
    else if (action.kind === "forward") this.deliver(action.count);
    else if (action.kind === "back") this.answer(action.count);
  }

  open(): void {
    this.receiving ??= new ReceivingChannel(this.#capacity, (message) => this.back.push(message));
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
      this.credit += message.records;
      this.sending.grant(message.records);
      if (this.#bug === "grants twice") this.sending.grant(message.records);
    }
  }

  read(count: number): void {
    const reader = this.receiving?.reader;
    for (let step = 0; reader !== undefined && step < count; step += 1) {
      const head = take(reader);
      if (head === undefined) return;
      if (Array.isArray(head)) this.consumed += 1;
      this.seen.push(head);
    }
  }

  #burst(count: number): void {
    for (let step = 0; step < count; step += 1) {
      const value = this.pushed % 3 === 0 ? { n: this.pushed } : this.pushed;
      this.sending.push(value, this.pushed * 10);
      this.plain.push(value, this.pushed * 10);
      this.pushed += 1;
      this.credit -= 1;
    }
  }
}

/** What holds at any time. */
function check(pair: Pair, capacity: number): void {
  expect(pair.blocked === 0 || pair.blocked === 1).toBe(true);
  expect(pair.sending.pushed).toBe(pair.pushed);
  if (!pair.firstCreditCame) expect([pair.forward, pair.blocked]).toEqual([[], 1]);
  // The last burst began with a credit at least, and may have gone beyond it.
  expect(pair.pushed - pair.consumed).toBeLessThanOrEqual(capacity + BURST_MAX - 1);
  if (pair.credit <= 0) expect(pair.blocked).toBe(1);
  if (pair.firstCreditCame && pair.credit * 2 >= capacity) expect(pair.blocked).toBe(0);
  const waiting = pair.receiving?.reader.usage().waiting ?? 0;
  expect(waiting).toBeLessThanOrEqual(pair.pushed - pair.consumed);
}

function sameAsInSlot(bug?: PlantedBug): fc.IProperty<[number, number, Action[]]> {
  return fc.property(fc.integer({ min: 1, max: 9 }), arrival, actions, (capacity, openAt, script) => {
    const pair = new Pair(capacity, bug);
    for (const [index, action] of script.entries()) {
      if (index === openAt) pair.open();
      pair.act(action);
      check(pair, capacity);
    }
    // At the end of a step everything leaves, the consumer is there, and reads all.
    pair.sending.flush();
    pair.open();
    for (let round = 0; round < 4; round += 1) {
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

test("what was written before the consumer was there comes first, once it is there", () => {
  const wire: ChannelMessage[] = [];
  const channel = new SendingChannel((message) => wire.push(message));
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
  // Two of three are used up: less than half is left.
  expect(log).toEqual(["block"]);
  channel.grant(1);
  expect(log).toEqual(["block", "unblock"]);
});

test("a credit that comes before the producer lets it begin at once", () => {
  const channel = new SendingChannel(() => undefined);
  channel.grant(2);
  const log: string[] = [];
  channel.connectProducer({ block: () => log.push("block"), unblock: () => log.push("unblock") });
  expect(log).toEqual([]);
  channel.push(1, 0);
  expect(log).toEqual([]);
  channel.push(2, 0);
  expect(log).toEqual(["block"]);
});

test("records travel in batches, and credits in portions", () => {
  const wire: ChannelMessage[] = [];
  const sending = new SendingChannel((message) => wire.push(message));
  sending.grant(1_000);
  for (let n = 0; n < 600; n += 1) sending.push(n, n);
  expect(wire).toHaveLength(2);
  sending.flush();
  sending.flush();
  expect(wire).toHaveLength(3);
  const credits: ChannelMessage[] = [];
  const receiving = new ReceivingChannel(1_000, (message) => credits.push(message));
  for (const message of wire) receiving.receive(message);
  receiving.reader.consumed(249);
  expect(credits).toEqual([{ kind: "credit", records: 1_000 }]);
  receiving.reader.consumed(1);
  expect(credits).toEqual([
    { kind: "credit", records: 1_000 },
    { kind: "credit", records: 250 },
  ]);
});

test("values, timestamps and absent values arrive as they were", () => {
  const values = [undefined, null, -0, 7n, new Date(5), new Map([["k", [1, undefined]]]), Uint8Array.of(1, 2)];
  const timestampsMs = [-Infinity, 0, 1.5, Infinity, 2, 3, 4];
  const receiving = new ReceivingChannel(10, () => undefined);
  const sending = new SendingChannel((message) => receiving.receive(message));
  sending.grant(10);
  for (const [index, value] of values.entries()) sending.push(value, timestampsMs[index] ?? 0);
  sending.flush();
  const seen = values.map(() => take(receiving.reader));
  expect(seen).toEqual(values.map((value, index) => [value, timestampsMs[index]]));
});
