/**
 * Blanks out what is not code, so that a rule can search with plain patterns and never meets a comment or a text.
 *
 * In:  the text of a TypeScript file. Out: texts of the same length and with the same line breaks, so that positions agree.
 * No parser: TypeScript 7.0 offers none as an API, and the rules only need to know what is code, what is text and what is a comment.
 */

export interface Masked {
  /** Comments and the insides of strings, templates and regular expressions are blanks. */
  readonly code: string;
  /** Only comments are blanks. */
  readonly uncommented: string;
}

type Kind = "code" | "text" | "comment";

/** What may stand directly before a regular expression; anything else before a slash makes it a division. */
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|throw|yield|await|delete))$/;

export function mask(text: string): Masked {
  const kinds = classify(text);
  return {
    code: blank(text, kinds, (kind) => kind === "code"),
    uncommented: blank(text, kinds, (kind) => kind !== "comment"),
  };
}

function blank(text: string, kinds: readonly Kind[], keep: (kind: Kind) => boolean): string {
  let result = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    result += char === "\n" || keep(kinds[at] ?? "code") ? char : " ";
  }
  return result;
}

/** One kind per character. */
function classify(text: string): Kind[] {
  const kinds: Kind[] = Array.from({ length: text.length }, () => "code");
  /** Depth of braces at which each open template goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;

  const fill = (end: number, kind: Kind): void => {
    kinds.fill(kind, at, end);
    at = end;
  };

  while (at < text.length) {
    const char = text[at];
    if (text.startsWith("//", at)) fill(lineEnd(text, at), "comment");
    else if (text.startsWith("/*", at)) fill(after(text, "*/", at + 2), "comment");
    else if (char === '"' || char === "'") fill(quoteEnd(text, at, char), "text");
    else if (char === "/" && startsRegex(text, kinds, at)) fill(regexEnd(text, at), "text");
    else if (char === "`" || (char === "}" && templates.at(-1) === depth)) {
      if (char === "}") templates.pop();
      at += 1;
      const end = templateEnd(text, at);
      const opensCode = text[end] === "$";
      fill(end, "text");
      at += opensCode ? 2 : 1;
      if (opensCode) templates.push(depth);
    } else {
      if (char === "{") depth += 1;
      if (char === "}") depth -= 1;
      at += 1;
    }
  }
  return kinds;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function after(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found === -1 ? text.length : found + what.length;
}

function quoteEnd(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote || text[at] === "\n") return at + 1;
  }
  return text.length;
}

/** The position of the closing backtick or of `${`. */
function templateEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "`" || text.startsWith("${", at)) return at;
  }
  return text.length;
}

function startsRegex(text: string, kinds: readonly Kind[], at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (/\s/.test(text[before] ?? "") || kinds[before] === "comment")) before -= 1;
  return (
    before < 0 || (kinds[before] === "code" && BEFORE_REGEX.test(text.slice(Math.max(0, before - 10), before + 1)))
  );
}

function regexEnd(text: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text[at];
    if (char === "\\") at += 1;
    else if (char === "\n") return at;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "/" && !inClass) return at + 1;
  }
  return text.length;
}
