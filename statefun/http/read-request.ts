/**
 * What a request asks for, before its body: method, address, and the headers that concern us.
 *
 * In: the head of a request. Out: plain data, or a refusal.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Address, TypeName } from "../address.ts";
import { RefusedRequest, refusal } from "./answer.ts";
import type { ReplyMode } from "./answer.ts";

/** The head of a request, as node:http has it. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

export interface AskedFor {
  readonly address: Address;
  /** `read`: the state of the address. */
  readonly action: "message" | "read";
  /** Undefined: as the ingress does. */
  readonly reply: ReplyMode | undefined;
  /** Undefined: the only one that the function accepts. */
  readonly kind: string | undefined;
  /** Undefined: each request is a message. */
  readonly key: string | undefined;
}

const KEY_LENGTH_MAX = 255;

export function readRequest({ method = "", url = "", headers }: RequestHead): AskedFor {
  if (method !== "POST" && method !== "GET") {
    const message = `${method} is no method of this server: POST sends a message, GET reads the state of an address`;
    throw new RefusedRequest(refusal(405, { code: "MR9052", message }, { allow: "GET, POST" }));
  }
  return {
    address: addressIn(url),
    action: method === "GET" ? "read" : "message",
    reply: replyModeIn(headers),
    kind: kindIn(headers),
    key: method === "GET" ? undefined : keyIn(headers),
  };
}

/** `/<namespace>/<name>/<id>`, each percent-encoded. */
function addressIn(url: string): Address {
  const [path = ""] = url.split("?", 1);
  const [before, namespace, name, id, ...rest] = path.split("/").map((part) => decoded(part, "the path"));
  if (before !== "" || rest.length > 0 || !namespace || !name || name.includes("/") || !id)
    throw badRequest(
      "MR9050",
      `${path} is no address: write /<namespace>/<name>/<id>, with what is no letter or digit percent-encoded`,
    );
  return { type: `${namespace}/${name}` satisfies TypeName, id };
}

function replyModeIn(headers: IncomingHttpHeaders): ReplyMode | undefined {
  const asked = textOf(headers, "millrace-reply")?.toLowerCase();
  if (asked === undefined || asked === "accepted" || asked === "early" || asked === "committed") return asked;
  throw badRequest("MR9055", `Millrace-Reply is "accepted", "early" or "committed", not "${asked}"`);
}

function kindIn(headers: IncomingHttpHeaders): string | undefined {
  const kind = textOf(headers, "millrace-kind");
  return kind === undefined ? undefined : decoded(kind, "Millrace-Kind");
}

function keyIn(headers: IncomingHttpHeaders): string | undefined {
  const key = textOf(headers, "idempotency-key");
  if (key === undefined || (key !== "" && key.length <= KEY_LENGTH_MAX)) return key;
  throw badRequest("MR9055", `an Idempotency-Key has 1 to ${KEY_LENGTH_MAX} characters, and this one ${key.length}`);
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest("MR9050", `${what} is not percent-encoded UTF-8: "${text}"`);
  }
}

function badRequest(code: string, message: string): RefusedRequest {
  return new RefusedRequest(refusal(400, { code, message }));
}
