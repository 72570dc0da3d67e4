/** A world for tests: a clock that a test moves, numbers from a seed, and what was refused. */
import { ManualClock } from "../../harness/manual-clock.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import type { UserWorld } from "./current-world.ts";

export class FakeWorld implements UserWorld {
  readonly clock: ManualClock;
  readonly refusals: string[] = [];
  readonly #random: SeededRandom;

  constructor(options: { readonly startMs: number; readonly seed: number }) {
    this.clock = new ManualClock(options.startMs);
    this.#random = new SeededRandom(options.seed);
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  random(): number {
    return this.#random.next();
  }

  schedule(delayMs: number, callback: () => void): () => void {
    return this.clock.schedule(delayMs, callback);
  }

  refused(call: string): void {
    this.refusals.push(call);
  }
}
