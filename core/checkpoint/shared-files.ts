/**
 * Who refers to which state file, so that a file lives exactly as long as some checkpoint needs it.
 *
 * In:   the files of every acknowledgement, as soon as it arrives; the release of checkpoints that were dropped or aborted.
 * Out:  the paths of files that nobody can refer to any more, each through `remove`.
 *
 * A checkpoint under way may refer to files of any checkpoint that was complete when it began, and says so only when it is acknowledged. So a
 * file without references first waits until every checkpoint that was under way at that moment has ended, and is then looked at again. Those that
 * begin later cannot refer to it: their barrier tells which checkpoint is the newest complete one (`CheckpointOptions.completedId`). A file that was
 * referred to meanwhile, and released once more, waits anew: for those that were under way at the later moment.
 */
import { assert } from "../util/errors.ts";

interface Waiting {
  readonly paths: readonly string[];
  readonly blockers: Set<number>;
}

export class SharedFiles {
  readonly #remove: (path: string) => void;
  readonly #filesOf = new Map<number, Set<string>>();
  readonly #references = new Map<string, number>();
  #waiting: Waiting[] = [];
  /** The batch in which each waiting path waits: the newest, whose blockers include those that older ones still have. */
  readonly #batchOf = new Map<string, Waiting>();

  constructor(remove: (path: string) => void) {
    this.#remove = remove;
  }

  /** May be called several times for one checkpoint; each of its files counts once. */
  retain(checkpointId: number, paths: readonly string[]): void {
    let files = this.#filesOf.get(checkpointId);
    if (files === undefined) {
      files = new Set();
      this.#filesOf.set(checkpointId, files);
    }
    for (const path of paths) {
      if (files.has(path)) continue;
      files.add(path);
      this.#references.set(path, (this.#references.get(path) ?? 0) + 1);
    }
  }

  /** The checkpoint needs its files no more. `underWay`: ids of the checkpoints that are still pending. */
  release(checkpointId: number, underWay: Iterable<number>): void {
    const files = this.#filesOf.get(checkpointId);
    if (files === undefined) return;
    this.#filesOf.delete(checkpointId);
    for (const path of files) {
      const left = (this.#references.get(path) ?? 0) - 1;
      assert(left >= 0, "a file cannot be released more often than it was retained");
      if (left === 0) this.#references.delete(path);
      else this.#references.set(path, left);
    }
    this.discard([...files], underWay);
  }

  /** Files that no known checkpoint has, such as those of an acknowledgement that came too late. */
  discard(paths: readonly string[], underWay: Iterable<number>): void {
    const unreferenced = paths.filter((path) => !this.#references.has(path));
    if (unreferenced.length === 0) return;
    const batch = { paths: unreferenced, blockers: new Set(underWay) };
    for (const path of unreferenced) this.#batchOf.set(path, batch);
    this.#settle(batch);
  }

  /** A pending checkpoint has completed or was aborted, and all that it refers to was retained. */
  ended(checkpointId: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const batch of waiting) {
      batch.blockers.delete(checkpointId);
      this.#settle(batch);
    }
  }

  #settle(batch: Waiting): void {
    if (batch.blockers.size > 0) {
      this.#waiting.push(batch);
      return;
    }
    for (const path of batch.paths) {
      if (this.#batchOf.get(path) !== batch) continue;
      this.#batchOf.delete(path);
      if (!this.#references.has(path)) this.#remove(path);
    }
  }
}
