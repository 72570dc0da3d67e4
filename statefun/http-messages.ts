/**
 * What the HTTP ingress, the functions and the reply sink tell each other. Types and names only; see docs/ARCHITECTURE.md, "Requests and replies".
 *
 * A request is an address: messages of it have `HTTP_CALLER` as sender, so that `ctx.caller` and `ctx.reply` need to know nothing of HTTP. The id is that of the request or, with an
 * idempotency key, says to which address and key the reply belongs.
 */
import type { Address, TypeName } from "./address.ts";

/** Names that begin so are those of the runtime. */
export const HTTP_NAMESPACE = "millrace.http";
export const HTTP_CALLER: TypeName = "millrace.http/request";
/** The side output with a {@link Reply} per answer. */
export const HTTP_REPLIES: TypeName = "millrace.http/replies";

/** A message of that kind asks for the state of its address, and is answered by the runtime. */
export const READ_KIND = "$read";
/** From the ingress: a {@link KeyedRequest}. */
export const KEYED_KIND = "$keyed";

/** A message with an idempotency key. */
export interface KeyedRequest {
  readonly key: string;
  /** Of kind and body: the same key with another one is refused. */
  readonly digest: string;
  readonly kind: string;
  readonly value: unknown;
}

/** On its way through the loop to the address that keeps the key. */
export interface KeyedReply {
  readonly type: TypeName;
  readonly key: string;
  readonly value: unknown;
}

/** An answer, on its way to the server. */
export interface Reply {
  /** The caller's id: of a request, or of a key and then for all its requests. */
  readonly to: string;
  /** With a key: only for requests of that digest. Empty: for whoever `to` says. */
  readonly digest: string;
  /** 200: `value` is what a function replied, under `kind`. Else a {@link Refusal}. */
  readonly status: number;
  readonly kind: string;
  readonly value: unknown;
}

/** The body of answers that are no reply of a function. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** What a handler threw: its code, if it has one, and its name. The rest is nothing for strangers. */
  readonly error?: { readonly code?: string; readonly name: string };
}

/** An address and one of its keys. */
export interface KeyedCaller extends Address {
  readonly key: string;
}

/** As the id of a caller; ids of requests never begin with a bracket. */
export function keyedCallerId({ type, id, key }: KeyedCaller): string {
  return JSON.stringify([type, id, key]);
}

/** Undefined: it is the id of a request. */
export function keyedCallerOf(callerId: string): KeyedCaller | undefined {
  if (!callerId.startsWith("[")) return undefined;
  const parts = partsOf(callerId);
  if (!Array.isArray(parts)) return undefined;
  const [type, id, key]: readonly unknown[] = parts;
  if (typeof type !== "string" || typeof id !== "string" || typeof key !== "string") return undefined;
  return { type: type as TypeName, id, key }; // as it was written above
}

function partsOf(callerId: string): unknown {
  try {
    return JSON.parse(callerId);
  } catch {
    return undefined; // somebody made up an address
  }
}
