/**
 * Finds the files and hands them out, one per request, in the order of their paths.
 *
 * In:    listings, once or again and again; requests of readers, which wait while there is nothing.
 * Out:   splits at the start of their files; "no more" once all are assigned and no listing follows.
 * State: files that nobody reads yet, and when monitoring all files found so far, so that none is read twice.
 */
import { basename } from "node:path";
import type { SplitEnumerator, SplitEnumeratorContext } from "../../core/operators/contracts/source.ts";
import type { FileInfo, FileSystem } from "../../core/storage/file-system.ts";
import type { Cancel } from "../../core/time/clock.ts";
import type { MillraceError } from "../../core/util/errors.ts";
import type { Done } from "../../core/util/outcome.ts";
import { FILE_START } from "./formats/format.ts";
import type { FileEnumeratorState, FileSplit } from "./splits.ts";

export interface FileEnumeratorOptions {
  readonly path: string;
  readonly fileSystem: FileSystem;
  readonly filter: (file: FileInfo) => boolean;
  /** Undefined: bounded. */
  readonly monitorEveryMs: number | undefined;
  readonly changedFiles: "ignore" | "read-again";
}

export class FileEnumerator implements SplitEnumerator<FileSplit, FileEnumeratorState> {
  readonly #ctx: SplitEnumeratorContext<FileSplit>;
  readonly #options: FileEnumeratorOptions;
  readonly #pending: FileSplit[];
  /** Times of the last change by path. */
  readonly #found: Map<string, number>;
  /** Readers that asked and got nothing yet. */
  readonly #waiting = new Set<number>();
  #listed: boolean;
  #cancelListing: Cancel = () => undefined;
  #closed = false;

  constructor(
    ctx: SplitEnumeratorContext<FileSplit>,
    options: FileEnumeratorOptions,
    restored: FileEnumeratorState | undefined,
  ) {
    this.#ctx = ctx;
    this.#options = options;
    this.#pending = [...(restored?.pending ?? [])];
    this.#found = new Map(restored?.found);
    this.#listed = restored?.listed ?? false;
    ctx.metrics.gauge("numFilesPending", () => this.#pending.length);
  }

  start(): void {
    if (!this.#listed || this.#options.monitorEveryMs !== undefined) this.#list();
  }

  handleSplitRequest(subtask: number): void {
    this.#waiting.add(subtask);
    this.#assign();
  }

  addSplitsBack(splits: readonly FileSplit[], subtask: number): void {
    // Its reader is gone; the next one asks for itself.
    this.#waiting.delete(subtask);
    this.#pending.unshift(...splits);
    this.#assign();
  }

  snapshot(): FileEnumeratorState {
    return { listed: this.#listed, pending: [...this.#pending], found: [...this.#found] };
  }

  close(): void {
    this.#closed = true;
    this.#cancelListing();
  }

  #list(): void {
    const { fileSystem, path, monitorEveryMs } = this.#options;
    listFiles(fileSystem, path, (outcome) =>
      this.#ctx.execute(() => {
        if (this.#closed) return;
        if (!outcome.ok) return this.#ctx.fail(outcome.error);
        this.#add(outcome.value);
        this.#listed = true;
        this.#assign();
        if (monitorEveryMs !== undefined) this.#cancelListing = this.#ctx.schedule(monitorEveryMs, () => this.#list());
      }),
    );
  }

  #add(files: readonly FileInfo[]): void {
    for (const file of files) {
      // A file that the user names is read whatever it is called.
      if (file.path !== this.#options.path && !this.#options.filter(file)) continue;
      const knownMs = this.#found.get(file.path);
      const again = knownMs !== undefined;
      if (again && (this.#options.changedFiles === "ignore" || knownMs === file.modifiedMs)) continue;
      if (this.#options.monitorEveryMs !== undefined) this.#found.set(file.path, file.modifiedMs);
      this.#pending.push({
        splitId: again ? `${file.path}@${file.modifiedMs}` : file.path,
        path: file.path,
        position: FILE_START,
      });
    }
  }

  #assign(): void {
    for (const subtask of this.#waiting) {
      const split = this.#pending.shift();
      if (split === undefined && (!this.#listed || this.#options.monitorEveryMs !== undefined)) return;
      this.#waiting.delete(subtask);
      if (split === undefined) this.#ctx.signalNoMoreSplits(subtask);
      else this.#ctx.assignSplits(subtask, [split]);
    }
  }
}

/** Names that begin so are of files that are still being written, as other tools have it too. */
export function isVisible(file: FileInfo): boolean {
  return !/^[._]/.test(basename(file.path));
}

/** The file at `path`, or all files below it, sorted by path. Hidden directories are left out. */
function listFiles(fileSystem: FileSystem, path: string, done: Done<readonly FileInfo[]>): void {
  const files: FileInfo[] = [];
  let waiting = 1;
  let failure: MillraceError | undefined;
  const settle = (): void => {
    if (--waiting > 0) return;
    if (failure !== undefined) return done({ ok: false, error: failure });
    done({ ok: true, value: files.sort((a, b) => (a.path < b.path ? -1 : 1)) });
  };
  const visit = (directory: string): void =>
    fileSystem.list(directory, (outcome) => {
      // A directory below may vanish between two listings; the one the user named may not.
      if (!outcome.ok && (directory === path || outcome.error.code !== "MR6101")) failure = outcome.error;
      for (const entry of outcome.ok ? outcome.value : []) {
        if (entry.kind === "file") files.push(entry);
        else if (isVisible(entry)) {
          waiting++;
          visit(entry.path);
        }
      }
      settle();
    });
  fileSystem.stat(path, (outcome) => {
    if (outcome.ok && outcome.value.kind === "directory") return visit(path);
    if (outcome.ok) files.push(outcome.value);
    else failure = outcome.error;
    settle();
  });
}
