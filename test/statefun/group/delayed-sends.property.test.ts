/**
 * Goal:   a delayed message goes out once its time has come, not before and only once, unless `cancel` said that it will not; tokens mean nothing to other addresses; restores and another parallelism
 *         change none of it.
 * Method: random orders to four addresses, of two types and two ids, by clock and watermark, with and without tokens, in between time, snapshots and restores. A list of what waits, in plain code, says after
 *         each move what must have arrived, and what each call must have returned.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/delayed-sends.property.test.ts` runs it again.
 */
import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../../../core/util/errors.ts";
import type { TypeName } from "../../../statefun/address.ts";
import type { DelayedOptions, FunctionContext } from "../../../statefun/define/function-context.ts";
import type { FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { replay } from "../../harness/replay.ts";
import { LoopHarness } from "./loop-harness.ts";
import type { LoopSnapshot } from "./loop-harness.ts";
import { makeFunction, OUT } from "./make-function.ts";

const TYPES = ["test/one", "test/other"] as const;
const IDS = ["a", "b"] as const;
type Duplicate = NonNullable<DelayedOptions["onDuplicate"]>;

interface Send {
  readonly do: "after" | "at";
  /** From now on, by the clock or the watermark; what is in the past goes at once. */
  readonly ms: number;
  readonly token: string | undefined;
  readonly onDuplicate: Duplicate;
}
type Order = Send | { readonly do: "cancel"; readonly token: string };
type Move =
  | { readonly move: "turn"; readonly type: TypeName; readonly id: string; readonly orders: readonly Order[] }
  | { readonly move: "time" | "watermark"; readonly ms: number }
  | { readonly move: "snapshot" }
  | { readonly move: "restore"; readonly parallelism: number };

const tokens = fc.constantFrom("s", "t");
const orders: fc.Arbitrary<Order> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("after" as const, "at" as const),
      ms: fc.constantFrom(-5, 0, 1, 10, 20, 50),
      token: fc.option(tokens, { nil: undefined }),
      onDuplicate: fc.constantFrom<Duplicate>("replace", "keep", "error"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), token: tokens }) },
);
const moves: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      move: fc.constant("turn" as const),
      type: fc.constantFrom(...TYPES),
      id: fc.constantFrom(...IDS),
      orders: fc.array(orders, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      move: fc.constantFrom("time" as const, "watermark" as const),
      ms: fc.constantFrom(1, 9, 10, 30),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Move>({ move: "snapshot" }) },
  {
    weight: 1,
    arbitrary: fc.record({ move: fc.constant("restore" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
  },
);

interface Waiting {
  readonly from: string;
  readonly token: string;
  readonly domain: Send["do"];
  readonly dueMs: number;
  readonly text: string;
}

interface Now {
  readonly after: number;
  readonly at: number;
}

/** What waits, in the order in which it was sent. */
class Model {
  #waiting: readonly Waiting[] = [];
  #saved: readonly Waiting[] = [];

  /** A turn: what it sends, and what its calls return. Everything takes effect when it is over. */
  turn(
    from: string,
    given: readonly Order[],
    texts: readonly string[],
    now: Now,
  ): { answers: unknown[]; gone: string[] } {
    const answers: unknown[] = [];
    const sent: Waiting[] = [];
    const isOwn = (one: Waiting, token: string): boolean => one.from === from && one.token === token;
    for (const [index, order] of given.entries()) {
      const text = texts[index] ?? "";
      const token = order.token ?? `own ${text}`;
      const known = this.#waiting.find((one) => isOwn(one, token));
      if (order.do === "cancel") answers.push(known !== undefined);
      const isRefused = order.do !== "cancel" && known !== undefined && order.onDuplicate !== "replace";
      if (isRefused) answers.push(order.onDuplicate === "keep" ? "sent" : "refused");
      if (isRefused) continue;
      this.#waiting = this.#waiting.filter((one) => one !== known);
      if (order.do === "cancel") continue;
      answers.push("sent");
      const dueMs = now[order.do] + (order.do === "after" ? Math.max(0, order.ms) : order.ms);
      const message: Waiting = { from, token, domain: order.do, dueMs, text };
      this.#waiting = [...this.#waiting, message];
      sent.push(message);
    }
    // By the clock, even what is due at once waits for the clock to say so.
    const isGone = (one: Waiting): boolean => one.domain === "at" && one.dueMs <= now.at && sent.includes(one);
    return { answers, gone: this.#take(isGone) };
  }

  due(now: Now): string[] {
    return this.#take(({ domain, dueMs }) => dueMs <= now[domain]);
  }

  save(): void {
    this.#saved = this.#waiting;
  }

  restore(): void {
    this.#waiting = this.#saved;
  }

  #take(isGone: (one: Waiting) => boolean): string[] {
    const gone = this.#waiting.filter(isGone);
    this.#waiting = this.#waiting.filter((one) => !isGone(one));
    return gone.map(({ text }) => text);
  }
}

interface Script {
  readonly orders: readonly Order[];
  readonly texts: readonly string[];
  readonly watermarkMs: number;
}

function scheduling(type: TypeName): FunctionDefinition {
  return makeFunction(type, (ctx, kind, value) => {
    if (kind === "late") {
      ctx.send(OUT, value);
      return;
    }
    const { orders: given, texts, watermarkMs } = value as Script;
    const answers = given.map((order, index) => carryOut(ctx, order, { text: texts[index] ?? "", watermarkMs }));
    ctx.send(OUT, answers);
  });
}

function carryOut(
  ctx: FunctionContext,
  order: Order,
  { text, watermarkMs }: { readonly text: string; readonly watermarkMs: number },
): unknown {
  if (order.do === "cancel") return ctx.cancel(order.token);
  const to = { type: TYPES[text.length % TYPES.length] ?? "test/one", id: `to ${text}` };
  const { token, onDuplicate } = order;
  const options = token === undefined ? {} : { token, onDuplicate };
  try {
    if (order.do === "after") ctx.sendAfter(Math.max(0, order.ms), to, "late", text, options);
    else ctx.sendAt(watermarkMs + order.ms, to, "late", text, options);
    return "sent";
  } catch (error) {
    if (!isMillraceError(error) || error.code !== "MR9023") throw error;
    return "refused";
  }
}

function sorted(texts: readonly unknown[]): string[] {
  return texts.map(String).toSorted();
}

class World {
  readonly model: Model = new Model();
  readonly #clock = new ManualClock(1_000_000);
  /** A bug for the test of the test. */
  readonly #forgetsOne: boolean;
  #loop: LoopHarness;
  #saved: LoopSnapshot;
  #watermarkMs = 0;
  #count = 0;

  constructor(forgetsOne: boolean) {
    this.#forgetsOne = forgetsOne;
    this.#loop = this.#start(1);
    this.#saved = this.#loop.snapshot();
  }

  get #now(): Now {
    return { after: this.#clock.nowMs(), at: this.#watermarkMs };
  }

  move(move: Move): void {
    switch (move.move) {
      case "turn":
        return this.#turn(`${move.type} ${move.id}`, move);
      case "time":
        return this.#onlyDue(() => this.#loop.advance(move.ms));
      case "watermark":
        this.#watermarkMs += move.ms;
        return this.#onlyDue(() => this.#loop.watermark(this.#watermarkMs));
      case "snapshot":
        this.#saved = this.#loop.snapshot();
        return this.model.save();
      case "restore":
        this.#loop.crash();
        this.model.restore();
        this.#loop = this.#start(move.parallelism, this.#saved);
        // Time goes on from where the world is; what fell due meanwhile goes out now.
        return this.#onlyDue(() => this.#loop.watermark(this.#watermarkMs));
    }
  }

  #turn(from: string, { type, id, orders: given }: Move & { move: "turn" }): void {
    const texts = given.map(() => `m${(this.#count += 1)}`);
    const known = this.#forgetsOne ? given.slice(0, 2) : given;
    const { answers, gone } = this.model.turn(from, known, texts, this.#now);
    const before = this.#loop.out().length;
    this.#loop.send(type, id, "", { orders: given, texts, watermarkMs: this.#watermarkMs } satisfies Script);
    this.#loop.run();
    const [returned, ...arrived] = this.#loop.out().slice(before);
    deepEqual(returned, answers);
    const dueByClock = this.model.due({ after: this.#now.after, at: -Infinity });
    deepEqual(sorted(arrived), sorted([...gone, ...dueByClock]));
  }

  /** Nothing but what is due, whatever happens. */
  #onlyDue(happens: () => void): void {
    const before = this.#loop.out().length;
    happens();
    this.#loop.run();
    deepEqual(sorted(this.#loop.out().slice(before)), sorted(this.model.due(this.#now)));
  }

  #start(parallelism: number, restored?: LoopSnapshot): LoopHarness {
    const functions = TYPES.map((type) => scheduling(type));
    const loop = new LoopHarness({
      functions,
      parallelism,
      clock: this.#clock,
      ...(restored !== undefined && { restored }),
    });
    if (restored === undefined) loop.watermark(0);
    return loop;
  }
}

function property(forgetsOne: boolean): fc.IPropertyWithHooks<[Move[]]> {
  return fc.property(fc.array(moves, { maxLength: 60, size: "max" }), (schedule) => {
    const world = new World(forgetsOne);
    for (const move of schedule) world.move(move);
    world.move({ move: "time", ms: 1_000 });
    world.move({ move: "watermark", ms: 1_000 });
  });
}

describe("delayed messages", () => {
  test("go out in their time, once, unless they are taken back", () => {
    fc.assert(property(false), { numRuns: 50, ...replay });
  });

  test("the property notices a message too many", () => {
    expect(fc.check(property(true), { numRuns: 300, seed: 1 }).failed).toBe(true);
  });
});
