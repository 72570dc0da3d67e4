/**
 * The frame of public doc comments: every value that an entry point of the package exports has a sentence, and so have the methods of its classes. Functions
 * also have Shape, Errors, Source and an example; methods with which users build and run a job an example, and Shape and Errors where they apply. A method
 * may be documented in an interface that its class implements.
 */
import { dirname, join } from "node:path/posix";
import { lineAt, sourcesIn } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

/** The files that `exports` of package.json names, as sources. */
const ENTRY_POINT = /^(?:core(?:\/cluster)?|statefun(?:\/kafka)?|connectors\/[\w-]+|test\/(?:harness|sim))\/index\.ts$/;

/** The classes and interfaces whose methods are the language of the API. */
const FRAMED =
  /^(?:DataStream|KeyedStream|WindowedStream|ConnectedStreams|KeyedConnectedStreams|StreamExecutionEnvironment|WatermarkStrategy|JobClient)$/;

/** Methods whose use needs no example: they set one thing. */
const WITHOUT_EXAMPLE: ReadonlySet<string> = new Set([
  "name",
  "uid",
  "setParallelism",
  "setMaxParallelism",
  "slotSharingGroup",
  "disableChaining",
  "startNewChain",
  "forward",
  "rebalance",
  "rescale",
  "shuffle",
  "broadcast",
  "global",
  "print",
  "getStreamGraph",
  "config",
  "explain",
  "setRestartStrategy",
  "enableCheckpointing",
  "configure",
]);

interface Declared {
  readonly name: string;
  readonly line: number;
  readonly doc: string | undefined;
  /** From the name up to the body. */
  readonly signature: string;
  readonly body: string;
}

export const docFrames: Rule = {
  name: "doc-frames",
  check: (project: Project) => [...methodFrames(project), ...exportFrames(project)],
};

function methodFrames(project: Project): Violation[] {
  const sources = sourcesIn(project, "core", "statefun", "connectors", "test/harness", "test/sim");
  const interfaces = new Map(
    sources.flatMap((file) => typesOf(file, "interface")).map((type) => [type.name, type.methods]),
  );
  const exported = new Set(exportsOf(project).map(({ name, path }) => `${path} ${name}`));
  return sources.flatMap((file) =>
    [
      ...typesOf(file, "class").filter(({ name }) => FRAMED.test(name) || exported.has(`${file.path} ${name}`)),
      ...typesOf(file, "interface").filter(({ name }) => FRAMED.test(name)),
    ].flatMap((type) =>
      type.methods.flatMap((method) => {
        const inherited = type.implemented
          .flatMap((name) => interfaces.get(name) ?? [])
          .find(({ name }) => name === method.name);
        return judge(type.name, { ...method, doc: method.doc ?? inherited?.doc }).map((message) => ({
          path: file.path,
          line: method.line,
          message,
        }));
      }),
    ),
  );
}

function judge(owner: string, method: Declared): string[] {
  const { doc, name } = method;
  if (doc === undefined || !hasSentence(doc))
    return [`${owner}.${name} has no doc comment: say in a sentence what it does`];
  if (doc.includes("@internal") || !FRAMED.test(owner)) return [];
  return partsMissing(method, doc).map((missing) => `${owner}.${name} ${missing}`);
}

function partsMissing(method: Declared, doc: string): string[] {
  const missing: string[] = [];
  if (
    /\b(?:\w*Stream\w*|WatermarkStrategy)</.test(method.signature.slice(method.signature.lastIndexOf("):"))) &&
    !/\bShape:/.test(doc)
  ) {
    missing.push("returns a stream or strategy, and does not say which: add a line `Shape:  …`");
  }
  if (/\b(?:new MillraceError|refuse)\(/.test(method.body) && !/\bErrors:/.test(doc))
    missing.push("throws, and does not say when: add a line `Errors: MRxxxx …`");
  if (!doc.includes("@example") && !WITHOUT_EXAMPLE.has(method.name)) missing.push("shows no use: add an `@example`");
  return missing;
}

function exportFrames(project: Project): Violation[] {
  return exportsOf(project).flatMap(({ name, path }) => {
    const file = project.file(path);
    return file === undefined ? [] : exportFrame(file, name);
  });
}

/** What the entry points export by name, values only: `export { a, b as c } from "./x.ts"`. */
function exportsOf(project: Project): { readonly name: string; readonly path: string }[] {
  return project.files
    .filter(({ path }) => ENTRY_POINT.test(path))
    .flatMap((entry) =>
      [...entry.uncommented.matchAll(/^export \{(?<names>[^}]*)\} from "(?<path>\.[^"]+)";/gm)].flatMap((match) =>
        (match.groups?.["names"] ?? "")
          .split(",")
          .map((name) => name.trim().split(" as ")[0] ?? "")
          .filter((name) => name !== "" && !name.startsWith("type "))
          .map((name) => ({ name, path: join(dirname(entry.path), match.groups?.["path"] ?? "") })),
      ),
    );
}

/** What the frame of a function consists of, beside its sentence. */
const FUNCTION_PARTS = [
  ["Shape:", "what it returns: add a line `Shape:  …`"],
  ["Errors:", "when it throws: add a line `Errors: MRxxxx …`, or `Errors: none.`"],
  ["Source:", "whose idea it is: add a line `Source: …`"],
  ["@example", "how it is used: add an `@example`"],
] as const;

function exportFrame(file: SourceFile, name: string): Violation[] {
  const found = new RegExp(`^export (?:async )?(?<kind>function\\*?|const|class|abstract class) ${name}\\b`, "m").exec(
    file.code,
  );
  if (found === null) return [];
  const doc = docBefore(file, found.index);
  const at = { path: file.path, line: lineAt(file.text, found.index) };
  if (doc === undefined || !hasSentence(doc))
    return [{ ...at, message: `${name} is public and has no doc comment: say in a sentence what it is for` }];
  if (found.groups?.["kind"]?.startsWith("function") !== true) return [];
  return FUNCTION_PARTS.filter(([part]) => !doc.includes(` * ${part}`)).map(([, missing]) => ({
    ...at,
    message: `${name} is public, and does not say ${missing}`,
  }));
}

interface DeclaredType {
  readonly name: string;
  /** Interfaces that a class implements, where its methods may be documented. */
  readonly implemented: readonly string[];
  readonly methods: readonly Declared[];
}

function typesOf(file: SourceFile, kind: "class" | "interface"): DeclaredType[] {
  return [...file.code.matchAll(new RegExp(`^export (?:abstract )?${kind} (?<name>\\w+)(?<head>[^{]*)\\{`, "gm"))].map(
    (match) => {
      const end = file.code.indexOf("\n}", match.index);
      const implemented = / implements (.*)/s.exec(match.groups?.["head"] ?? "")?.[1]?.match(/\b[A-Z]\w+/g) ?? [];
      return {
        name: match.groups?.["name"] ?? "",
        implemented,
        methods: methodsOf(file, match.index, end === -1 ? file.code.length : end),
      };
    },
  );
}

const METHOD = /^ {2}(?:static |async |override |get |set )*(?<name>[a-z]\w*)(?:<.*>)?\(/gm;

function methodsOf(file: SourceFile, from: number, to: number): Declared[] {
  const methods: Declared[] = [];
  for (const match of file.code.slice(from, to).matchAll(METHOD)) {
    const name = match.groups?.["name"] ?? "";
    const start = from + match.index;
    const bodyEnd = file.code.indexOf("\n  }", start);
    const whole = file.code.slice(start, bodyEnd === -1 ? to : bodyEnd);
    const bodyStart = whole.search(/\{\n/);
    const doc = docBefore(file, start);
    // Of overloads, the first one is documented.
    if (name === "constructor" || (doc === undefined && methods.at(-1)?.name === name)) continue;
    const signature = bodyStart === -1 ? (whole.split("\n")[0] ?? "") : whole.slice(0, bodyStart);
    methods.push({ name, line: lineAt(file.text, start), doc, signature, body: whole });
  }
  return methods;
}

/** The doc comment that ends directly before `position`. */
function docBefore(file: SourceFile, position: number): string | undefined {
  return /\/\*\*(?:(?!\*\/)[^])*\*\/\s*$/.exec(file.text.slice(0, position))?.[0];
}

/** A frame starts with its sentence; a label in its place means that there is none. */
function hasSentence(doc: string): boolean {
  const lines = doc
    .slice(3, doc.lastIndexOf("*/"))
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim());
  const first = lines.find((line) => line !== "") ?? "";
  return /\S\s+\S/.test(first) && !/^(?:Shape|Units|Time|State|Cost|Errors|Source):|^@(?!internal)/.test(first);
}
