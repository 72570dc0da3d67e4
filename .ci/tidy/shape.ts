/** The shape of a file: a head comment that says what it is, a bound on its length, and no state at the level of the module. */
import { isTypeScript, lineAt, matches, sourcesIn } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

const LINES_MAX = 400;

/** What may stand before the head comment: how to run the file, and notes for tools. What a test covers stands behind it. */
const FIRST_LINES = /^(?:#!.*\n)?(?:\s*\/\/ tidy:.*\n|\s*\/\/ oxlint-.*\n)*/;

export const headComment: Rule = {
  name: "head-comment",
  check: (project: Project) =>
    project.files
      .filter(({ path }) => isTypeScript(path))
      .filter(({ text }) => !/^\s*\/(?:\*\*|\/)\s*(?!covers:)\S/.test(text.replace(FIRST_LINES, "")))
      .map(({ path }) => ({
        path,
        line: 1,
        message:
          "starts without a head comment: say what the file is, what flows in and out, and where state lives; `// covers:` comes after it",
      })),
};

export const fileLength: Rule = {
  name: "file-length",
  check: (project: Project) =>
    project.files
      .filter(({ path }) => isTypeScript(path))
      .flatMap(({ path, text }) => {
        const lines = text.trimEnd().split("\n").length;
        const message = `has ${lines} lines, more than ${LINES_MAX}: give each of its ideas a file of its own`;
        return lines > LINES_MAX ? [{ path, line: LINES_MAX, message }] : [];
      }),
};

/** At the start of a line, hence at the level of the module. */
const VARIABLE = /^(?:export )?(?:let|var) (?<name>\w+)/gm;
const CONTAINER =
  /^(?:export )?const (?<name>\w+)(?<type>:[^=]+?)? = (?:new (?:Map|Set|WeakMap|WeakSet|Array|ArrayBuffer|DataView|\w+Array)\b|\[\]|\{\})/gm;

export const moduleState: Rule = {
  name: "module-state",
  check: (project: Project) =>
    sourcesIn(project, "core", "connectors", "statefun").flatMap((file) => [...variables(file), ...containers(file)]),
};

function variables(file: SourceFile): Violation[] {
  return matches(
    file,
    file.code,
    VARIABLE,
    (match) => `\`${match.groups?.["name"] ?? ""}\` is state of the module: ${CURE}`,
  );
}

function containers(file: SourceFile): Violation[] {
  return [...file.code.matchAll(CONTAINER)]
    .filter((match) => !/\bReadonly|\breadonly\b/.test(match.groups?.["type"] ?? ""))
    .map((match) => ({
      path: file.path,
      line: lineAt(file.code, match.index),
      message: `\`${match.groups?.["name"] ?? ""}\` can be changed and belongs to the module: ${CURE}; or declare it Readonly`,
    }));
}

const CURE = "ten clusters may run in one process, so keep it in an object that somebody makes";
