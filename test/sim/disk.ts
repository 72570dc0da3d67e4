/**
 * The durable storage of a simulation, as each process sees it: slow, failing, and at times damaged.
 *
 * In:   reads, writes, deletions, listings. Out: answers, in the process that asked, if it is still there. State: files by full path.
 * A write that is asked for takes effect at some moment before its answer, also if its process dies in between. What faults do to it the plan says: it
 * fails without effect, or has its effect and fails, or leaves a part of the file and fails; a listing may not show what was written of late.
 */
import { failed, succeeded } from "../../core/util/outcome.ts";
import type { Done, Outcome } from "../../core/util/outcome.ts";
import { MillraceError } from "../../core/util/errors.ts";
import { noBlobAt } from "../../core/storage/blob-paths.ts";
import type { BlobStore } from "../../core/storage/blob-store.ts";
import type { Random } from "../../core/util/random.ts";
import type { History } from "./history.ts";
import type { SimProcess, SimScheduler } from "./scheduler.ts";

/** What can go wrong with storage. `torn`: a part of the file is there, and the write fails. `late-list`: files of the last seconds are not listed. */
export type StorageFault =
  | "write"
  | "write-unknown"
  | "torn"
  | "read"
  | "delete"
  | "delete-unknown"
  | "slow"
  | "late-list";

export const STORAGE_FAULTS: readonly StorageFault[] = [
  "write",
  "write-unknown",
  "torn",
  "read",
  "delete",
  "delete-unknown",
  "slow",
  "late-list",
];

export interface StorageFaults {
  strike(site: StorageFault): boolean;
}

interface StoredFile {
  readonly bytes: Uint8Array;
  readonly writtenMs: number;
}

export interface DiskOptions {
  readonly scheduler: SimScheduler;
  readonly random: Random;
  readonly history: History;
  readonly faults: StorageFaults;
  readonly latencyMsMax: number;
  /** For checkers: what is on the disk from now on, and what no more. `root`: of the view through which it was written. */
  onWrite?(path: string, bytes: Uint8Array, root: string): void;
  onDelete?(path: string): void;
}

const SLOW_MS = 3_000;
const LISTED_AFTER_MS = 2_000;

export class SimDisk {
  readonly #options: DiskOptions;
  readonly #files: Map<string, StoredFile>;

  constructor(options: DiskOptions, files: ReadonlyMap<string, StoredFile> = new Map()) {
    this.#options = options;
    this.#files = new Map(files);
  }

  /** As it is now, for a world that goes its own way from here. */
  copy(): ReadonlyMap<string, StoredFile> {
    return new Map(this.#files);
  }

  /** `directory`: the root of the view, without a slash at its end. */
  view(process: SimProcess | undefined, directory: string): BlobStore {
    const full = (path: string): string => `${directory}/${path}`;
    return {
      name: directory,
      write: (path, chunks, done) => this.#write(process, { path: full(path), root: directory }, chunks, done),
      read: (path, done) => this.#read(process, full(path), done),
      delete: (path, done) => this.#delete(process, full(path), done),
      list: (prefix, done) =>
        this.#list(process, full(prefix), (outcome) =>
          done(outcome.ok ? succeeded(outcome.value.map((path) => path.slice(directory.length + 1))) : outcome),
        ),
    };
  }

  /** Without delay and faults, for checkers. */
  paths(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  bytesOf(path: string): Uint8Array | undefined {
    return this.#files.get(path)?.bytes;
  }

  /** What nobody may take for a sound file: bits are flipped, the end is missing, or all of it. */
  damage(path: string, how: "flip" | "cut" | "lose"): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    if (how === "lose") {
      this.#files.delete(path);
      return;
    }
    const bytes = how === "cut" ? file.bytes.slice(0, file.bytes.length >> 1) : file.bytes.slice();
    const at = Math.floor(this.#options.random.next() * bytes.length);
    if (how === "flip") bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(this.#options.random.next() * 8));
    this.#files.set(path, { ...file, bytes });
  }

  #write(
    process: SimProcess | undefined,
    { path, root }: { readonly path: string; readonly root: string },
    chunks: readonly Uint8Array[],
    done: Done<void>,
  ): void {
    const { faults, onWrite } = this.#options;
    const bytes = new Uint8Array(Buffer.concat(chunks));
    const put = (content: Uint8Array): void => {
      this.#files.set(path, { bytes: content, writtenMs: this.#options.scheduler.nowMs });
      onWrite?.(path, content, root);
    };
    if (faults.strike("write")) return this.#fail(process, path, "write", done);
    if (faults.strike("write-unknown")) return this.#fail(process, path, "write", done, () => put(bytes));
    if (faults.strike("torn")) {
      return this.#fail(process, path, "write", done, () => put(bytes.slice(0, bytes.length >> 1)));
    }
    return this.#answer(process, { what: "write", path }, done, () => {
      put(bytes);
      return succeeded(undefined);
    });
  }

  #read(process: SimProcess | undefined, path: string, done: Done<Uint8Array>): void {
    if (this.#options.faults.strike("read")) return this.#fail(process, path, "read", done);
    return this.#answer(process, { what: "read", path }, done, () => {
      const file = this.#files.get(path);
      return file === undefined ? failed(noBlobAt("the simulated disk", path)) : succeeded(file.bytes.slice());
    });
  }

  #delete(process: SimProcess | undefined, path: string, done: Done<void>): void {
    const { faults, onDelete } = this.#options;
    const remove = (): void => {
      if (this.#files.has(path)) onDelete?.(path);
      this.#files.delete(path);
    };
    if (faults.strike("delete")) return this.#fail(process, path, "delete", done);
    if (faults.strike("delete-unknown")) return this.#fail(process, path, "delete", done, remove);
    return this.#answer(process, { what: "delete", path }, done, () => {
      remove();
      return succeeded(undefined);
    });
  }

  #list(process: SimProcess | undefined, prefix: string, done: Done<readonly string[]>): void {
    const lateMs = this.#options.faults.strike("late-list") ? LISTED_AFTER_MS : 0;
    this.#answer(process, { what: "list", path: prefix }, done, () => {
      const writtenBefore = this.#options.scheduler.nowMs - lateMs;
      const paths = [...this.#files].filter(
        ([path, { writtenMs }]) => path.startsWith(prefix) && writtenMs <= writtenBefore,
      );
      return succeeded(paths.map(([path]) => path).sort());
    });
  }

  #fail(
    process: SimProcess | undefined,
    path: string,
    what: string,
    done: Done<never>,
    effect: () => void = () => undefined,
  ): void {
    this.#answer(process, { what: `${what} (fails)`, path }, done, () => {
      effect();
      return failed(new MillraceError("MR5206", `the storage fails on purpose: ${what} ${path}`));
    });
  }

  /** The effect comes at some moment before the answer, and also if nobody is left to hear it. */
  #answer<T>(
    process: SimProcess | undefined,
    about: { readonly what: string; readonly path: string },
    done: Done<T>,
    effect: () => Outcome<T>,
  ): void {
    const { scheduler, history, faults } = this.#options;
    const slowMs = faults.strike("slow") ? SLOW_MS : 0;
    history.note({ kind: "storage", process: process?.name ?? "-", ...about });
    scheduler.at(undefined, this.#latency() + slowMs, () => {
      const outcome = effect();
      scheduler.at(process, this.#latency(), () => done(outcome));
    });
  }

  #latency(): number {
    return this.#options.random.next() * this.#options.latencyMsMax;
  }
}
