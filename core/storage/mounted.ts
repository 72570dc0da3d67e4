/**
 * Several blob stores as one, by the first part of the path: a job's checkpoints, the directory it was restored from, and those of its savepoints.
 *
 * Tasks and checkpoint files then know one store and plain paths, whatever lies behind them.
 */
import { MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import type { BlobStore } from "./blob-store.ts";

export class MountedBlobStore implements BlobStore {
  readonly name: string;
  readonly #mounts: Map<string, BlobStore>;
  readonly #defer: (callback: () => void) => void;

  /** `defer` calls back later: answers must not come inside the call. */
  constructor(defer: (callback: () => void) => void) {
    this.name = "the job's stores";
    this.#mounts = new Map();
    this.#defer = defer;
  }

  /** Puts `store` under `<mount>/…`; one that is there already is replaced. */
  mount(mount: string, store: BlobStore): void {
    this.#mounts.set(mount, store);
  }

  write(path: string, chunks: readonly Uint8Array[], done: Done<void>): void {
    this.#at(path, done, (store, inner) => store.write(inner, chunks, done));
  }

  read(path: string, done: Done<Uint8Array>): void {
    this.#at(path, done, (store, inner) => store.read(inner, done));
  }

  delete(path: string, done: Done<void>): void {
    this.#at(path, done, (store, inner) => store.delete(inner, done));
  }

  list(prefix: string, done: Done<readonly string[]>): void {
    const mount = prefix.split("/", 1)[0] ?? "";
    this.#at(prefix, done, (store, inner) =>
      store.list(inner, (outcome) =>
        done(outcome.ok ? succeeded(outcome.value.map((path) => `${mount}/${path}`)) : outcome),
      ),
    );
  }

  #at<T>(path: string, done: Done<T>, call: (store: BlobStore, inner: string) => void): void {
    const slash = path.indexOf("/");
    const store = this.#mounts.get(slash < 0 ? path : path.slice(0, slash));
    if (store !== undefined && slash >= 0) {
      call(store, path.slice(slash + 1));
      return;
    }
    this.#defer(() =>
      done(
        failed(
          new MillraceError(
            "MR5205",
            `no store is known for "${path}"; the checkpoint refers to another job's directory`,
          ),
        ),
      ),
    );
  }
}
