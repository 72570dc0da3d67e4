/**
 * The real file system, through `node:fs` with callbacks.
 *
 * In:   paths and bytes. Out: through callbacks, from Node's I/O, each exactly once.
 * State: open files only. A file's name is made durable by its first `sync`, a rename by itself.
 */
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import { fileFailed, isDirectorySyncUnsupported } from "./file-errors.ts";
import type { FileHandle, FileInfo, FileSystem } from "./file-system.ts";

const FLAGS = { read: "r", create: "w", append: "r+" } as const;

type NodeCallback = (error: Error | null) => void;

export class NodeFileSystem implements FileSystem {
  open(path: string, mode: "read" | "create" | "append", done: Done<FileHandle>): void {
    attempt(`open`, path, done, () =>
      fs.open(path, FLAGS[mode], (error, fd) =>
        done(
          error === null
            ? succeeded(new NodeFileHandle(fd, path, mode === "create"))
            : failed(fileFailed("open", path, error)),
        ),
      ),
    );
  }

  stat(path: string, done: Done<FileInfo>): void {
    attempt("read", path, done, () =>
      fs.stat(path, (error, stats) =>
        done(error === null ? succeeded(infoOf(path, stats)) : failed(fileFailed("read", path, error))),
      ),
    );
  }

  list(path: string, done: Done<readonly FileInfo[]>): void {
    attempt("list", path, done, () =>
      fs.readdir(path, (error, names) => {
        if (error === null) statAll(path, names.sort(), done);
        else done(failed(fileFailed("list", path, error)));
      }),
    );
  }

  makeDirectory(path: string, done: Done<void>): void {
    attempt("make directory", path, done, () =>
      fs.mkdir(path, { recursive: true }, answer("make directory", path, done)),
    );
  }

  rename(from: string, to: string, done: Done<void>): void {
    attempt("rename", from, done, () =>
      fs.rename(from, to, (error) => {
        if (error === null) syncDirectory(dirname(to), answer("rename to", to, done));
        else done(failed(fileFailed("rename", from, error)));
      }),
    );
  }

  remove(path: string, done: Done<void>): void {
    attempt("remove", path, done, () => fs.rm(path, { recursive: true, force: true }, answer("remove", path, done)));
  }
}

class NodeFileHandle implements FileHandle {
  readonly #fd: number;
  readonly #path: string;
  #nameIsDurable: boolean;
  #closed = false;

  constructor(fd: number, path: string, created: boolean) {
    this.#fd = fd;
    this.#path = path;
    this.#nameIsDurable = !created;
  }

  read(position: number, length: number, done: Done<Uint8Array>): void {
    const bytes = new Uint8Array(length);
    const readOn = (filled: number): void => {
      fs.read(this.#fd, bytes, filled, length - filled, position + filled, (error, count) => {
        if (error !== null) done(failed(fileFailed("read", this.#path, error)));
        else if (count > 0 && filled + count < length) readOn(filled + count);
        else done(succeeded(filled + count === length ? bytes : bytes.subarray(0, filled + count)));
      });
    };
    attempt("read", this.#path, done, () => readOn(0));
  }

  write(position: number, bytes: Uint8Array, done: Done<void>): void {
    const writeOn = (written: number): void => {
      fs.write(this.#fd, bytes, written, bytes.length - written, position + written, (error, count) => {
        if (error !== null) done(failed(fileFailed("write", this.#path, error)));
        else if (written + count < bytes.length) writeOn(written + count);
        else done(succeeded(undefined));
      });
    };
    attempt("write", this.#path, done, () => writeOn(0));
  }

  sync(done: Done<void>): void {
    attempt("sync", this.#path, done, () =>
      fs.fsync(this.#fd, (error) => {
        if (error !== null) return done(failed(fileFailed("sync", this.#path, error)));
        if (this.#nameIsDurable) return done(succeeded(undefined));
        syncDirectory(dirname(this.#path), (failure) => {
          this.#nameIsDurable = failure === null;
          answer("sync the directory of", this.#path, done)(failure);
        });
      }),
    );
  }

  truncate(length: number, done: Done<void>): void {
    attempt("truncate", this.#path, done, () => fs.ftruncate(this.#fd, length, answer("truncate", this.#path, done)));
  }

  close(done: Done<void>): void {
    attempt("close", this.#path, done, () => {
      // The system gives the number to the next file that is opened: closing twice could close that one.
      if (this.#closed) throw new Error("it is closed");
      this.#closed = true;
      fs.close(this.#fd, (error) => answer("close", this.#path, done)(error ?? null));
    });
  }
}

/** Node throws at once for arguments that no system call could take, such as a path with a NUL byte or a negative position. */
function attempt<T>(action: string, path: string, done: Done<T>, call: () => void): void {
  try {
    call();
  } catch (error) {
    setImmediate(() => done(failed(fileFailed(action, path, error))));
  }
}

function answer(action: string, path: string, done: Done<void>): NodeCallback {
  return (error) => done(error === null ? succeeded(undefined) : failed(fileFailed(action, path, error)));
}

function infoOf(path: string, stats: fs.Stats): FileInfo {
  return { path, bytes: stats.size, modifiedMs: stats.mtimeMs, kind: stats.isDirectory() ? "directory" : "file" };
}

/** Entries that vanish meanwhile, and what is neither file nor directory, are left out. */
function statAll(directory: string, names: readonly string[], done: Done<readonly FileInfo[]>): void {
  const infos: (FileInfo | undefined)[] = names.map(() => undefined);
  let waiting = names.length;
  let failure: Error | undefined;
  if (waiting === 0) return done(succeeded([]));
  for (const [index, name] of names.entries()) {
    const path = join(directory, name);
    fs.stat(path, (error, stats) => {
      if (error === null) infos[index] = stats.isFile() || stats.isDirectory() ? infoOf(path, stats) : undefined;
      else if (error.code !== "ENOENT" && error.code !== "ELOOP") failure = error;
      if (--waiting > 0) return;
      done(
        failure === undefined
          ? succeeded(infos.filter((info) => info !== undefined))
          : failed(fileFailed("list", directory, failure)),
      );
    });
  }
}

function syncDirectory(directory: string, done: NodeCallback): void {
  const settle: NodeCallback = (error) => done(error === null || isDirectorySyncUnsupported(error) ? null : error);
  fs.open(directory, "r", (error, fd) => {
    if (error !== null) return settle(error);
    fs.fsync(fd, (failure) => fs.close(fd, () => settle(failure)));
  });
}
