/** Names that mark a missing idea: a type or file that is called so should be called after what it does. */
import { isTypeScript, matches } from "./project.ts";
import type { Project, Rule } from "./project.ts";

const WORDS = ["Impl", "Abstract", "Base", "Default", "Util", "Utils", "Helper", "Helpers", "Manager"];

/** Flink's terms, which users bring along. */
const TERMS = new Set(["TaskManager", "ResourceManager", "SlotManager"]);

const DECLARATION = /\b(?:class|interface|type) (?<name>[A-Z]\w*)/g;

export const names: Rule = {
  name: "names",
  check: (project: Project) =>
    project.files
      .filter(({ path }) => isTypeScript(path))
      .flatMap((file) => [
        ...matches(file, file.code, DECLARATION, (match) => match.groups?.["name"] ?? "")
          .filter(({ message }) => forbiddenWord(message) !== undefined)
          .map((found) => ({ ...found, message: complaint(found.message, forbiddenWord(found.message)) })),
        ...fileName(file.path),
      ]),
};

function fileName(path: string): { path: string; line: number; message: string }[] {
  const name = (path.split("/").at(-1) ?? "").split(".")[0] ?? "";
  const pascal = name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  const word = forbiddenWord(pascal);
  if (word !== undefined) return [{ path, line: 1, message: complaint(name, word) }];
  if (/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) return [];
  return [
    {
      path,
      line: 1,
      message: `"${name}" is not in kebab-case: name the file after its main export, such as value-codec.ts`,
    },
  ];
}

function forbiddenWord(name: string): string | undefined {
  const rest = [...TERMS].reduce((text, term) => text.replaceAll(term, ""), name);
  const words = rest.match(/[A-Z][a-z0-9]*/g) ?? [];
  return words.find((word) => WORDS.includes(word));
}

function complaint(name: string, word: string | undefined): string {
  return `"${name}": "${word ?? ""}" says nothing; name it after the one thing it does`;
}
