/**
 * The way of a request from its arrival to the queue of messages, and of its answer back.
 *
 * In:    requests of one server; whether the job takes messages. Out: envelopes, to `queue`; answers, each request's once.
 * State: counts, and the requests that are still being received. Those that wait for a reply are in the exchange.
 *
 *   arrival ─ full? 429 ─ head: 400, 404, 405 ─ body: 413, 415 ─ schema: 400 ─ queue ─ 202, or open until its reply, 504, or the end of the attempt: 503
 */
import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Counter, MetricGroup } from "../../core/metrics/registry.ts";
import type { Cancel } from "../../core/time/clock.ts";
import { asError } from "../../core/util/errors.ts";
import type { Envelope } from "../envelope.ts";
import { HTTP_CALLER, KEYED_KIND, keyedCallerId, READ_KIND } from "../http-messages.ts";
import type { KeyedRequest } from "../http-messages.ts";
import { ACCEPTED, RefusedRequest, refusal, send } from "./answer.ts";
import type { Answer, ReplyMode } from "./answer.ts";
import type { FunctionCatalog } from "./function-catalog.ts";
import type { HttpLimits } from "./http-ingress.ts";
import { readRequest } from "./read-request.ts";
import type { AskedFor } from "./read-request.ts";
import { readBody, valueOf } from "./request-body.ts";
import type { Body } from "./request-body.ts";
import type { OpenRequest, RequestExchange } from "./request-exchange.ts";

export interface HttpFrontOptions {
  readonly limits: HttpLimits;
  readonly catalog: FunctionCatalog;
  readonly exchange: RequestExchange;
  readonly metrics: MetricGroup;
  /** Without checkpoints nothing is ever committed. */
  readonly hasCheckpoints: boolean;
  /** Takes a message, unless there is no room. */
  readonly queue: (envelope: Envelope) => boolean;
  readonly schedule: (delayMs: number, work: () => void) => Cancel;
}

export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #metrics: MetricGroup;
  readonly #responses = new Map<number, Counter>();
  /** Begins the ids of its requests, which are like those of no other server: a reply may outlive its attempt. */
  readonly #name: string = randomUUID();
  #requests = 0;
  /** From arrival to answer. */
  #underWay = 0;
  /** Their bodies are not complete. */
  readonly #receiving = new Set<IncomingMessage>();
  /** Why no request is let in any more. */
  #closed: string | undefined = undefined;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
    this.#metrics = options.metrics.group("http");
    this.#metrics.gauge("numOpenRequests", () => this.#underWay);
  }

  /** From now on requests are refused, and those that are still being received as well. Connections end with their answers. */
  close(why: string): void {
    this.#closed ??= why;
  }

  /** Nobody waits for the bodies that are still on their way. */
  end(): void {
    for (const request of this.#receiving) request.destroy();
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#underWay += 1;
    response.on("error", () => undefined); // a client that has left
    response.on("close", () => {
      this.#underWay -= 1;
    });
    this.#guarded(response, () => {
      this.#requireOpen();
      if (this.#underWay > this.#options.limits.openRequestsMax)
        throw busy(`${this.#options.limits.openRequestsMax} requests are open`);
      const asked = readRequest(request);
      this.#options.catalog.require(asked.address.type);
      const mode = this.#modeOf(asked);
      if (asked.action === "read") {
        this.#submit(response, { asked, mode, kind: READ_KIND, value: undefined, digest: "" });
        return;
      }
      const kind = this.#options.catalog.kindOf(asked.address.type, asked.kind);
      this.#receiving.add(request);
      request.on("close", () => this.#receiving.delete(request));
      readBody(request, {
        bytesMax: this.#options.limits.bodyBytesMax,
        done: (body) =>
          this.#guarded(response, () =>
            this.#received(response, { asked, mode, kind }, { body, headers: request.headers }),
          ),
      });
    });
  }

  #received(
    response: ServerResponse,
    { asked, mode, kind }: { readonly asked: AskedFor; readonly mode: ReplyMode; readonly kind: string },
    { body, headers }: { readonly body: Body; readonly headers: IncomingMessage["headers"] },
  ): void {
    this.#requireOpen();
    if (body === "too large") throw tooLarge(this.#options.limits.bodyBytesMax);
    const sent = valueOf(body, headers["content-type"], headers["content-encoding"]);
    const value = this.#options.catalog.checked(asked.address.type, kind, sent);
    const digest = asked.key === undefined ? "" : digestOf(kind, headers["content-type"], body);
    this.#submit(response, { asked, mode, kind, value, digest });
  }

  #submit(response: ServerResponse, message: Message): void {
    const { asked, mode, digest } = message;
    const { exchange, limits, queue, schedule } = this.#options;
    this.#requests += 1;
    const id = `${this.#name}-${this.#requests}`;
    if (!queue(envelopeOf(id, message))) throw busy("the job has as many messages waiting as it takes");
    if (mode === "accepted") {
      this.#answer(response, ACCEPTED);
      return;
    }
    const caller = asked.key === undefined ? id : keyedCallerId({ ...asked.address, key: asked.key });
    const request: OpenRequest = {
      id,
      mode,
      caller,
      digest,
      answer: (answer) => {
        cancelTimeout();
        this.#answer(response, answer);
      },
    };
    const cancelTimeout = schedule(limits.replyTimeoutMs, () => {
      if (exchange.close(request)) request.answer(noReply(limits.replyTimeoutMs));
    });
    exchange.open(request);
    response.on("close", () => {
      if (exchange.close(request)) cancelTimeout(); // the client has left; its turn happens all the same
    });
  }

  #modeOf({ action, reply }: AskedFor): ReplyMode {
    const mode = reply ?? (action === "read" ? "early" : this.#options.limits.reply);
    if (mode === "committed" && !this.#options.hasCheckpoints)
      throw refused(
        400,
        "MR9055",
        "replies cannot be committed, since the job takes no checkpoints: ask for an early one",
      );
    if (mode === "accepted" && action === "read")
      throw refused(400, "MR9055", "whoever reads waits for the answer: ask for an early or a committed one");
    return mode;
  }

  #requireOpen(): void {
    if (this.#closed !== undefined) throw refused(503, "MR9058", this.#closed);
  }

  /** Whatever goes wrong on the way in is answered, and no business of the job. */
  #guarded(response: ServerResponse, work: () => void): void {
    try {
      work();
    } catch (error) {
      const answer =
        error instanceof RefusedRequest
          ? error.answer
          : refusal(500, { code: "MR9065", message: `the request could not be handled: ${asError(error).message}` });
      this.#answer(response, answer);
    }
  }

  #answer(response: ServerResponse, answer: Answer): void {
    if (response.writableEnded || response.destroyed) return;
    const { status } = answer;
    let responses = this.#responses.get(status);
    if (responses === undefined) {
      responses = this.#metrics.group(String(status)).counter("numResponses");
      this.#responses.set(status, responses);
    }
    responses.count += 1;
    if (this.#closed !== undefined) response.setHeader("connection", "close");
    send(response, answer);
  }
}

interface Message {
  readonly asked: AskedFor;
  readonly mode: ReplyMode;
  readonly kind: string;
  readonly value: unknown;
  readonly digest: string;
}

function envelopeOf(id: string, { asked, kind, value, digest }: Message): Envelope {
  const { address, key } = asked;
  const addresses = { to: address.type, id: address.id, from: HTTP_CALLER, fromId: id };
  if (key === undefined) return { ...addresses, kind, value };
  const keyed: KeyedRequest = { key, digest, kind, value };
  return { ...addresses, kind: KEYED_KIND, value: keyed };
}

/** Of all that makes the message what it is. */
function digestOf(kind: string, contentType: string | undefined, body: Uint8Array): string {
  const [type = ""] = (contentType ?? "").toLowerCase().split(";");
  return createHash("sha256")
    .update(JSON.stringify([kind, type.trim()]))
    .update(body)
    .digest("base64url");
}

function busy(why: string): RefusedRequest {
  return refused(429, "MR9057", `${why}: ask again in a moment`);
}

function tooLarge(bytesMax: number): RefusedRequest {
  return refused(413, "MR9056", `the body is larger than ${bytesMax} bytes`);
}

function noReply(timeoutMs: number): Answer {
  const message = `no function has replied for ${timeoutMs} ms; what was asked for may have been done, or may yet be`;
  return refusal(504, { code: "MR9059", message });
}

function refused(status: number, code: string, message: string): RefusedRequest {
  return new RefusedRequest(refusal(status, { code, message }));
}
