/**
 * `httpIngress`: an ingress that is an HTTP server, as modules bind it. Here is what one says about it; `http-source.ts` is the server, `request-exchange.ts` where answers come from.
 */
import { refuse } from "../../core/api/refuse.ts";
import { toPositiveMs } from "../../core/util/duration.ts";
import type { Duration } from "../../core/util/duration.ts";
import { described } from "../../core/util/errors.ts";
import { requireTypeName } from "../address.ts";
import type { TypeName } from "../address.ts";
import { HTTP_NAMESPACE } from "../http-messages.ts";
import type { ReplyMode } from "./answer.ts";

export interface HttpIngressOptions {
  /** 0: any that is free; `onListening` tells which. */
  readonly port: number;
  /** Default: `"127.0.0.1"`, which is reached from this machine only. */
  readonly host?: string;
  /** Names the ingress, for its uids. Default: `"millrace.http/requests"`. */
  readonly name?: TypeName;
  /**
   * When a request is answered that does not say so itself (`Millrace-Reply`). `committed`: with the function's reply, once a completed checkpoint contains it. `early`: with the reply as
   * soon as it is made; a failure may take it back. `accepted`: at once, with 202 and no reply. Default: `"committed"`.
   */
  readonly reply?: ReplyMode;
  /** After so long without a reply the answer is 504; nothing is undone. Default: `"30s"`. */
  readonly replyTimeout?: Duration;
  /** Of a request; above it the answer is 413. Default: 1 MiB. */
  readonly bodyBytesMax?: number;
  /** From arrival to answer; above it the answer is 429. Default: 1,024. */
  readonly openRequestsMax?: number;
  /** Messages in front of the job; above it the answer is 429. Default: 1,024. */
  readonly queuedRequestsMax?: number;
  /**
   * Functions of namespaces (`FunctionTypeNamespaceMatcher`) that are there because a request has named them: per subtask and attempt of the job, and as long as that lasts. A request that would
   * bring about one more is answered with 503. Default: 1,024.
   */
  readonly functionsMax?: number;
  /** How long an address remembers an idempotency key, from its reply on, or from its message on while there is none. Default: `"1d"`. */
  readonly keepKeys?: Duration;
  /** Called in the thread of the server, for each attempt of the job. */
  readonly onListening?: (at: { readonly host: string; readonly port: number }) => void;
}

export interface HttpLimits {
  readonly reply: ReplyMode;
  readonly replyTimeoutMs: number;
  readonly bodyBytesMax: number;
  readonly openRequestsMax: number;
  readonly queuedRequestsMax: number;
}

/** An HTTP ingress, for modules to bind. */
export interface HttpIngressSpec {
  readonly bound: "http";
  readonly ingress: TypeName;
  readonly host: string;
  readonly port: number;
  readonly limits: HttpLimits;
  readonly keepKeysMs: number;
  readonly functionsMax: number;
  readonly onListening: HttpIngressOptions["onListening"];
}

const BODY_BYTES_MAX = 1024 * 1024;
const REQUESTS_MAX = 1_024;
const FUNCTIONS_MAX = 1_024;
const MODES: readonly ReplyMode[] = ["accepted", "early", "committed"];

/**
 * An ingress that is an HTTP server: `POST /<namespace>/<name>/<id>` sends a message and is answered with what a function replies, `GET` reads the state of the address. It needs no
 * router. An application has one at most.
 *
 * Shape:  `HttpIngressSpec`, for modules to bind, and for `statefun(env).http(...)`.
 * Time:   no event time, and nobody waits for its watermark.
 * State:  the messages that wait in front of the job; per address, the idempotency keys with their replies.
 * Cost:   a committed reply takes as long as the next checkpoint does. The server runs in one thread, that of the first subtask of the source.
 * Errors: `MR9063` an option that makes no sense, or replies are to be committed and the job takes no checkpoints, or too few; `MR9064` the port cannot be had, which fails the job; `MR9001`
 *         no name. What is wrong with a request is told to its client, with the codes `MR9050` to `MR9062` and `MR9066`.
 * Source: own; the ingress of Restate and the playground of Flink's Stateful Functions have the same form.
 *
 * @example
 * const counter = fn("docs/counter", {
 *   accepts: { add: type<number>() },
 *   state: { total: value({ default: 0 }) },
 *   handle: {
 *     add(ctx, amount) {
 *       ctx.state.total += amount;
 *       if (ctx.caller !== undefined) ctx.reply(ctx.state.total);
 *     },
 *   },
 * });
 * const counting = module(() => [counter, httpIngress({ port: 8080, reply: "early" })]);
 * console.log(statefunJob("counting", counting).name);
 */
export function httpIngress(options: HttpIngressOptions): HttpIngressSpec {
  if (typeof options !== "object" || options === null) refuse("MR9063", "httpIngress() takes { port }");
  const { port, host = "127.0.0.1", name = `${HTTP_NAMESPACE}/requests`, reply = "committed", onListening } = options;
  requireOption("port", port, Number.isInteger(port) && port >= 0 && port <= 65_535, "a port, 0 to 65535");
  requireOption("host", host, typeof host === "string" && host !== "", "a name or an address of this machine");
  requireOption("reply", reply, MODES.includes(reply), `"accepted", "early" or "committed"`);
  requireOption("onListening", onListening, ["function", "undefined"].includes(typeof onListening), "a function");
  return {
    bound: "http",
    ingress: requireTypeName(name, "ingress"),
    host,
    port,
    limits: {
      reply,
      replyTimeoutMs: toPositiveMs(options.replyTimeout ?? "30s", "replyTimeout of httpIngress()"),
      bodyBytesMax: countOf("bodyBytesMax", options.bodyBytesMax ?? BODY_BYTES_MAX),
      openRequestsMax: countOf("openRequestsMax", options.openRequestsMax ?? REQUESTS_MAX),
      queuedRequestsMax: countOf("queuedRequestsMax", options.queuedRequestsMax ?? REQUESTS_MAX),
    },
    keepKeysMs: toPositiveMs(options.keepKeys ?? "1d", "keepKeys of httpIngress()"),
    functionsMax: countOf("functionsMax", options.functionsMax ?? FUNCTIONS_MAX),
    onListening,
  };
}

function countOf(option: string, count: number): number {
  requireOption(option, count, Number.isSafeInteger(count) && count >= 1, "a whole number, 1 or more");
  return count;
}

function requireOption(option: string, given: unknown, isGood: boolean, what: string): void {
  if (!isGood) refuse("MR9063", `${option} of httpIngress() is ${what}, not ${described(given)}`);
}
