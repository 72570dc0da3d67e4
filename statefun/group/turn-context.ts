/** The context of a turn, as its handler sees it: checks what is asked for, copies what is sent, and leaves the rest to the turn. */
import type { MetricGroup } from "../../core/metrics/registry.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import type { Duration } from "../../core/util/duration.ts";
import { toMs } from "../../core/util/duration.ts";
import { described, MillraceError } from "../../core/util/errors.ts";
import { isTypeName } from "../address.ts";
import type { Address } from "../address.ts";
import type { DelayedOptions, EgressTarget, FunctionContext } from "../define/function-context.ts";
import { ANY_KIND } from "../envelope.ts";
import { copyMessage } from "./copy-value.ts";
import type { DelayedSend } from "./delayed-sends.ts";
import type { Turn } from "./turn.ts";

export class TurnContext implements FunctionContext {
  readonly metrics: MetricGroup;
  readonly #turn: Turn;
  readonly #state: Record<string, unknown>;

  constructor(turn: Turn, state: Record<string, unknown>, metrics: MetricGroup) {
    this.#turn = turn;
    this.#state = state;
    this.metrics = metrics;
  }

  /** Its properties check themselves whether the turn is over. */
  get state(): Record<string, unknown> {
    return this.#state;
  }

  get self(): Address {
    const { envelope } = this.#use();
    return { type: this.#turn.fn.type, id: envelope.id };
  }

  get caller(): Address | undefined {
    const { from, fromId } = this.#use().envelope;
    return from === "" ? undefined : { type: from, id: fromId };
  }

  processingTimeMs(): TimeMs {
    return this.#use().world.clock.nowMs();
  }

  get currentWatermarkMs(): TimeMs {
    const { world } = this.#use();
    if (!world.isRestored) return world.watermarkMs;
    this.#turn.select(); // an async turn may have been overtaken by others
    return Math.max(world.watermarkMs, world.keyedState.restoredWatermarkMs());
  }

  /** Hot. */
  send(to: Address | EgressTarget, kindOrValue: unknown, valueOfKind?: unknown): void {
    const turn = this.#turn;
    if (!turn.active) turn.refuse();
    // oxlint-disable-next-line prefer-rest-params -- two arguments are an address and a value, which may be undefined; a rest array would cost an allocation per message
    const named = arguments.length > 2;
    const { type, id } = (to ?? NOWHERE) as Partial<Address>; // an egress has neither, and JavaScript may pass nothing
    if (typeof id !== "string" || type === undefined) {
      this.#sendElsewhere(to as Partial<EgressTarget>, kindOrValue); // an egress, or nothing to send to
      return;
    }
    const kind = named ? (kindOrValue as string) : ANY_KIND; // as the declaration says
    const value = isolated(named ? valueOfKind : kindOrValue);
    turn.send({ to: type, id, from: turn.fn.type, fromId: turn.envelope.id, kind, value });
  }

  #sendElsewhere(to: Partial<EgressTarget>, value: unknown): void {
    if (typeof to !== "object" || to === null || to.egress === undefined) refuseAddress(to);
    this.#turn.sendToEgress(to.egress, isolated(value));
  }

  reply(kindOrValue: unknown, valueOfKind?: unknown): void {
    const { caller } = this;
    if (caller === undefined) {
      const sentence = `${this.#turn.fn.type} replied to a message that came from outside and has no sender: check ctx.caller first, or send to an egress`;
      throw new MillraceError("MR9022", sentence, { retryable: false });
    }
    // oxlint-disable-next-line prefer-rest-params -- as in `send`
    if (arguments.length > 1) this.send(caller, kindOrValue as string, valueOfKind); // as the declaration says
    else this.send(caller, kindOrValue);
  }

  sendAfter(delay: Duration, to: Address, kind: string, value: unknown, options?: DelayedOptions): string {
    const nowMs = this.#use().world.clock.nowMs();
    const dueMs = nowMs + Math.max(0, toMs(delay, "the delay of sendAfter"));
    return this.#sendLater("processing", dueMs, { to, kind, value }, options);
  }

  sendAt(timeMs: TimeMs, to: Address, kind: string, value: unknown, options?: DelayedOptions): string {
    this.#use();
    if (typeof timeMs !== "number" || Number.isNaN(timeMs)) {
      const sentence = `sendAt takes a time in ms since the epoch, not ${described(timeMs)}`;
      throw new MillraceError("MR9026", sentence, { retryable: false });
    }
    return this.#sendLater("event", timeMs, { to, kind, value }, options);
  }

  cancel(token: string): boolean {
    const turn = this.#use();
    if (!turn.isWaiting(token)) return false;
    turn.changeDelayed(token, "cancel");
    return true;
  }

  async(kind: string, metadata: unknown, run: () => Promise<unknown>): void {
    const turn = this.#use();
    if (typeof run !== "function") {
      const sentence = `ctx.async takes a function that begins the operation, not ${described(run)}: write () => fetch(...)`;
      throw new MillraceError("MR9026", sentence, { retryable: false });
    }
    turn.startAsync({ kind, metadata: isolated(metadata), run });
  }

  #sendLater(
    domain: DelayedSend["domain"],
    dueMs: TimeMs,
    message: { readonly to: Address; readonly kind: string; readonly value: unknown },
    { token: given, onDuplicate = "replace" }: DelayedOptions = {},
  ): string {
    const turn = this.#turn;
    const { type, id } = (message.to ?? NOWHERE) as Partial<Address>; // as in `send`
    if (!isTypeName(type) || typeof id !== "string") refuseAddress(message.to);
    turn.select();
    const token = given ?? turn.world.delayed.makeToken(turn.fn.type);
    if (given !== undefined && onDuplicate !== "replace" && turn.isWaiting(given)) {
      if (onDuplicate === "keep") return given;
      const sentence = `${turn.fn.type} has a delayed message with the token ${JSON.stringify(given)} already: cancel it first, or choose what happens with onDuplicate`;
      throw new MillraceError("MR9023", sentence, { retryable: false });
    }
    turn.changeDelayed(token, {
      token,
      domain,
      dueMs,
      from: turn.fn.type,
      to: type,
      id,
      kind: message.kind,
      value: isolated(message.value),
      timestampMs: domain === "event" ? dueMs : turn.timestampMs,
    });
    return token;
  }

  #use(): Turn {
    const turn = this.#turn;
    if (!turn.active) turn.refuse();
    return turn;
  }
}

const NOWHERE: Readonly<Partial<Address>> = {};

/** Hot. */
function isolated(value: unknown): unknown {
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean"
    ? value
    : copyMessage(value);
}

function refuseAddress(to: unknown): never {
  const sentence = `a message goes to an address ({ type: "namespace/name", id: "text" }) or to an egress, not to ${described(to)}`;
  throw new MillraceError("MR9026", sentence, { retryable: false });
}
