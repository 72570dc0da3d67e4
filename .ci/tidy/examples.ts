/**
 * The examples in doc comments, as files that compile and run.
 *
 * In:  `@example` blocks of everything in core/, statefun/, connectors/, test/harness/ and test/sim/. Out: one TypeScript file per example in dist/.examples/, which imports what it
 *      mentions from the preludes, and exports the example as a function `example`.
 * The preludes are test/core/api/examples-prelude.ts and, for connectors, also test/connectors/examples-prelude.ts and the connector's own index.ts; for the
 * harness and the simulator also test/harness/index.ts; for the cluster also core/cluster/index.ts; for stateful functions also statefun/index.ts, and
 * for those with a connector, such as statefun/kafka, the index.ts of both.
 * Examples of connectors are not run, since they need files and servers. An example that has an `export` of its own is compiled only.
 */
import { sourcesIn } from "./project.ts";
import type { Project } from "./project.ts";

export const PRELUDE = "test/core/api/examples-prelude.ts";
const CONNECTORS_PRELUDE = "test/connectors/examples-prelude.ts";
export const FOLDER = "dist/.examples";

export interface Example {
  /** Where it stands in the sources. */
  readonly path: string;
  readonly line: number;
  /** In `FOLDER`. */
  readonly file: string;
  readonly text: string;
  /** Whether it exports the function `example`. */
  readonly runs: boolean;
}

export function examplesOf(project: Project): Example[] {
  return sourcesIn(project, "core", "statefun", "connectors", "test/harness", "test/sim").flatMap(({ path, text }) =>
    blocksOf(text).map(({ line, code }) => {
      const file = `${path.replaceAll("/", "-").replace(/\.ts$/, "")}-${line}.ts`;
      const { text: program, atTop } = programOf(code, preludesOf(project, path));
      return { path, line, file, text: program, runs: !atTop && !path.startsWith("connectors/") };
    }),
  );
}

/** Where an example takes its names from; the later ones win. */
function preludesOf(project: Project, path: string): Prelude[] {
  const [root, connector] = path.split("/");
  const further =
    root === "connectors"
      ? [CONNECTORS_PRELUDE, `connectors/${connector ?? ""}/index.ts`]
      : root === "statefun"
        ? [
            "statefun/index.ts",
            ...(connector === "kafka" ? ["statefun/kafka/index.ts", "connectors/kafka/index.ts"] : []),
          ]
        : root === "test"
          ? ["test/harness/index.ts"]
          : path.startsWith("core/cluster/")
            ? ["core/cluster/index.ts"]
            : [];
  return [PRELUDE, ...further].map((prelude) => ({ path: prelude, names: namesOf(project.file(prelude)?.code ?? "") }));
}

/** The lines of each example, and the line on which its code starts. */
export function blocksOf(text: string): { readonly line: number; readonly code: readonly string[] }[] {
  const blocks: { line: number; code: string[] }[] = [];
  let open: { line: number; code: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*\*\s*@example\b/.test(line)) {
      open = { line: index + 2, code: [] };
      blocks.push(open);
    } else if (/\*\/|^\s*\*\s*@\w+/.test(line)) open = undefined;
    else if (open !== undefined && !/^\s*\*\s*```/.test(line)) open.code.push(line.replace(/^\s*\* ?/, ""));
  }
  return blocks.filter(({ code }) => code.some((line) => line.trim() !== ""));
}

interface Names {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

export function namesOf(code: string): Names {
  const declared = (pattern: RegExp): string[] => [...code.matchAll(pattern)].map((match) => match[1] ?? "");
  const listed = [...code.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, type, names = ""]) =>
    names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "")
      .map((name) => ({
        isType: type !== undefined || name.startsWith("type "),
        name:
          name
            .replace(/^type /, "")
            .split(" as ")
            .at(-1) ?? "",
      })),
  );
  return {
    values: [
      ...declared(/^export (?:declare )?(?:async )?(?:const|let|function\*?|class) (\w+)/gm),
      ...listed.filter(({ isType }) => !isType).map(({ name }) => name),
    ],
    types: [
      ...declared(/^export (?:declare )?(?:interface|type) (\w+)/gm),
      ...listed.filter(({ isType }) => isType).map(({ name }) => name),
    ],
  };
}

interface Prelude {
  readonly path: string;
  readonly names: Names;
}

function programOf(code: readonly string[], preludes: readonly Prelude[]): { text: string; atTop: boolean } {
  const isImport = (line: string): boolean => /^import .* from ["'].*["'];?$/.test(line);
  const own = code.filter(isImport);
  const rest = code.filter((line) => !isImport(line));
  const atTop = rest.some((line) => /^export\b/.test(line));
  const taken = new Set(own.flatMap((line) => line.match(/\w+/g) ?? []));
  const imports = preludes.toReversed().flatMap(({ path, names }) => {
    const mentioned = (name: string): boolean =>
      !taken.has(name) && rest.some((line) => new RegExp(`\\b${name}\\b`).test(line));
    const found = [...names.values.filter(mentioned), ...names.types.filter(mentioned).map((name) => `type ${name}`)];
    for (const name of found) taken.add(name.replace("type ", ""));
    return found.length === 0 ? [] : [`import { ${found.join(", ")} } from "../../${path}";`];
  });
  const open = atTop ? [] : ["export async function example(): Promise<void> {"];
  return { text: [...imports, ...own, ...open, ...rest, ...(atTop ? [] : ["}"]), ""].join("\n"), atTop };
}

/** The line in the sources of a line in the generated file; imports of the example itself make it inexact by their number. */
export function sourceLine(example: Example, generatedLine: number): number {
  const lines = example.text.split("\n");
  const before =
    lines.findIndex((line) => line !== "" && !line.startsWith("import ")) +
    (lines.some((line) => line.includes("function example()")) ? 1 : 0);
  return example.line + Math.max(0, generatedLine - 1 - before);
}
