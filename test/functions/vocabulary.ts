/** What the functions of programs accept, keep and send to: names and types. */
import { buffer, egress, external, table, ttl, type, value } from "../../statefun/index.ts";
import type {
  AsyncResult,
  BufferSpec,
  DeadLetter,
  Delivered,
  EgressIdentifier,
  PlainType,
  TableSpec,
  TurnContext,
  TypedAddress,
  ValueSpec,
} from "../../statefun/index.ts";
import type { Out } from "../sim/pipelines/pipeline.ts";
import type { Cargo, Payload } from "./cargo.ts";
import type { Card } from "./notes.ts";
import type { Target, Token } from "./program.ts";

/** What they have done, exactly once. */
export const witness: EgressIdentifier<Out> = egress("program/witness", type<Out>());
/** The same, at once and at least once. */
export const hint: EgressIdentifier<Hint> = egress("program/hint", type<Hint>());
export const dead: EgressIdentifier<DeadLetter> = egress("program/dead", type<DeadLetter>());

export interface Hint {
  readonly name: string;
}

// No interfaces, here and below: they would not fit what `fn` takes, any record.
type Acceptance = {
  readonly run: PlainType<Payload>;
  readonly takeBack: PlainType<{ readonly token: string; readonly name: string }>;
  readonly done: PlainType<AsyncResult<Payload, Cargo>>;
};

export const ACCEPTS: Acceptance = { run: type(), takeBack: type(), done: type() };

/** How long states live that expire by the clock. */
export const TTL_MS = 300;
/** By the watermark, which goes further by a few times as much in all. */
export const TTL_EVENT_MS = 100;

type States = {
  /** Three records of what was applied, which must agree. */
  readonly count: ValueSpec<number>;
  readonly log: BufferSpec<string>;
  readonly seen: TableSpec<string, number>;
  /** By pair: how many messages were sent in order. */
  readonly sent: TableSpec<string, number>;
  /** Open messages that have arrived, or will not. */
  readonly settled: BufferSpec<string>;
  /** The message that was last scheduled with it. */
  readonly tokens: TableSpec<Token, string>;
  /** What the messages applied have left behind. */
  readonly digest: ValueSpec<number>;
  readonly sum: ValueSpec<number>;
  readonly balance: ValueSpec<number>;
  readonly shelf: TableSpec<string, number>;
  readonly pile: BufferSpec<number>;
  readonly card: ValueSpec<Card | undefined>;
  /** They expire. */
  readonly fresh: ValueSpec<string | undefined>;
  readonly used: ValueSpec<string | undefined>;
  /** When those were touched last. */
  readonly touched: TableSpec<"fresh" | "used", number>;
  /** They expire by the watermark. */
  readonly faded: ValueSpec<string | undefined>;
  readonly kept: ValueSpec<string | undefined>;
  /** The first and the last time at which those may have been touched last. */
  readonly touchedAt: TableSpec<"faded" | "kept", readonly [number, number]>;
  /** The last finite watermark that the address has seen. */
  readonly reachedMs: ValueSpec<number>;
};

export const STATE: States = {
  count: value({ default: 0 }),
  log: buffer(),
  seen: table(),
  sent: table(),
  settled: buffer(),
  tokens: table(),
  digest: value({ default: 0 }),
  sum: value({ default: 1 }),
  balance: value({ default: 0 }),
  shelf: table(),
  pile: buffer(),
  card: value(),
  fresh: value({ expire: ttl.afterWrite(TTL_MS) }),
  used: value({ expire: ttl.afterAccess(TTL_MS) }),
  touched: table(),
  faded: value({ expire: ttl.afterWrite(TTL_EVENT_MS, { time: "event" }) }),
  kept: value({ expire: ttl.afterAccess(TTL_EVENT_MS, { time: "event" }) }),
  touchedAt: table(),
  reachedMs: value({ default: -Infinity }),
};

export type Accepted = Delivered<Acceptance>;
export type Context = TurnContext<Accepted, States>;

export function addressOfTarget({ fn, id }: Target): TypedAddress<Accepted> {
  return external<Accepted>(`program/${fn}`).at(id);
}

/** Something is not as it has to be: nobody expects anything in this lane. */
export function complain(ctx: Context, what: string): void {
  ctx.send(witness, { lane: "~wrong", value: `${ctx.self.type} ${ctx.self.id}: ${what}` });
}
