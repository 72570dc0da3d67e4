/** What the command writes about an error. */
import { describe, expect, test } from "vitest";
import { failureText } from "../../../../core/cluster/cli/failure-text.ts";
import { MillraceError } from "../../../../core/util/errors.ts";

function withFrames<E extends Error>(error: E, frames: readonly string[]): E {
  error.stack = [`${error.name}: ${error.message}`, ...frames.map((frame) => `    at ${frame}`)].join("\n");
  return error;
}

describe("failure text", () => {
  test("is the sentence, where no code of the user's ran", () => {
    const error = withFrames(new MillraceError("MR2101", "there is no file"), [
      "load (node:internal/x:1:1)",
      "Array.map (<anonymous>)",
    ]);
    expect(failureText(error)).toBe("millrace: MR2101: there is no file\n");
  });

  test("shows the user's lines, deeper causes, and nobody else's", () => {
    const deepest = withFrames(new Error("disk full"), []);
    const thrown = withFrames(new Error("cannot save", { cause: deepest }), [
      "save (/jobs/ann/job.ts:3:7)",
      "lib (/jobs/ann/node_modules/lib/index.js:1:1)",
      "Operator.<anonymous> (/jobs/ann/job.ts:9:1)",
      `${new URL("../../../../core/operators/map.ts", import.meta.url).href}:41:5`,
    ]);
    const error = new MillraceError("MR3001", "operator failed: cannot save", { cause: thrown });
    expect(failureText(error, 'job "j" failed: ')).toBe(
      [
        'millrace: job "j" failed: MR3001: operator failed: cannot save',
        "  caused by: disk full",
        "    at save (/jobs/ann/job.ts:3:7)",
        "    at Operator.<anonymous> (/jobs/ann/job.ts:9:1)",
        "",
      ].join("\n"),
    );
  });

  test("keeps to the sentence where millrace found the cause itself", () => {
    const cause = withFrames(
      new MillraceError("MR5201", "no such blob", { cause: withFrames(new Error("ENOENT"), []) }),
      [],
    );
    expect(failureText(withFrames(new MillraceError("MR5001", "no checkpoint there", { cause }), []))).toBe(
      "millrace: MR5001: no checkpoint there\n",
    );
  });

  test("shows all there is of our own bugs, and of what is no error of millrace", () => {
    const bug = withFrames(new MillraceError("MR3000", "a bug"), ["x (node:fs:1:1)"]);
    expect(failureText(bug)).toContain("at x (node:fs:1:1)");
    expect(failureText(withFrames(new TypeError("oops"), ["y (node:fs:1:1)"]))).toBe(
      "millrace: TypeError: oops\n    at y (node:fs:1:1)\n",
    );
    expect(failureText("thrown text")).toMatch(/^millrace: Error: thrown text\n/);
  });

  test("ends, also where a chain of causes is a circle", () => {
    const circle = withFrames(new Error("round"), []);
    circle.cause = circle;
    expect(failureText(new MillraceError("MR3001", "round", { cause: circle }))).toMatch(
      /^millrace: MR3001: round\n( {2}caused by: round\n){4}/,
    );
  });
});
