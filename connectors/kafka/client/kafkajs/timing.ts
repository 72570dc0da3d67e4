/**
 * The clock of the client, and the end of its life: brokers live in real time, so this is the edge where it is read. Nothing else here reads it or waits.
 */

/** Comes once. Lighter than an `AbortSignal`, which warns on the console of many that wait for it. */
export class End {
  readonly #listeners = new Set<() => void>();
  #hasCome = false;

  get hasCome(): boolean {
    return this.#hasCome;
  }

  come(): void {
    this.#hasCome = true;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }

  /** Not called if it has come already. Returns what takes the listener back. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export function elapsedMs(): number {
  return performance.now();
}

/** Settles after `delayMs`, or at once when the end comes; leaves no timer behind. */
export function pause(delayMs: number, end: End): Promise<void> {
  return new Promise((resolve) => {
    if (end.hasCome) {
      resolve();
      return;
    }
    const settle = (): void => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(settle, delayMs);
    const forget = end.on(settle);
  });
}

/** As `work` settles, or with `late()` if that takes longer than `limitMs` or the end comes: then nobody hears what becomes of `work`. */
export function within<T>(limitMs: number, end: End, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      stop();
      reject(late());
    };
    const stop = (): void => {
      clearTimeout(timer);
      forget();
    };
    const timer = setTimeout(giveUp, end.hasCome ? 0 : limitMs);
    const forget = end.on(giveUp);
    work.then(resolve, reject).finally(stop);
  });
}
