/**
 * The timers of one service, time domain and time, in the order of their registration, which is the order in which they fire.
 *
 * A timer is a place in here, not an object: 16 bytes, and nothing for the garbage collector to copy. Most buckets in real time hold one timer, so the
 * first stands in the bucket itself, and so does the namespace, which the timers of a bucket nearly always share.
 *
 * Places move when dead timers are forgotten; numbers do not, and never fall from place to place.
 */
import type { TimeMs } from "../../time/clock.ts";
import { assert } from "../../util/errors.ts";
import type { Namespace } from "../keyed-state.ts";
import type { Row } from "./row.ts";
import type { StateEntry } from "./state-table.ts";

/** Fewer dead timers are not worth a pass. */
const DEAD_MIN = 16;
/** Below, looking through wins over a map. */
const PLACES_MIN = 32;

/** Whose timers they are. */
export interface TimerHome {
  readonly state: StateEntry;
  /** Event time, or else processing time. */
  readonly event: boolean;
}

/** A timer as it is written to files, alive or not. */
export interface SavedTimer {
  readonly row: Row;
  readonly home: TimerHome;
  readonly timeMs: TimeMs;
  readonly namespace: Namespace;
  readonly number: number;
}

/** From place 1 on. */
interface Rest {
  /** Undefined: dead. */
  readonly rows: (Row | undefined)[];
  readonly numbers: number[];
  /** Undefined as long as all are that of the bucket. */
  namespaces: Namespace[] | undefined;
}

export class TimerBucket {
  readonly home: TimerHome;
  readonly timeMs: TimeMs;
  /** The epoch whose segment knows that timers came in. */
  markedIn = 0;
  /** The last full scan that has passed. */
  scannedBy = 0;
  live = 1;
  /** No place before it is alive. */
  #head = 0;
  #row: Row | undefined;
  readonly #number: number;
  readonly #namespace: Namespace;
  #rest: Rest | undefined = undefined;
  /** The latest place of a row, once somebody asked and it is worth it. */
  #places: Map<Row, number> | undefined = undefined;

  constructor(
    home: TimerHome,
    timeMs: TimeMs,
    first: { readonly row: Row; readonly namespace: Namespace; readonly number: number },
  ) {
    this.home = home;
    this.timeMs = timeMs;
    this.#row = first.row;
    this.#number = first.number;
    this.#namespace = first.namespace;
  }

  /** One more than the last place. */
  get end(): number {
    return this.#rest === undefined ? 1 : this.#rest.rows.length + 1;
  }

  /** Hot. The number is not below those that are here. */
  add(row: Row, namespace: Namespace, number: number): void {
    this.live += 1;
    const rest = (this.#rest ??= { rows: [], numbers: [], namespaces: undefined });
    if (rest.namespaces !== undefined || namespace !== this.#namespace) this.#addNamespace(rest, namespace);
    rest.rows.push(row);
    rest.numbers.push(number);
    if (this.#places !== undefined) this.#places.set(row, rest.rows.length);
  }

  /** The place of the next timer to fire. There is one, as long as `live` is not 0. */
  next(): number {
    while (this.rowAt(this.#head) === undefined) this.#head += 1;
    return this.#head;
  }

  /** The row of a timer; undefined: it is dead. */
  rowAt(place: number): Row | undefined {
    return place === 0 ? this.#row : this.#rest?.rows[place - 1];
  }

  namespaceAt(place: number): Namespace {
    return (place === 0 ? undefined : this.#rest?.namespaces?.[place - 1]) ?? this.#namespace;
  }

  numberAt(place: number): number {
    return place === 0 ? this.#number : (this.#rest?.numbers[place - 1] ?? 0);
  }

  savedAt(place: number): SavedTimer {
    const row = this.rowAt(place);
    assert(row !== undefined, "a dead timer is not saved");
    const { home, timeMs } = this;
    return { row, home, timeMs, namespace: this.namespaceAt(place), number: this.numberAt(place) };
  }

  /** Whether a row that has a timer here has one for this namespace. */
  has(row: Row, namespace: Namespace): boolean {
    if (this.#rest?.namespaces === undefined) return namespace === this.#namespace;
    return this.placeOf(row, namespace) >= 0;
  }

  /** Where the live timer stands; -1 if there is none. */
  placeOf(row: Row, namespace: Namespace): number {
    if (this.end >= PLACES_MIN) {
      const latest = (this.#places ??= this.#findPlaces()).get(row) ?? -1;
      if (latest < 0 || (this.rowAt(latest) === row && this.namespaceAt(latest) === namespace)) return latest;
    }
    for (let place = this.#head; place < this.end; place += 1)
      if (this.rowAt(place) === row && this.namespaceAt(place) === namespace) return place;
    return -1;
  }

  /** The first place whose number is `number` or above; the length if there is none. */
  placeFrom(number: number): number {
    let low = 0;
    let high = this.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.numberAt(middle) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Hot. The timer there dies. */
  remove(place: number): void {
    this.live -= 1;
    if (place === 0) this.#row = undefined;
    else if (this.#rest !== undefined) this.#rest.rows[place - 1] = undefined;
    if (place === this.#head) this.#head += 1;
  }

  /** After a deletion; while a bucket fires, it is soon gone anyway. Place 0 stays, alive or not. */
  forgetDead(): void {
    const rest = this.#rest;
    const dead = this.end - this.live;
    if (rest === undefined || dead <= DEAD_MIN || dead <= this.live) return;
    const { rows, numbers, namespaces } = rest;
    const alive = (_item: unknown, index: number): boolean => rows[index] !== undefined;
    this.#rest = {
      rows: rows.filter(alive),
      numbers: numbers.filter(alive),
      namespaces: namespaces?.filter(alive),
    };
    this.#head = 0;
    this.#places = undefined;
  }

  #addNamespace(rest: Rest, namespace: Namespace): void {
    rest.namespaces ??= rest.rows.map(() => this.#namespace);
    rest.namespaces.push(namespace);
  }

  #findPlaces(): Map<Row, number> {
    const places = new Map<Row, number>();
    for (let place = this.#head; place < this.end; place += 1) {
      const row = this.rowAt(place);
      if (row !== undefined) places.set(row, place);
    }
    return places;
  }
}
