/**
 * Clients who ask a function whose turns fail, wait, or both: what they are told is kept here, and what has been told for good.
 *
 * The text of a request says how its turn goes: `bad` throws unless the function is repaired, `slow` waits until it is let go on, `bare` is a request without a key. With a key, the text is the key; the function
 * writes it down and replies with how many those are.
 */
import { HTTP_CALLER, HTTP_REPLIES, KEYED_KIND, keyedCallerId } from "../../../statefun/http-messages.ts";
import type { Reply } from "../../../statefun/http-messages.ts";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import { DAY_MS, start } from "./http-asks.ts";
import type { LoopHarness, LoopSnapshot } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction } from "./make-function.ts";

export const IDS = ["a", "b"] as const;
export const KEYS = ["quick", "quick too", "bad", "slow", "slow bad"] as const;
export const BARE = ["bare", "bare bad"] as const;

const TYPE = "test/log";

export interface Asked {
  readonly text: string;
  /** The ids under which its answer may come: its own, and with a key that of all who ask with it. */
  readonly request: string;
  readonly caller: string;
  /** How many replies were there already. */
  readonly repliesBefore: number;
}

export class HttpClients {
  /** By caller: the replies to a key that completed snapshots contain. */
  readonly committed: Map<string, Set<unknown>> = new Map();
  readonly #mailboxBytesMax: number | undefined;
  #loop: LoopHarness;
  #saved: LoopSnapshot;
  #repliesSaved = 0;
  #channel = 0;
  #requests = 0;
  /** By clients of this attempt: those of an earlier one have lost their connection. */
  #asked: Asked[] = [];
  #isRepaired = false;
  #gates: (() => void)[] = [];

  /** `mailboxBytesMax`: what is beyond waits on disk. */
  constructor(mailboxBytesMax?: number) {
    this.#mailboxBytesMax = mailboxBytesMax;
    this.#loop = this.#start(1);
    this.#saved = this.#loop.snapshot();
  }

  ask(id: string, text: string): Asked {
    this.#requests += 1;
    const request = `r${this.#requests}`;
    const caller = keyedCallerId({ type: TYPE, id, key: text });
    const asked = { text, request, caller, repliesBefore: this.#replies.length };
    this.#asked.push(asked);
    const addresses = { to: TYPE, id, from: HTTP_CALLER, fromId: request } as const;
    this.#loop.sendEnvelope(
      isBare(text)
        ? { ...addresses, kind: "", value: text }
        : { ...addresses, kind: KEYED_KIND, value: { key: text, digest: text, kind: "", value: text } },
    );
    return asked;
  }

  /** One message of the loop, from any of the channels that have some. */
  step(channel: number): void {
    this.#channel = channel;
    this.#loop.step();
  }

  /** Has a quarantined address go on. */
  visit(id: string, how: "$retry" | "$skip"): void {
    this.#loop.send(TYPE, id, how, null);
  }

  setRepaired(isRepaired: boolean): void {
    this.#isRepaired = isRepaired;
  }

  /** Until every turn has ended and nothing is on its way. */
  async rest(): Promise<void> {
    this.#loop.run();
    for (let rounds = 0; this.#gates.length > 0; rounds += 1) {
      if (rounds > 1_000) throw new Error("turns begin again and again");
      for (const open of this.#gates.splice(0)) open();
      await this.#loop.settle();
    }
    await this.#loop.settle();
  }

  save(): void {
    this.#saved = this.#loop.snapshot();
    this.#commit();
  }

  crash(parallelism: number): void {
    this.#loop.crash();
    this.#gates = [];
    this.#asked = [];
    this.#loop = this.#start(parallelism, this.#saved);
    this.#repliesSaved = 0;
  }

  /** The texts of those who have heard nothing. */
  unanswered(): string[] {
    return this.#asked.filter((asked) => this.statusOf(asked) === undefined).map(({ text }) => text);
  }

  /** As of the last answer. Undefined: none has come. */
  statusOf({ request, caller, text, repliesBefore }: Asked): number | undefined {
    return this.#replies
      .slice(repliesBefore)
      .findLast(({ to, digest }) => to === request || (to === caller && (digest === "" || digest === text)))?.status;
  }

  /** The keys that an address has written down. It must not be quarantined. */
  applied(id: string): unknown {
    this.#loop.sendEnvelope({ to: TYPE, id, from: HTTP_CALLER, fromId: "read", kind: "$read", value: undefined });
    return (this.#replies.at(-1)?.value as { readonly applied?: unknown } | undefined)?.applied;
  }

  get #replies(): Reply[] {
    return this.#loop.out(HTTP_REPLIES) as Reply[];
  }

  #start(parallelism: number, restored?: LoopSnapshot): LoopHarness {
    const turn = (ctx: FunctionContext, text: string): void => {
      if (text.includes("bad") && !this.#isRepaired) throw new Error(text);
      const applied = bufferOf(ctx, "applied");
      if (!isBare(text)) applied.push(text);
      ctx.reply("", applied.toArray().length);
    };
    const log = makeFunction(
      TYPE,
      (ctx, _kind, value) => {
        const text = String(value);
        if (!text.startsWith("slow")) return turn(ctx, text);
        return new Promise<void>((resolve) => this.#gates.push(resolve)).then(() => turn(ctx, text));
      },
      { state: [bufferState("applied")] },
    );
    return start({
      functions: [log],
      keepHttpKeysMs: DAY_MS,
      parallelism,
      choose: (count) => this.#channel % count,
      ...(this.#mailboxBytesMax === undefined ? {} : { mailboxBytesMax: this.#mailboxBytesMax }),
      ...(restored === undefined ? {} : { restored }),
    });
  }

  #commit(): void {
    for (const { to, status, value } of this.#replies.slice(this.#repliesSaved))
      if (status === 200 && NAMES.has(to)) this.committed.set(to, (this.committed.get(to) ?? new Set()).add(value));
    this.#repliesSaved = this.#replies.length;
  }
}

function isBare(text: string): boolean {
  return text.startsWith("bare");
}

/** Callers of keys, who are told when the turn of a key has ended. */
const NAMES: ReadonlySet<string> = new Set(
  IDS.flatMap((id) => KEYS.map((key) => keyedCallerId({ type: TYPE, id, key }))),
);
