/** Outcomes are told apart by `ok` alone. */
import { describe, expect, test } from "vitest";
import { MillraceError } from "../../../core/util/errors.ts";
import { failed, succeeded } from "../../../core/util/outcome.ts";

describe("outcomes", () => {
  test("carry a value or an error", () => {
    const error = new MillraceError("MR2001", "x");
    expect(succeeded(undefined)).toEqual({ ok: true, value: undefined });
    expect(failed(error)).toEqual({ ok: false, error });
  });
});
