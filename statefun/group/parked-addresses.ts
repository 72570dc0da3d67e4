/**
 * What happens to addresses whose messages cannot simply run: async turns, failed turns, and what waits behind them. All other addresses go on meanwhile.
 *
 * In:    messages for parked addresses, outcomes of turns that are not simply applied, promises that settle, retry timers, control messages. Out: turns, in the order of each mailbox.
 * State: in `Mailboxes`, with the message of the turn at hand at its head, so that a snapshot has the state before the turn and the message. In here only the turns under way, which a
 *        restore begins anew. A mailbox is worked off in mails of a few turns each, so that barriers and others come in between.
 */
import type { OperatorServices } from "../../core/operators/operator.ts";
import type { InternalTimers, TimerTarget } from "../../core/state/timers.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { asError, assert, MillraceError } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { ErrorPolicy } from "../define/function-definition.ts";
import type { Envelope } from "../envelope.ts";
import { copyValue } from "./copy-value.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { DelayedSends } from "./delayed-sends.ts";
import type { HttpRequests } from "./http-requests.ts";
import { HTTP_CALLER } from "../http-messages.ts";
import type { LiveFunction } from "./live-function.ts";
import type { Mailboxes, Parked } from "./mailboxes.ts";
import { printable, shownAddress } from "./quarantined.ts";
import { savedError } from "./saved-error.ts";
import type { SavedError } from "./saved-error.ts";
import type { Outcome, TurnRunner } from "./turn-runner.ts";
import type { Turn } from "./turn.ts";

export interface ParkedAddressesOptions {
  readonly services: OperatorServices<Envelope>;
  readonly mailboxes: Mailboxes;
  readonly runner: TurnRunner;
  readonly deadLetters: DeadLetters;
  /** Whoever waits for a reply is told that a message has stopped its address, or that it is dropped. The key is set. */
  readonly http: Pick<HttpRequests, "isOpen" | "quarantined" | "skipped">;
  functionOf(type: TypeName): LiveFunction | undefined;
  /** Less is under way, or waits, than before. */
  onLess(): void;
  /** More addresses of a function in quarantine than that are only counted. */
  readonly warningsMax: number;
}

/** Turns of one mailbox in a row. */
const TURNS_PER_MAIL = 32;

/** To a quarantined address, from outside: its first message is tried again. */
export const RETRY_KIND = "$retry";
/** To a quarantined address, from outside: its first message is dropped, and the next ones have their turns. */
export const SKIP_KIND = "$skip";

type Policy = Exclude<ErrorPolicy, { readonly kind: "retry" }>;

export class ParkedAddresses implements TimerTarget {
  readonly #options: ParkedAddressesOptions;
  readonly #mailboxes: Mailboxes;
  readonly #retries: InternalTimers;
  readonly #running = new Map<string, Turn>();
  #closed = false;

  constructor(options: ParkedAddressesOptions) {
    this.#options = options;
    this.#mailboxes = options.mailboxes;
    this.#retries = options.services.timers("retries", this);
    options.services.metrics.gauge("inflightAsyncTurns", () => this.#running.size);
  }

  /** Nothing will go on by itself. Quarantined addresses do not. */
  get quiet(): boolean {
    return this.#running.size === 0 && this.#mailboxes.draining === 0 && this.#mailboxes.retrying === 0;
  }

  /** True: the address, of the current key, is parked, and the message waits. */
  takes(fn: LiveFunction, envelope: Envelope, timestampMs: TimeMs): boolean {
    if (!this.#mailboxes.isParked(fn.type)) return false;
    const parked = this.#mailboxes.open(fn.type);
    assert(parked !== undefined, "a parked address has a record");
    this.#mailboxes.append(fn, parked, envelope, timestampMs);
    return true;
  }

  /** The address was free, and the turn of this message is not over or has failed. */
  park(fn: LiveFunction, envelope: Envelope, timestampMs: TimeMs, outcome: Exclude<Outcome, "applied">): void {
    if (outcome === "failed") {
      this.#failedFreely(fn, envelope, timestampMs);
      return;
    }
    const parked = this.#mailboxes.park(fn, "running");
    // Its handler may hold on to what it was given: in the mailbox is another.
    this.#mailboxes.append(fn, parked, { ...envelope, value: copyValue(envelope.value) }, timestampMs);
    this.#follow(fn, envelope.id);
  }

  /** Retries or skips the message at which a quarantined address has stopped; anything else is none of its business. */
  control(fn: LiveFunction, { id, kind }: Envelope): void {
    const parked = this.#mailboxes.open(fn.type);
    if (parked?.status !== "quarantined") return;
    if (kind === SKIP_KIND) {
      this.#options.http.skipped(this.#mailboxes.head(fn, id, parked).envelope);
      this.#mailboxes.dropHead(fn, parked);
    }
    parked.retries = 0;
    parked.error = undefined;
    this.#mailboxes.setStatus(fn, parked, "draining");
    this.#drain(fn, id);
  }

  /** Whether a turn under way at the current key has taken back that delayed send: then it waits for the end of the turn. */
  hold(type: TypeName, id: string, token: string, namespace: string): boolean {
    const turn = this.#running.size === 0 ? undefined : this.#running.get(`${type}\n${id}`);
    if (turn === undefined || !turn.hasCancelled(token)) return false;
    const parked = this.#mailboxes.open(type);
    assert(parked !== undefined, "an address with a turn under way is parked");
    parked.held = [...parked.held, namespace];
    return true;
  }

  /** Takes up what was parked when this state was saved: turns that were under way begin anew. */
  restore(delayed: DelayedSends): void {
    const { services } = this.#options;
    for (const { id, type } of this.#mailboxes.findRestored()) {
      const fn = this.#options.functionOf(type);
      services.keyedState.setCurrentKey(id);
      const parked = this.#mailboxes.open(type);
      if (fn === undefined || parked === undefined) continue; // a function that is no more: kept, in case it comes back
      this.#mailboxes.recount(fn, parked);
      for (const namespace of parked.held) delayed.rearm(namespace);
      parked.held = [];
      if (parked.status === "running") this.#mailboxes.setStatus(fn, parked, "draining");
      if (parked.status === "draining") this.#drainLater(fn, id);
    }
  }

  onEventTimer(): void {
    // retries go by the clock
  }

  onProcessingTimer(_timeMs: TimeMs, namespace: string | number): void {
    const { services } = this.#options;
    const type = namespace as TypeName; // as it was registered
    const fn = this.#options.functionOf(type);
    const parked = this.#mailboxes.open(type);
    if (fn === undefined || parked?.status !== "retrying") return;
    this.#mailboxes.setStatus(fn, parked, "draining");
    this.#drainLater(fn, String(services.keyedState.getCurrentKey()));
  }

  /** Turns under way are over: nothing of them happens, and whoever still has their context must not use it. */
  close(): void {
    this.#closed = true;
    for (const turn of this.#running.values()) turn.drop();
    this.#running.clear();
  }

  #drainLater(fn: LiveFunction, id: string): void {
    this.#options.services.execute(() => {
      if (this.#closed) return;
      this.#options.services.keyedState.setCurrentKey(id);
      this.#drain(fn, id);
    });
  }

  /** The next turns of an address whose key is set. */
  #drain(fn: LiveFunction, id: string): void {
    const mailboxes = this.#mailboxes;
    const parked = mailboxes.open(fn.type);
    if (parked?.status !== "draining") return;
    for (let turns = 0; turns < TURNS_PER_MAIL && parked.head < parked.next; turns += 1) {
      const { envelope, timestampMs } = mailboxes.head(fn, id, parked);
      const outcome = this.#options.runner.run(fn, envelope, timestampMs);
      if (outcome === "applied") {
        mailboxes.dropHead(fn, parked);
      } else if (outcome === "async") {
        mailboxes.setStatus(fn, parked, "running");
        this.#follow(fn, id);
        return;
      } else if (!this.#failed(fn, id, parked, this.#options.runner.error)) {
        return;
      }
    }
    if (parked.head < parked.next) {
      this.#drainLater(fn, id);
    } else {
      mailboxes.unpark(fn, parked);
      this.#options.onLess();
    }
  }

  /** Waits for the turn that the runner has just begun. */
  #follow(fn: LiveFunction, id: string): void {
    const { runner, services } = this.#options;
    assert(runner.begun !== undefined, "an async turn has a promise");
    const { turn, promise } = runner.begun;
    runner.begun = undefined;
    this.#running.set(`${fn.type}\n${id}`, turn);
    promise.then(
      () => services.execute(() => this.#settle(fn, turn, undefined)),
      (error: unknown) => services.execute(() => this.#settle(fn, turn, { error })),
    );
  }

  /** `failure`: the handler's promise was rejected. */
  #settle(fn: LiveFunction, turn: Turn, failure: { readonly error: unknown } | undefined): void {
    if (this.#closed) return;
    const { id } = turn.envelope;
    this.#running.delete(`${fn.type}\n${id}`);
    this.#options.services.keyedState.setCurrentKey(id);
    const parked = this.#mailboxes.open(fn.type);
    assert(parked?.status === "running", "the address of an async turn stays parked");
    const { held } = parked;
    parked.held = [];
    this.#mailboxes.setStatus(fn, parked, "draining");
    if (failure === undefined) {
      turn.apply();
      this.#mailboxes.dropHead(fn, parked);
      this.#drain(fn, id);
    } else {
      turn.drop();
      for (const namespace of held) turn.world.delayed.release(namespace);
      if (this.#failed(fn, id, parked, failure.error)) this.#drain(fn, id);
    }
    this.#options.onLess();
  }

  /** A message that did not come out of a mailbox. */
  #failedFreely(fn: LiveFunction, envelope: Envelope, timestampMs: TimeMs): void {
    const { onError } = fn.definition;
    const { error } = this.#options.runner;
    if (onError.kind === "fail-job") throw failsJob(fn, envelope, error);
    if (onError.kind === "dead-letter") {
      this.#options.deadLetters.emit(onError.egress, envelope, error, timestampMs);
      return;
    }
    const parked = this.#mailboxes.park(fn, "draining");
    this.#mailboxes.append(fn, parked, envelope, timestampMs);
    if (this.#failed(fn, envelope.id, parked, error)) this.#mailboxes.unpark(fn, parked);
  }

  /** The message at the head has failed. True: it is out of the way. */
  #failed(fn: LiveFunction, id: string, parked: Parked, error: unknown): boolean {
    const { onError } = fn.definition;
    const nowMs = this.#options.services.clock.nowMs();
    if (onError.kind !== "retry") return this.#givenUp(fn, id, parked, { policy: onError, error });
    if (parked.retries >= onError.attempts) return this.#givenUp(fn, id, parked, { policy: onError.then, error });
    const delayMs = Math.min(onError.maxDelayMs, onError.initialDelayMs * 2 ** parked.retries);
    parked.retries += 1;
    parked.dueMs = nowMs + delayMs;
    parked.error = savedError(error, nowMs);
    this.#mailboxes.setStatus(fn, parked, "retrying");
    this.#retries.registerProcessing(fn.type, parked.dueMs);
    return false;
  }

  #givenUp(
    fn: LiveFunction,
    id: string,
    parked: Parked,
    { policy, error }: { readonly policy: Policy; readonly error: unknown },
  ): boolean {
    const { services, deadLetters, warningsMax } = this.#options;
    if (policy.kind === "quarantine") {
      parked.error = savedError(error, services.clock.nowMs());
      this.#mailboxes.setStatus(fn, parked, "quarantined");
      this.#refuseRequests(fn, id, parked, parked.error);
      if (fn.quarantined <= warningsMax) services.warn(quarantineWarning(fn, id, error));
      this.#options.onLess();
      return false;
    }
    const { envelope, timestampMs } = this.#mailboxes.head(fn, id, parked);
    if (policy.kind === "fail-job") {
      throw failsJob(fn, envelope, error);
    }
    deadLetters.emit(policy.egress, envelope, error, timestampMs);
    this.#mailboxes.dropHead(fn, parked);
    return true;
  }

  /** Those whose requests wait for a reply hear that it will not come by itself: of the message that failed, and of those behind it. */
  #refuseRequests(fn: LiveFunction, id: string, parked: Parked, error: SavedError): void {
    const { http } = this.#options;
    const { envelope, timestampMs } = this.#mailboxes.head(fn, id, parked);
    http.quarantined(envelope, error, timestampMs);
    if (!http.isOpen) return;
    for (const { fromId, kind, timestampMs: sentMs } of this.#mailboxes.requestsBehindHead(fn, parked))
      http.quarantined({ ...envelope, from: HTTP_CALLER, fromId, kind }, error, sentMs);
  }
}

function quarantineWarning({ type }: LiveFunction, id: string, error: unknown): string {
  return `${shownAddress({ type, id })} is quarantined with the message that failed, all others go on: ${printable(asError(error).message)}`;
}

function failsJob(fn: LiveFunction, { id, kind, from, fromId }: Envelope, error: unknown): MillraceError {
  const sender = from === "" ? "outside" : `${from} "${fromId}"`;
  const message = kind === "" ? "a message" : `a message "${kind}"`;
  const sentence = `${fn.type} "${id}" failed on ${message} from ${sender}, and its onError fails the job: ${asError(error).message}`;
  return new MillraceError("MR9032", sentence, { cause: error });
}
