/**
 * The task's side of a loop: whether anything is under way in it, and what the master asks about that.
 *
 * In:   the loop's channels, both ends of them at this task; questions of the master. Out: answers.
 * State: whether the other inputs have ended. Counts are those of the channels, which are made anew for each attempt, so that records that were restored are
 *        neither sent nor taken.
 */
import type { LoopCount, LoopToTask, TaskToLoop } from "../graph/loop-events.ts";
import type { ChannelReader } from "../network/channel.ts";
import type { SpillSpace } from "../network/spill-space.ts";
import type { Operator } from "../operators/operator.ts";

export interface LoopReader extends ChannelReader {
  /** Records that were taken out of it. */
  readonly taken: number;
  /** Records in it, and behind it. */
  readonly waiting: number;
}

export interface LoopWriter {
  /** Records so far. */
  readonly pushed: number;
  /** Of those, how many wait here. */
  readonly unsent: number;
}

export interface LoopParts {
  readonly head: Operator;
  readonly readers: readonly LoopReader[];
  readonly writers: readonly LoopWriter[];
  readonly space: SpillSpace;
  tell(event: TaskToLoop): void;
}

export class Loop {
  readonly #parts: LoopParts;
  /** All other inputs have ended. */
  #isAlone: boolean;
  #isOver: boolean;
  /** What it told last. */
  #counted: LoopCount | undefined;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#isAlone = false;
    this.#isOver = false;
    this.#counted = undefined;
  }

  /** It is the loop alone that keeps the task going. */
  get isAlone(): boolean {
    return this.#isAlone && !this.#isOver;
  }

  /** Nothing new is to come in until some of what is in the loop is done: it is more than memory is meant for, or the operator says so. */
  get isCongested(): boolean {
    return this.#parts.space.isOver || this.#parts.head.congested === true;
  }

  /** Records in the channels, as far as they are at this task. */
  get waiting(): number {
    const { readers, writers } = this.#parts;
    let waiting = 0;
    for (const reader of readers) waiting += reader.waiting;
    for (const { unsent } of writers) waiting += unsent;
    return waiting;
  }

  alone(): void {
    if (this.#isAlone) return;
    this.#isAlone = true;
    this.#parts.tell({ type: "loop-alone" });
  }

  /** Between two steps of the task. `isIdle`: the task itself has nothing left to do. True: the loop is over. */
  handle(event: LoopToTask, isIdle: boolean): boolean {
    const { head } = this.#parts;
    switch (event.type) {
      case "loop-count": {
        const rests = isIdle && this.waiting === 0 && head.quiet !== false;
        const count = this.#count();
        this.#counted = count;
        this.#parts.tell({ type: "loop-counted", round: event.round, rests, count });
        return false;
      }
      case "loop-rests": {
        const rests = isIdle && this.waiting === 0 && head.quiet !== false && this.#isAsCounted();
        const goesOn = !this.#isOver && (!rests || head.onLoopQuiet?.() === true);
        this.#parts.tell({ type: "loop-asked", round: event.round, goesOn });
        return false;
      }
      case "loop-over": {
        const ends = !this.#isOver;
        this.#isOver = true;
        return ends;
      }
    }
  }

  /** It was over when the task was saved. */
  restoredOver(): void {
    this.#isOver = true;
    this.alone();
  }

  /** A timer may have fired since, and sent something that nobody has counted. */
  #isAsCounted(): boolean {
    const { sent, taken } = this.#count();
    return sent === this.#counted?.sent && taken === this.#counted.taken;
  }

  #count(): LoopCount {
    const { readers, writers } = this.#parts;
    return {
      sent: writers.reduce((sum, { pushed }) => sum + pushed, 0),
      taken: readers.reduce((sum, { taken }) => sum + taken, 0),
    };
  }
}
