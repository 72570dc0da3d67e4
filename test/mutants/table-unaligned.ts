/** Planted bugs in unaligned checkpoints: what is recorded of the channels, when, who processes it after a restore, and in which order. */
import type { Mutant } from "./mutant.ts";

const RECORDING = "core/runtime/in-flight-recording.ts";
const OVERTAKING = "core/runtime/barrier-overtaking.ts";
const TASK = "core/runtime/task.ts";
const DEALING = "core/checkpoint/restore-in-flight.ts";

export const UNALIGNED_MUTANTS: readonly Mutant[] = [
  {
    id: "in-flight-forgotten",
    file: RECORDING,
    find: `...partsOf(this.#channels, bytesMax)]`,
    replace: `]`,
    about: "records that a barrier has overtaken are not saved",
  },
  {
    id: "late-arrivals-not-recorded",
    file: RECORDING,
    find: `  #record(channel: Recorded): void {`,
    replace: `  #record(channel: Recorded): void {
    channel.isOpen = false;`,
    about: "what comes after the snapshot and before the barrier of its channel is not saved",
  },
  {
    id: "recorded-beyond-barrier",
    file: RECORDING,
    find: `      end = at;`,
    replace: ``,
    about: "records behind the barrier are saved as if they were in front of it",
  },
  {
    id: "recorded-twice",
    file: RECORDING,
    find: `    channel.frames.push(inMemory(frame));`,
    replace: `    channel.frames.push(inMemory(frame), inMemory(frame));`,
    about: "records in flight are saved twice",
  },
  {
    id: "acknowledged-while-recording",
    file: "core/runtime/subtask-checkpoint.ts",
    find: `(next < parts.length || recording?.isOpen !== true)`,
    replace: `next <= parts.length`,
    about: "a task acknowledges before all channels have delivered the barrier",
  },
  {
    id: "overtakes-older-barrier",
    waits: "a longer search than 150 crowded runs: a savepoint must stand in a channel before a checkpoint",
    file: OVERTAKING,
    find: `return one.checkpointId < other.checkpointId ? one : other;`,
    replace: `return one.checkpointId > other.checkpointId ? one : other;`,
    about: "a barrier overtakes that of an older checkpoint, which then has another past than its id says",
  },
  {
    id: "broadcast-overtaken",
    waits: "a longer search than 150 crowded runs",
    file: OVERTAKING,
    find: `kind !== "rescale" && kind !== "broadcast"`,
    replace: `kind !== "rescale"`,
    about: "records in flight of broadcast edges are saved by every subtask, and go to every subtask after a rescale",
  },
  {
    id: "snapshot-during-replay",
    waits: "a longer search than 500 runs",
    file: TASK,
    find: `const mayRead = replay.done && this.#handleCheckpoints()`,
    replace: `const mayRead = this.#handleCheckpoints()`,
    about: "a snapshot is taken while restored records still wait, which it does not contain",
  },
  {
    id: "new-input-before-replay",
    file: TASK,
    find: `      this.#replayed(recordsMax) &&
      (this.#phase.kind !== "running" || timers.fire(availability));
    if (this.#phase.kind === "ending" && resumed && chain.end()) this.#ended();
    const mayRead = replay.done && this.#handleCheckpoints()`,
    replace: `      (this.#phase.kind !== "running" || timers.fire(availability));
    if (this.#phase.kind === "ending" && resumed && chain.end()) this.#ended();
    const isQuiet = gate.next(false) === -1 && gate.channels.length > 0;
    const mayRead = (!isQuiet || this.#replayed(recordsMax)) && this.#handleCheckpoints()`,
    about: "restored records are processed after new ones",
  },
  {
    id: "watermark-passes-replay",
    waits: "a longer search: operators that are chained only after a rescale are rare",
    file: "core/runtime/replay.ts",
    find: `    if (this.#isThrough) this.input.processWatermark(watermarkMs);`,
    replace: `    if (this.waiting.mask > 0) this.input.processWatermark(watermarkMs);`,
    about: "a watermark passes restored records, which are late behind it",
  },
  {
    id: "dealt-by-subtask",
    file: DEALING,
    find: `  if (kind !== "hash" && kind !== "custom") return anybody;`,
    replace: `  if (kind !== undefined) return anybody;`,
    about: "after a rescale records in flight go to a subtask that does not own their keys",
  },
  {
    id: "dealt-to-everybody",
    file: "core/runtime/in-flight-loading.ts",
    find: `(value) => ownerOf(value) === subtask`,
    replace: `(value) => ownerOf(value) >= 0`,
    about: "after a rescale each subtask that reads a file processes all records in it",
  },
];
