/** Planted bugs in what happens to messages of a loop, and of parked addresses, that memory has no room for. */
import type { Mutant } from "./mutant.ts";

const CHANNEL = "core/network/in-slot-channel.ts";
const BACKLOG = "core/network/backlog.ts";
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
    arena: "standing-loops",
    about: "what is left of a file on disk counts as that file: a later checkpoint refers to the whole of it",
  },
  {
    id: "segment-of-any-checkpoint",
    file: "core/runtime/saved-segments.ts",
    find: `return completedId === undefined ? undefined : this.#files.get(segment)?.get(completedId);`,
    replace: `return [...(this.#files.get(segment)?.values() ?? [])][0];`,
    arena: "standing-loops",
    about: "a checkpoint refers to a file of another one that is not complete, or no longer there",
  },
  {
    id: "newest-page-not-saved",
    file: BACKLOG,
    find: `    this.seal();
    for (let index = this.#indexOf(position)`,
    replace: `    for (let index = this.#indexOf(position)`,
    arena: "tight-functions",
    about: "a checkpoint has the pages that are on disk, without the newest one, which is not full yet",
  },
  {
    id: "put-off-not-saved",
    file: "core/runtime/put-off-records.ts",
    find: `.filter(({ length }) => length > 0)`,
    replace: `.filter(({ length }) => length < 0)`,
    arena: "tight-functions",
    about: "messages of parked addresses that are on disk are in no checkpoint",
  },
  {
    id: "put-off-saved-behind-the-loop",
    file: RECORDING,
    find: `[...partsOf(this.#putOff, bytesMax), ...partsOf(this.#channels, bytesMax)]`,
    replace: `[...partsOf(this.#channels, bytesMax), ...partsOf(this.#putOff, bytesMax)]`,
    arena: "tight-functions",
    about: "a restore delivers what was on its way before what had arrived and was put off",
    waits: "a longer search than 150 runs",
  },
  {
    id: "mailbox-overtakes-put-off",
    file: "statefun/group/mailboxes.ts",
    find: `this.#overflow.countOf(type, envelope.id) === 0)`,
    replace: `this.#overflow.countOf(type, envelope.id) >= 0)`,
    arena: "tight-functions",
    about: "a new message has its turn before those of the same address that were put off",
  },
];
