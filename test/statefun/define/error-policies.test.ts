/** Policies as they are written and as the runtime gets them. */
// oxlint-disable unicorn/no-thenable -- the policy that comes after a retry is no function, so that nobody takes it for a promise
import { expect, test } from "vitest";
import { egressesOf, policyOf } from "../../../statefun/define/error-policies.ts";
import { deadLetter, egress, retry, type } from "../../../statefun/index.ts";
import type { DeadLetter } from "../../../statefun/index.ts";
import { refusal } from "./refusal.ts";

const failures = egress("shop/failures", type<DeadLetter>());

test("words and objects", () => {
  expect(policyOf(undefined)).toEqual({ kind: "quarantine" });
  expect(policyOf("quarantine")).toEqual({ kind: "quarantine" });
  expect(policyOf("fail-job")).toEqual({ kind: "fail-job" });
  expect(policyOf(deadLetter(failures))).toEqual({ kind: "dead-letter", egress: "shop/failures" });
});

test("retries have delays in ms, and an end", () => {
  expect(retry()).toEqual({
    kind: "retry",
    attempts: 3,
    initialDelayMs: 100,
    maxDelayMs: 60_000,
    then: { kind: "quarantine" },
  });
  const patient = retry({ attempts: 1, initialDelay: "2min", maxDelay: "1s", otherwise: deadLetter(failures) });
  expect(patient).toEqual({
    kind: "retry",
    attempts: 1,
    initialDelayMs: 120_000,
    maxDelayMs: 120_000,
    then: deadLetter(failures),
  });
  expect(policyOf(patient)).toBe(patient);
});

test("their egresses", () => {
  expect(egressesOf(policyOf("fail-job"))).toEqual([]);
  expect(egressesOf(deadLetter(failures))).toEqual(["shop/failures"]);
  expect(egressesOf(retry({ otherwise: deadLetter(failures) }))).toEqual(["shop/failures"]);
});

test.each([
  [() => retry({ attempts: 0 }), /^MR9014: attempts/],
  [() => retry({ attempts: 1.5 }), /^MR9014: attempts/],
  [() => retry({ otherwise: retry() as never }), /^MR9014: otherwise/],
  [() => retry({ otherwise: "ignore" as never }), /^MR9014: ignore/],
  [() => retry({ initialDelay: 0 }), /^MR1002/],
  [() => deadLetter({} as never), /^MR9014: deadLetter/],
  [() => policyOf("retry" as never), /^MR9014/],
  [() => policyOf({ kind: "skip" } as never), /^MR9014/],
] as [() => unknown, RegExp][])("refuses %s", (attempt, sentence) => {
  expect(refusal(attempt)).toMatch(sentence);
});
