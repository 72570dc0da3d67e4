/** The error class, how it is recognised across copies of the package, and the assertion. */
import { describe, expect, test } from "vitest";
import { asError, assert, isMillraceError, MillraceError } from "../../../core/util/errors.ts";

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

describe("asError", () => {
  test("keeps errors and wraps the rest", () => {
    const error = new TypeError("x");
    expect(asError(error)).toBe(error);
    expect(asError("broken")).toEqual(new Error("broken"));
    expect(asError(undefined).message).toBe("undefined");
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
