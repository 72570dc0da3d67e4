/**
 * The blob store in memory: the reference implementation, for tests, simulation and jobs without a checkpoint directory.
 *
 * In:    whole files, in pieces that do not change any more. Out: copies, through `defer`, in the order of the calls.
 * State: one map from path to bytes; a write or deletion takes effect at the call and is answered later.
 */
import { failed, succeeded } from "../util/outcome.ts";
import type { Done, Outcome } from "../util/outcome.ts";
import { blobPathProblem, blobPrefixProblem, noBlobAt } from "./blob-paths.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Defer } from "./defer.ts";

export class MemoryBlobStore implements BlobStore {
  readonly name: string = "memory";
  /** As handed over: putting a large file together would stop everything else for a while. */
  readonly #files = new Map<string, readonly Uint8Array[]>();
  readonly #defer: Defer;

  /** `defer` calls its argument once, later: `(callback) => clock.yield(callback)`. */
  constructor(defer: Defer) {
    this.#defer = defer;
  }

  write(path: string, chunks: readonly Uint8Array[], done: Done<void>): void {
    const problem = blobPathProblem(path);
    if (problem !== undefined) return this.#answer(failed(problem), done);
    this.#files.set(path, [...chunks]);
    this.#answer(succeeded(undefined), done);
  }

  read(path: string, done: Done<Uint8Array>): void {
    const problem = blobPathProblem(path);
    if (problem !== undefined) return this.#answer(failed(problem), done);
    const chunks = this.#files.get(path);
    this.#answer(chunks === undefined ? failed(noBlobAt(this.name, path)) : succeeded(concatenated(chunks)), done);
  }

  delete(path: string, done: Done<void>): void {
    const problem = blobPathProblem(path);
    if (problem !== undefined) return this.#answer(failed(problem), done);
    this.#files.delete(path);
    this.#answer(succeeded(undefined), done);
  }

  list(prefix: string, done: Done<readonly string[]>): void {
    const problem = blobPrefixProblem(prefix);
    if (problem !== undefined) return this.#answer(failed(problem), done);
    const paths = [...this.#files.keys()].filter((path) => path.startsWith(prefix));
    this.#answer(succeeded(paths.sort()), done);
  }

  #answer<T>(outcome: Outcome<T>, done: Done<T>): void {
    this.#defer(() => done(outcome));
  }
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((bytes, chunk) => bytes + chunk.length, 0));
  let end = 0;
  for (const chunk of chunks) {
    whole.set(chunk, end);
    end += chunk.length;
  }
  return whole;
}
