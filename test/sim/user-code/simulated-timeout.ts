/**
 * What `setTimeout` returns in a simulation: a handle with the methods that Node.js gives it, which runs in simulated time.
 *
 * In:    a world, what to run and when. Out: calls, in the context in which the timer was set.
 * State: whether it is under way. The table of timers lives as long as its world.
 */
import { currentWorld, scheduleIn } from "./current-world.ts";
import type { UserWorld } from "./current-world.ts";

const DELAY_MS_MAX = 2 ** 31 - 1;

/** As in Node.js: what is no delay, or too long a one, is 1 ms. */
export function delayOf(delay: unknown): number {
  const delayMs = Number(delay);
  return delayMs >= 1 && delayMs <= DELAY_MS_MAX ? Math.trunc(delayMs) : 1;
}

/** Timers under way in one world, by their ids, which count from 1 so that they are the same in each run. */
export class WorldTimers {
  readonly #byId = new Map<number, SimulatedTimeout>();
  #lastId = 0;

  nextId(): number {
    this.#lastId++;
    return this.#lastId;
  }

  set(id: number, timer: SimulatedTimeout): void {
    this.#byId.set(id, timer);
  }

  get(id: number): SimulatedTimeout | undefined {
    return this.#byId.get(id);
  }

  delete(id: number): void {
    this.#byId.delete(id);
  }
}

export class TimersOfWorlds {
  readonly #tables = new WeakMap<UserWorld, WorldTimers>();

  of(world: UserWorld): WorldTimers {
    const known = this.#tables.get(world);
    if (known !== undefined) return known;
    const timers = new WorldTimers();
    this.#tables.set(world, timers);
    return timers;
  }

  /** Of the world whose code runs. */
  current(): WorldTimers | undefined {
    const world = currentWorld();
    return world === undefined ? undefined : this.#tables.get(world);
  }
}

export interface TimerTask {
  readonly run: () => unknown;
  readonly delayMs: number;
  readonly repeats: boolean;
}

export class SimulatedTimeout {
  readonly #timers: WorldTimers;
  readonly #world: UserWorld;
  readonly #task: TimerTask;
  readonly #fire: () => void;
  readonly #id: number;
  #cancel: (() => void) | undefined;
  #referenced = true;

  constructor(timers: WorldTimers, world: UserWorld, task: TimerTask) {
    this.#timers = timers;
    this.#world = world;
    this.#task = task;
    this.#id = timers.nextId();
    this.#fire = () => {
      this.#fired();
    };
    this.#start();
  }

  /** Cancels it. */
  close(): this {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#timers.delete(this.#id);
    return this;
  }

  /** Starts its delay anew. */
  refresh(): this {
    this.#cancel?.();
    this.#start();
    return this;
  }

  ref(): this {
    this.#referenced = true;
    return this;
  }

  /** Only remembered: the simulation decides when it ends. */
  unref(): this {
    this.#referenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #start(): void {
    this.#timers.set(this.#id, this);
    this.#cancel = scheduleIn(this.#world, this.#task.delayMs, this.#fire);
  }

  #fired(): void {
    this.#cancel = undefined;
    if (this.#task.repeats) this.#start();
    else this.#timers.delete(this.#id);
    this.#task.run();
  }
}
