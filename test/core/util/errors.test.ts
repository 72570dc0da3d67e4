/** The error class, how it is recognised across copies of the package, and the assertion. */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { asError, assert, isMillraceError, located, MillraceError } from "../../../core/util/errors.ts";

function thrownBy(action: () => void): unknown {
  try {
    action();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe("MillraceError", () => {
  test("carries code, sentence and cause", () => {
    const cause = new Error("disk full");
    const error = new MillraceError("MR2001", "free some space", { cause });
    expect(error.message).toBe("MR2001: free some space");
    expect(error.code).toBe("MR2001");
    expect(error.name).toBe("MillraceError");
    expect(error.cause).toBe(cause);
  });

  test("has no cause of its own accord", () => {
    expect("cause" in new MillraceError("MR2001", "free some space")).toBe(false);
  });

  test("may be retried unless it says otherwise", () => {
    expect(new MillraceError("MR2001", "x").retryable).toBe(true);
    expect(new MillraceError("MR2001", "x", { retryable: false }).retryable).toBe(false);
  });
});

describe("isMillraceError", () => {
  test("recognises an error of another copy of the package", () => {
    const foreign = Object.assign(new Error("x"), { [Symbol.for("millrace.error")]: true });
    expect(isMillraceError(foreign)).toBe(true);
    expect(isMillraceError(new MillraceError("MR2001", "x"))).toBe(true);
  });

  test.each([undefined, null, "MR2001", 1, new Error("MR2001: x"), {}])("does not recognise %s", (thrown) => {
    expect(isMillraceError(thrown)).toBe(false);
  });
});

test("an error that is told where it happened keeps its code, its sentence and whether it can be retried", () => {
  const error = new MillraceError("MR6101", "nothing is there", { retryable: false });
  expect(located(error, 'operator "a"')).toMatchObject({
    message: 'MR6101: operator "a": nothing is there',
    code: "MR6101",
    retryable: false,
    cause: error,
  });
});

describe("asError", () => {
  test("keeps errors and wraps the rest", () => {
    const error = new TypeError("x");
    expect(asError(error)).toBe(error);
    expect(asError("broken")).toEqual(new Error("broken"));
    expect(asError(undefined).message).toBe("undefined");
  });

  test.each([
    [{ code: 5 }, '{"code":5}'],
    [[1, "a"], "1,a"],
    [{ toString: () => "no paper" }, "no paper"],
    [{}, "[object Object]"],
    [new Map([[1, 2]]), "[object Map]"],
    [Symbol("odd"), "Symbol(odd)"],
    [Object.create(null), "something that cannot be written as text"],
    [{ code: 5n }, "something that cannot be written as text"],
  ])("describes what is no error: %o", (thrown, message) => {
    expect(asError(thrown).message).toBe(message);
  });

  test("keeps errors of another realm, as some test runners make them", () => {
    const foreign: unknown = runInNewContext("new RangeError('far away')");
    expect(foreign).not.toBeInstanceOf(Error);
    expect(asError(foreign)).toBe(foreign);
  });
});

describe("assert", () => {
  test("is silent about what is true", () => {
    expect(thrownBy(() => assert(1, "one is something"))).toBeUndefined();
  });

  test("ends the job at what is false, since a restart does not remove a bug", () => {
    const thrown = thrownBy(() => assert(0, "zero is something"));
    expect(thrown).toMatchObject({ code: "MR3000", retryable: false });
    expect(String(thrown)).toContain("zero is something");
  });
});
