/** The timers of files that are being read, until it is known which are left and in which order they were registered. */
import type { TimeMs } from "../../time/clock.ts";
import type { Row } from "./row.ts";
import type { Rows } from "./rows.ts";
import type { SavedTimer } from "./timer-bucket.ts";

const FEW_MAX = 16;

/** What tells the timers of one key apart. */
export type TimerId = Pick<SavedTimer, "home" | "timeMs" | "namespace">;

export class RestoredTimers {
  readonly #rows: Rows;
  /** By the state of the service: the timers of each row. */
  readonly #services = new Map<TimerId["home"]["state"], Map<Row, TimersOfKey>>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** Replaces the same timer. */
  put(row: Row, id: TimerId, number: number): void {
    const timers = this.#of(row, id);
    if (timers.put({ row, ...id, number }) && timers.count === 1) this.#rows.gained(row);
  }

  delete(row: Row, id: TimerId): void {
    const timers = this.#of(row, id);
    if (timers.delete(id) && timers.count === 0) this.#rows.lost(row);
  }

  /** By number. */
  inOrder(): SavedTimer[] {
    const all: SavedTimer[] = [];
    for (const rows of this.#services.values())
      for (const timers of rows.values()) for (const timer of timers.all()) all.push(timer);
    return all.sort((left, right) => left.number - right.number);
  }

  #of(row: Row, { home }: TimerId): TimersOfKey {
    let rows = this.#services.get(home.state);
    if (rows === undefined) this.#services.set(home.state, (rows = new Map()));
    let timers = rows.get(row);
    if (timers === undefined) rows.set(row, (timers = new TimersOfKey()));
    return timers;
  }
}

/** A list while there are few; by time beyond, since a key may have a hundred thousand. */
class TimersOfKey {
  count = 0;
  #few: SavedTimer[] = [];
  #many: Map<TimeMs, SavedTimer[]> | undefined = undefined;

  /** False: it replaced the same timer. */
  put(timer: SavedTimer): boolean {
    const timers = this.#at(timer.timeMs);
    const place = timers.findIndex((other) => isSame(other, timer));
    if (place >= 0) {
      timers[place] = timer;
      return false;
    }
    timers.push(timer);
    this.count += 1;
    if (this.#many === undefined && this.count > FEW_MAX) this.#spread();
    return true;
  }

  /** False: there is none. */
  delete(id: TimerId): boolean {
    const timers = this.#at(id.timeMs);
    const place = timers.findIndex((other) => isSame(other, id));
    if (place >= 0) {
      timers.splice(place, 1);
      this.count -= 1;
    }
    if (timers.length === 0) this.#many?.delete(id.timeMs);
    return place >= 0;
  }

  *all(): Generator<SavedTimer, void> {
    yield* this.#few;
    for (const timers of this.#many?.values() ?? []) yield* timers;
  }

  #at(timeMs: TimeMs): SavedTimer[] {
    if (this.#many === undefined) return this.#few;
    let timers = this.#many.get(timeMs);
    if (timers === undefined) this.#many.set(timeMs, (timers = []));
    return timers;
  }

  #spread(): void {
    this.#many = new Map();
    for (const timer of this.#few) this.#at(timer.timeMs).push(timer);
    this.#few = [];
  }
}

function isSame(timer: SavedTimer, { home, timeMs, namespace }: TimerId): boolean {
  return timer.timeMs === timeMs && timer.home.event === home.event && timer.namespace === namespace;
}
