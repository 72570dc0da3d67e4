/** A blob store whose answers come when, and as, the test says. */
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { decodeMetadata } from "../../../core/checkpoint/metadata.ts";
import type { BlobStore } from "../../../core/storage/blob-store.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { failed, succeeded } from "../../../core/util/outcome.ts";
import type { Done } from "../../../core/util/outcome.ts";
import type { ManualClock } from "../../harness/manual-clock.ts";

/** `lost`: done, but the answer says that it failed. */
export type Fate = "ok" | "failed" | "lost";

export interface StorageCall {
  readonly path: string;
  readonly kind: "write" | "delete";
  settle(fate: Fate): void;
}

/** Holds every write and deletion back until the test settles it; reads answer on the clock's next turn. */
export class ControlledStorage implements BlobStore {
  readonly name: string = "controlled";
  readonly files: Map<string, Uint8Array> = new Map();
  calls: StorageCall[] = [];
  readonly #failures = new Map<string, number>();
  readonly #decoded = new Map<Uint8Array, CompletedCheckpoint>();
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  write(path: string, chunks: readonly Uint8Array[], done: Done<void>): void {
    this.#call(path, "write", () => this.files.set(path, Buffer.concat(chunks)), done);
  }

  read(path: string, done: Done<Uint8Array>): void {
    const bytes = this.files.get(path);
    this.#clock.yield(() =>
      done(bytes === undefined ? failed(new MillraceError("MR5201", `no ${path}`)) : succeeded(bytes)),
    );
  }

  delete(path: string, done: Done<void>): void {
    this.#call(path, "delete", () => this.files.delete(path), done);
  }

  list(prefix: string, done: Done<readonly string[]>): void {
    const paths = [...this.files.keys()].filter((path) => path.startsWith(prefix)).sort();
    this.#clock.yield(() => done(succeeded(paths)));
  }

  /** What its metadata files say is there. */
  visible(): readonly CompletedCheckpoint[] {
    const found: CompletedCheckpoint[] = [];
    for (const [path, bytes] of this.files) {
      if (!path.endsWith("/_metadata")) continue;
      const checkpoint = this.#decoded.get(bytes) ?? decodeMetadata(bytes, path);
      this.#decoded.set(bytes, checkpoint);
      found.push(checkpoint);
    }
    return found;
  }

  #call(path: string, kind: StorageCall["kind"], apply: () => void, done: Done<void>): void {
    const settle = (wished: Fate): void => {
      // A deletion fails a few times at most, so that it is not given up.
      const failures = this.#failures.get(path) ?? 0;
      const fate = kind === "delete" && failures >= 3 ? "ok" : wished;
      if (fate !== "failed") apply();
      if (fate !== "ok") this.#failures.set(path, failures + 1);
      done(fate === "ok" ? succeeded(undefined) : failed(new MillraceError("MR5202", `${kind} of ${path} failed`)));
    };
    this.calls.push({ path, kind, settle });
  }
}
