/** Modules found by the packages that they lie in: the application's own first, then those of its dependencies. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { discoverModules } from "../../../statefun/index.ts";

const roots: string[] = [];

/** A directory with these files; objects are written as JSON. */
function directoryOf(files: Readonly<Record<string, unknown>>): string {
  const root = mkdtempSync(join(tmpdir(), "millrace-modules-"));
  roots.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return root;
}

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

const object = "export default { configure() {} };";
const modules = (...paths: readonly string[]): object => ({ millrace: { modules: paths } });

test("finds those of the application and of its direct dependencies", async () => {
  const root = directoryOf({
    "package.json": {
      name: "app",
      ...modules("./own.mjs", "./more.mjs"),
      dependencies: { zeta: "1", "@team/greeting": "1", plain: "1", missing: "1" },
    },
    "own.mjs": 'export default { name: "own name", configure() {} };',
    "more.mjs": `export default [{ configure() {} }, class Second { configure() {} }];`,
    "node_modules/zeta/package.json": { name: "zeta", ...modules("lib/module.mjs"), dependencies: { inner: "1" } },
    "node_modules/zeta/lib/module.mjs": object,
    "node_modules/zeta/node_modules/inner/package.json": { name: "inner", ...modules("module.mjs") },
    "node_modules/@team/greeting/package.json": { name: "@team/greeting", ...modules("module.mjs") },
    "node_modules/@team/greeting/module.mjs": object,
    "node_modules/plain/package.json": { name: "plain" },
    "src/deep/job.mjs": "",
  });
  const expected = ["own name", "app (./more.mjs)", "Second", "@team/greeting", "zeta"];
  for (const from of [
    root,
    join(root, "src/deep"),
    pathToFileURL(join(root, "src/deep/job.mjs")),
    pathToFileURL(join(root, "src/deep/job.mjs")).href,
  ]) {
    const found = await discoverModules(from);
    expect(found.map((module) => module.name ?? module.constructor.name)).toEqual(expected);
  }
});

test("a dependency may lie further up", async () => {
  const root = directoryOf({
    "packages/app/package.json": { name: "app", dependencies: { shared: "1" } },
    "node_modules/shared/package.json": { name: "shared", ...modules("module.mjs") },
    "node_modules/shared/module.mjs": object,
  });
  expect((await discoverModules(join(root, "packages/app"))).map(({ name }) => name)).toEqual(["shared"]);
});

test.each([
  ["a file that is no JSON", { "package.json": "{" }, /^MR9043: .*package\.json cannot be read/],
  [
    "a field that is no list",
    { "package.json": { millrace: { modules: "./module.mjs" } } },
    /^MR9043: millrace\.modules in .* is a list of paths/,
  ],
  [
    "a file that is not there",
    { "package.json": { name: "app", ...modules("./none.mjs") } },
    /^MR9043: the module .*none\.mjs of app cannot be loaded/,
  ],
  [
    "a file without a module",
    { "package.json": { name: "app", ...modules("./empty.mjs") }, "empty.mjs": "export {};" },
    /^MR9043: .*empty\.mjs has no module as its default export/,
  ],
])("refuses %s", async (_, files, sentence) => {
  await expect(discoverModules(directoryOf(files))).rejects.toThrow(sentence);
});

test("refuses a place without a package", async () => {
  await expect(discoverModules("/")).rejects.toThrow(/^MR9043: no package\.json at \//);
  await expect(discoverModules(undefined as never)).rejects.toThrow(/^MR9043: discoverModules\(\) takes .*undefined/);
});
