/**
 * What goes back to a client: status, headers and body, from the reply of a function or from a reason to refuse.
 *
 * Bodies follow the types of values, as those of requests do: text is `text/plain`, bytes are `application/octet-stream`, everything else is JSON, and no value is no content.
 */
import type { ServerResponse } from "node:http";
import type { Refusal, Reply } from "../http-messages.ts";
import { jsonText } from "../json-text.ts";

export type ReplyMode = "accepted" | "early" | "committed";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** Thrown on the way from a request to its message. */
export class RefusedRequest extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.name = "RefusedRequest";
    this.answer = answer;
  }
}

/** For statuses that pass: in seconds, and at once, since nobody knows how long it takes. */
const RETRY_SECONDS = "1";
const PASSING: ReadonlySet<number> = new Set([429, 503]);

export function refusal(status: number, body: Refusal, headers: Readonly<Record<string, string>> = {}): Answer {
  const retry: Readonly<Record<string, string>> = PASSING.has(status) ? { "retry-after": RETRY_SECONDS } : {};
  return { status, headers: { "content-type": "application/json", ...retry, ...headers }, body: jsonText(body) };
}

/** The message is in the queue, and its reply is nobody's. */
export const ACCEPTED: Answer = Object.freeze({
  status: 202,
  headers: Object.freeze({ "millrace-reply": "accepted" }),
  body: undefined,
});

/** Half of a character, which no header can have. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

export function answerOf({ status, kind, value }: Reply, mode: ReplyMode): Answer {
  const headers: Readonly<Record<string, string>> = {
    "millrace-reply": mode,
    ...(kind === "" ? {} : { "millrace-kind": encodeURIComponent(kind.replaceAll(LONE_SURROGATE, "\ufffd")) }),
  };
  if (status !== 200)
    return { status, headers: { ...headers, "content-type": "application/json" }, body: jsonText(value) };
  if (value === undefined) return { status: 204, headers, body: undefined };
  return { status, headers: { ...headers, "content-type": contentType(value) }, body: bodyOf(value) };
}

/** Whole, and at once. The caller makes sure that it is done once per response. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body === undefined) response.end();
  else response.end(body);
}

function contentType(value: unknown): string {
  if (typeof value === "string") return "text/plain; charset=utf-8";
  return value instanceof Uint8Array ? "application/octet-stream" : "application/json";
}

function bodyOf(value: unknown): string | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array ? value : jsonText(value);
}
