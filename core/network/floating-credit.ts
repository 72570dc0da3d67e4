/**
 * The credit that all channels into one task share, beyond the little that each has for itself: it goes where a producer has none left, so that what is under
 * way to a task is bounded for the task, and not by the number of its producers.
 *
 * In:   channels whose producers have used up their credit; credit that is not needed, or has its room again. Out: credit, to those that have least.
 * State: what nobody has, and who waits for some. What a channel has been given is the channel's to know.
 */

/** A channel, as far as it shares in this. */
export interface CreditShare {
  /** What it has of it, in frames. */
  readonly extra: number;
  /** Its producer has no credit left. */
  readonly isStarved: boolean;
  /** For its producer, at once. */
  give(frames: number): void;
}

export class FloatingCredit {
  #free: number;
  /** Those that got nothing when they asked; some may have been helped otherwise since. */
  readonly #waiting: Set<CreditShare>;

  constructor(frames: number) {
    this.#free = frames;
    this.#waiting = new Set();
  }

  /** Half of what is there, so that the next one finds something too; or the share waits. */
  ask(share: CreditShare): void {
    const frames = Math.ceil(this.#free / 2);
    this.#free -= frames;
    if (frames > 0) share.give(frames);
    if (share.isStarved) this.#waiting.add(share);
  }

  /** Whether room that `share` has again should rather be somebody else's: not for a difference of one, which would go to and fro. */
  isBetterUsedThanBy(share: CreditShare): boolean {
    const neediest = this.#neediest();
    return neediest !== undefined && neediest.extra + 1 < share.extra;
  }

  giveBack(frames: number): void {
    this.#free += frames;
    while (this.#free > 0) {
      const neediest = this.#neediest();
      if (neediest === undefined) return;
      this.#free -= 1;
      neediest.give(1);
    }
  }

  #neediest(): CreditShare | undefined {
    let neediest: CreditShare | undefined = undefined;
    for (const share of this.#waiting) {
      if (!share.isStarved) this.#waiting.delete(share);
      else if (neediest === undefined || share.extra < neediest.extra) neediest = share;
    }
    return neediest;
  }
}
