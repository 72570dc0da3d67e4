/**
 * The contract of channels as a test: a transport is done when it passes. What is written arrives once, in order, with control elements in their places; the
 * producer is held back, and always let go again; what is lost with a connection is a tail, never a hole.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChannelProducer, ChannelReader, ChannelWriter, ControlElement } from "../../core/network/channel.ts";
import { replay } from "../harness/replay.ts";

export interface ChannelUnderTest {
  readonly writer: ChannelWriter;
  readonly reader: ChannelReader;
  connectProducer(producer: ChannelProducer): void;
  /** The end of the producer's step. */
  flush(): void;
  /** What was sent so far arrives, in both directions. */
  arrive(): void;
  /** The connection breaks: nothing arrives any more. Left out: it cannot. */
  lose?(): void;
}

export interface ChannelCase {
  readonly name: string;
  create(): ChannelUnderTest;
}

type Action =
  | { readonly kind: "burst" | "read"; readonly count: number }
  | { readonly kind: "control" | "flush" | "arrive" };

const BURST_MAX = 40;

const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: BURST_MAX }).map((count): Action => ({ kind: "burst", count })) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }).map((count): Action => ({ kind: "read", count })) },
    { weight: 3, arbitrary: fc.constant<Action>({ kind: "arrive" }) },
    { weight: 2, arbitrary: fc.constantFrom<Action>({ kind: "control" }, { kind: "flush" }) },
  ),
  { minLength: 10, maxLength: 100 },
);

/** Records as pairs of value and timestamp, control elements as they are. */
type Element = readonly [unknown, number] | ControlElement;

class Bench {
  readonly written: Element[] = [];
  readonly seen: Element[] = [];
  readonly channel: ChannelUnderTest;
  blocked = 0;

  constructor(channel: ChannelUnderTest) {
    this.channel = channel;
    channel.connectProducer({ block: () => (this.blocked += 1), unblock: () => (this.blocked -= 1) });
    channel.arrive();
  }

  act(action: Action): void {
    if (action.kind === "burst" && this.blocked === 0) this.#burst(action.count);
    else if (action.kind === "read") this.read(action.count);
    else if (action.kind === "flush") this.channel.flush();
    else if (action.kind === "arrive") this.channel.arrive();
    else if (action.kind === "control") this.#control();
    if (this.blocked !== 0 && this.blocked !== 1) throw new Error(`blocked ${this.blocked} times at once`);
  }

  read(count: number): void {
    const { reader } = this.channel;
    for (let step = 0; step < count; step += 1) {
      const control = reader.peekControl();
      if (control !== undefined) {
        reader.takeControl();
        this.seen.push(control);
      } else if (reader.readable() > 0) {
        const slot = reader.head & reader.mask;
        this.seen.push([reader.values[slot], reader.timestampsMs[slot] ?? NaN]);
        reader.values[slot] = undefined;
        reader.consumed(1);
      } else return;
    }
  }

  #burst(count: number): void {
    for (let step = 0; step < count; step += 1) {
      const n = this.written.length;
      const value = n % 3 === 0 ? { n, text: `${n}` } : n;
      this.channel.writer.push(value, n * 10);
      this.written.push([value, n * 10]);
    }
  }

  #control(): void {
    const element: ControlElement = { kind: "watermark", watermarkMs: this.written.length };
    this.channel.writer.send(element);
    this.written.push(element);
  }
}

export function checkChannel({ name, create }: ChannelCase): void {
  describe(`channel: ${name}`, () => {
    test("everything arrives once, in order, and the producer is let go in the end", () => {
      fc.assert(
        fc.property(actions, (script) => {
          const bench = new Bench(create());
          for (const action of script) bench.act(action);
          bench.channel.flush();
          for (let round = 0; round < 2 + bench.written.length; round += 1) {
            bench.channel.arrive();
            bench.read(Infinity);
          }
          expect(bench.seen).toEqual(bench.written);
          expect(bench.blocked).toBe(0);
        }),
        { numRuns: 60, ...replay },
      );
    });

    test("a producer whose consumer reads nothing is held back", () => {
      const bench = new Bench(create());
      for (let step = 0; step < 100_000 && bench.blocked === 0; step += 1) {
        bench.act({ kind: "burst", count: BURST_MAX });
        bench.channel.arrive();
      }
      expect(bench.blocked).toBe(1);
      bench.channel.flush();
      for (let round = 0; round < 100; round += 1) {
        bench.channel.arrive();
        bench.read(Infinity);
      }
      expect([bench.blocked, bench.seen.length]).toEqual([0, bench.written.length]);
    });

    test("what a broken connection loses is a tail", () => {
      fc.assert(
        fc.property(actions, fc.nat(100), (script, brokenAt) => {
          const bench = new Bench(create());
          if (bench.channel.lose === undefined) return;
          for (const [index, action] of script.entries()) {
            if (index === brokenAt) bench.channel.lose();
            bench.act(action);
          }
          bench.channel.arrive();
          bench.read(Infinity);
          expect(bench.seen).toEqual(bench.written.slice(0, bench.seen.length));
        }),
        { numRuns: 60, ...replay },
      );
    });
  });
}
