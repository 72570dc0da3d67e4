/**
 * The frame of public doc comments: everything that `core/index.ts` exports has a sentence; the methods with which users build a graph also say what shape
 * comes out, which errors they raise, and show an example. A method may be documented in an interface that its class implements.
 */
import { lineAt, sourcesIn } from "./project.ts";
import type { Project, Rule, SourceFile, Violation } from "./project.ts";

/** The classes whose methods are the language of the API. */
const FRAMED =
  /^(?:DataStream|KeyedStream|WindowedStream|ConnectedStreams|KeyedConnectedStreams|StreamExecutionEnvironment)$/;

/** Methods whose use needs no example: they set one thing. */
const WITHOUT_EXAMPLE: ReadonlySet<string> = new Set([
  "name",
  "uid",
  "parallelism",
  "setParallelism",
  "maxParallelism",
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
  "getConfig",
  "getStreamGraph",
  "config",
  "explain",
  "setRestartStrategy",
  "enableCheckpointing",
  "configure",
  "setUid",
  "disableOperatorChaining",
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
  const sources = sourcesIn(project, "core");
  const interfaces = new Map(
    sources.flatMap((file) => typesOf(file, "interface")).map((type) => [type.name, type.methods]),
  );
  const front = new Set(frontDoor(project).map(({ name }) => name));
  return sources.flatMap((file) =>
    typesOf(file, "class")
      .filter(({ name }) => FRAMED.test(name) || front.has(name))
      .flatMap((type) =>
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
  if (/\b\w*Stream\w*</.test(method.signature.slice(method.signature.lastIndexOf("):"))) && !/\bShape:/.test(doc)) {
    missing.push("returns a stream, and does not say which: add a line `Shape:  …`");
  }
  if (/\b(?:new MillraceError|refuse)\(/.test(method.body) && !/\bErrors:/.test(doc))
    missing.push("throws, and does not say when: add a line `Errors: MRxxxx …`");
  if (!doc.includes("@example") && !WITHOUT_EXAMPLE.has(method.name)) missing.push("shows no use: add an `@example`");
  return missing;
}

function exportFrames(project: Project): Violation[] {
  return frontDoor(project).flatMap(({ name, path }) => {
    const file = project.file(path);
    return file === undefined ? [] : exportFrame(file, name);
  });
}

/** What the front door exports by name, values only: `export { a, b as c } from "./x.ts"`. */
function frontDoor(project: Project): { readonly name: string; readonly path: string }[] {
  const lists = (project.file("core/index.ts")?.uncommented ?? "").matchAll(
    /^export \{(?<names>[^}]*)\} from "\.\/(?<path>[^"]+)";/gm,
  );
  return [...lists].flatMap((match) =>
    (match.groups?.["names"] ?? "")
      .split(",")
      .map((name) => name.trim().split(" as ")[0] ?? "")
      .filter((name) => name !== "" && !name.startsWith("type "))
      .map((name) => ({ name, path: `core/${match.groups?.["path"] ?? ""}` })),
  );
}

function exportFrame(file: SourceFile, name: string): Violation[] {
  const found = new RegExp(`^export (?:async )?(?:function\\*?|const|class|abstract class) ${name}\\b`, "m").exec(
    file.code,
  );
  if (found === null) return [];
  const doc = docBefore(file, found.index);
  if (doc !== undefined && hasSentence(doc)) return [];
  return [
    {
      path: file.path,
      line: lineAt(file.text, found.index),
      message: `${name} is public and has no doc comment: say in a sentence what it is for`,
    },
  ];
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
