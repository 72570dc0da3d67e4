/** Each rule is seen to catch: planted snippets that break it, beside twins that do not. */
import { describe, expect, test } from "vitest";
import { bans } from "./tidy/bans.ts";
import { casts, disables } from "./tidy/casts.ts";
import { errorCodes } from "./tidy/error-codes.ts";
import { blocksOf, examplesOf, namesOf } from "./tidy/examples.ts";
import { layers } from "./tidy/layers.ts";
import { mirrors } from "./tidy/mirrors.ts";
import { names } from "./tidy/names.ts";
import { projectOf, violationsOf } from "./tidy/project.ts";
import type { Rule } from "./tidy/project.ts";
import { fileLength, headComment, moduleState } from "./tidy/shape.ts";

/** `path:line`, in order. */
function caught(rule: Rule, files: Readonly<Record<string, string>>): string[] {
  return violationsOf(rule, projectOf(files)).map(({ path, line }) => `${path}:${line}`);
}

function catches(rule: Rule, path: string, text: string): boolean {
  return caught(rule, { [path]: text }).length > 0;
}

describe("bans", () => {
  test.each([
    "const now = Date.now();",
    "const now = new Date( );",
    "const now = performance.now();",
    "setTimeout(run, 5);",
    "setImmediate(run);",
    "queueMicrotask(run);",
    "process.nextTick(run);",
    "const home = process.env;",
    "const dice = Math.random();",
    "const id = crypto.randomUUID();",
    "const id = randomUUID();",
    "const signal = AbortSignal.timeout(5);",
    "const weak = new WeakRef(it);",
    "const texts = `${Date.now()}`;",
    'import { readFileSync } from "node:fs";',
    'import net from "net";',
    'const it = await import("node:worker_threads");',
    "class Sub extends Sup {}",
    "class Sub<T> extends Sup<T> {}",
    "enum Colour { red }",
  ])("catch %s", (code) => {
    expect(catches(bans, "core/runtime/x.ts", code)).toBe(true);
  });

  test.each([
    "// Date.now() is banned\n/* Math.random() */",
    'const text = "Date.now()";',
    "const text = `Date.now()`;",
    "const pattern = /Date.now()/;",
    "const day = new Date(timeMs);",
    "class Oops extends Error {}",
    'const text = "node:fs";',
    "const ratio = a / b; // setTimeout / x",
  ])("leave %s alone", (code) => {
    expect(catches(bans, "core/runtime/x.ts", code)).toBe(false);
  });

  test("know the files that implement the seam, and only those", () => {
    expect(catches(bans, "core/time/system-clock.ts", "return Date.now();")).toBe(false);
    expect(catches(bans, "core/storage/fs-blob-store.ts", 'import fs from "node:fs";')).toBe(false);
    expect(catches(bans, "core/storage/memory.ts", 'import fs from "node:fs";')).toBe(true);
    expect(catches(bans, "core/cluster/cli/main.ts", "return performance.now();")).toBe(false);
    expect(catches(bans, "core/cluster/local.ts", "return performance.now();")).toBe(true);
    expect(catches(bans, "test/x.test.ts", "return Date.now();")).toBe(false);
  });

  test.each([
    ["docs/a.md", "see ../" + "shared/x"],
    ["docs/a.md", "in /home/" + "me/millrace"],
    ["package-lock.json", '"https://registry.' + 'npmjs.org/x"'],
  ])("catch what must stand nowhere: %s %s", (path, text) => {
    expect(catches(bans, path, text)).toBe(true);
  });

  test("accept an excuse with a reason, and none without", () => {
    const code = "const now = Date.now();";
    expect(catches(bans, "core/x/a.ts", `${code} // tidy: bans, only shown to people`)).toBe(false);
    expect(catches(bans, "core/x/a.ts", `// tidy: bans, only shown to people\n${code}`)).toBe(false);
    expect(catches(bans, "core/x/a.ts", `${code} // tidy: bans`)).toBe(true);
    expect(catches(bans, "core/x/a.ts", `${code} // tidy: names, wrong rule here`)).toBe(true);
  });
});

describe("names", () => {
  test.each([
    "class TaskImpl {}",
    "interface AbstractTask {}",
    "type BaseTask = 1;",
    "class DefaultClock {}",
    "class StateManager {}",
  ])("catch %s", (code) => {
    expect(catches(names, "core/x/a.ts", code)).toBe(true);
  });

  test.each([
    "class TaskManager {}",
    "class LocalTaskManager {}",
    "class Basement {}",
    "class Defaulted {}",
    "// class TaskImpl {}",
  ])("leave %s alone", (code) => {
    expect(catches(names, "core/x/a.ts", code)).toBe(false);
  });

  test.each(["core/x/task-impl.ts", "core/x/utils.ts", "core/x/state-helper.ts", "core/x/MyTask.ts"])(
    "catch the file %s",
    (path) => {
      expect(catches(names, path, "")).toBe(true);
    },
  );
});

describe("layers", () => {
  test.each([
    ["core/graph/a.ts", 'import type { A } from "../api/b.ts";'],
    ["core/api/a.ts", 'export { a } from "../runtime/task.ts";'],
    ["core/state/a.ts", 'import { a } from "../network/b.ts";'],
    ["core/time/a.ts", 'import { a } from "../types/b.ts";'],
    ["core/state/heap/a.ts", 'import { a } from "../../operators/b.ts";'],
    ["core/runtime/a.ts", 'const a = await import("../cluster/local.ts");'],
    ["core/runtime/a.ts", 'import { a } from "../index.ts";'],
    ["core/api/a.ts", 'import { a } from "../cluster/local.ts";'],
    ["core/runtime/a.ts", 'import { a } from "../../connectors/files/b.ts";'],
    ["core/cluster/cli/a.ts", 'import { a } from "../../../statefun/read/b.ts";'],
    ["core/cluster/cli/a.ts", 'const a = await import("../../../statefun/group/b.ts");'],
    ["core/cluster/a.ts", 'const a = await import("../../statefun/read/b.ts");'],
    ["core/novel/a.ts", 'import { a } from "../util/b.ts";'],
    ["connectors/files/a.ts", 'import { a } from "../../core/runtime/b.ts";'],
    ["connectors/files/a.ts", 'import { a } from "../../test/harness/b.ts";'],
    ["examples/a.ts", 'import { a } from "../core/index.ts";'],
  ])("catch, in %s, %s", (path, code) => {
    expect(catches(layers, path, code)).toBe(true);
  });

  test.each([
    ["core/graph/a.ts", 'import { a } from "../operators/b.ts";'],
    ["core/cluster/cli/a.ts", 'import { a } from "../../api/b.ts";'],
    ["core/state/heap/a.ts", 'import { a } from "../timers.ts";'],
    ["core/api/a.ts", 'const local = await import("../cluster/local.ts");'],
    ["core/cluster/cli/a.ts", 'const read = await import("../../../statefun/read/b.ts");'],
    ["core/index.ts", 'export { a } from "./api/a.ts";'],
    ["core/api/a.ts", '// import { a } from "../runtime/task.ts";'],
    ["connectors/files/a.ts", 'import { a } from "../../core/api/b.ts";'],
    ["examples/a.ts", 'import { a } from "millrace";'],
  ])("leave, in %s, %s alone", (path, code) => {
    expect(catches(layers, path, code)).toBe(false);
  });
});

describe("the shape of a file", () => {
  test.each([
    "import a from 'a';",
    "// covers: core/a.ts\nimport a from 'a';",
    "// covers: core/a.ts\n/** What it is. */",
    "#!/usr/bin/env node\nimport a from 'a';",
  ])("has a head comment, unlike %j", (text) => {
    expect(catches(headComment, "core/x/a.ts", text)).toBe(true);
  });

  test.each([
    "/** What it is. */\n",
    "/** What it is. */\n// covers: core/a.ts\n",
    "#!/usr/bin/env node\n/** What it is. */",
  ])("accepts %j", (text) => {
    expect(catches(headComment, "core/x/a.ts", text)).toBe(false);
  });

  test("has at most 400 lines", () => {
    expect(catches(fileLength, "core/x/a.ts", "a;\n".repeat(400))).toBe(false);
    expect(catches(fileLength, "core/x/a.ts", "a;\n".repeat(401))).toBe(true);
  });

  test.each([
    "let count = 0;",
    "export let count = 0;",
    "const seen = new Map<string, number>();",
    "export const seen: Map<string, number> = new Map();",
    "const list: string[] = [];",
    "const scratch = new Uint8Array(8);",
  ])("has no state: %s", (code) => {
    expect(catches(moduleState, "core/x/a.ts", `/** x */\n${code}`)).toBe(true);
  });

  test.each([
    "const LIMIT = 5;",
    "const NAMES: ReadonlyMap<string, number> = new Map();",
    "const NAMES: readonly string[] = [];",
    "function f(): void {\n  let count = 0;\n  const seen = new Map();\n}",
  ])("may have %j", (code) => {
    expect(catches(moduleState, "core/x/a.ts", code)).toBe(false);
  });
});

describe("casts and disabled rules", () => {
  test.each(["const a = b as string;", "const a = (b as Map<string, number>).get(c);", "return { ...a } as T;"])(
    "need a reason: %s",
    (code) => {
      expect(catches(casts, "core/x/a.ts", code)).toBe(true);
      expect(catches(casts, "core/x/a.ts", `${code} // the codec checked it`)).toBe(false);
      expect(catches(casts, "core/x/a.ts", `// the codec checked it\n${code}`)).toBe(false);
    },
  );

  test.each([
    "const a = { b: 1 } as const;",
    'import { a as b } from "c";',
    'export * as a from "c";',
    "// the same as before",
  ])("is none: %s", (code) => {
    expect(catches(casts, "core/x/a.ts", code)).toBe(false);
  });

  test("a disabled rule says why", () => {
    expect(catches(disables, "core/x/a.ts", "// oxlint-disable-next-line no-console")).toBe(true);
    expect(catches(disables, "core/x/a.ts", "// oxlint-disable-next-line no-console -- shown on purpose")).toBe(false);
    expect(catches(disables, "test/x.ts", "// @ts-expect-error")).toBe(true);
    expect(catches(disables, "test/x.ts", "// @ts-expect-error a number is no text")).toBe(false);
  });
});

describe("error codes", () => {
  const row = (code: string): string => `| ${code} | something | do this |\n`;
  const thrown = (code: string): string => `throw new MillraceError("${code}", "x");`;

  test("agree with the page", () => {
    expect(caught(errorCodes, { "docs/errors.md": row("MR1001"), "core/a/a.ts": thrown("MR1001") })).toEqual([]);
  });

  test.each([
    ["thrown, but not listed", { "docs/errors.md": "", "core/a/a.ts": thrown("MR1001") }, "core/a/a.ts:1"],
    ["listed, but not thrown", { "docs/errors.md": row("MR1001"), "core/a/a.ts": "" }, "docs/errors.md:1"],
    [
      "only mentioned in a comment",
      { "docs/errors.md": row("MR1001"), "core/a/a.ts": "// MR1001" },
      "docs/errors.md:1",
    ],
    ["mentioned, but not listed", { "docs/errors.md": "", "core/a/a.ts": "\n// MR1001" }, "core/a/a.ts:2"],
    [
      "listed twice",
      { "docs/errors.md": row("MR1001") + row("MR1001"), "core/a/a.ts": thrown("MR1001") },
      "docs/errors.md:2",
    ],
    [
      "thrown by two files",
      { "docs/errors.md": row("MR1001"), "core/a/a.ts": thrown("MR1001"), "core/a/b.ts": thrown("MR1001") },
      "core/a/a.ts:1",
    ],
    [
      "shared on paper only",
      { "docs/errors.md": `${row("MR1001")}- MR1001: core/a/a.ts, core/a/b.ts\n`, "core/a/a.ts": thrown("MR1001") },
      "docs/errors.md:2",
    ],
    ["without a page", { "core/a/a.ts": thrown("MR1001") }, "docs/errors.md:1"],
    ["of the simulator", { "docs/errors.md": "", "test/sim/simulate.ts": thrown("MR8002") }, "test/sim/simulate.ts:1"],
  ])("%s", (_, files, where) => {
    expect(caught(errorCodes, files)).toEqual([where]);
  });

  test("that the simulator plays are the engine's", () => {
    expect(caught(errorCodes, { "docs/errors.md": "", "test/sim/disk.ts": thrown("MR5206") })).toEqual([]);
  });

  test("may be thrown by several files that the page names", () => {
    const page = `${row("MR1001")}- MR1001: core/a/a.ts, core/a/b.ts\n`;
    expect(
      caught(errorCodes, { "docs/errors.md": page, "core/a/a.ts": thrown("MR1001"), "core/a/b.ts": thrown("MR1001") }),
    ).toEqual([]);
  });
});

describe("mirrors", () => {
  const source = "/** x */\nexport function a(): void {}";

  test("miss a source file without a test", () => {
    expect(caught(mirrors, { "core/a/a.ts": source })).toEqual(["core/a/a.ts:1"]);
    expect(caught(mirrors, { "core/a/a.ts": source, "test/core/b/a.test.ts": "" })).toEqual(["core/a/a.ts:1"]);
    const elsewhere = 'import { a } from "../../../core/a/a.ts";\n';
    expect(caught(mirrors, { "core/a/a.ts": source, "test/core/b/x.test.ts": elsewhere })).toEqual(["core/a/a.ts:1"]);
  });

  test.each([
    ["test/core/a/a.test.ts", ""],
    ["test/core/a/a.property.test.ts", ""],
    ["test/core/x.test.ts", "// covers: core/a/a.ts\n"],
    ["test/core/x.test.ts", "// covers: core/a/*\n"],
    ["test/core/a/x.test.ts", 'import { a } from "../../../core/a/a.ts";\n'],
  ])("find %s (%j)", (path, text) => {
    expect(caught(mirrors, { "core/a/a.ts": source, [path]: text })).toEqual([]);
  });

  test("let files without behaviour be", () => {
    const types =
      "/** x */\nexport interface A { run(): void }\nexport type B = () => void;\nexport const LIMIT = 5;\nexport { c } from './c.ts';";
    expect(caught(mirrors, { "core/a/a.ts": types })).toEqual([]);
  });

  test("miss a file that a test claims to cover", () => {
    expect(caught(mirrors, { "test/core/x.test.ts": "// covers: core/a/a.ts\n" })).toEqual(["test/core/x.test.ts:1"]);
  });
});

describe("examples", () => {
  const source =
    "/**\n * Maps.\n *\n * @example\n * const a = clicks.map(double);\n * a.print();\n */\nexport const x = 1;\n";

  test("are cut out of the comments, with the line where they stand", () => {
    expect(blocksOf(source)).toEqual([{ line: 5, code: ["const a = clicks.map(double);", "a.print();"] }]);
  });

  test("get the names they use from the prelude", () => {
    const prelude =
      "export const clicks = 1;\nexport function double(): void {}\nexport const unused = 1;\nexport interface Click {}\n";
    const [example] = examplesOf(projectOf({ "core/api/a.ts": source, "test/core/api/examples-prelude.ts": prelude }));
    expect(example?.text).toContain('import { clicks, double } from "../../test/core/api/examples-prelude.ts";');
    expect(example?.text).toContain(
      "export async function example(): Promise<void> {\nconst a = clicks.map(double);\na.print();\n}",
    );
  });

  test("know what the prelude exports", () => {
    const code =
      'export const a = 1;\nexport interface B {}\nexport { c, type D, e as f } from "x";\nexport type { G } from "y";\nexport async function h() {}';
    expect(namesOf(code)).toEqual({ values: ["a", "h", "c", "f"], types: ["B", "D", "G"] });
  });
});
