/**
 * What user code sees of the world in a simulated run: in each process that process's clock and timers, everywhere one seeded chance.
 *
 * In:    events of processes. Out: the same events, played in their world. State: a world per process; what was refused to user code.
 */
import { SeededRandom } from "../../../core/util/random.ts";
import type { SimProcess } from "../scheduler.ts";
import { inUserWorld } from "../user-code/user-world.ts";
import type { UserWorld } from "../user-code/user-world.ts";

/** Where a graph is built, it is this time: it must not depend on it. */
const BUILD_MS = Date.UTC(2030, 0, 1);

export class ProcessWorlds {
  readonly refusals: Error[] = [];
  readonly #random: SeededRandom;
  readonly #worlds = new WeakMap<SimProcess, UserWorld>();
  readonly #building: UserWorld;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#building = {
      nowMs: () => BUILD_MS,
      random: () => this.#random.next(),
      schedule: () => () => undefined,
      refused: (_, error) => void this.refusals.push(error),
    };
  }

  readonly around = (process: SimProcess, run: () => void): void => inUserWorld(this.#worldOf(process), run);

  /** A job builds its graph. Timers that it sets there never come. */
  building<T>(build: () => T): T {
    return inUserWorld(this.#building, build);
  }

  #worldOf(process: SimProcess): UserWorld {
    const known = this.#worlds.get(process);
    if (known !== undefined) return known;
    const world: UserWorld = {
      nowMs: () => process.clock.nowMs(),
      random: () => this.#random.next(),
      schedule: (delayMs, callback) => process.clock.schedule(delayMs, callback),
      refused: (_, error) => void this.refusals.push(error),
    };
    this.#worlds.set(process, world);
    return world;
  }
}
