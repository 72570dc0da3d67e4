/**
 * What is too much for the mailboxes: messages for parked addresses that wait on disk, behind those in keyed state.
 *
 * In:   messages. Out: the same, in order per address, in portions. State: a queue per address that has too many, and about how many bytes stand in it. The queues are saved with
 * what is in flight in the loop, and so their messages come again, before all new ones, when they are restored.
 */
import type { PutOffQueues } from "../../core/operators/operator.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import type { TypeName } from "../address.ts";
import type { Envelope } from "../envelope.ts";
import { HTTP_CALLER } from "../http-messages.ts";

type Queue = ReturnType<PutOffQueues["open"]>;

interface OfAddress {
  readonly queue: Queue;
  bytes: number;
  /** The newest of its messages that came by HTTP, in order: requests do not stay open for as long as messages may wait. */
  readonly requests: WaitingRequest[];
  /** Older ones. */
  olderRequests: number;
}

/** Who asked for a message that waits. */
export type WaitingRequest = Pick<Envelope, "fromId" | "kind"> & { readonly timestampMs: TimeMs };

export interface TakenMessage {
  readonly envelope: Envelope;
  readonly timestampMs: TimeMs;
}

/** Of an address: more than are usually open. */
const REQUESTS_MAX = 10_000;
/** Of the newest messages of all addresses, which are not on disk yet. */
const UNSEALED_BYTES_MAX = 1024 * 1024;

export class Overflow {
  readonly #putOff: PutOffQueues;
  readonly #queues = new Map<string, OfAddress>();
  #unsealedBytes = 0;

  constructor(putOff: PutOffQueues) {
    this.#putOff = putOff;
  }

  /** About, of what waits here for an address. */
  bytesOf(type: TypeName, id: string): number {
    return this.#queues.size === 0 ? 0 : (this.#queues.get(nameOf(type, id))?.bytes ?? 0);
  }

  /** How many wait here for an address. */
  countOf(type: TypeName, id: string): number {
    return this.#queues.size === 0 ? 0 : (this.#queues.get(nameOf(type, id))?.queue.length ?? 0);
  }

  push(type: TypeName, envelope: Envelope, timestampMs: TimeMs, bytes: number): void {
    const name = nameOf(type, envelope.id);
    const known = this.#queues.get(name);
    const waiting = known ?? { queue: this.#putOff.open(), bytes: 0, requests: [], olderRequests: 0 };
    if (known === undefined) this.#queues.set(name, waiting);
    waiting.queue.push(envelope, timestampMs);
    const { from, fromId, kind } = envelope;
    if (from === HTTP_CALLER && waiting.requests.push({ fromId, kind, timestampMs }) > REQUESTS_MAX) {
      waiting.requests.shift();
      waiting.olderRequests += 1;
    }
    waiting.bytes += bytes;
    this.#unsealedBytes += bytes;
    if (this.#unsealedBytes <= UNSEALED_BYTES_MAX) return;
    for (const { queue } of this.#queues.values()) queue.seal();
    this.#unsealedBytes = 0;
  }

  /** The oldest of an address, as many as stand together; none if nothing waits here. */
  take(type: TypeName, id: string): readonly TakenMessage[] {
    const name = nameOf(type, id);
    const waiting = this.#queues.get(name);
    if (waiting === undefined) return [];
    const { queue } = waiting;
    const before = queue.length;
    const values: unknown[] = [];
    const into = { values, timestampsMs: new Float64Array(0) };
    const count = queue.shift(into);
    waiting.bytes -= Math.ceil((waiting.bytes * count) / before);
    if (queue.length === 0) {
      this.#queues.delete(name);
      this.#putOff.close(queue);
    }
    const taken = values.map((envelope, index) => ({
      envelope: envelope as Envelope, // as it was pushed
      timestampMs: into.timestampsMs[index] ?? 0,
    }));
    const requests = taken.filter(({ envelope }) => envelope.from === HTTP_CALLER).length;
    const older = Math.min(requests, waiting.olderRequests);
    waiting.olderRequests -= older;
    waiting.requests.splice(0, requests - older);
    return taken;
  }

  requestsOf(type: TypeName, id: string): readonly WaitingRequest[] {
    return this.#queues.get(nameOf(type, id))?.requests ?? [];
  }
}

function nameOf(type: TypeName, id: string): string {
  return `${type}\n${id}`;
}
