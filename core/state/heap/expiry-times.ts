/** What time it is for state that expires: the clock, and for each key group the watermark. The last watermark expires nothing: it says that the input ended, not that time went by. */
import type { Clock, TimeMs } from "../../time/clock.ts";
import type { TtlTimes } from "../ttl.ts";
import type { Floors } from "./floors.ts";

export class ExpiryTimes implements TtlTimes {
  readonly #clock: Clock;
  readonly #floors: Floors;
  /** Of the operator: the last finite one. */
  #reachedMs: TimeMs = -Infinity;

  constructor(clock: Clock, floors: Floors) {
    this.#clock = clock;
    this.#floors = floors;
  }

  get reachedMs(): TimeMs {
    return this.#reachedMs;
  }

  nowMs(): TimeMs {
    return this.#clock.nowMs();
  }

  watermarkMs(keyGroup: number): TimeMs | undefined {
    return this.#watermarkFrom(this.#reachedMs, keyGroup);
  }

  advance(watermarkMs: TimeMs): void {
    if (Number.isFinite(watermarkMs)) this.#reachedMs = watermarkMs;
  }

  /** As they are now, whatever time it will be. */
  stopped(): TtlTimes {
    const [nowMs, reachedMs] = [this.nowMs(), this.#reachedMs];
    return { nowMs: () => nowMs, watermarkMs: (keyGroup) => this.#watermarkFrom(reachedMs, keyGroup) };
  }

  #watermarkFrom(reachedMs: TimeMs, keyGroup: number): TimeMs | undefined {
    const watermarkMs = Math.max(reachedMs, this.#floors.expiryOf(keyGroup));
    return watermarkMs === -Infinity ? undefined : watermarkMs;
  }
}
