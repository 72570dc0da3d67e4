/** The frame of public doc comments: sources that lack a part of it, beside twins that do not. */
import { describe, expect, test } from "vitest";
import { docFrames } from "./tidy/doc-frames.ts";
import { projectOf, violationsOf } from "./tidy/project.ts";

/** `path:line`, in order. */
function caught(files: Readonly<Record<string, string>>): string[] {
  return violationsOf(docFrames, projectOf(files)).map(({ path, line }) => `${path}:${line}`);
}

describe("doc frames of methods", () => {
  const stream = (doc: string, method: string): Record<string, string> => ({
    "core/api/data-stream.ts": `export class DataStream<T> {\n${doc}\n  ${method}\n}\n`,
  });
  const framed =
    "  /**\n   * Maps each.\n   *\n   * Shape:  `DataStream<R>`.\n   * Errors: `MR1001` no duration.\n   *\n   * @example\n   * a.map(b);\n   */";
  const throwing = 'map<R>(fn: (value: T) => R): DataStream<R> {\n    throw new MillraceError("MR1001", "x");\n  }';

  test("are complete", () => {
    expect(caught(stream(framed, throwing))).toEqual([]);
  });

  test.each([
    ["the comment", framed],
    ["the sentence", "Maps each."],
    ["the shape", "Shape:"],
    ["the errors", "Errors:"],
    ["the example", "@example"],
  ])("miss %s", (_, part) => {
    expect(caught(stream(framed.replace(part, ""), throwing))).toHaveLength(1);
  });

  test("ask less of other classes, of overloads, and of what is internal", () => {
    const other =
      "/** A job. */\nexport class Job {\n  /** Cancels it. */\n  cancel(): void {\n  }\n  result(): void {\n  }\n}\n";
    expect(caught({ "core/api/job.ts": other })).toEqual([]);
    expect(caught({ "core/index.ts": 'export { Job } from "./api/job.ts";', "core/api/job.ts": other })).toEqual([
      "core/api/job.ts:6",
    ]);
    const overloads = stream(framed, "map(a: string): DataStream<string>;\n  map(a: number): DataStream<string>;");
    expect(caught(overloads)).toEqual([]);
    expect(caught(stream("  /** @internal Made by the environment. */", "map(): DataStream<T> {\n  }"))).toEqual([]);
  });

  test("may stand in an interface that the class implements", () => {
    const documented = stream("", "map(fn: Fn): DataStream<T> {\n  }")["core/api/data-stream.ts"]?.replace(
      "<T> {",
      "<T> implements Other, Mapping<T> {",
    );
    const mapping = `export interface Mapping<T> {\n${framed}\n  map(fn: Fn): DataStream<T>;\n}\n`;
    expect(caught({ "core/api/data-stream.ts": documented ?? "", "core/api/mapping.ts": mapping })).toEqual([]);
    expect(caught({ "core/api/data-stream.ts": documented ?? "" })).toHaveLength(1);
  });

  test.each([
    ["a class of keyed connected streams", "class KeyedConnectedStreams<K> {", "process(): DataStream<K> {\n  }"],
    ["a watermark strategy", "class WatermarkStrategy<T> {", "static never<T>(): WatermarkStrategy<T> {\n  }"],
    ["the client of a job, an interface", "interface JobClient {", "pause(): Promise<void>;"],
  ])("are asked of the methods of %s", (_, head, method) => {
    const files = (doc: string): Record<string, string> => ({
      "core/api/x.ts": `export ${head}\n${doc}\n  ${method}\n}\n`,
    });
    expect(caught(files(framed))).toEqual([]);
    expect(caught(files(framed.replace("@example", "")))).toHaveLength(1);
  });
});

describe("doc frames of what entry points export", () => {
  const frame =
    "/**\n * In ms.\n *\n * Shape:  a number.\n * Errors: none.\n * Source: own.\n *\n * @example\n * toMs(1);\n */";
  const entries = [
    ["core/index.ts", "core/util/x.ts", "./util/x.ts"],
    ["test/harness/index.ts", "test/harness/x.ts", "./x.ts"],
    ["test/sim/index.ts", "test/sim/x.ts", "./x.ts"],
    ["connectors/files/index.ts", "connectors/files/formats/x.ts", "./formats/x.ts"],
    ["connectors/rxjs/index.ts", "connectors/rate-limiter.ts", "../rate-limiter.ts"],
  ] as const;

  test.each(entries)("are asked of the functions that %s exports", (index, path, specifier) => {
    const files = (doc: string): Record<string, string> => ({
      [index]: `export { toMs, type Duration } from "${specifier}";\n`,
      [path]: `${doc} \nexport function toMs(): void {}\nexport function inside(): void {}`,
    });
    expect(caught(files(frame))).toEqual([]);
    for (const part of ["In ms.", "Shape:", "Errors:", "Source:", "@example"])
      expect(caught(files(frame.replace(part, "")))).toHaveLength(1);
    expect(caught(files(""))).toEqual([`${path}:2`]);
    expect(caught(files("// tidy: doc-frames"))).toEqual([`${path}:2`]);
    expect(caught(files("// tidy: doc-frames, made by others"))).toEqual([]);
  });

  test.each(entries)("ask a sentence of each method of the classes that %s exports", (index, path, specifier) => {
    const files = (method: string): Record<string, string> => ({
      [index]: `export { Clock } from "${specifier}";\n`,
      [path]: `/** A clock. */\nexport class Clock {\n${method}\n}\n`,
    });
    expect(caught(files("  now(): void {\n  }"))).toEqual([`${path}:3`]);
    expect(caught(files("  /** The time. */\n  now(): void {\n  }"))).toEqual([]);
  });
});
