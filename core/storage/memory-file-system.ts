/**
 * A file system in memory, for tests and simulation: directories, open files that outlive renames, and crashes.
 *
 * In:    the calls of `FileSystem`. Each takes effect at a first turn of `defer` and is answered at a second one, so that a crash may fall before the
 *        effect, or between effect and answer.
 * State: a map from normalised path to node; a file's node knows how much of it was synced, and `crash` drops the rest.
 */
import { MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done, Outcome } from "../util/outcome.ts";
import type { Defer } from "./defer.ts";
import { fileFailed, nothingAt } from "./file-errors.ts";
import type { FileHandle, FileInfo, FileSystem } from "./file-system.ts";

interface FileNode {
  readonly kind: "file";
  bytes: Uint8Array;
  length: number;
  syncedLength: number;
  modifiedMs: number;
}
interface DirectoryNode {
  readonly kind: "directory";
  readonly modifiedMs: number;
}

export interface MemoryFileSystemOptions {
  /** Calls its argument once, later. */
  readonly defer: Defer;
  /** Stamps changes. Default: a counter. */
  readonly nowMs?: () => number;
}

export class MemoryFileSystem implements FileSystem {
  readonly #nodes = new Map<string, FileNode | DirectoryNode>();
  readonly #defer: Defer;
  readonly #nowMs: () => number;
  #epoch = 0;

  constructor(options: MemoryFileSystemOptions) {
    let ticks = 0;
    this.#defer = options.defer;
    this.#nowMs = options.nowMs ?? (() => ++ticks);
    for (const root of ["/", "."]) this.#nodes.set(root, { kind: "directory", modifiedMs: 0 });
  }

  /** The machine stops: what is under way never happens, open files are dead, and what was not synced is lost but for its first `keep(bytes)` bytes. */
  crash(keep: (bytesUnsynced: number) => number = () => 0): void {
    this.#epoch++;
    for (const node of this.#nodes.values()) {
      if (node.kind === "file") node.length = node.syncedLength += keep(node.length - node.syncedLength);
    }
  }

  /** The content of every file by path, at this moment. */
  files(): Map<string, Uint8Array> {
    const contents = [...this.#nodes].flatMap(([path, node]) =>
      node.kind === "file" ? [[path, node.bytes.slice(0, node.length)] as const] : [],
    );
    return new Map(contents.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Puts a file there at once, durable, with the directories above it. */
  put(path: string, content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
    this.#makeDirectory(parentOf(normal(path)));
    this.#nodes.set(normal(path), {
      kind: "file",
      bytes,
      length: bytes.length,
      syncedLength: bytes.length,
      modifiedMs: this.#nowMs(),
    });
  }

  /** Removes a file at once, as somebody else would. */
  delete(path: string): void {
    this.#nodes.delete(normal(path));
  }

  open(path: string, mode: "read" | "create" | "append", done: Done<FileHandle>): void {
    this.#run(done, () => {
      const node = mode === "create" ? this.#create(path) : this.#existing(path);
      if (node.kind === "directory") throw fileFailed("open", path, new Error("it is a directory"));
      return new MemoryFileHandle(path, node, this.#nowMs, this.#run.bind(this));
    });
  }

  stat(path: string, done: Done<FileInfo>): void {
    this.#run(done, () => infoOf(path, this.#existing(path)));
  }

  list(path: string, done: Done<readonly FileInfo[]>): void {
    this.#run(done, () => {
      if (this.#existing(path).kind === "file") throw nothingAt(path);
      const directory = normal(path);
      const names = [...this.#nodes.keys()].filter((key) => key !== directory && parentOf(key) === directory).sort();
      return names.map((key) => infoOf(joined(path, key.slice(key.lastIndexOf("/") + 1)), this.#existing(key)));
    });
  }

  makeDirectory(path: string, done: Done<void>): void {
    this.#run(done, () => this.#makeDirectory(normal(path)));
  }

  rename(from: string, to: string, done: Done<void>): void {
    this.#run(done, () => {
      const [source, target] = [normal(from), normal(to)];
      const node = this.#existing(from);
      if (node.kind === "directory") throw fileFailed("rename", from, new Error("only files can be renamed in memory"));
      if (this.#nodes.get(target)?.kind === "directory")
        throw fileFailed("rename to", to, new Error("it is a directory"));
      this.#directoryOf(to);
      this.#nodes.delete(source);
      this.#nodes.set(target, node);
    });
  }

  remove(path: string, done: Done<void>): void {
    this.#run(done, () => {
      const removed = normal(path);
      const below = removed === "/" ? "/" : `${removed}/`;
      for (const key of this.#nodes.keys()) if (key === removed || key.startsWith(below)) this.#nodes.delete(key);
    });
  }

  #run<T>(done: Done<T>, effect: () => T): void {
    const epoch = this.#epoch;
    this.#defer(() => {
      if (epoch !== this.#epoch) return;
      const outcome = outcomeOf(effect);
      this.#defer(() => {
        if (epoch === this.#epoch) done(outcome);
      });
    });
  }

  #existing(path: string): FileNode | DirectoryNode {
    const node = this.#nodes.get(normal(path));
    if (node === undefined) throw nothingAt(path);
    return node;
  }

  /** Truncates what is there, as opening for writing does. */
  #create(path: string): FileNode | DirectoryNode {
    this.#directoryOf(path);
    const there = this.#nodes.get(normal(path));
    if (there?.kind === "directory") return there;
    const node = there ?? { kind: "file", bytes: new Uint8Array(0), length: 0, syncedLength: 0, modifiedMs: 0 };
    node.length = node.syncedLength = 0;
    node.modifiedMs = this.#nowMs();
    this.#nodes.set(normal(path), node);
    return node;
  }

  #directoryOf(path: string): void {
    if (this.#nodes.get(parentOf(normal(path)))?.kind !== "directory") throw nothingAt(path);
  }

  #makeDirectory(path: string): void {
    const there = this.#nodes.get(path);
    if (there?.kind === "file") throw fileFailed("make directory", path, new Error("there is a file"));
    if (there !== undefined) return;
    this.#makeDirectory(parentOf(path));
    this.#nodes.set(path, { kind: "directory", modifiedMs: this.#nowMs() });
  }
}

class MemoryFileHandle implements FileHandle {
  readonly #path: string;
  readonly #node: FileNode;
  readonly #nowMs: () => number;
  readonly #run: <T>(done: Done<T>, effect: () => T) => void;
  #closed = false;

  constructor(path: string, node: FileNode, nowMs: () => number, run: <T>(done: Done<T>, effect: () => T) => void) {
    this.#path = path;
    this.#node = node;
    this.#nowMs = nowMs;
    this.#run = run;
  }

  read(position: number, length: number, done: Done<Uint8Array>): void {
    this.#run(done, () => {
      this.#mustBeOpen("read");
      return this.#node.bytes.slice(
        Math.min(position, this.#node.length),
        Math.min(position + length, this.#node.length),
      );
    });
  }

  write(position: number, bytes: Uint8Array, done: Done<void>): void {
    this.#run(done, () => {
      this.#mustBeOpen("write");
      const node = this.#node;
      if (position !== node.length)
        throw fileFailed("write", this.#path, new Error(`position ${position} is not its end, ${node.length}`));
      if (position + bytes.length > node.bytes.length) {
        const larger = new Uint8Array(Math.max(position + bytes.length, node.bytes.length * 2));
        larger.set(node.bytes.subarray(0, position));
        node.bytes = larger;
      }
      node.bytes.set(bytes, position);
      node.length = position + bytes.length;
      node.modifiedMs = this.#nowMs();
    });
  }

  sync(done: Done<void>): void {
    this.#run(done, () => {
      this.#mustBeOpen("sync");
      this.#node.syncedLength = this.#node.length;
    });
  }

  truncate(length: number, done: Done<void>): void {
    this.#run(done, () => {
      this.#mustBeOpen("truncate");
      if (length > this.#node.length)
        throw fileFailed("truncate", this.#path, new Error(`it has ${this.#node.length} bytes, fewer than ${length}`));
      this.#node.length = length;
      this.#node.syncedLength = Math.min(this.#node.syncedLength, length);
    });
  }

  close(done: Done<void>): void {
    this.#run(done, () => {
      this.#mustBeOpen("close");
      this.#closed = true;
    });
  }

  #mustBeOpen(action: string): void {
    if (this.#closed) throw fileFailed(action, this.#path, new Error("it is closed"));
  }
}

function outcomeOf<T>(effect: () => T): Outcome<T> {
  try {
    return succeeded(effect());
  } catch (error) {
    return failed(error instanceof MillraceError ? error : fileFailed("use", "memory", error));
  }
}

/** `./a//b/` → `a/b`; the working directory is `.`. */
function normal(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return path.startsWith("/") ? `/${parts.join("/")}` : parts.join("/") || ".";
}

function parentOf(key: string): string {
  const slash = key.lastIndexOf("/");
  if (slash > 0) return key.slice(0, slash);
  return slash === 0 ? "/" : ".";
}

function joined(directory: string, name: string): string {
  if (directory === "." || directory === "") return name;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

function infoOf(path: string, node: FileNode | DirectoryNode): FileInfo {
  return { path, bytes: node.kind === "file" ? node.length : 0, modifiedMs: node.modifiedMs, kind: node.kind };
}
