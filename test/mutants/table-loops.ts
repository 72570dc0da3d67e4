/** Planted bugs in loops: what is recorded of them, who waits for their barriers, who is asked before they end. Hunted in jobs with a loop. */
import type { Mutant } from "./mutant.ts";

const ALIGNMENT = "core/runtime/barrier-alignment.ts";
const GATE = "core/runtime/input-gate.ts";
const MASTER = "core/cluster/loop-coordinators.ts";
const TASK = "core/runtime/task.ts";

const IN_LOOPS: readonly Omit<Mutant, "arena">[] = [
  {
    id: "loop-not-recorded",
    file: "core/runtime/barrier-overtaking.ts",
    find: `channels.filter((_, channel) => !alignment.hasArrived(checkpointId, channel));`,
    replace: `channels.filter(
      (recorded, channel) =>
        (recorded as { isFeedback?: boolean }).isFeedback !== true && !alignment.hasArrived(checkpointId, channel),
    );`,
    about: "messages that go around while a checkpoint passes are not saved",
  },
  {
    id: "early-loop-barrier-does-not-block",
    file: ALIGNMENT,
    find: `    this.blocked[channel] = this.#blocking;`,
    replace: `    this.blocked[channel] = this.#blocking && this.#feedback[channel] !== true;`,
    about: "messages behind a barrier that came early around the loop are processed before the snapshot",
  },
  {
    id: "loop-barrier-completes",
    waits: "a longer search than 300 runs",
    file: ALIGNMENT,
    find: `arrived.some((here, channel) => here && this.#feedback[channel] !== true),`,
    replace: `arrived.some(Boolean),`,
    about: "the barrier of a neighbour in the loop makes a task take its snapshot before the master asks for it",
  },
  {
    id: "snapshot-after-trigger-again",
    file: TASK,
    find: `    if (this.#parts.gate.alignment.isLive(checkpoint.checkpointId)) this.#triggers.push(checkpoint);`,
    replace: `    this.#triggers.push(checkpoint);`,
    about: "a task that took its snapshot by the barrier of a neighbour takes it again when the master asks",
  },
  {
    id: "loop-awaits-barriers",
    file: ALIGNMENT,
    find: `arrived.every((here, channel) => here || this.#closed[channel] === true || this.#feedback[channel] === true) &&`,
    replace: `arrived.every((here, channel) => here || this.#closed[channel] === true) &&`,
    about: "alignment waits for barriers that come around only after the snapshot",
  },
  {
    id: "loop-over-after-one-count",
    waits: "a longer search than 300 runs",
    file: MASTER,
    find: `    else if (rested) this.#ask("loop-rests");`,
    replace: `    else if (rested || count.sent >= 0) this.#ask("loop-rests");`,
    about: "a loop ends after one round of counts, between which messages were on their way",
  },
  {
    id: "loop-over-while-unbalanced",
    file: MASTER,
    find: `  return sent === taken ? { sent, taken } : undefined;`,
    replace: `  return { sent, taken };`,
    about: "a loop ends while messages are on their way, as nobody works",
  },
  {
    id: "loop-ends-with-its-feed",
    file: TASK,
    find: `        if (loop === undefined) this.#phase = { kind: "ending" };
        else loop.alone();`,
    replace: `        this.#phase = { kind: "ending" };`,
    about: "a task ends with its other inputs, whatever still goes around",
  },
  {
    id: "loop-member-restored-ended",
    file: "core/checkpoint/restore-inputs.ts",
    find: `planned.every((inputs) => inputs.ended) ? planned : planned.map((inputs) => ({ ...inputs, ended: false }));`,
    replace: `planned;`,
    waits: "functions that send differently after a restore",
    about: "a task of a loop is restored as ended while its neighbours go on and may send to it",
  },
  {
    id: "loop-counts-restart",
    waits: "a longer search than 300 runs",
    file: MASTER,
    find: `    this.#alone.clear();
    this.#answers.clear();
    this.#round += 1;`,
    replace: `    this.#answers.clear();`,
    about: "what tasks said before they started again still counts",
  },
  {
    id: "loop-starves-its-feed",
    file: GATE,
    find: `    const loopFirst = this.#loopRuns < LOOP_SHARE;`,
    replace: `    const loopFirst = true;`,
    about: "as long as anything goes around, nothing new comes in",
    waits: "messages that go around for ever in the simulator",
  },
];

export const LOOP_MUTANTS: readonly Mutant[] = IN_LOOPS.map((mutant) => ({ ...mutant, arena: "loops" }));
