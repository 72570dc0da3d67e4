/**
 * Deletes files of checkpoints in the background, a few at a time, and tries those again that could not be deleted.
 *
 * In:   paths. Out: calls to the blob store; `gone` once the file is known to be so.
 * Bounds: `IN_FLIGHT_MAX` deletions run at a time, the others queue; after `ATTEMPTS_MAX` attempts a file is left behind and counted.
 */
import type { BlobStore } from "../storage/blob-store.ts";

const IN_FLIGHT_MAX = 16;
const ATTEMPTS_MAX = 5;

interface Deletion {
  readonly storage: BlobStore;
  readonly path: string;
  readonly gone: (() => void) | undefined;
  readonly attempts: number;
}

export class Deletions {
  #queue: Deletion[] = [];
  #again: Deletion[] = [];
  #inFlight = 0;
  #held = 0;
  #idle: (() => void)[] = [];
  #abandoned = 0;

  /** Files that were given up. */
  get abandoned(): number {
    return this.#abandoned;
  }

  delete(storage: BlobStore, path: string, gone?: () => void): void {
    this.#queue.push({ storage, path, gone, attempts: 0 });
    this.#next();
  }

  /** Tries again what failed: called now and then, so that a storage that is down is not hammered. */
  retry(): void {
    if (this.#again.length === 0) return;
    this.#queue.push(...this.#again);
    this.#again = [];
    this.#next();
  }

  /** Something failed, and was not given up. */
  get waiting(): boolean {
    return this.#again.length > 0;
  }

  /** Until the matching {@link unhold}, `whenIdle` waits: something is under way that will need a deletion. */
  hold(): void {
    this.#held += 1;
  }

  unhold(): void {
    this.#held -= 1;
    this.#reportIdle();
  }

  /** Calls back once nothing is being deleted; what failed does not count. May call at once. */
  whenIdle(callback: () => void): void {
    this.#idle.push(callback);
    this.#reportIdle();
  }

  #next(): void {
    while (this.#inFlight < IN_FLIGHT_MAX) {
      const deletion = this.#queue.shift();
      if (deletion === undefined) return;
      this.#inFlight += 1;
      deletion.storage.delete(deletion.path, (outcome) => this.#settled(deletion, outcome.ok));
    }
  }

  #settled(deletion: Deletion, ok: boolean): void {
    this.#inFlight -= 1;
    if (ok) deletion.gone?.();
    else if (deletion.attempts + 1 < ATTEMPTS_MAX) this.#again.push({ ...deletion, attempts: deletion.attempts + 1 });
    else this.#abandoned += 1;
    this.#next();
    this.#reportIdle();
  }

  #reportIdle(): void {
    if (this.#inFlight > 0 || this.#held > 0) return;
    const callbacks = this.#idle;
    this.#idle = [];
    for (const callback of callbacks) callback();
  }
}
