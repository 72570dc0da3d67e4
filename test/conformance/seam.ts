/** Calls a seam that answers through a callback, waits for the answer, and checks the rules all seams share: exactly once, and never at once. */
import { expect } from "vitest";
import type { Done, Outcome } from "../../core/util/outcome.ts";

export async function answerOf<T>(call: (done: Done<T>) => void): Promise<Outcome<T>> {
  let answers = 0;
  const outcome = await new Promise<Outcome<T>>((resolve) => {
    call((answer) => {
      answers++;
      resolve(answer);
    });
    expect(answers, "answered before the call returned").toBe(0);
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(answers, "answered more than once").toBe(1);
  return outcome;
}

export async function valueOf<T>(call: (done: Done<T>) => void): Promise<T> {
  const outcome = await answerOf(call);
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

export async function codeOf<T>(call: (done: Done<T>) => void): Promise<string> {
  const outcome = await answerOf(call);
  return outcome.ok ? "ok" : outcome.error.code;
}
