/**
 * What a tidy rule sees: the files of the project with their text, and a way to report.
 *
 * A rule is a function from the project to its violations; each message names the cure. A line that must break a rule says so, with the
 * reason, on the line itself or on the one above: `// tidy: <rule>, <reason>`.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { mask } from "./mask.ts";

export interface SourceFile {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
  /** As `text`, with comments and texts blanked. */
  readonly code: string;
  /** As `text`, with comments blanked. */
  readonly uncommented: string;
}

export interface Project {
  readonly files: readonly SourceFile[];
  file(path: string): SourceFile | undefined;
}

export interface Violation {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface Rule {
  readonly name: string;
  check(project: Project): readonly Violation[];
}

const SKIPPED = new Set(["node_modules", "dist", "out", ".git", "coverage"]);
const TEXT_FILE =
  /(?:\.(?:ts|mts|js|mjs|cjs|json|jsonc|md|yaml|yml|sh|dot|txt)|^\.[a-z]+rc|\/run|\/check|LICENSE|\.gitignore|\.npmrc)$/;

/** All text files below `root`. */
export function loadProject(root: string): Project {
  const paths: string[] = [];
  const walk = (folder: string): void => {
    for (const name of readdirSync(join(root, folder)).toSorted()) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (SKIPPED.has(name)) continue;
      if (statSync(join(root, path)).isDirectory()) walk(path);
      else if (TEXT_FILE.test(path)) paths.push(path);
    }
  };
  walk("");
  return projectOf(Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), "utf8")])));
}

/** A project of files that exist nowhere else: for the tests of the rules. */
export function projectOf(texts: Readonly<Record<string, string>>): Project {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, sourceFile(path, text)]));
  return { files: [...files.values()], file: (path) => files.get(path) };
}

function sourceFile(path: string, text: string): SourceFile {
  return isTypeScript(path) ? { path, text, ...mask(text) } : { path, text, code: text, uncommented: text };
}

export function isTypeScript(path: string): boolean {
  return path.endsWith(".ts") || path.endsWith(".mjs");
}

/** TypeScript files below one of `folders`. */
export function sourcesIn(project: Project, ...folders: readonly string[]): SourceFile[] {
  return project.files.filter(
    ({ path }) => isTypeScript(path) && folders.some((folder) => path.startsWith(`${folder}/`)),
  );
}

export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** One violation per match of `pattern` (global) in `text`, which is one of the texts of `file`. */
export function matches(
  file: SourceFile,
  text: string,
  pattern: RegExp,
  message: (match: RegExpMatchArray) => string,
): Violation[] {
  return [...text.matchAll(pattern)].map((match) => ({
    path: file.path,
    line: lineAt(text, match.index),
    message: message(match),
  }));
}

/** What breaks `rule`, without what is excused on the spot. */
export function violationsOf(rule: Rule, project: Project): Violation[] {
  return rule.check(project).filter(({ path, line }) => {
    const lines = project.file(path)?.text.split("\n") ?? [];
    return ![lines[line - 1], lines[line - 2]].some((text) => excuse(text ?? "") === rule.name);
  });
}

/** The rule that a line excuses itself from; a reason of at least two words is required. */
function excuse(line: string): string | undefined {
  return /\/\/ tidy: ([a-z-]+), \S+ \S+/.exec(line)?.[1];
}

export function report(violations: readonly Violation[]): string {
  return violations.map(({ path, line, message }) => `${path}:${line}: ${message}`).join("\n");
}
