/**
 * The blob store in a directory of the local or a mounted file system.
 *
 * Write: temporary file beside the target → sync → rename → sync of the directory. So a reader sees the old file, or the new one, or none; a crash
 *        leaves at most a temporary file, which no listing shows.
 * Out:   through callbacks, from Node's I/O. The promises inside never reach engine code.
 * State: none but the directory. Directories that a deletion empties are removed.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MillraceError, asError, isMillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import { TEMPORARY_PREFIX, blobPathProblem, blobPrefixProblem, noBlobAt } from "./blob-paths.ts";
import type { BlobStore } from "./blob-store.ts";
import { errnoOf, isDirectorySyncUnsupported } from "./file-errors.ts";

/** A deletion may remove the directory that a write has just made: the write makes it again, this often at most. */
const DIRECTORY_ATTEMPTS_MAX = 5;

export class FileBlobStore implements BlobStore {
  readonly name: string;
  readonly #root: string;

  /** The directory is made by the first write. */
  constructor(directory: string) {
    this.#root = resolve(directory);
    this.name = `file:${this.#root}`;
  }

  write(path: string, chunks: readonly Uint8Array[], done: Done<void>): void {
    this.#run(`write "${path}" in`, blobPathProblem(path), () => this.#write(join(this.#root, path), chunks), done);
  }

  read(path: string, done: Done<Uint8Array>): void {
    this.#run(`read "${path}" from`, blobPathProblem(path), () => this.#read(path), done);
  }

  delete(path: string, done: Done<void>): void {
    this.#run(`delete "${path}" from`, blobPathProblem(path), () => this.#delete(join(this.#root, path)), done);
  }

  list(prefix: string, done: Done<readonly string[]>): void {
    this.#run(`list "${prefix}" in`, blobPrefixProblem(prefix), () => this.#list(prefix), done);
  }

  #run<T>(action: string, problem: MillraceError | undefined, work: () => Promise<T>, done: Done<T>): void {
    const begun = problem === undefined ? work() : Promise.reject(problem);
    begun.then(
      (value) => done(succeeded(value)),
      (error: unknown) => done(failed(isMillraceError(error) ? error : storeFailed(action, this.name, error))),
    );
  }

  async #write(target: string, chunks: readonly Uint8Array[]): Promise<void> {
    const directory = dirname(target);
    const temporary = join(directory, `${TEMPORARY_PREFIX}${randomUUID()}`);
    const file = await this.#create(temporary);
    try {
      try {
        for (const chunk of chunks) await file.writeFile(chunk);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    await syncDirectory(directory);
  }

  async #create(temporary: string): Promise<Awaited<ReturnType<typeof open>>> {
    for (let attempt = 1; ; attempt++) {
      try {
        await makeDurableDirectory(dirname(temporary));
        return await open(temporary, "wx");
      } catch (error) {
        if (errnoOf(error) !== "ENOENT" || attempt === DIRECTORY_ATTEMPTS_MAX) throw error;
      }
    }
  }

  async #read(path: string): Promise<Uint8Array> {
    try {
      const bytes = await readFile(join(this.#root, path));
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } catch (error) {
      if (isNoFile(error)) throw noBlobAt(this.name, path, error);
      throw error;
    }
  }

  async #delete(target: string): Promise<void> {
    try {
      await unlink(target);
    } catch (error) {
      // EPERM is what macOS says of a directory, which is no file of the store.
      if (isNoFile(error) || errnoOf(error) === "EPERM") return;
      throw error;
    }
    let emptied = dirname(target);
    while (emptied !== this.#root && (await removedIfEmpty(emptied))) emptied = dirname(emptied);
    await syncDirectory(emptied).catch(() => undefined);
  }

  async #list(prefix: string): Promise<readonly string[]> {
    const paths: string[] = [];
    const pending = [prefix.slice(0, prefix.lastIndexOf("/") + 1)];
    for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
      for (const entry of await entriesOf(join(this.#root, directory))) {
        const path = directory + entry.name;
        if (entry.name.startsWith(TEMPORARY_PREFIX)) continue;
        if (entry.isDirectory()) {
          const below = `${path}/`;
          if (below.startsWith(prefix) || prefix.startsWith(below)) pending.push(below);
        } else if (path.startsWith(prefix)) paths.push(path);
      }
    }
    return paths.sort();
  }
}

function storeFailed(action: string, store: string, error: unknown): MillraceError {
  return new MillraceError(
    "MR5206",
    `cannot ${action} ${store}: ${asError(error).message}; check permissions and free space`,
    { cause: error },
  );
}

function isNoFile(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOENT" || errno === "ENOTDIR" || errno === "EISDIR";
}

async function entriesOf(directory: string): Promise<{ readonly name: string; isDirectory(): boolean }[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isNoFile(error)) return [];
    throw error;
  }
}

async function removedIfEmpty(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch {
    return false;
  }
}

/** Makes a directory and those above it; a new entry is durable once the directory that holds it is synced. */
async function makeDurableDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isDirectorySyncUnsupported(error)) throw error;
  }
}
