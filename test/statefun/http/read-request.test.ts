/** What a request asks for, and what is none of ours. */
import { describe, expect, test } from "vitest";
import { RefusedRequest } from "../../../statefun/http/answer.ts";
import { readRequest } from "../../../statefun/http/read-request.ts";

function refusalOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    const { code } = JSON.parse(String(error.answer.body)) as { readonly code: string };
    return [error.answer.status, code];
  }
}

describe("the address", () => {
  test.each([
    ["/shop/cart/ann", "shop/cart", "ann"],
    ["/com.example.shop/cart/ann?trace=1", "com.example.shop/cart", "ann"],
    ["/a%2Fb/c/d%2Fe%20%C3%A9", "a/b/c", "d/e é"],
    ["/shop/cart/%3F", "shop/cart", "?"],
  ])("%s", (url, type, id) => {
    expect(readRequest({ method: "POST", url, headers: {} }).address).toEqual({ type, id });
  });

  test.each([
    "",
    "/",
    "/shop",
    "/shop/cart",
    "/shop/cart/",
    "//cart/x",
    "/shop//x",
    "/a/b/c/d",
    "/a/b%2Fc/d",
    "/a/b/%FF",
    "*",
    "http://host/a/b/c",
  ])("%o is none", (url) => {
    expect(refusalOf(() => readRequest({ method: "POST", url, headers: {} }))).toEqual([400, "MR9050"]);
  });
});

describe("the headers", () => {
  const read = (headers: Readonly<Record<string, string>>): unknown =>
    refusalOf(() => readRequest({ method: "POST", url: "/a/b/c", headers }));

  test("are left to the ingress where they are missing", () => {
    expect(read({})).toEqual({
      address: { type: "a/b", id: "c" },
      action: "message",
      reply: undefined,
      kind: undefined,
      key: undefined,
    });
  });

  test("say how to reply, the kind and the key", () => {
    expect(
      read({ "millrace-reply": "Early", "millrace-kind": "gr%C3%B6%C3%9Fe", "idempotency-key": "k 1" }),
    ).toMatchObject({
      reply: "early",
      kind: "größe",
      key: "k 1",
    });
  });

  test.each([
    [{ "millrace-reply": "late" }, "MR9055"],
    [{ "idempotency-key": "" }, "MR9055"],
    [{ "idempotency-key": "k".repeat(256) }, "MR9055"],
    [{ "millrace-kind": "%" }, "MR9050"],
  ])("%o is refused", (headers, code) => {
    expect(read(headers as Readonly<Record<string, string>>)).toEqual([400, code]);
  });
});

test("GET reads, and needs no key", () => {
  const headers = { "idempotency-key": "" };
  expect(readRequest({ method: "GET", url: "/a/b/c", headers })).toMatchObject({ action: "read", key: undefined });
});

test.each(["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", ""])("%o is no method of ours", (method) => {
  expect(refusalOf(() => readRequest({ method, url: "/a/b/c", headers: {} }))).toEqual([405, "MR9052"]);
});
