/** Which paths a blob store takes: the same in every store, so that what works in memory works on disk. */
import { MillraceError } from "../util/errors.ts";

/** Files whose name starts so are half-written ones of a store itself: no path may use it, no list shows it. */
export const TEMPORARY_PREFIX = ".tmp-";

const ILLEGAL = /[\\\0]/;

/** What is wrong with `path`; undefined if it names a file inside the store. */
export function blobPathProblem(path: string): MillraceError | undefined {
  return problemOf(path, path.split("/"));
}

/** As {@link blobPathProblem} for the prefix of a listing, whose last part may be empty or incomplete. */
export function blobPrefixProblem(prefix: string): MillraceError | undefined {
  return problemOf(prefix, prefix.split("/").slice(0, -1));
}

function problemOf(path: string, parts: readonly string[]): MillraceError | undefined {
  const sound =
    !ILLEGAL.test(path) &&
    parts.every((part) => part !== "" && part !== "." && part !== ".." && !part.startsWith(TEMPORARY_PREFIX));
  if (sound) return undefined;
  const rule = `parts joined by "/", none of them empty, ".", ".." or starting with "${TEMPORARY_PREFIX}"`;
  return new MillraceError("MR5202", `"${path}" is no path of a blob store: use ${rule}`, { retryable: false });
}

export function noBlobAt(store: string, path: string, cause?: unknown): MillraceError {
  return new MillraceError("MR5201", `${store} holds no file "${path}": check that it was not deleted or moved`, {
    cause,
  });
}

/** The store has answered, and there is no such file. */
export function isNoBlob(error: MillraceError): boolean {
  return error.code === "MR5201";
}

/** An error of a store that is not an answer about the file: it may be there, and be sound. */
export function isStorageAway(error: MillraceError): boolean {
  return error.code.startsWith("MR52") && !isNoBlob(error);
}
