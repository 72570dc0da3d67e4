/**
 * The rules over the sources, run on the tree as it is. `rules.test.ts` shows that each of them catches what it is there for.
 *
 * `MILLRACE_UPDATE=1` (npm run docs) rewrites the pages that are made from the sources instead of comparing them.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { configurationPage } from "./tidy/configuration.ts";
import { examplesOf, FOLDER, PRELUDE, sourceLine } from "./tidy/examples.ts";
import type { Example } from "./tidy/examples.ts";
import { loadProject, report, violationsOf } from "./tidy/project.ts";
import { RULES } from "./tidy/rules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = loadProject(root);

describe("the sources", () => {
  test.each(RULES.map((rule) => [rule.name, rule] as const))("keep the rule: %s", (_, rule) => {
    expect(report(violationsOf(rule, project))).toBe("");
  });
});

test("docs/configuration.md shows the options of core/util/options.ts (npm run docs)", () => {
  const path = `${root}docs/configuration.md`;
  if (process.env["MILLRACE_UPDATE"] === "1") writeFileSync(path, configurationPage());
  expect(readFileSync(path, "utf8")).toBe(configurationPage());
});

describe("the examples in doc comments", () => {
  const examples = examplesOf(project);

  test.skipIf(project.file(PRELUDE) === undefined)("compile", () => {
    expect(report(compile(examples))).toBe("");
  });

  // Set MILLRACE_RUN_EXAMPLES=0 to leave this out.
  const toRun = process.env["MILLRACE_RUN_EXAMPLES"] !== "0" ? examples.filter(({ runs }) => runs) : [];
  test.each(toRun.map((example) => [`${example.path}:${example.line}`, example] as const))(
    "run: %s",
    async (_, example) => {
      const module = (await import(/* @vite-ignore */ `${root}${FOLDER}/${example.file}`)) as {
        example: () => Promise<void>;
      };
      const prelude = (await import(/* @vite-ignore */ `${root}${PRELUDE}`)) as { finishExample?: () => Promise<void> };
      await module.example();
      await prelude.finishExample?.();
    },
  );
});

/** Errors of the type checker, at the lines of the sources. */
function compile(examples: readonly Example[]): { path: string; line: number; message: string }[] {
  const folder = `${root}${FOLDER}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file, text } of examples) writeFileSync(`${folder}/${file}`, text);
  const options = {
    rootDir: "../..",
    noEmit: true,
    isolatedDeclarations: false,
    declaration: false,
    declarationMap: false,
  };
  const files = examples.map(({ file }) => file);
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions: options, include: [], files }),
  );
  const tsc = spawnSync(
    process.execPath,
    [`${root}node_modules/typescript/bin/tsc`, "--pretty", "false", "-p", folder],
    { encoding: "utf8" },
  );
  const errors = [...tsc.stdout.matchAll(/^(?:.*\/)?([\w.-]+\.ts)\((\d+),\d+\): (.*)$/gm)];
  return errors.flatMap(([, file, line, message = ""]) => {
    const example = examples.find((candidate) => candidate.file === file);
    return example === undefined ? [] : [{ path: example.path, line: sourceLine(example, Number(line)), message }];
  });
}
