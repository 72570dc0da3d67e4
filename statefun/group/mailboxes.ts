/**
 * The mailboxes of parked addresses: those whose messages have to wait, because a turn is under way, will be tried again, or failed for good.
 *
 * In:    messages for parked addresses. Out: the same, in order, once the address goes on.
 * State: in keyed state, in the namespace of the function's type: a `Parked` record, and the messages by number, so that both ends cost the same however long the queue is. The
 *        message at the head is the one whose turn is under way or failed. A timer that never fires marks each parked address, since that is how a restored subtask finds them. What
 *        is too much for memory waits behind that, put off (`overflow.ts`). Counts and sums in here are made of that.
 */
import { map, value } from "../../core/state/descriptors.ts";
import type { MapState } from "../../core/state/handles.ts";
import type { KeyedState, OperatorValueState } from "../../core/state/keyed-state.ts";
import type { InternalTimers } from "../../core/state/timers.ts";
import type { OperatorServices } from "../../core/operators/operator.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { assert } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { Envelope } from "../envelope.ts";
import { HTTP_CALLER } from "../http-messages.ts";
import { copyValue } from "./copy-value.ts";
import { estimateBytes } from "./estimate-bytes.ts";
import { Overflow } from "./overflow.ts";
import type { WaitingRequest } from "./overflow.ts";
import type { SavedError } from "./saved-error.ts";

/**
 * `running`: the head's async turn is under way. `draining`: nothing is in the way of the head. `retrying`: the head failed and is tried again at `dueMs`. `quarantined`: it failed for good.
 */
export type ParkedStatus = "running" | "draining" | "retrying" | "quarantined";

/** As it is saved. Changed in place, by whoever has it from `open`. */
export interface Parked {
  status: ParkedStatus;
  /** Numbers of the first message and of the one that will come next. */
  head: number;
  next: number;
  bytes: number;
  /** How often the head has been tried again. */
  retries: number;
  dueMs: TimeMs;
  error: SavedError | undefined;
  /** Delayed sends that are due, and that the turn under way has taken back. */
  held: readonly string[];
}

/** A message as it waits. */
export interface Mail {
  readonly from: TypeName | "";
  readonly fromId: string;
  readonly kind: string;
  readonly value: unknown;
  readonly timestampMs: TimeMs;
  readonly bytes: number;
}

/** Counts of the function whose address it is. */
export interface MailboxOwner {
  readonly type: TypeName;
  blocked: number;
  backlog: number;
  quarantined: number;
}

export interface ParkedAddress {
  readonly id: string;
  readonly type: TypeName;
}

const MARK_MS = 0;

export class Mailboxes {
  /** Hot: while it is 0, nobody looks for mailboxes. */
  parked = 0;
  retrying = 0;
  draining = 0;
  quarantined = 0;
  /** Of messages that will go on by themselves. What is quarantined does not count: holding the ingress back would not make it less. */
  waitingBytes = 0;
  /** Of all messages in keyed state. */
  #heldBytes = 0;
  readonly #keyed: KeyedState;
  readonly #overflow: Overflow;
  readonly #heldBytesMax: number;
  readonly #records: OperatorValueState<Parked>;
  readonly #mails: MapState<number, Mail>;
  readonly #marks: InternalTimers;
  #found: ParkedAddress[] = [];

  /** `heldBytesMax`: of messages in memory; further ones wait on disk, except for the first of an address. */
  constructor(services: OperatorServices<Envelope>, heldBytesMax: number) {
    const { keyedState } = services;
    this.#keyed = keyedState;
    this.#overflow = new Overflow(services.putOff);
    this.#heldBytesMax = heldBytesMax;
    this.#records = keyedState.value("parked", value<Parked>(), { namespaced: true });
    this.#mails = keyedState.map("mailbox", map<number, Mail>(), { namespaced: true });
    this.#marks = services.timers("parked", {
      onEventTimer: (_timeMs, namespace) => {
        this.#found.push({ id: String(keyedState.getCurrentKey()), type: namespace as TypeName }); // as `park` has registered it
      },
      onProcessingTimer: () => undefined,
    });
  }

  /** Whether that address of the current key is parked. Hot while others are. */
  isParked(type: TypeName): boolean {
    this.#keyed.setCurrentNamespace(type);
    return this.#records.peek() !== undefined;
  }

  /** The record of an address of the current key, to be changed in place until the call stack returns. */
  open(type: TypeName): Parked | undefined {
    this.#keyed.setCurrentNamespace(type);
    return this.#records.value();
  }

  /** The address was not parked. Its mailbox is empty. */
  park(owner: MailboxOwner, status: ParkedStatus): Parked {
    const parked: Parked = {
      status,
      head: 0,
      next: 0,
      bytes: 0,
      retries: 0,
      dueMs: 0,
      error: undefined,
      held: [],
    };
    this.#keyed.setCurrentNamespace(owner.type);
    this.#records.update(parked);
    this.#marks.registerEvent(owner.type, MARK_MS);
    owner.blocked += 1;
    this.parked += 1;
    this.#count(owner, parked, 1);
    return parked;
  }

  append(owner: MailboxOwner, parked: Parked, envelope: Envelope, timestampMs: TimeMs): void {
    const bytes = 64 + estimateBytes(envelope.value);
    const { type } = owner;
    const isHeld =
      parked.head === parked.next ||
      (this.#heldBytes < this.#heldBytesMax && this.#overflow.countOf(type, envelope.id) === 0);
    if (isHeld) this.#hold(type, parked, { envelope, timestampMs, bytes });
    else this.#overflow.push(type, envelope, timestampMs, bytes);
    owner.backlog += 1;
    if (parked.status !== "quarantined") this.waitingBytes += bytes;
  }

  /** The message at the head, as a copy: the handler may change it, and the mailbox must not. */
  head(owner: MailboxOwner, id: string, parked: Parked): { readonly envelope: Envelope; readonly timestampMs: TimeMs } {
    this.#keyed.setCurrentNamespace(owner.type);
    const mail = this.#mails.get(parked.head);
    assert(mail !== undefined, "the mailbox of a parked address has a head");
    const { from, fromId, kind, timestampMs } = mail;
    return { envelope: { to: owner.type, id, from, fromId, kind, value: copyValue(mail.value) }, timestampMs };
  }

  /** The HTTP requests whose messages wait behind the head. */
  *requestsBehindHead({ type }: MailboxOwner, parked: Parked): Generator<WaitingRequest, void> {
    const id = this.#currentId();
    for (let number = parked.head + 1; number < parked.next; number += 1) {
      this.#keyed.setCurrentNamespace(type); // whoever takes one may look elsewhere
      const mail = this.#mails.get(number);
      if (mail?.from === HTTP_CALLER) yield mail;
    }
    yield* this.#overflow.requestsOf(type, id);
  }

  dropHead(owner: MailboxOwner, parked: Parked): void {
    this.#keyed.setCurrentNamespace(owner.type);
    const bytes = this.#mails.get(parked.head)?.bytes ?? 0;
    this.#mails.remove(parked.head);
    parked.head += 1;
    parked.bytes -= bytes;
    this.#heldBytes -= bytes;
    parked.retries = 0;
    parked.error = undefined;
    owner.backlog -= 1;
    if (parked.status !== "quarantined") this.waitingBytes -= bytes;
    if (parked.head === parked.next) this.#refill(owner, parked);
  }

  setStatus(owner: MailboxOwner, parked: Parked, status: ParkedStatus): void {
    this.#count(owner, parked, -1);
    parked.status = status;
    this.#count(owner, parked, 1);
  }

  /** The mailbox is empty: messages come through again. */
  unpark(owner: MailboxOwner, parked: Parked): void {
    assert(parked.head === parked.next, "only an empty mailbox is given up");
    this.#count(owner, parked, -1);
    owner.blocked -= 1;
    this.parked -= 1;
    this.#keyed.setCurrentNamespace(owner.type);
    this.#records.clear();
    this.#marks.deleteEvent(owner.type, MARK_MS);
  }

  /** After a restore: the parked addresses of this subtask. They are counted with {@link recount}. */
  findRestored(): readonly ParkedAddress[] {
    this.#marks.fireEvent(Infinity, { busy: false });
    const found = this.#found;
    this.#found = [];
    for (const { id, type } of found) {
      this.#keyed.setCurrentKey(id);
      this.#marks.registerEvent(type, MARK_MS);
    }
    return found;
  }

  recount(owner: MailboxOwner, parked: Parked): void {
    this.#heldBytes += parked.bytes;
    owner.blocked += 1;
    owner.backlog += parked.next - parked.head;
    this.parked += 1;
    this.#count(owner, parked, 1);
  }

  #hold(
    type: TypeName,
    parked: Parked,
    {
      envelope,
      timestampMs,
      bytes,
    }: { readonly envelope: Envelope; readonly timestampMs: TimeMs; readonly bytes: number },
  ): void {
    const { from, fromId, kind } = envelope;
    this.#keyed.setCurrentNamespace(type);
    this.#mails.put(parked.next, { from, fromId, kind, value: envelope.value, timestampMs, bytes });
    parked.next += 1;
    parked.bytes += bytes;
    this.#heldBytes += bytes;
  }

  /** What was put off moves up. */
  #refill({ type }: MailboxOwner, parked: Parked): void {
    const id = this.#currentId();
    const before = this.#overflow.bytesOf(type, id) + parked.bytes;
    for (const { envelope, timestampMs } of this.#overflow.take(type, id))
      this.#hold(type, parked, { envelope, timestampMs, bytes: 64 + estimateBytes(envelope.value) });
    // What is there is counted more exactly than what is put off.
    if (parked.status !== "quarantined") this.waitingBytes += this.#overflow.bytesOf(type, id) + parked.bytes - before;
  }

  #currentId(): string {
    return String(this.#keyed.getCurrentKey());
  }

  #count(owner: MailboxOwner, { status, bytes: heldBytes }: Parked, sign: 1 | -1): void {
    if (status === "quarantined") {
      owner.quarantined += sign;
      this.quarantined += sign;
      return;
    }
    this.waitingBytes += sign * (heldBytes + this.#overflow.bytesOf(owner.type, this.#currentId()));
    if (status === "retrying") this.retrying += sign;
    else if (status === "draining") this.draining += sign;
  }
}
