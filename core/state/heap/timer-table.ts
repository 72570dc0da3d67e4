/**
 * All timers of one operator: the indexes of its services, and the number that the next timer gets. Services that a restored file mentions and nobody
 * asks for are kept, and saved again.
 */
import { setSlot, slotOf } from "./row.ts";
import type { Row } from "./row.ts";
import type { StateEntry } from "./state-table.ts";
import type { SavedTimer, TimerBucket } from "./timer-bucket.ts";
import { TimerIndex } from "./timer-index.ts";
import { withBucket } from "./timer-slot.ts";
import type { TimerSlot } from "./timer-slot.ts";

export interface ServiceTimers {
  readonly event: TimerIndex;
  readonly processing: TimerIndex;
}

export class TimerTable {
  /** Numbers never repeat: those of an epoch are a range. */
  nextNumber = 1;
  readonly #services = new Map<StateEntry, ServiceTimers>();

  of(state: StateEntry): ServiceTimers {
    let service = this.#services.get(state);
    if (service === undefined) {
      service = { event: new TimerIndex(state, { event: true }), processing: new TimerIndex(state, { event: false }) };
      this.#services.set(state, service);
    }
    return service;
  }

  get count(): number {
    let count = 0;
    for (const { event, processing } of this.#services.values()) count += event.count + processing.count;
    return count;
  }

  /** See `TimerIndex.bucketsBelow`. */
  *bucketsBelow(number: number): Generator<TimerBucket, void> {
    for (const { event, processing } of this.#services.values()) {
      yield* event.bucketsBelow(number);
      yield* processing.bucketsBelow(number);
    }
  }

  /** In the order of their numbers, which files of several subtasks may repeat; the rows count their slots as in use already. */
  restore(timers: readonly SavedTimer[]): void {
    for (const { row, home, timeMs, namespace, number } of timers) {
      const index = this.of(home.state)[home.event ? "event" : "processing"];
      const bucket = index.add(index.bucketAt(timeMs), timeMs, row, namespace, number);
      mention(row, home.state, bucket);
      this.nextNumber = Math.max(this.nextNumber, number + 1);
    }
  }
}

function mention(row: Row, state: StateEntry, bucket: TimerBucket): void {
  const slot = slotOf(row, state.slot) as TimerSlot | undefined; // the slots of timer services hold nothing else
  setSlot(row, state.slot, withBucket(slot, bucket));
}
