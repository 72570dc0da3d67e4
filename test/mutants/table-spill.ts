/** Planted bugs in what happens to messages of a loop, and of parked addresses, that memory has no room for. */
import type { Mutant } from "./mutant.ts";

const CHANNEL = "core/network/in-slot-channel.ts";
const RECORDING = "core/runtime/in-flight-recording.ts";

export const SPILL_MUTANTS: readonly Mutant[] = [
  {
    id: "new-overtakes-spilled",
    file: CHANNEL,
    find: `    if (backlog.length > 0) {
      this.#room = 0;
      return;
    }`,
    replace: `    if (backlog.length > 0) return;`,
    arena: "tight-loops",
    about: "what was taken out makes room for new messages, though older ones wait on disk",
  },
  {
    id: "pages-behind-the-barrier-saved",
    file: RECORDING,
    find: `    if (((end - channel.at) | 0) <= 0) return;
    channel.frames`,
    replace: `    channel.frames`,
    arena: "tight-loops",
    about: "a checkpoint has all pages that wait, also those behind its barrier",
  },
  {
    id: "half-a-segment-taken-for-whole",
    file: "core/runtime/in-flight-parts.ts",
    find: `segment.isSealed && segment.frames === frames.length`,
    replace: `segment.isSealed`,
    arena: "tight-loops",
    about: "what is left of a file on disk counts as that file: a later checkpoint refers to the whole of it",
  },
  {
    id: "segment-of-any-checkpoint",
    file: "core/runtime/saved-segments.ts",
    find: `return completedId === undefined ? undefined : this.#files.get(segment)?.get(completedId);`,
    replace: `return [...(this.#files.get(segment)?.values() ?? [])][0];`,
    arena: "tight-loops",
    about: "a checkpoint refers to a file of another one that is not complete, or no longer there",
  },
];
