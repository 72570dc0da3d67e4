/**
 * Goal:   a request with an idempotency key is applied once, and all its committed replies are the same, however often it is sent and whatever crashes.
 * Method: clients send the same few keys again and again to a group of several subtasks, whose channels deliver in any order; snapshots are taken, crashes go back to the last one, with another
 *         number of subtasks. The function writes down each key that it applies and replies with how many those are. What a snapshot contains is committed.
 * Replay: `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/http-requests.property.test.ts`.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { HTTP_CALLER, HTTP_REPLIES, KEYED_KIND, keyedCallerId } from "../../../statefun/http-messages.ts";
import type { Reply } from "../../../statefun/http-messages.ts";
import { replay } from "../../harness/replay.ts";
import { LoopHarness } from "./loop-harness.ts";
import type { LoopSnapshot } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction } from "./make-function.ts";

type Command =
  | { readonly kind: "ask"; readonly key: string; readonly id: string }
  | { readonly kind: "step"; readonly channel: number }
  | { readonly kind: "snapshot" }
  | { readonly kind: "crash"; readonly parallelism: number };

const KEYS = ["k1", "k2", "k3"];
const IDS = ["a", "b", "c"];

const commands = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("ask" as const),
        key: fc.constantFrom(...KEYS),
        id: fc.constantFrom(...IDS),
      }),
    },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("step" as const), channel: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.constant({ kind: "snapshot" as const }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("crash" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
    },
  ),
  { maxLength: 120 },
);

/** Asks a function elsewhere, which replies: so keys are open for a while, and replies come a long way. */
const log = makeFunction(
  "test/log",
  (ctx, _kind, value) => {
    const applied = bufferOf(ctx, "applied");
    applied.push(value);
    ctx.send({ type: "test/echo", id: `echo of ${String(value)}` }, "", [ctx.caller, applied.toArray().length]);
  },
  { state: [bufferState("applied")] },
);
const echo = makeFunction("test/echo", (ctx, _kind, value) => {
  const [caller, count] = value as [{ type: "a/b"; id: string }, number];
  ctx.send(caller, "", count);
});

class World {
  readonly #keyed: boolean;
  #loop: LoopHarness;
  #saved: LoopSnapshot;
  #channel = 0;
  #requests = 0;
  /** Which key a request of this attempt belongs to. */
  readonly #asked = new Map<string, string>();
  #seen: (readonly [string, unknown])[] = [];
  /** By address and key: what a client has been told for good. */
  readonly committed = new Map<string, Set<unknown>>();

  /** `keyed`: false plants a bug, requests go without their keys. */
  constructor(keyed: boolean) {
    this.#keyed = keyed;
    this.#loop = this.#start(2);
    this.#saved = this.#loop.snapshot();
  }

  run(command: Command): void {
    switch (command.kind) {
      case "ask":
        this.ask(command.id, command.key);
        break;
      case "step":
        this.#channel = command.channel;
        this.#loop.step();
        break;
      case "snapshot":
        this.#save();
        break;
      case "crash":
        this.#loop.crash();
        this.#asked.clear();
        this.#seen = [];
        this.#loop = this.#start(command.parallelism, this.#saved);
    }
    this.#look();
  }

  ask(id: string, key: string): void {
    this.#requests += 1;
    const request = `r${this.#requests}`;
    this.#asked.set(request, `${id} ${key}`);
    const addresses = { to: "test/log", id, from: HTTP_CALLER, fromId: request } as const;
    const keyed = { key, digest: key, kind: "", value: key };
    this.#loop.sendEnvelope({
      ...addresses,
      ...(this.#keyed ? { kind: KEYED_KIND, value: keyed } : { kind: "", value: key }),
    });
  }

  /** Everybody asks until the answer is committed; then what was applied, by address. */
  finish(): unknown[] {
    for (const id of IDS) for (const key of KEYS) this.ask(id, key);
    this.#loop.run();
    this.#look();
    this.#save();
    return IDS.map((id) => {
      this.#loop.sendEnvelope({
        to: "test/log",
        id,
        from: HTTP_CALLER,
        fromId: "read",
        kind: "$read",
        value: undefined,
      });
      const { value } = this.#loop.out(HTTP_REPLIES).at(-1) as Reply;
      return (value as { readonly applied: string[] }).applied;
    });
  }

  #start(parallelism: number, restored?: LoopSnapshot): LoopHarness {
    return new LoopHarness({
      functions: [log, echo],
      keepHttpKeysMs: 1_000,
      parallelism,
      choose: (count) => this.#channel % count,
      ...(restored === undefined ? {} : { restored }),
    });
  }

  #save(): void {
    this.#saved = this.#loop.snapshot();
    for (const [name, value] of this.#seen)
      this.committed.set(name, (this.committed.get(name) ?? new Set()).add(value));
  }

  /** Replies are for requests, or for the clients of a key. */
  #look(): void {
    const replies = this.#loop.out(HTTP_REPLIES) as Reply[];
    this.#seen = replies.flatMap(({ to, value }) => {
      const name = this.#asked.get(to) ?? NAMES.get(to);
      return name === undefined ? [] : [[name, value] as const];
    });
  }
}

const NAMES: ReadonlyMap<string, string> = new Map(
  IDS.flatMap((id) => KEYS.map((key) => [keyedCallerId({ type: "test/log", id, key }), `${id} ${key}`] as const)),
);

function onceEach(keyed: boolean): fc.IProperty<[Command[]]> {
  return fc.property(commands, (list) => {
    const world = new World(keyed);
    for (const command of list) world.run(command);
    for (const applied of world.finish()) expect((applied as string[]).toSorted()).toEqual(KEYS);
    expect([...world.committed.keys()]).toHaveLength(IDS.length * KEYS.length);
    for (const replies of world.committed.values()) expect(replies.size).toBe(1);
  });
}

test("a key is applied once, and has one reply", () => {
  fc.assert(onceEach(true), { numRuns: 120, ...replay });
});

test("which would be seen if it were not so", () => {
  expect(fc.check(onceEach(false), { numRuns: 120, ...replay }).failed).toBe(true);
});
