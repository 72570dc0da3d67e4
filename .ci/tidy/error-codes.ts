/**
 * Error codes: each that the sources throw or mention has one row in docs/errors.md, each row is thrown somewhere, and one code has one meaning.
 *
 * Thrown from one file, a code is taken to mean one thing. Where several files throw it, the list at the foot of docs/errors.md names them, and whoever
 * adds a line there answers for the meaning.
 */
import { lineAt, sourcesIn } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

const PAGE = "docs/errors.md";
/** What users meet of the simulator; the rest of it plays storage and election, with the codes of the engine. */
const SIMULATOR = /^test\/sim\/(?:user-(?:code|jobs)\/.*|kafka\/errors|simulate|check-exactly-once)\.ts$/;
const CODE = /\bMR\d{4}\b/g;
const ROW = /^\| `?(?<code>MR\d{4})`? \| (?<when>[^|]+) \| (?<cure>[^|]+) \|$/gm;
const SHARED = /^- `?(?<code>MR\d{4})`?: (?<paths>.+)$/gm;

export const errorCodes: Rule = {
  name: "error-codes",
  check(project: Project): readonly Violation[] {
    const page = project.file(PAGE);
    if (page === undefined) return [{ path: PAGE, line: 1, message: "is missing: list all error codes there" }];
    const sources = [
      ...sourcesIn(project, "core", "connectors", "statefun"),
      ...project.files.filter(({ path }) => SIMULATOR.test(path) && !path.endsWith(".test.ts")),
    ];
    return [...unlisted(page, sources), ...unused(page, sources), ...doubled(page), ...reused(page, sources)];
  },
};

function rowsOf(page: SourceFile): Map<string, number> {
  return new Map(
    [...page.text.matchAll(ROW)].map((match) => [match.groups?.["code"] ?? "", lineAt(page.text, match.index)]),
  );
}

function unlisted(page: SourceFile, sources: readonly SourceFile[]): Violation[] {
  const known = new Set(rowsOf(page).keys());
  return sources.flatMap((file) =>
    [...file.text.matchAll(CODE)]
      // One complaint per code is enough.
      .filter(([code]) => !known.has(code) && known.add(code).has(code))
      .map((match) => ({
        path: file.path,
        line: lineAt(file.text, match.index),
        message: `${match[0]} is not in ${PAGE}: add a row \`| ${match[0]} | when | what to do |\``,
      })),
  );
}

function unused(page: SourceFile, sources: readonly SourceFile[]): Violation[] {
  const thrown = new Set(sources.flatMap(thrownIn));
  return [...rowsOf(page)]
    .filter(([code]) => !thrown.has(code))
    .map(([code, line]) => ({ path: PAGE, line, message: `${code} is thrown nowhere: remove its row` }));
}

function doubled(page: SourceFile): Violation[] {
  const seen = new Set<string>();
  return [...page.text.matchAll(ROW)].flatMap((match) => {
    const code = match.groups?.["code"] ?? "";
    if (!seen.has(code)) {
      seen.add(code);
      return [];
    }
    return [
      {
        path: PAGE,
        line: lineAt(page.text, match.index),
        message: `${code} has two rows: give one of them another code`,
      },
    ];
  });
}

function reused(page: SourceFile, sources: readonly SourceFile[]): Violation[] {
  const declared = new Map([...page.text.matchAll(SHARED)].map((match) => [match.groups?.["code"] ?? "", match]));
  const places = new Map<string, string[]>();
  for (const file of sources)
    for (const code of new Set(thrownIn(file))) places.set(code, [...(places.get(code) ?? []), file.path]);
  const wrong = [...places].flatMap(([code, paths]) => {
    const actual = paths.toSorted().join(", ");
    const line = declared.get(code);
    if (paths.length === 1 || line?.groups?.["paths"] === actual) return [];
    return [
      {
        path: paths[0] ?? "",
        line: 1,
        message: `${code} is thrown by several files: if it means one thing, list it in ${PAGE}: \`- ${code}: ${actual}\`; else take another code`,
      },
    ];
  });
  const stale = [...declared]
    .filter(([code]) => (places.get(code)?.length ?? 0) < 2)
    .map(([code, match]) => ({
      path: PAGE,
      line: lineAt(page.text, match.index),
      message: `${code} is thrown by one file at most: remove this line`,
    }));
  return [...wrong, ...stale];
}

/** Codes in texts, not those in comments. */
function thrownIn(file: SourceFile): string[] {
  return [...file.uncommented.matchAll(CODE)].map(([code]) => code);
}
