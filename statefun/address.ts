/**
 * Where messages go: a function's type names the code, an id names the instance. Instances need not be made: the first message to an address finds an
 * empty one.
 */
import { described, MillraceError } from "../core/util/errors.ts";

/** `namespace/name`: the name is what follows the last slash. */
export type TypeName = `${string}/${string}`;

/** A virtual instance of a function. Plain data: it may be kept in state and sent in messages. */
export interface Address {
  readonly type: TypeName;
  readonly id: string;
}

export function isTypeName(text: unknown): text is TypeName {
  if (typeof text !== "string") return false;
  const slash = text.lastIndexOf("/");
  return slash > 0 && slash < text.length - 1;
}

export function namespaceOf(type: TypeName): string {
  return type.slice(0, type.lastIndexOf("/"));
}

/** Errors: `MR9001`. `of` says whose name it is: "function", "egress". */
export function requireTypeName(text: unknown, of: string): TypeName {
  if (isTypeName(text)) return text;
  const given = typeof text === "string" ? JSON.stringify(text) : described(text);
  const sentence = `${given} is no name of a ${of}: write it as "namespace/name"`;
  throw new MillraceError("MR9001", sentence, { retryable: false });
}
