/** Bodies: how much is read, and what they become. */
import { PassThrough } from "node:stream";
import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { RefusedRequest } from "../../../statefun/http/answer.ts";
import { readBody, valueOf } from "../../../statefun/http/request-body.ts";
import type { Body } from "../../../statefun/http/request-body.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

describe("values", () => {
  test.each([
    ["application/json", '{"a":1}', { a: 1 }],
    ["Application/JSON; charset=UTF-8", "[1]", [1]],
    ['application/json; charset="utf-8"', "null", null],
    ["text/plain;charset=utf-8", "é", "é"],
    ["application/octet-stream", "é", new Uint8Array([0xc3, 0xa9])],
    ["application/json", "", undefined],
    [undefined, "", undefined],
  ])("%s %o", (type, body, value) => {
    expect(valueOf(bytes(body), type, undefined)).toStrictEqual(value);
  });

  test.each([
    ["application/json", "{", undefined, 400],
    ["application/json", "\u0001", "identity", 400],
    ["application/x-www-form-urlencoded", "a=1", undefined, 415],
    [undefined, "a", undefined, 415],
    ["text/plain; charset=latin1", "a", undefined, 415],
    ["text/plain", "a", "gzip", 415],
  ])("%s %o with encoding %s is refused", (type, body, encoding, status) => {
    expect(() => valueOf(bytes(body), type, encoding)).toThrow(
      expect.objectContaining({ answer: expect.objectContaining({ status }) as unknown }) as RefusedRequest,
    );
  });

  test("text that is no UTF-8 is refused", () => {
    expect(() => valueOf(new Uint8Array([0xff]), "text/plain", undefined)).toThrow(RefusedRequest);
  });
});

describe("reading", () => {
  function read(bytesMax: number): { readonly stream: PassThrough; readonly bodies: Body[] } {
    const stream = new PassThrough();
    const bodies: Body[] = [];
    readBody(stream as unknown as IncomingMessage, { bytesMax, done: (body) => bodies.push(body) });
    return { stream, bodies };
  }
  const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  test("puts chunks together, up to the bound", async () => {
    const { stream, bodies } = read(4);
    stream.write("ab");
    stream.end("cd");
    await settled();
    expect(bodies).toEqual([bytes("abcd")]);
  });

  test("reads what is too large to its end, so that its sender sees the answer", async () => {
    const { stream, bodies } = read(4);
    stream.write("abcde");
    await settled();
    expect(bodies).toEqual([]);
    stream.end("f");
    await settled();
    expect(bodies).toEqual(["too large"]);
  });

  test("cuts the connection of who does not stop", async () => {
    const { stream, bodies } = read(4);
    for (let sent = 0; sent < 9 && !stream.destroyed; sent += 1) {
      stream.write(Buffer.alloc(1024 * 1024));
      await settled();
    }
    expect([stream.destroyed, bodies]).toEqual([true, []]);
  });

  test("says nothing if the client leaves", async () => {
    const { stream, bodies } = read(4);
    stream.write("ab");
    stream.destroy();
    await settled();
    expect(bodies).toEqual([]);
  });
});
