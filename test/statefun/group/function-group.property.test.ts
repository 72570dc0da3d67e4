/**
 * Goal:   every message takes effect exactly once, at the address it was sent to, in the order of its sender, whatever throws, waits, is delayed, is taken back, or crashes meanwhile.
 * Method: random trees of messages, each with an id and orders to carry out: send, send later, take back, run something outside, transfer money, wait, fail. A random schedule
 *         interleaves messages from outside, loop channels of several subtasks, time, promises, snapshots, and restores of the last one at a random parallelism. What must have happened follows from the
 *         trees and from what functions noted in their own state, not from another runtime.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/function-group.property.test.ts` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError } from "../../../core/util/errors.ts";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import type { FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { replay } from "../../harness/replay.ts";
import { LoopHarness } from "./loop-harness.ts";
import type { LoopSnapshot } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction, OUT, tableOf, tableState, valueState } from "./make-function.ts";

const TYPES = ["test/even", "test/odd"] as const;
const IDS = ["a", "b", "c", "d", "e"] as const;
const TOKENS = ["s", "t"] as const;

interface Target {
  readonly type: (typeof TYPES)[number];
  readonly id: (typeof IDS)[number];
}
/** A message before it has its number. */
interface Tree {
  readonly to: Target;
  readonly orders: readonly Order[];
  readonly ends: "well" | "waits" | "fails" | "waits-and-fails";
}
type Order =
  | {
      readonly do: "send" | "after" | "at" | "async";
      readonly tree: Tree;
      readonly ms: number;
      readonly token: string | undefined;
    }
  | { readonly do: "cancel"; readonly token: string }
  | { readonly do: "transfer"; readonly to: Target; readonly amount: number };
interface Message extends Tree {
  readonly uid: string;
}

const targets: fc.Arbitrary<Target> = fc.record({ type: fc.constantFrom(...TYPES), id: fc.constantFrom(...IDS) });
const { tree: trees } = fc.letrec<{ tree: Tree; order: Order }>((tie) => ({
  order: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom("send" as const, "send" as const, "after" as const, "at" as const, "async" as const),
        tree: tie("tree"),
        ms: fc.nat(50),
        token: fc.option(fc.constantFrom(...TOKENS), { nil: undefined }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), token: fc.constantFrom(...TOKENS) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("transfer" as const), to: targets, amount: fc.nat(9) }) },
  ),
  tree: fc.record({
    to: targets,
    orders: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(tie("order"), { minLength: 1, maxLength: 3 }) },
    ),
    ends: fc.constantFrom(
      "well" as const,
      "well" as const,
      "well" as const,
      "waits" as const,
      "fails" as const,
      "waits-and-fails" as const,
    ),
  }),
}));

/** One move of the schedule. */
const moves = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ move: "feed" as const, dice: 0 }) },
  { weight: 5, arbitrary: fc.record({ move: fc.constant("step" as const), dice: fc.nat(99) }) },
  { weight: 2, arbitrary: fc.record({ move: fc.constant("time" as const), dice: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ move: fc.constant("watermark" as const), dice: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ move: fc.constant("settle" as const), dice: fc.nat(99) }) },
  { weight: 3, arbitrary: fc.constant({ move: "snapshot" as const, dice: 0 }) },
  { weight: 1, arbitrary: fc.record({ move: fc.constant("crash" as const), dice: fc.nat(3) }) },
);
type Move = typeof moves extends fc.Arbitrary<infer M> ? M : never;

/** What tests plant. */
type Bug = "loop-lost" | "fed-twice" | "operations-lost";

/** Everything that a node notes is state, and so undone with its turn. */
function node(type: (typeof TYPES)[number], gates: (() => void)[], bug: Bug | undefined): FunctionDefinition {
  const orders = (ctx: FunctionContext, message: Message): void => {
    bufferOf(ctx, "log").push(message.uid);
    for (const [index, order] of message.orders.entries()) carryOut(ctx, order, `${message.uid}.${index}`, bug);
    if (message.ends.endsWith("fails")) throw new Error(`poison ${message.uid}`);
  };
  const handler = (ctx: FunctionContext, kind: string, value: unknown): void | Promise<void> => {
    if (kind === "credit") {
      ctx.state["balance"] = Number(ctx.state["balance"]) + Number(value);
    } else if (kind === "result") {
      const result = value as { status: string; metadata: Message };
      bufferOf(ctx, "results").push(`${result.metadata.uid} ${result.status}`);
      orders(ctx, { ...result.metadata, ends: "well" });
    } else if (kind === "report") {
      const lists = ["log", "gone", "refused", "results"].map((name) => bufferOf(ctx, name).toArray());
      ctx.send(OUT, { self: ctx.self, lists, balance: ctx.state["balance"] });
    } else if ((value as Message).ends.startsWith("waits")) {
      return new Promise<void>((open) => gates.push(open)).then(() => orders(ctx, value as Message));
    } else {
      orders(ctx, value as Message);
    }
    return undefined;
  };
  return makeFunction(type, handler, {
    state: [
      valueState("balance", 0),
      tableState("tokens"),
      ...["log", "gone", "refused", "results"].map((name) => bufferState(name)),
    ],
  });
}

function carryOut(ctx: FunctionContext, order: Order, uid: string, bug: Bug | undefined): void {
  if (order.do === "transfer") {
    ctx.state["balance"] = Number(ctx.state["balance"]) - order.amount;
    ctx.send(order.to, "credit", order.amount);
    return;
  }
  if (order.do === "cancel") {
    const uidOfToken = tableOf(ctx, "tokens").get(order.token);
    if (ctx.cancel(order.token)) bufferOf(ctx, "gone").push(uidOfToken);
    return;
  }
  const message: Message = { ...order.tree, uid };
  if (order.do === "send") {
    ctx.send(message.to, "do", message);
  } else if (order.do === "async") {
    // The message comes with the result, to this very address.
    if (bug !== "operations-lost" || order.ms > 10)
      ctx.async("result", { ...message, to: ctx.self }, () => Promise.resolve(1));
  } else {
    sendLater(ctx, order, message);
  }
}

function sendLater(
  ctx: FunctionContext,
  order: Order & { do: "after" | "at" | "send" | "async" },
  message: Message,
): void {
  const options = order.token === undefined ? {} : { token: order.token, onDuplicate: "error" as const };
  try {
    if (order.do === "after") ctx.sendAfter(order.ms, message.to, "do", message, options);
    else ctx.sendAt(order.ms * 10, message.to, "do", message, options);
    if (order.token !== undefined) tableOf(ctx, "tokens").set(order.token, message.uid);
  } catch (error) {
    if (!isMillraceError(error) || error.code !== "MR9023") throw error;
    bufferOf(ctx, "refused").push(message.uid);
  }
}

interface Report {
  readonly self: Target;
  readonly lists: readonly [log: string[], gone: string[], refused: string[], results: string[]];
  readonly balance: number;
}

class Run {
  loop: LoopHarness;
  readonly #program: readonly Message[];
  readonly #bug: Bug | undefined;
  readonly #clock = new ManualClock(1_000_000);
  #gates: (() => void)[] = [];
  #fed = 0;
  #watermarkMs = 0;
  #dice = 0;
  #saved: { readonly loop: LoopSnapshot; readonly fed: number } | undefined = undefined;
  restores = 0;

  constructor(program: readonly Message[], bug: Bug | undefined) {
    this.#program = program;
    this.#bug = bug;
    this.loop = this.#start(2);
  }

  async move({ move, dice }: Move): Promise<void> {
    this.#dice = dice;
    if (move === "feed") this.#feed();
    else if (move === "step") this.loop.step();
    else if (move === "time") this.loop.advance(dice);
    else if (move === "watermark") this.loop.watermark((this.#watermarkMs += dice));
    else if (move === "settle") await this.#settle(1);
    else if (move === "snapshot") this.#saved = { loop: this.loop.snapshot(), fed: this.#fed };
    else if (this.#saved !== undefined) this.#restore(1 + dice);
  }

  /** Everything that is left, then what every address has in its state. */
  async finish(): Promise<Report[]> {
    while (this.#fed < this.#program.length) this.#feed();
    for (let rounds = 0; rounds < 200; rounds += 1) {
      const ended = this.loop.finish();
      const quarantined = TYPES.reduce((sum, type) => sum + this.loop.metric(type, "numQuarantined"), 0);
      if (ended && quarantined === 0) break;
      await this.#settle(Infinity);
      if (quarantined > 0) for (const type of TYPES) for (const id of IDS) this.loop.send(type, id, "$skip", 0);
    }
    if (!this.loop.finish()) throw new Error("the loop does not come to rest");
    for (const type of TYPES) for (const id of IDS) this.loop.send(type, id, "report", 0);
    if (this.loop.failures.length > 0) throw new Error("a task has failed", { cause: this.loop.failures[0] });
    return this.loop.out() as Report[];
  }

  #start(parallelism: number): LoopHarness {
    const gates: (() => void)[] = [];
    this.#gates = gates;
    const restored =
      this.#saved === undefined
        ? undefined
        : this.#bug === "loop-lost"
          ? { ...this.#saved.loop, loop: [] }
          : this.#saved.loop;
    return new LoopHarness({
      functions: TYPES.map((type) => node(type, gates, this.#bug)),
      parallelism,
      clock: this.#clock,
      choose: (count) => (count === 0 ? 0 : this.#dice % count),
      ...(restored === undefined ? {} : { restored }),
    });
  }

  #feed(): void {
    const message = this.#program[this.#fed];
    if (message === undefined) return;
    this.#fed += 1;
    this.loop.send(message.to.type, message.to.id, "do", message);
  }

  async #settle(gates: number): Promise<void> {
    for (const open of this.#gates.splice(0, gates)) open();
    for (const subtask of this.loop.subtasks) await subtask.settle();
    this.loop.advance(0);
  }

  #restore(parallelism: number): void {
    this.restores += 1;
    this.loop.crash();
    this.#fed = (this.#saved?.fed ?? 0) - (this.#bug === "fed-twice" ? 1 : 0);
    if (this.#fed < 0) this.#fed = 0;
    this.loop = this.#start(parallelism);
  }
}

function numbered(program: readonly Tree[]): Message[] {
  return program.map((tree, index) => ({ ...tree, uid: String(index) }));
}

/** What the trees say must be in which log, given what was taken back and refused. */
function expectedLogs(program: readonly Message[], prevented: ReadonlySet<string>): Map<string, string[]> {
  const logs = new Map<string, string[]>();
  const visit = (message: Message): void => {
    if (prevented.has(message.uid) || message.ends.endsWith("fails")) return;
    const name = `${message.to.type} ${message.to.id}`;
    logs.set(name, [...(logs.get(name) ?? []), message.uid]);
    for (const [index, order] of message.orders.entries()) {
      if (!("tree" in order)) continue;
      const uid = `${message.uid}.${index}`;
      // Results come to the address that began the operation, and end well.
      if (order.do === "async") visit({ ...order.tree, uid, to: message.to, ends: "well" });
      else visit({ ...order.tree, uid });
    }
  };
  for (const message of program) visit(message);
  return logs;
}

/** Plain sends, from one address to another, arrive in the order of the sender's log and of its orders. */
function expectOrder(program: readonly Message[], reports: readonly Report[]): void {
  const plain = new Set<string>();
  const collect = (message: Tree, uid: string): void => {
    for (const [index, order] of message.orders.entries()) {
      if (!("tree" in order)) continue;
      if (order.do === "send") plain.add(`${uid}.${index}`);
      collect(order.tree, `${uid}.${index}`);
    }
  };
  for (const message of program) collect(message, message.uid);
  const place = new Map<string, readonly [sender: number, at: number]>();
  for (const [sender, { lists }] of reports.entries())
    for (const [at, uid] of lists[0].entries()) place.set(uid, [sender, at]);
  for (const { lists } of reports) {
    const last = new Map<number, readonly [number, number]>();
    for (const uid of lists[0]) {
      if (!plain.has(uid)) continue;
      const dot = uid.lastIndexOf(".");
      const [sender = -1, at = -1] = place.get(uid.slice(0, dot)) ?? [];
      const now = [at, Number(uid.slice(dot + 1))] as const;
      const before = last.get(sender);
      if (before !== undefined) expect(before[0] < now[0] || (before[0] === now[0] && before[1] < now[1])).toBe(true);
      last.set(sender, now);
    }
  }
}

function exactlyOnce(bug?: Bug): fc.IAsyncPropertyWithHooks<[Tree[], Move[]]> {
  return fc.asyncProperty(
    fc.array(trees, { minLength: 1, maxLength: 12, size: "max" }),
    fc.array(moves, { maxLength: 100, size: "max" }),
    async (grown, schedule) => {
      const program = numbered(grown);
      const run = new Run(program, bug);
      for (const move of schedule) await run.move(move);
      const reports = await run.finish();
      const prevented = new Set(reports.flatMap(({ lists }) => [...lists[1], ...lists[2]]));
      const expected = expectedLogs(program, prevented);
      for (const { self, lists } of reports)
        expect(lists[0].toSorted()).toEqual((expected.get(`${self.type} ${self.id}`) ?? []).toSorted());
      expect(reports.reduce((sum, { balance }) => sum + balance, 0)).toBe(0);
      const results = reports.flatMap(({ lists }) => lists[3]);
      if (run.restores === 0) expect(results.filter((result) => !result.endsWith(" success"))).toEqual([]);
      expectOrder(program, reports);
    },
  );
}

describe("the function group", () => {
  test("takes every message to its effect exactly once, in order", { timeout: 60_000 }, async () => {
    await fc.assert(exactlyOnce(), { numRuns: 40, ...replay });
  });

  test.each(["loop-lost", "fed-twice", "operations-lost"] as const)(
    "notices when something is wrong: %s",
    { timeout: 60_000 },
    async (bug) => {
      const found = await fc.check(exactlyOnce(bug), { numRuns: 300, seed: 7, endOnFailure: true });
      expect(found.failed).toBe(true);
    },
  );
});
