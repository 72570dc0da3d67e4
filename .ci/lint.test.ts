/** The lint configuration is seen to catch: a small project full of planted violations, linted with the configuration of this one. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

const PLANTED: Readonly<Record<string, string>> = {
  "core/api/a.ts": "export const a: number = 1;\n",
  "core/index.ts": 'export { a } from "./api/a.ts";\n',
  "core/util/u.ts": 'import { w } from "./w.ts";\nexport const u: number = w;\nconsole.log("x");\n',
  "core/util/w.ts": 'import { u } from "./u.ts";\nexport const w: number = u;\n',
  "core/util/any.ts": "export function f(x: any): number {\n  return x.z;\n}\n",
  "core/util/bang.ts": "export function f(x: string | undefined): number {\n  return x!.length;\n}\n",
  "core/util/float.ts": "export async function later(): Promise<void> {}\nexport function f(): void {\n  later();\n}\n",
  "core/util/long.ts": `export function f(): void {\n${"  f();\n".repeat(70)}}\n`,
  "core/util/longer.ts": "// x\n".repeat(401),
  "core/graph/up.ts": 'import { a } from "../api/a.ts";\nexport const g: number = a;\n',
  "core/graph/door.ts": 'import { a } from "../index.ts";\nexport const g: number = a;\n',
  "core/network/n.ts": "export interface N {\n  readonly x: number;\n}\n",
  "core/state/beside.ts": 'import type { N } from "../network/n.ts";\nexport type S = N;\n',
  "core/state/typed.ts": 'import { N } from "./n.ts";\nexport type S = N;\n',
  "core/state/n.ts": "export interface N {\n  readonly x: number;\n}\n",
  "core/runtime/r.ts": 'import { a } from "../api/a.ts";\nexport const r: number = a;\n',
  "core/cluster/cli/main.ts": 'import { a } from "../../api/a.ts";\nconsole.log(a);\n',
  "connectors/x/x.ts": 'import { r } from "../../core/runtime/r.ts";\nexport const x: number = r;\n',
  "examples/e.ts": 'import { a } from "../core/index.ts";\nconsole.log(a);\n',
  "test/t.test.ts": `export function f(): void {\n${"  f();\n".repeat(70)}}\n`,
};

describe("oxlint", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-lint-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(PLANTED)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const name of [".oxlintrc.json", "tsconfig.json"]) copyFileSync(join(root, name), join(folder, name));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const lint = spawnSync(
    process.execPath,
    [join(root, "node_modules/oxlint/bin/oxlint"), "--type-aware", "-f", "unix"],
    {
      cwd: folder,
      encoding: "utf8",
    },
  );
  const found = lint.stdout.split("\n");

  test.each([
    ["core/util/u.ts", "import(no-cycle)"],
    ["core/util/u.ts", "no-console"],
    ["core/util/any.ts", "no-explicit-any"],
    ["core/util/bang.ts", "no-non-null-assertion"],
    ["core/util/float.ts", "no-floating-promises"],
    ["core/util/long.ts", "max-lines-per-function"],
    ["core/util/longer.ts", "max-lines"],
    ["core/graph/up.ts", "no-restricted-imports"],
    ["core/graph/door.ts", "no-restricted-imports"],
    ["core/state/beside.ts", "no-restricted-imports"],
    ["core/state/typed.ts", "consistent-type-imports"],
    ["core/runtime/r.ts", "no-restricted-imports"],
    ["connectors/x/x.ts", "no-restricted-imports"],
    ["examples/e.ts", "no-restricted-imports"],
  ])("reports in %s: %s", (path, rule) => {
    expect(found.filter((line) => line.startsWith(`${path}:`) && line.includes(rule))).not.toEqual([]);
  });

  test.each(["core/cluster/cli/main.ts", "core/api/a.ts", "core/network/n.ts", "test/t.test.ts"])(
    "has nothing to say about %s",
    (path) => {
      expect(found.filter((line) => line.startsWith(`${path}:`))).toEqual([]);
    },
  );

  test("fails the build", () => {
    expect(lint.status).not.toBe(0);
  });
});
