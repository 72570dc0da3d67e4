/** What the calling thread holds after a collection, looked at now and then. Needs `--expose-gc`. */
import { performance } from "node:perf_hooks";

export interface Held {
  readonly heapBytes: number;
  readonly externalBytes: number;
}

export class Memory {
  readonly #everyMs: number;
  #lookedMs: number;
  #held: Held;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
    this.#lookedMs = performance.now();
    this.#held = { heapBytes: 0, externalBytes: 0 };
  }

  /** Zeros until the first look, which is not at the beginning: then everything is still being loaded and compiled. */
  held(): Held {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < this.#everyMs) return this.#held;
    this.#lookedMs = nowMs;
    this.#held = collect();
    return this.#held;
  }
}

export function collect(): Held {
  if (globalThis.gc === undefined) throw new Error("run node with --expose-gc");
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return { heapBytes: heapUsed, externalBytes: external };
}
