/** The errors of file systems, the same in every implementation. */
import { MillraceError, asError } from "../util/errors.ts";

export function nothingAt(path: string, cause?: unknown): MillraceError {
  return new MillraceError(
    "MR6101",
    `there is nothing at "${path}": check the path, and from which directory the job was started`,
    { cause, retryable: false },
  );
}

/** `action` goes on with the path: "read", "rename to". */
export function fileFailed(action: string, path: string, cause: unknown): MillraceError {
  if (errnoOf(cause) === "ENOENT" || errnoOf(cause) === "ENOTDIR") return nothingAt(path, cause);
  return new MillraceError(
    "MR6102",
    `cannot ${action} "${path}": ${asError(cause).message}; check permissions, free space and what else uses it`,
    { cause },
  );
}

/** `ENOENT` and its like; undefined if it is no error of the system. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Windows cannot open a directory to sync it, some mounted systems refuse to: there, a rename is as durable as the system makes it. */
export function isDirectorySyncUnsupported(error: unknown): boolean {
  const errno = errnoOf(error);
  return (
    errno === "EISDIR" ||
    errno === "EINVAL" ||
    errno === "ENOTSUP" ||
    (errno === "EPERM" && process.platform === "win32")
  );
}
