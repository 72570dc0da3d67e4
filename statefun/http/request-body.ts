/**
 * The body of a request: read up to a bound, and made a value as its content type says.
 *
 * In:    the chunks of a request. Out: one call of `done`, with the bytes or "too large"; none if the client leaves before.
 * State: the chunks so far.
 */
import type { IncomingMessage } from "node:http";
import { RefusedRequest, refusal } from "./answer.ts";

/** What is thrown away of a body that is too large before its connection is cut: a client that still sends does not see the answer. */
const WASTE_BYTES_MAX = 8 * 1024 * 1024;

export type Body = Uint8Array | "too large";

export function readBody(
  request: IncomingMessage,
  { bytesMax, done }: { readonly bytesMax: number; readonly done: (body: Body) => void },
): void {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  request.on("data", (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    if (bytes <= bytesMax) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > bytesMax + WASTE_BYTES_MAX) request.destroy();
  });
  request.on("end", () => done(bytes > bytesMax ? "too large" : joined(chunks)));
}

/** Bytes of their own, and no Buffer, since what a function gets is a value like any other. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

/** Errors: a refusal if the type is none of ours, or the bytes are not of that type. */
export function valueOf(bytes: Uint8Array, contentType: string | undefined, encoding: string | undefined): unknown {
  if (encoding !== undefined && encoding !== "identity")
    throw unsupported(`a body with Content-Encoding ${encoding} is not understood: send it as it is`);
  if (bytes.byteLength === 0) return undefined;
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.find((parameter) => parameter.trim().startsWith("charset="))?.trim();
  if (charset !== undefined && !/^charset="?(?:utf-?8|us-ascii)"?$/.test(charset))
    throw unsupported(`a body in ${charset} is not understood: send UTF-8`);
  switch (type.trim()) {
    case "application/json":
      return parsed(textIn(bytes));
    case "text/plain":
      return textIn(bytes);
    case "application/octet-stream":
      return bytes;
    default:
      throw unsupported(
        `a body of the type "${type.trim()}" is not understood: send application/json, text/plain or application/octet-stream, and say so in Content-Type`,
      );
  }
}

function textIn(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed("the body is no UTF-8");
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`the body is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function malformed(message: string): RefusedRequest {
  return new RefusedRequest(refusal(400, { code: "MR9053", message }));
}

function unsupported(message: string): RefusedRequest {
  return new RefusedRequest(refusal(415, { code: "MR9053", message }));
}
