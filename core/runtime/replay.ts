/**
 * Processes what was in flight when the snapshot was taken from which a task is restored: before any new input, and in order with what the task's own
 * operators emit meanwhile.
 *
 * In:    restored records per operator; for operators within the chain also what their predecessors emit until these are through. Out: calls of the operators.
 * State: what is not yet processed. Until that is nothing, the task reads no input and takes no snapshot, since it could not save it.
 */
import type { InSlotChannel } from "../network/in-slot-channel.ts";
import type { Input } from "../operators/operator.ts";
import type { TimeMs } from "../time/clock.ts";
import type { TaskAvailability } from "./availability.ts";
import type { LoadedInFlight } from "./in-flight-loading.ts";
import type { pump } from "./pump.ts";

/** In front of an operator's input: what is to be processed first, and behind it what comes meanwhile. Once that is through, everything passes. */
class ReplayedInput implements Input<unknown> {
  readonly input: Input<unknown>;
  readonly waiting: InSlotChannel;
  #isThrough: boolean;

  constructor(input: Input<unknown>, waiting: InSlotChannel) {
    this.input = input;
    this.waiting = waiting;
    this.#isThrough = false;
  }

  letThrough(): void {
    this.#isThrough = true;
  }

  processRecord(value: unknown, timestampMs: TimeMs): void {
    if (this.#isThrough) this.input.processRecord(value, timestampMs);
    else this.waiting.push(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    if (this.#isThrough) this.input.processWatermark(watermarkMs);
    else this.waiting.send({ kind: "watermark", watermarkMs });
  }

  processIdle(idle: boolean): void {
    if (this.#isThrough) this.input.processIdle(idle);
    else this.waiting.send({ kind: "idle", idle });
  }
}

export class Replay {
  readonly #loaded: readonly LoadedInFlight[];
  /** The next one first. */
  readonly #inputs: ReplayedInput[];

  constructor(loaded: readonly LoadedInFlight[]) {
    this.#loaded = loaded;
    this.#inputs = [];
  }

  get done(): boolean {
    return this.#inputs.length === 0;
  }

  /**
   * The input of an operator as its predecessor in the chain sees it. Where the operator had a task of its own, what was on its way to it comes first: records,
   * but also watermarks of the predecessor wait behind it. Chains are built tail first, and so are they replayed.
   */
  before(operatorId: string, input: Input<never>): Input<never> {
    return this.#add(operatorId, input, 0) ?? input;
  }

  /** What was on its way to the first operator comes last. */
  beforeHead(operatorId: string, inputs: readonly Input<never>[]): void {
    for (const [index, input] of inputs.entries()) this.#add(operatorId, input, index);
  }

  /** Up to `recordsMax` records, while the chain takes more. Returns how many. */
  advance(feed: typeof pump, availability: TaskAvailability, recordsMax: number): number {
    let fed = 0;
    while (fed < recordsMax && !availability.busy) {
      const [first] = this.#inputs;
      if (first === undefined) return fed;
      fed += feedInto(first, { feed, availability, recordsMax: recordsMax - fed });
      if (first.waiting.readable() > 0 || first.waiting.peekControl() !== undefined) continue;
      first.letThrough();
      this.#inputs.shift();
    }
    return fed;
  }

  #add(operatorId: string, input: Input<never>, index: number): Input<unknown> | undefined {
    const loaded = this.#loaded.find((inFlight) => inFlight.operatorId === operatorId && inFlight.input === index);
    if (loaded === undefined || loaded.waiting.waiting === 0) return undefined;
    const replayed = new ReplayedInput(input as Input<unknown>, loaded.waiting); // it was on its way to this input
    this.#inputs.push(replayed);
    return replayed;
  }
}

/** A run of records, and the control element behind it. */
function feedInto(
  { input, waiting }: ReplayedInput,
  {
    feed,
    availability,
    recordsMax,
  }: { readonly feed: typeof pump; readonly availability: TaskAvailability; readonly recordsMax: number },
): number {
  const fed = feed(waiting, input, availability, Math.min(waiting.readable(), recordsMax));
  waiting.consumed(fed);
  const control = availability.busy ? undefined : waiting.peekControl();
  if (control === undefined) return fed;
  waiting.takeControl();
  if (control.kind === "watermark") input.processWatermark(control.watermarkMs);
  if (control.kind === "idle") input.processIdle(control.idle);
  return fed;
}
