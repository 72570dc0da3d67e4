/**
 * Windows in plain code: everything that was ever accepted is kept, and each question is answered from scratch. What the operators are compared with.
 *
 * Also the steps of a random run, and what a step is expected to emit.
 */

export interface Emission {
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Sorted. */
  readonly ids: readonly number[];
}

export interface Expected {
  readonly emitted: readonly Emission[];
  /** Ids of records that are too late. */
  readonly late: readonly number[];
}

export interface NaiveWindows {
  record(key: string, timeMs: number, id: number, gapMs: number): Expected;
  watermark(watermarkMs: number): Expected;
  /** A restore: the operator stands at `watermarkMs` again, each key at its floor at least. */
  restored(watermarkMs: number, floorOf: (key: string) => number): void;
}

export interface GridOptions {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
}

interface Kept {
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly id: number;
}

function sorted(ids: readonly number[]): number[] {
  return [...ids].sort((a, b) => a - b);
}

/** Tumbling and sliding. */
export class NaiveGrid implements NaiveWindows {
  readonly #options: GridOptions;
  #kept: Kept[] = [];
  #watermarkMs = -Infinity;
  #floorOf: (key: string) => number = () => -Infinity;

  constructor(options: GridOptions) {
    this.#options = options;
  }

  record(key: string, timeMs: number, id: number): Expected {
    const { sizeMs, slideMs, offsetMs, latenessMs } = this.#options;
    const reachedMs = Math.max(this.#watermarkMs, this.#floorOf(key));
    const windows: Kept[] = [];
    const earliestMs = offsetMs + Math.floor((timeMs - sizeMs - offsetMs) / slideMs) * slideMs;
    for (let startMs = earliestMs; startMs <= timeMs; startMs += slideMs) {
      if (timeMs < startMs + sizeMs) windows.push({ key, startMs, endMs: startMs + sizeMs, id });
    }
    const open = windows.filter(({ endMs }) => endMs - 1 + latenessMs > reachedMs);
    this.#kept.push(...open);
    const late = open.length === 0 && timeMs + latenessMs <= reachedMs ? [id] : [];
    return { emitted: open.filter(({ endMs }) => endMs - 1 <= reachedMs).map((window) => this.#result(window)), late };
  }

  watermark(watermarkMs: number): Expected {
    const emitted = new Map<string, Emission>();
    for (const window of this.#kept) {
      const beforeMs = Math.max(this.#watermarkMs, this.#floorOf(window.key));
      const lastMs = window.endMs - 1;
      if (beforeMs < lastMs && lastMs <= watermarkMs)
        emitted.set(`${window.key} ${window.startMs}`, this.#result(window));
    }
    this.#watermarkMs = watermarkMs;
    return { emitted: [...emitted.values()], late: [] };
  }

  restored(watermarkMs: number, floorOf: (key: string) => number): void {
    this.#watermarkMs = watermarkMs;
    this.#floorOf = floorOf;
  }

  #result({ key, startMs, endMs }: Kept): Emission {
    const inside = this.#kept.filter((other) => other.key === key && other.startMs === startMs);
    return { key, startMs, endMs, ids: sorted(inside.map(({ id }) => id)) };
  }
}

/** Sessions: the connected pieces of what is still alive, found anew for each question. */
export class NaiveSessions implements NaiveWindows {
  readonly #latenessMs: number;
  #kept: Kept[] = [];
  #watermarkMs = -Infinity;
  #floorOf: (key: string) => number = () => -Infinity;

  constructor(options: { readonly latenessMs: number }) {
    this.#latenessMs = options.latenessMs;
  }

  record(key: string, timeMs: number, id: number, gapMs: number): Expected {
    const own: Kept = { key, startMs: timeMs, endMs: timeMs + gapMs, id };
    const reachedMs = Math.max(this.#watermarkMs, this.#floorOf(key));
    const session = piece(own, [...this.#kept, own]);
    if (session.endMs - 1 + this.#latenessMs <= reachedMs) return { emitted: [], late: [id] };
    this.#kept.push(own);
    return { emitted: session.endMs - 1 <= reachedMs ? [session] : [], late: [] };
  }

  watermark(watermarkMs: number): Expected {
    const emitted = new Map<string, Emission>();
    const dead = new Set<Kept>();
    for (const window of this.#kept) {
      const session = piece(window, this.#kept);
      const beforeMs = Math.max(this.#watermarkMs, this.#floorOf(window.key));
      const lastMs = session.endMs - 1;
      if (beforeMs < lastMs && lastMs <= watermarkMs) emitted.set(`${session.key} ${session.startMs}`, session);
      if (lastMs + this.#latenessMs <= watermarkMs) dead.add(window);
    }
    this.#kept = this.#kept.filter((window) => !dead.has(window));
    this.#watermarkMs = watermarkMs;
    return { emitted: [...emitted.values()], late: [] };
  }

  restored(watermarkMs: number, floorOf: (key: string) => number): void {
    this.#watermarkMs = watermarkMs;
    this.#floorOf = floorOf;
  }
}

/** All windows of the same key that touch `from`, directly or through others. */
function piece(from: Kept, among: readonly Kept[]): Emission {
  const found = new Set([from]);
  for (const window of found) {
    for (const other of among) {
      if (other.key === from.key && other.startMs <= window.endMs && other.endMs >= window.startMs) found.add(other);
    }
  }
  const windows = [...found];
  return {
    key: from.key,
    startMs: Math.min(...windows.map(({ startMs }) => startMs)),
    endMs: Math.max(...windows.map(({ endMs }) => endMs)),
    ids: sorted(windows.map(({ id }) => id)),
  };
}
