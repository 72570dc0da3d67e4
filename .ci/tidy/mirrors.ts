/**
 * Every source file has a test: at the mirrored path (core/a/b.ts: test/core/a/b.test.ts, or b.property.test.ts), one in the mirrored folder that imports
 * it, or one that says `// covers: core/a/b.ts`. A folder may be covered as a whole: `// covers: core/a/*`.
 *
 * Files without behaviour need none: types, constants, re-exports.
 */
import { transformSync } from "esbuild";
import { sourcesIn } from "./project.ts";
import type { Project, Rule, SourceFile } from "./project.ts";

const COVERS = /^(?:\/\/| \*) covers: (?<paths>.+)$/gm;

export const mirrors: Rule = {
  name: "mirrors",
  check(project: Project) {
    const tests = project.files.filter(({ path }) => path.startsWith("test/") && path.endsWith(".test.ts"));
    const covered = tests.flatMap(({ text }) =>
      [...text.matchAll(COVERS)].flatMap((match) => (match.groups?.["paths"] ?? "").split(/,\s*/)),
    );
    const sources = sourcesIn(project, "core", "connectors", "statefun");
    const missing = sources
      .filter(
        ({ path, text }) =>
          !isMirrored(project, path) &&
          !isImported(tests, path) &&
          !covered.some((name) => covers(name, path)) &&
          hasBehaviour(text),
      )
      .map(({ path }) => ({
        path,
        line: 1,
        message: `has no test: write test/${path.replace(/\.ts$/, ".test.ts")}, or add \`// covers: ${path}\` to the test that covers it`,
      }));
    const stale = tests.flatMap(({ path, text }) =>
      [...text.matchAll(COVERS)]
        .flatMap((match) => (match.groups?.["paths"] ?? "").split(/,\s*/))
        .filter((name) => !sources.some((source) => covers(name, source.path)))
        .map((name) => ({ path, line: 1, message: `covers ${name}, which does not exist: correct the path` })),
    );
    return [...missing, ...stale];
  },
};

function isMirrored(project: Project, path: string): boolean {
  const stem = `test/${path.replace(/\.ts$/, "")}`;
  return project.file(`${stem}.test.ts`) !== undefined || project.file(`${stem}.property.test.ts`) !== undefined;
}

/** By a test of the mirrored folder; a test elsewhere may import it for other reasons. */
function isImported(tests: readonly SourceFile[], path: string): boolean {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return tests.some((test) => test.path.startsWith(`test/${folder}/`) && test.uncommented.includes(`/${path}"`));
}

function covers(name: string, path: string): boolean {
  return name.endsWith("/*") ? path.startsWith(name.slice(0, -1)) : name === path;
}

/** Whether anything is left that runs, once types are gone: a function, a method, a class. */
function hasBehaviour(text: string): boolean {
  const { code } = transformSync(text, { loader: "ts", format: "esm", legalComments: "none", minifyWhitespace: true });
  return /\bfunction\b|\bclass\b|=>/.test(code);
}
