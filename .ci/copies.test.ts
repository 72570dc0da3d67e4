/** The rule about copies is seen to catch: where a copy differs, and not where it is only written in another way. */
import { describe, expect, test } from "vitest";
import { differences } from "./tidy/copies.ts";
import { projectOf } from "./tidy/project.ts";

describe("copies", () => {
  const original =
    "class A {\n  private readonly b = 1;\n\n  /** Doc. */\n  private add(n: number): number {\n    return n + this.b;\n  }\n}\n";
  const list = [{ files: ["core/a.ts", "core/b.ts"], parts: ["A", ".add"] }];
  const found = (copy: string): string[] =>
    differences(projectOf({ "core/a.ts": original, "core/b.ts": copy }), list).map(
      ({ line, message }) => `${line} ${message}`,
    );

  test("may differ in comments, white space and the way in which members are hidden", () => {
    const hidden = original
      .replaceAll("private readonly b", "readonly #b")
      .replace("this.b", "this.#b")
      .replace("private add", "#add");
    expect(found(`// another file\n${hidden.replace("/** Doc. */", "// something else")}`)).toEqual([]);
  });

  test("are told where they differ in anything else, or are gone", () => {
    expect(found(original.replace("n + this.b", "n - this.b"))).toEqual([
      expect.stringMatching(/^1 `A` is a copy of that in core\/a\.ts, and differs/),
      expect.stringMatching(/^5 `\.add` is a copy of that in core\/a\.ts, and differs/),
    ]);
    expect(found("class B {}\n")).toEqual([
      expect.stringMatching(/^1 has no `A` any more/),
      expect.stringMatching(/^1 has no `\.add` any more/),
    ]);
  });
});
