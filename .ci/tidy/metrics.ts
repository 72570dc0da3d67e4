/**
 * Metrics: each that the sources register has one row in docs/metrics.md, under the kind it is, and each row is registered somewhere.
 *
 * Names are read from the calls, so they are literals: `metrics.counter("numRecordsIn")`. What stands in place of a number, as in
 * `currentInput${n}Watermark`, is `<N>` on the page. A counter of records or bytes brings a meter along, `<name>PerSecond`.
 */
import { METERED } from "../../core/metrics/metric-entries.ts";
import { lineAt, sourcesIn } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

const PAGE = "docs/metrics.md";
const CALL = /\.(?<kind>counter|gauge|meter|histogram)\(\s*(?<argument>"[^"]*"|`[^`]*`|[^\s"`])/g;
const ROW = /^\| `(?<name>[^`]+)` \| (?<scope>[^|]+) \| (?<kind>[^|]+) \| (?<unit>[^|]+) \| (?<sentence>[^|]+) \|$/gm;
/** How a total is registered is an inner matter: a gauge may be one. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  counter: ["counter"],
  gauge: ["gauge", "counter"],
  meter: ["meter"],
  histogram: ["histogram"],
};

interface Found {
  readonly path: string;
  readonly line: number;
  readonly name: string;
  readonly kind: string;
}

export interface MetricRow {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly kind: string;
  readonly line: number;
}

export const metrics: Rule = {
  name: "metrics",
  check(project: Project): readonly Violation[] {
    const page = project.file(PAGE);
    if (page === undefined) return [{ path: PAGE, line: 1, message: "is missing: list all metrics there" }];
    const found = sourcesIn(project, "core", "connectors", "statefun").flatMap(registeredIn);
    const rows = metricRows(page.text);
    return [...found.flatMap((one) => unlisted(one, rows)), ...unregistered(found, rows), ...doubled(rows)];
  },
};

export function metricRows(text: string): MetricRow[] {
  return [...text.matchAll(ROW)].map(({ groups, index }) => ({
    name: groups?.["name"] ?? "",
    scopes: (groups?.["scope"] ?? "").split(",").map((scope) => scope.trim()),
    kind: (groups?.["kind"] ?? "").trim(),
    line: lineAt(text, index),
  }));
}

function registeredIn(file: SourceFile): Found[] {
  return [...file.uncommented.matchAll(CALL)].flatMap((match) => {
    const { kind = "", argument = "" } = match.groups ?? {};
    const place = { path: file.path, line: lineAt(file.uncommented, match.index) };
    if (!/^["`]/.test(argument)) return [{ ...place, name: "", kind }];
    const name = argument.slice(1, -1).replaceAll(/\$\{[^}]*\}/g, "<N>");
    const rate =
      kind === "counter" && METERED.test(name) ? [{ ...place, name: `${name}PerSecond`, kind: "meter" }] : [];
    return [{ ...place, name, kind }, ...rate];
  });
}

function unlisted({ path, line, name, kind }: Found, rows: readonly MetricRow[]): Violation[] {
  if (name === "")
    return [
      { path, line, message: `a ${kind} without a literal name: write it there, so that ${PAGE} can be compared` },
    ];
  const row = rows.find((candidate) => candidate.name === name);
  const message =
    row === undefined
      ? `the metric ${name} is not in ${PAGE}: add a row \`| \\\`${name}\\\` | scope | ${kind} | unit | sentence |\``
      : `the metric ${name} is a ${kind} here and a ${row.kind} in ${PAGE}: correct one of them`;
  return row !== undefined && SHOWN[kind]?.includes(row.kind) === true ? [] : [{ path, line, message }];
}

function unregistered(found: readonly Found[], rows: readonly MetricRow[]): Violation[] {
  const names = new Set(found.map(({ name }) => name));
  return rows
    .filter(({ name }) => !names.has(name))
    .map(({ name, line }) => ({ path: PAGE, line, message: `nobody registers ${name}: remove its row` }));
}

function doubled(rows: readonly MetricRow[]): Violation[] {
  return rows
    .filter(({ name }, index) => rows.findIndex((other) => other.name === name) < index)
    .map(({ name, line }) => ({ path: PAGE, line, message: `${name} has two rows: keep one, with both scopes` }));
}
