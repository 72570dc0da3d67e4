/** Planted bugs in timers and watermarks: what fires, when, how often, and how time goes on after a restore. */
import type { Mutant } from "./mutant.ts";

const TIMERS = "core/state/heap/timers.ts";
const EVENT_TIME = "core/operators/event-time.ts";

export const TIME_MUTANTS: readonly Mutant[] = [
  {
    id: "deleted-timer-fires",
    file: TIMERS,
    find: `    this.#remove(index, bucket, bucket.placeOf(row, namespace), row);
    bucket.forgetDead();`,
    replace: `    bucket.forgetDead();`,
    about: "a timer fires although it was deleted",
  },
  {
    id: "deleted-timer-returns",
    file: TIMERS,
    find: `    this.#epochs.dying(bucket, place);`,
    replace: ``,
    about: "a timer that has fired or was deleted is back after a restore",
  },
  {
    id: "timer-one-early",
    file: "core/state/heap/timer-index.ts",
    find: `return timeMs > limitMs || this.#count === 0`,
    replace: `return timeMs > limitMs + 1 || this.#count === 0`,
    about: "timers fire a millisecond early",
  },
  {
    id: "dying-timer-not-captured",
    waits: "a longer search than 500 runs",
    file: "core/state/heap/timer-capture.ts",
    find: `if (bucket === this.#current ? number >= this.#next : isPending(bucket)) section.putTimer(bucket.savedAt(place));`,
    replace: `if (bucket === this.#current && number >= this.#next && isPending(bucket)) section.putTimer(bucket.savedAt(place));`,
    about: "a timer that fires between the barrier and its slice is not in the snapshot",
  },
  {
    id: "restored-timers-reversed",
    waits: "a longer search than 150 runs",
    file: "core/state/heap/restored-timers.ts",
    find: `return all.sort((left, right) => left.number - right.number);`,
    replace: `return all.sort((left, right) => right.number - left.number);`,
    about: "after a restore timers of one time fire in the reverse order of their registration",
  },
  {
    id: "timer-numbers-repeat",
    file: "core/state/heap/timer-table.ts",
    find: `      this.nextNumber = Math.max(this.nextNumber, number + 1);`,
    replace: ``,
    about: "after a restore the numbers of new timers repeat those of restored ones",
  },
  {
    id: "watermark-before-timers",
    file: EVENT_TIME,
    find: `    this.#keyedState.advanceWatermark(watermarkMs);`,
    replace: `    this.#keyedState.advanceWatermark(watermarkMs);
    this.#output.processWatermark(watermarkMs);`,
    about: "a watermark overtakes what the timers that it makes due emit",
  },
  {
    id: "interrupted-firing-forgotten",
    file: EVENT_TIME,
    find: `      this.pending = "interruptible";`,
    replace: `      this.pending = "none";`,
    about: "timers that did not fire because downstream was full wait for the next watermark",
  },
  {
    id: "due-at-restore-forgotten",
    waits: "a longer search than 150 runs",
    file: EVENT_TIME,
    find: `if (this.watermarkMs > WATERMARK_MIN) services.execute(() => this.advance(this.watermarkMs));`,
    replace: ``,
    about: "timers that were due when the barrier passed are not fired after a restore until the watermark rises",
  },
  {
    id: "saved-watermark-forgotten",
    waits: "a longer search than 150 runs",
    file: EVENT_TIME,
    find: `this.watermarkMs = services.restoredWatermarkMs;`,
    replace: `this.watermarkMs = WATERMARK_MIN;`,
    about: "a restored operator forgets how far its time had come, and opens purged windows again",
  },
  {
    id: "floors-forgotten",
    waits: "a longer search than 150 runs",
    file: "core/state/heap/floors.ts",
    find: `return this.#reached.watermarks[keyGroup - this.#range.first] ?? -Infinity;`,
    replace: `return -Infinity;`,
    about: "with another parallelism, windows are opened again that the subtask before had purged",
  },
  {
    id: "highest-watermark-wins",
    waits: "a longer search than 500 runs",
    file: "core/checkpoint/restore-operators.ts",
    find: `  let lowestMs = WATERMARK_MAX;
  for (const subtask of subtasks) lowestMs = Math.min(`,
    replace: `  let lowestMs = WATERMARK_MIN;
  for (const subtask of subtasks) lowestMs = Math.max(`,
    about: "with another parallelism, an operator starts at the highest of the watermarks that it takes over",
  },
  {
    id: "channel-watermark-highest",
    waits: "a longer search",
    file: "core/checkpoint/restore-inputs.ts",
    find: `const watermarkMs = counted.reduce((lowestMs, status) => Math.min(lowestMs, status.watermarkMs), WATERMARK_MAX);`,
    replace: `const watermarkMs = counted.reduce((highestMs, status) => Math.max(highestMs, status.watermarkMs), -Infinity);`,
    about: "with another parallelism, channels start at the highest watermark that any had seen",
  },
  {
    id: "finished-after-rescale",
    waits: "a longer search than 150 runs",
    file: "core/checkpoint/restore-inputs.ts",
    find: `  return status.status === "finished" && !of.producerEnded ? UNKNOWN : status;`,
    replace: `  return status;`,
    about: "a channel stays finished though its new producer has records to send",
  },
  {
    id: "restored-channels-one-by-one",
    file: "core/runtime/watermark-valve.ts",
    find: `    this.#channels = restored.map((_, channel) => this.#combiner.register(channel));`,
    replace: `    this.#channels = restored.map(({ watermarkMs }, channel) => this.#combiner.register(channel, watermarkMs));`,
    about: "the first restored channel alone raises the watermark of its task",
  },
  {
    id: "status-dropped",
    waits: "sources that idle",
    file: "core/runtime/watermark-valve.ts",
    find: `else this.#combiner.setIdle(this.#at(channel), status === "idle");`,
    replace: `else this.#combiner.setIdle(this.#at(channel), false);`,
    about: "an idle channel holds the watermark back",
  },
  {
    id: "idle-for-ever",
    waits: "sources that idle",
    file: "core/runtime/watermark-valve.ts",
    find: `else this.#combiner.setIdle(this.#at(channel), status === "idle");`,
    replace: `else if (status === "idle") this.#combiner.setIdle(this.#at(channel), true);`,
    about: "a channel that was idle once never counts again, and its records become late",
  },
  {
    id: "finished-speaks-for-idle",
    waits: "sources that idle",
    file: "core/time/watermark-combiner.ts",
    find: `atLowest > 0 ? lowestMs : idle ? highestIdleMs : WATERMARK_MAX;`,
    replace: `atLowest > 0
          ? lowestMs
          : idle && [...this.#parts.values()].every((part) => part.status === "idle")
            ? highestIdleMs
            : WATERMARK_MAX;`,
    about: "an input that has ended makes the records of one that is idle late",
  },
];
