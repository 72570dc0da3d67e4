/**
 * Deliberate copies stay equal: an operator's file holds all that its records pass through (see "A copy of the code per position" in ARCHITECTURE.md), so
 * that related operators repeat each other. What they share is listed here; whoever corrects one copy is told of the others.
 *
 * Comments, white space and whether a member is `#x` or `private x` do not count.
 */
import { lineAt } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

export interface Copies {
  readonly files: readonly string[];
  /** Names of classes, functions and interfaces, or `.name` of a method. */
  readonly parts: readonly string[];
}

const KEYED = ["core/operators/keyed-process.ts", "core/operators/keyed-co-process.ts"];
const windows = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `core/operators/window/${name}.ts`);

const COPIES: readonly Copies[] = [
  {
    files: KEYED,
    parts: ["KeyedCollector", "KeyTimers", "checkTime", "KeyedContext", "ContextParts", ".fire"],
  },
  { files: windows("tumbling", "sliding", "session", "merging", "window"), parts: [".tooLate"] },
  { files: windows("tumbling", "sliding", "session", "merging", "window", "count"), parts: ["reduceFunction"] },
  { files: windows("tumbling", "sliding", "merging", "window", "count"), parts: [".added"] },
  { files: windows("tumbling", "sliding"), parts: [".reachedMs"] },
  { files: windows("session", "merging"), parts: [".gap"] },
];

export const copies: Rule = { name: "copies", check: (project: Project) => differences(project, COPIES) };

export function differences(project: Project, list: readonly Copies[]): Violation[] {
  return list.flatMap(({ files, parts }) =>
    parts.flatMap((part) => {
      const [first, ...others] = files.flatMap((path) => project.file(path) ?? []);
      if (first === undefined) return [];
      const model = partOf(first, part);
      if (model === undefined) return [missing(first, part)];
      return others.flatMap((file) => {
        const copy = partOf(file, part);
        if (copy === undefined) return [missing(file, part)];
        if (copy.text === model.text) return [];
        const message = `\`${part}\` is a copy of that in ${first.path}, and differs from it: change both, or take it off the list in .ci/tidy/copies.ts`;
        return [{ path: file.path, line: copy.line, message }];
      });
    }),
  );
}

function missing({ path }: SourceFile, part: string): Violation {
  return { path, line: 1, message: `has no \`${part}\` any more: correct the list in .ci/tidy/copies.ts` };
}

/** Files are formatted, so that a declaration ends with the first brace at its own depth. */
function partOf(
  { uncommented }: SourceFile,
  part: string,
): { readonly line: number; readonly text: string } | undefined {
  const isMethod = part.startsWith(".");
  const start = isMethod
    ? new RegExp(`^  (?:private |get )*#?${part.slice(1)}\\(.*\\{$`, "m").exec(uncommented)
    : new RegExp(`^(?:export )?(?:class|function|interface) ${part}\\b`, "m").exec(uncommented);
  if (start === null) return undefined;
  const end = uncommented.indexOf(isMethod ? "\n  }" : "\n}", start.index);
  const text = uncommented
    .slice(start.index, end)
    .replace(/\bprivate |#/g, "")
    .replace(/\s+/g, " ");
  return { line: lineAt(uncommented, start.index), text };
}
