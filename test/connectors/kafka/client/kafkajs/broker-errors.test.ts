/** What is thrown along the way, and what it means: the table of numbers is seen at work in kafkajs-client.test.ts. */
// covers: connectors/kafka/client/kafkajs/retry.ts
import { expect, test } from "vitest";
import {
  BrokerError,
  ConnectionLost,
  meaningOf,
  meaningOfThrown,
} from "../../../../../connectors/kafka/client/kafkajs/broker-errors.ts";
import { verdict } from "../../../../../connectors/kafka/client/kafkajs/retry.ts";

const theirs = (name: string, code?: unknown): Error => Object.assign(new Error("theirs"), { name, code });

test.each([
  ["a broken connection", theirs("KafkaJSConnectionError", "ECONNRESET"), "moved"],
  ["a closed connection", theirs("KafkaJSConnectionClosedError"), "moved"],
  ["no answer", theirs("KafkaJSRequestTimeoutError"), "moved"],
  ["a certificate that TLS refuses", theirs("KafkaJSConnectionError", "DEPTH_ZERO_SELF_SIGNED_CERT"), "not-allowed"],
  [
    "the same, as our own",
    new ConnectionLost("b:1", "tls", theirs("Error", "ERR_TLS_CERT_ALTNAME_INVALID")),
    "not-allowed",
  ],
  ["a connection of ours", new ConnectionLost("b:1", "gone", theirs("Error", "EPIPE")), "moved"],
  ["a wrong password", theirs("KafkaJSSASLAuthenticationError"), "not-allowed"],
  ["an answer with a number", theirs("KafkaJSProtocolError", 51), "again"],
  ["a mistake", new TypeError("x is not a function"), undefined],
  ["no error at all", undefined, undefined],
] as const)("%s", (_, thrown, meaning) => {
  expect(meaningOfThrown(thrown)).toBe(meaning);
});

test("numbers that came later than this table are refused", () => {
  expect(meaningOf(12_345)).toBe("refused");
  expect(new BrokerError(12_345, "topic").message).toBe("topic: the broker answers error 12345");
});

test("a mistake of ours is told as what it is", () => {
  const error = verdict(new TypeError("x is not a function"), { what: "fetch" });
  expect(error.message).toBe("MR6408: could not fetch: x is not a function");
  expect(error.cause).toBeInstanceOf(TypeError);
});
