/** Answers: what a reply looks like to a client. */
import { expect, test } from "vitest";
import { answerOf, refusal } from "../../../statefun/http/answer.ts";
import type { Reply } from "../../../statefun/http-messages.ts";

const reply: Reply = { to: "r", digest: "", status: 200, kind: "", value: undefined };

test.each([
  [undefined, 204, undefined, undefined],
  [null, 200, "application/json", "null"],
  [{ n: 1 }, 200, "application/json", '{"n":1}'],
  ["é", 200, "text/plain; charset=utf-8", "é"],
  [new Uint8Array([1]), 200, "application/octet-stream", new Uint8Array([1])],
])("the reply %o", (value, status, type, body) => {
  const answer = answerOf({ ...reply, value }, "early");
  expect(answer).toMatchObject({ status, headers: { "millrace-reply": "early" }, body });
  expect(answer.headers["content-type"]).toBe(type);
});

test("the kind of a reply goes into a header, whatever its letters", () => {
  expect(answerOf({ ...reply, kind: "größe" }, "committed").headers).toEqual({
    "millrace-reply": "committed",
    "millrace-kind": "gr%C3%B6%C3%9Fe",
  });
});

test("half a character in a kind fails nobody", () => {
  expect(answerOf({ ...reply, kind: "a\ud800" }, "early").headers["millrace-kind"]).toBe("a%EF%BF%BD");
});

test("an error in place of a reply is JSON with its status", () => {
  const value = { code: "MR9061", message: "no" };
  expect(answerOf({ ...reply, status: 409, value }, "early")).toMatchObject({
    status: 409,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  });
});

test("a refusal says when to ask again, if that helps", () => {
  const body = { code: "MR9057", message: "full" };
  expect(refusal(429, body, { allow: "GET" }).headers).toEqual({
    "content-type": "application/json",
    "retry-after": "1",
    allow: "GET",
  });
  expect(refusal(404, body).headers).toEqual({ "content-type": "application/json" });
});
