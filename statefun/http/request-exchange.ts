/**
 * Where the server's open requests and the replies of functions meet: one per job and thread. The source puts requests in, the reply sink answers them; both run in one slot.
 *
 * In:    requests that wait; replies as they arrive at the sink; batches of them whose checkpoint is complete. Out: answers, each request's once.
 * State: open requests, and the replies that requests wait for until they are committed, with those requests: who asks with the same key later is none of them, as what it asked for may
 *        end otherwise. In memory only: a request does not outlive its connection, so neither does what would answer it. What a checkpoint has is the name of a batch; a batch that nobody knows any more is nobody's.
 */
import { randomUUID } from "node:crypto";
import type { Refusal, Reply } from "../http-messages.ts";
import { answerOf, refusal } from "./answer.ts";
import type { Answer } from "./answer.ts";

export interface OpenRequest {
  readonly id: string;
  readonly mode: "early" | "committed";
  /** The id under which functions know the caller: that of the request, or of its idempotency key. */
  readonly caller: string;
  /** Empty: without a key. */
  readonly digest: string;
  answer(answer: Answer): void;
}

/** A reply, and who waits until it is committed. */
export interface AwaitedReply {
  readonly reply: Reply;
  readonly requests: readonly OpenRequest[];
}

/** Whoever puts requests in, known by itself: the server of one attempt. */
export type Attendant = object;

export class RequestExchange {
  /** Like no other's, in any process. */
  readonly id: string = randomUUID();
  /** Where the server listened last, if the system chose the port: an attempt later in this thread asks for the same. */
  port: number | undefined = undefined;
  #attendant: Attendant | undefined = undefined;
  readonly #open = new Map<string, Set<OpenRequest>>();
  readonly #batches = new Map<number, readonly AwaitedReply[]>();
  #lastBatch = 0;
  #count = 0;

  /** Requests that wait for an answer. */
  get size(): number {
    return this.#count;
  }

  /** A server opens. Whoever still waits for an earlier one is told that it is gone. */
  attend(attendant: Attendant): void {
    this.#fail(GONE);
    this.#attendant = attendant;
  }

  /** That server has failed; nothing, if another one has opened since. */
  leave(attendant: Attendant): void {
    if (this.#attendant !== attendant) return;
    this.#attendant = undefined;
    this.#fail(GONE);
  }

  /** The job is over: nobody will answer. */
  end(): void {
    this.#attendant = undefined;
    this.#fail(ENDED);
  }

  open(request: OpenRequest): void {
    this.#count += 1;
    for (const name of namesOf(request)) {
      const known = this.#open.get(name);
      if (known === undefined) this.#open.set(name, new Set([request]));
      else known.add(request);
    }
  }

  /** It is answered, or its client has left. True: it was open. */
  close(request: OpenRequest): boolean {
    if (this.#open.get(request.id)?.has(request) !== true) return false;
    this.#count -= 1;
    for (const name of namesOf(request)) {
      const known = this.#open.get(name);
      known?.delete(request);
      if (known?.size === 0) this.#open.delete(name);
    }
    return true;
  }

  /** A reply has arrived: answers those who take it early. Undefined: nobody waits until it is committed. */
  made(reply: Reply): AwaitedReply | undefined {
    const targets = this.#targets(reply);
    for (const request of targets) if (request.mode === "early") this.#answer(request, answerOf(reply, "early"));
    const requests = targets.filter(({ mode }) => mode === "committed");
    return requests.length === 0 ? undefined : { reply, requests };
  }

  /** Keeps replies until their checkpoint is complete; returns the name of the batch. */
  keep(replies: readonly AwaitedReply[]): number {
    this.#lastBatch += 1;
    this.#batches.set(this.#lastBatch, replies);
    return this.#lastBatch;
  }

  /** Their checkpoint is complete. */
  commit(batch: number): void {
    const replies = this.#batches.get(batch) ?? [];
    this.#batches.delete(batch);
    for (const { reply, requests } of replies) {
      for (const request of requests) this.#answer(request, answerOf(reply, request.mode));
    }
  }

  /** Whoever waits is told why nobody will answer. */
  #fail(reason: Refusal): void {
    this.#batches.clear();
    const all = new Set([...this.#open.values()].flatMap((requests) => [...requests]));
    for (const request of all) this.#answer(request, refusal(503, reason));
  }

  #targets({ to, digest }: Reply): readonly OpenRequest[] {
    const named = this.#open.get(to);
    if (named === undefined) return [];
    return [...named].filter((request) => digest === "" || request.digest === digest);
  }

  #answer(request: OpenRequest, answer: Answer): void {
    if (this.close(request)) request.answer(answer);
  }
}

function namesOf({ id, caller }: OpenRequest): readonly string[] {
  return id === caller ? [id] : [id, caller];
}

const GONE: Refusal = {
  code: "MR9058",
  message:
    "the job has stopped in between, and whether it has done what was asked for cannot be told: ask again, and with an Idempotency-Key nothing is done twice",
};

const ENDED: Refusal = {
  code: "MR9058",
  message: "the job has ended, and whether it has done what was asked for cannot be told",
};
