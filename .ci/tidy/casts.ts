/** A cast is a claim that the compiler cannot check, so it says why it is true; so does whoever switches a lint rule off. */
import { isTypeScript, sourcesIn } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

/** `as const` claims nothing; `import { a as b }` and `export * as a` are not casts. */
const CAST = /[\w)\]}"'`>] as (?!const\b)[\w{([]/;
const IMPORT = /^\s*(?:import|export)\b|^\s*\w+ as \w+,?$|^\} from /;

export const casts: Rule = {
  name: "casts",
  check: (project: Project) => sourcesIn(project, "core", "connectors", "statefun").flatMap(unexplained),
};

function unexplained(file: SourceFile): Violation[] {
  const written = file.text.split("\n");
  const commentAt = (line: number): boolean => /\/\/ \S|^\s*(?:\/?\*)/.test(written[line] ?? "");
  return file.code.split("\n").flatMap((code, line) => {
    if (!CAST.test(code) || IMPORT.test(code)) return [];
    if (commentAt(line) || commentAt(line - 1)) return [];
    return [
      { path: file.path, line: line + 1, message: "a cast without a reason: say on its line why it is true, `// …`" },
    ];
  });
}

const DISABLE = /(?:oxlint|eslint)-disable|@ts-(?:ignore|nocheck|expect-error)/;

export const disables: Rule = {
  name: "disables",
  check: (project: Project) =>
    project.files
      .filter(({ path }) => isTypeScript(path) && !path.startsWith(".ci/"))
      .flatMap(({ path, text }) =>
        text.split("\n").flatMap((line, index) => {
          if (!DISABLE.test(line) || /(?:-- |@ts-expect-error:? )\S+ \S+/.test(line)) return [];
          return [
            {
              path,
              line: index + 1,
              message: "a rule is switched off without a reason: add `-- ` and the reason on the same line",
            },
          ];
        }),
      ),
};
