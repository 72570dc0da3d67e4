/**
 * The functions' side of HTTP: idempotency keys, replies on their way out, and what requests are told that get no reply.
 *
 * In:    messages of the HTTP ingress, before they are dispatched; what functions send to requests; messages that were given up. Out: the message, if it is to be dispatched; replies,
 *        on the side output that leads to the server.
 * State: per address and key the digest of the request and, once there is one, the reply: keyed state in the namespace of the function's type, which expires some time after the reply.
 *
 * A function replies to a caller, whatever it is. If that is a key, the reply goes through the loop to the address that keeps the key, which records it first; so a key has one reply,
 * the first, and whoever asks with that key later gets the same.
 */
import { map } from "../../core/state/descriptors.ts";
import type { MapState } from "../../core/state/handles.ts";
import type { KeyedState } from "../../core/state/keyed-state.ts";
import type { OperatorServices, Output } from "../../core/operators/operator.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import type { TypeName } from "../address.ts";
import type { Envelope } from "../envelope.ts";
import { HTTP_CALLER, HTTP_REPLIES, KEYED_KIND, keyedCallerId, keyedCallerOf } from "../http-messages.ts";
import type { KeyedReply, KeyedRequest, Refusal, Reply } from "../http-messages.ts";
import type { Mailboxes } from "./mailboxes.ts";
import { refusalOf } from "./missing-function.ts";
import type { MissingFunction } from "./missing-function.ts";

/** As it is saved, per key. */
interface SavedKey {
  readonly digest: string;
  /** Undefined: the message has come, and nobody has replied yet. */
  readonly reply: SavedReply | undefined;
}

type SavedReply = Pick<Reply, "status" | "kind" | "value">;

/** What a message was given up with. */
interface Failure {
  readonly code?: string;
  readonly name: string;
}

export class HttpRequests {
  /** Where turns send: to functions through the loop, to requests on the side. */
  readonly output: Output<Envelope>;
  readonly #keyed: KeyedState;
  readonly #mailboxes: Mailboxes;
  readonly #loop: Output<Envelope>;
  readonly #replies: Output<unknown> | undefined;
  /** Undefined: the application has no HTTP ingress. What one of an earlier version has left behind is answered by nobody. */
  readonly #keys: MapState<string, SavedKey> | undefined;

  constructor(services: OperatorServices<Envelope>, mailboxes: Mailboxes, keepKeysMs: number | undefined) {
    const { keyedState } = services;
    this.#keyed = keyedState;
    this.#mailboxes = mailboxes;
    this.#loop = services.output;
    this.#replies = keepKeysMs === undefined ? undefined : services.sideOutput(HTTP_REPLIES);
    this.#keys =
      keepKeysMs === undefined
        ? undefined
        : keyedState.map("http-keys", map<string, SavedKey>({ ttl: keepKeysMs }), { namespaced: true });
    this.output = keepKeysMs === undefined ? this.#loop : new ReplyingOutput(this.#loop, this);
  }

  /** There is an HTTP ingress, so that somebody may wait for a reply. */
  get isOpen(): boolean {
    return this.#keys !== undefined;
  }

  /** A message of the ingress to a function of that type. Returns what is to be dispatched; undefined: it is answered, or will be. */
  admit(type: TypeName, envelope: Envelope, timestampMs: TimeMs): Envelope | undefined {
    const request = envelope.kind === KEYED_KIND ? (envelope.value as KeyedRequest) : undefined; // the ingress makes no others
    if (request === undefined && this.#mailboxes.quarantined === 0) return envelope;
    this.#keyed.setCurrentKey(envelope.id);
    const saved = request === undefined ? undefined : this.#savedOf(type, request.key);
    if (request !== undefined && saved !== undefined && saved.digest !== request.digest) {
      this.#answer(envelope.fromId, { status: 409, ...refusal(otherBody(request.key)) }, timestampMs);
      return undefined;
    }
    if (saved?.reply !== undefined) {
      this.#answer(envelope.fromId, saved.reply, timestampMs);
      return undefined;
    }
    const parked = this.#mailboxes.quarantined === 0 ? undefined : this.#mailboxes.open(type);
    if (parked?.status === "quarantined") {
      this.#answer(
        envelope.fromId,
        { status: 424, ...refusal(quarantined(type, envelope.id, parked.error)) },
        timestampMs,
      );
      return undefined;
    }
    if (request === undefined) return envelope;
    if (saved !== undefined) return undefined; // the first one is open, and its reply is for both
    const { key, digest, kind, value } = request;
    this.#save(type, key, { digest, reply: undefined });
    const fromId = keyedCallerId({ type, id: envelope.id, key });
    return { to: envelope.to, id: envelope.id, from: HTTP_CALLER, fromId, kind, value };
  }

  /** A message of the ingress to what is no function: it is answered, and nothing else happens. */
  missing({ to, fromId }: Envelope, missing: MissingFunction, timestampMs: TimeMs): void {
    const { status, value } = refusalOf(to, missing);
    this.#answer(fromId, { status, ...refusal(value) }, timestampMs);
  }

  /** A function has sent something to a caller. Hot. */
  reply({ id, from, fromId, kind, value }: Envelope, timestampMs: TimeMs): void {
    const caller = keyedCallerOf(id);
    if (caller === undefined) {
      this.#emit({ to: id, digest: "", status: 200, kind, value }, timestampMs);
      return;
    }
    const reply: KeyedReply = { type: caller.type, key: caller.key, value };
    this.#loop.processRecord({ to: HTTP_CALLER, id: caller.id, from, fromId, kind, value: reply }, timestampMs);
  }

  /** From the loop, to no function. True: it was a reply that has come to its address. */
  takes({ to, id, kind, value }: Envelope, timestampMs: TimeMs): boolean {
    if (to !== HTTP_CALLER) return false;
    const { type, key, value: replied } = Object(value) as Partial<KeyedReply>; // see `reply`; or sent while there was no HTTP ingress
    if (this.#keys === undefined || type === undefined || key === undefined) return true;
    this.#keyed.setCurrentKey(id);
    this.#record({ type, id, key }, { status: 200, kind, value: replied }, timestampMs);
    return true;
  }

  /** A message goes to the dead letters: its request gets that for a reply. */
  failed({ to, id, from, fromId }: Envelope, failure: Failure, timestampMs: TimeMs): void {
    if (from !== HTTP_CALLER) return;
    const reply: SavedReply = { status: 500, ...refusal(givenUp(to, id, failure)) };
    const caller = keyedCallerOf(fromId);
    this.#keyed.setCurrentKey(id);
    if (caller === undefined) this.#answer(fromId, reply, timestampMs);
    else this.#record(caller, reply, timestampMs);
  }

  /** A message has stopped its address. It is not over: a key stays open, for the reply that comes when the message is tried again. */
  quarantined({ to, id, from, fromId }: Envelope, failure: Failure, timestampMs: TimeMs): void {
    if (from !== HTTP_CALLER) return;
    const caller = keyedCallerOf(fromId);
    this.#keyed.setCurrentKey(id);
    const digest = (caller && this.#savedOf(to, caller.key)?.digest) ?? "";
    this.#emit({ to: fromId, digest, status: 424, ...refusal(quarantined(to, id, failure)) }, timestampMs);
  }

  /** A message that had stopped its address is dropped: as if it had never come. The key is set. */
  skipped({ to, from, fromId }: Envelope): void {
    const caller = from === HTTP_CALLER ? keyedCallerOf(fromId) : undefined;
    if (caller === undefined || this.#savedOf(to, caller.key)?.reply !== undefined) return;
    this.#keyed.setCurrentNamespace(to);
    this.#keys?.remove(caller.key);
  }

  #record(
    { type, id, key }: { readonly type: TypeName; readonly id: string; readonly key: string },
    reply: SavedReply,
    timestampMs: TimeMs,
  ): void {
    const saved = this.#savedOf(type, key);
    if (saved === undefined || saved.reply !== undefined) return; // it has expired, or has its reply
    this.#save(type, key, { digest: saved.digest, reply });
    this.#emit({ to: keyedCallerId({ type, id, key }), digest: saved.digest, ...reply }, timestampMs);
  }

  #savedOf(type: TypeName, key: string): SavedKey | undefined {
    this.#keyed.setCurrentNamespace(type);
    return this.#keys?.get(key);
  }

  #save(type: TypeName, key: string, saved: SavedKey): void {
    this.#keyed.setCurrentNamespace(type);
    this.#keys?.put(key, saved);
  }

  #answer(request: string, { status, kind, value }: SavedReply, timestampMs: TimeMs): void {
    this.#emit({ to: request, digest: "", status, kind, value }, timestampMs);
  }

  #emit(reply: Reply, timestampMs: TimeMs): void {
    this.#replies?.processRecord(reply, timestampMs);
  }
}

/** What functions send. One comparison for each message, and only where there is an HTTP ingress. */
class ReplyingOutput implements Output<Envelope> {
  readonly #loop: Output<Envelope>;
  readonly #requests: HttpRequests;

  constructor(loop: Output<Envelope>, requests: HttpRequests) {
    this.#loop = loop;
    this.#requests = requests;
  }

  /** Hot. */
  processRecord(envelope: Envelope, timestampMs: TimeMs): void {
    if (envelope.to === HTTP_CALLER) this.#requests.reply(envelope, timestampMs);
    else this.#loop.processRecord(envelope, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#loop.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#loop.processIdle(idle);
  }
}

function refusal(value: Refusal): Pick<Reply, "kind" | "value"> {
  return { kind: "", value };
}

function otherBody(key: string): Refusal {
  const message = `the Idempotency-Key "${key}" belongs to a request with another body or kind: take a new key for a new request`;
  return { code: "MR9061", message };
}

function quarantined(type: TypeName, id: string, failure: Failure | undefined): Refusal {
  const message = `${type} "${id}" is quarantined with a message that failed, and takes no others until somebody lets it go on`;
  return failure === undefined ? { code: "MR9060", message } : { code: "MR9060", message, error: shownOf(failure) };
}

function givenUp(type: TypeName, id: string, failure: Failure): Refusal {
  const message = `${type} "${id}" failed on the message: nothing of its turn has happened, and the message is with the dead letters`;
  return { code: "MR9062", message, error: shownOf(failure) };
}

function shownOf({ code, name }: Failure): Failure {
  return code === undefined ? { name } : { code, name };
}
