/**
 * The scheduler of a simulation: one event at a time, in virtual time, in an order that the seed decides; and the processes that events belong to.
 *
 * In:    events, each of one process or of the world outside. Out: their effects, one after the other. State: virtual time, the events to come.
 *
 * A process that has died runs nothing any more. One that pauses runs nothing until it resumes, and then everything that was due meanwhile: whoever waited
 * for it may have given it up by then. After each event all promises settle that can, as user code may be async; the engine itself has none on its way.
 */
import type { Cancel, Clock } from "../../core/time/clock.ts";
import { SeededRandom } from "../../core/util/random.ts";
import { EventQueue } from "./event-queue.ts";
import type { QueuedEvent } from "./event-queue.ts";
import { SimClock } from "./sim-clock.ts";

/** Events of one time are this far apart at most, so that each order of them can come about. */
const SPREAD_MS = 1;

export interface SimEvent {
  readonly process: SimProcess | undefined;
  readonly run: () => void;
}

export class SimProcess {
  readonly name: string;
  /** Its own, with its own drift. */
  readonly clock: SimClock;
  readonly #scheduler: SimScheduler;
  #state: "running" | "paused" | "dead" = "running";
  /** In the order in which they were due. */
  #held: QueuedEvent<SimEvent>[] = [];

  /** @internal Made by {@link SimScheduler.process}. */
  constructor(name: string, scheduler: SimScheduler, clock: { readonly offsetMs: number; readonly drift: number }) {
    this.name = name;
    this.#scheduler = scheduler;
    this.clock = new SimClock(this, scheduler, clock);
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }

  get isPaused(): boolean {
    return this.#state === "paused";
  }

  die(): void {
    this.#state = "dead";
    this.#held = [];
  }

  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    this.#scheduler.catchUp(this.#held.splice(0));
  }

  /** @internal */
  take(event: QueuedEvent<SimEvent>): void {
    if (this.#state === "running") this.#scheduler.play(this, event.what.run);
    else if (this.#state === "paused") this.#held.push(event);
  }
}

export interface SchedulerOptions {
  readonly seed: number;
  /** Clocks of processes run this much faster or slower at most, as a fraction. Default: 0. */
  readonly driftMax?: number;
  /** Around each event of a process: what user code sees of the world. Default: nothing. */
  readonly around?: Around | undefined;
}

export type Around = (process: SimProcess, run: () => void) => void;

export class SimScheduler {
  /** Decides what comes first. Whoever else needs chance takes another generator, so that one more draw there changes no order here. */
  readonly #random: SeededRandom;
  readonly #driftMax: number;
  readonly #around: Around | undefined;
  readonly #queue = new EventQueue<SimEvent>();
  #nowMs = 0;
  #events = 0;
  #current: SimProcess | undefined = undefined;

  constructor({ seed, driftMax = 0, around }: SchedulerOptions) {
    this.#random = new SeededRandom(seed);
    this.#driftMax = driftMax;
    this.#around = around;
  }

  /** True time since the beginning, which no process knows. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** So many events have happened. */
  get events(): number {
    return this.#events;
  }

  /** Whose event it is right now. */
  get current(): SimProcess | undefined {
    return this.#current;
  }

  process(name: string): SimProcess {
    const drift = (this.#random.next() * 2 - 1) * this.#driftMax;
    return new SimProcess(name, this, { offsetMs: Math.floor(drift * 1_000_000), drift });
  }

  /** `delayMs` of true time from now. */
  at(process: SimProcess | undefined, delayMs: number, run: () => void): Cancel {
    return this.#queue.add(this.#nowMs + Math.max(delayMs, 0), this.#random.next(), { process, run });
  }

  /** Next, or nearly so. */
  soon(process: SimProcess | undefined, run: () => void): Cancel {
    return this.at(process, this.#random.next() * SPREAD_MS, run);
  }

  /** @internal What a process has missed, in its order, ahead of everything else. */
  catchUp(events: readonly QueuedEvent<SimEvent>[]): void {
    for (const [index, event] of events.entries()) this.#queue.postpone(event, this.#nowMs, -1 + index / events.length);
  }

  /** @internal An event of a process that is running. */
  play(process: SimProcess, run: () => void): void {
    if (this.#around === undefined) run();
    else this.#around(process, run);
  }

  /** For code that does not know in which process it runs, such as a sink's: what it schedules belongs to the process of the event under way. */
  get ambientClock(): Clock {
    return {
      nowMs: () => this.#ambient().nowMs(),
      elapsedMs: () => this.#ambient().elapsedMs(),
      schedule: (delayMs, callback) => this.#ambient().schedule(delayMs, callback),
      yield: (callback) => this.#ambient().yield(callback),
    };
  }

  /** Lets the world go on until `isOver`; false if nothing is left to happen, or `eventsMax` have. */
  async run(isOver: () => boolean, eventsMax: number): Promise<boolean> {
    await breath();
    for (const end = this.#events + eventsMax; this.#events < end;) {
      if (isOver()) return true;
      const event = this.#queue.next();
      if (event === undefined) return false;
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      this.#events += 1;
      this.#current = event.what.process;
      if (event.what.process === undefined) event.what.run();
      else event.what.process.take(event);
      await breath();
    }
    return isOver();
  }

  #ambient(): SimClock {
    if (this.#current === undefined) throw new Error("nobody's event is under way");
    return this.#current.clock;
  }
}

/** Lets every promise settle that can. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
