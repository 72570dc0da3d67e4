/** Planted bugs in keyed state: what a snapshot holds while input goes on, what increments build on, what a restore takes over. */
import type { Mutant } from "./mutant.ts";

const EPOCHS = "core/state/heap/epochs.ts";
const SEGMENT = "core/state/heap/segment.ts";

export const STATE_MUTANTS: readonly Mutant[] = [
  {
    id: "cell-between-epoch-and-slice",
    file: EPOCHS,
    find: `    this.#preserve(cell);
    cell.stamp = this.dirtyFrom;`,
    replace: `    cell.stamp = this.dirtyFrom;`,
    about: "a cell written between the end of its epoch and its slice is not in the snapshot",
  },
  {
    id: "removed-between-epoch-and-slice",
    file: EPOCHS,
    find: `      this.#preserve(cell);
      segment.tombstones.push(cell);`,
    replace: `      segment.tombstones.push(cell);`,
    about: "a cell removed between the end of its epoch and its slice is not in the snapshot",
  },
  {
    id: "changed-then-removed",
    file: EPOCHS,
    find: `if ((cell.stamp & BORN) === 0) segment.tombstones.push(cell);`,
    replace: ``,
    about: "a cell that is changed and then removed in one epoch leaves no tombstone",
  },
  {
    id: "no-tombstone",
    waits: "a longer search than 500 runs",
    file: EPOCHS,
    find: `      this.#preserve(cell);
      segment.tombstones.push(cell);`,
    replace: `      this.#preserve(cell);`,
    about: "a removed cell comes back with the next restore",
  },
  {
    id: "young-group-without-tombstone",
    waits: "a longer search than 150 runs",
    file: EPOCHS,
    find: `if (group.born < segment.epoch) segment.tombstones.push(group);`,
    replace: `if (group.born < segment.epoch - 1) segment.tombstones.push(group);`,
    about: "a map or list that was made in one epoch and cleared in the next comes back with a restore",
  },
  {
    id: "dropped-cells-put",
    waits: "a longer search than 150 runs",
    file: SEGMENT,
    find: `(cell.stamp & SERIALISED) === 0 && droppedIn(cell) > this.epoch;`,
    replace: `(cell.stamp & SERIALISED) === 0 && droppedIn(cell) >= this.epoch;`,
    about: "cells of a map that was cleared in the same epoch are put behind its tombstone",
  },
  {
    id: "puts-before-tombstones",
    file: SEGMENT,
    find: `return [...this.#deletes.chunks, ...this.#puts.chunks];`,
    replace: `return [...this.#puts.chunks, ...this.#deletes.chunks];`,
    about: "a cell that was removed and made again in one epoch is deleted on restore",
  },
  {
    id: "aborted-changes-dropped",
    file: "core/state/heap/history.ts",
    find: `this.#open = this.#open.filter((entry) => entry !== gone);`,
    replace: `this.#open = this.#open.filter((entry) => entry !== gone);
    if (gone !== undefined && this.#base !== undefined && gone.snapshot.plan.epoch > this.#base.epoch)
      this.#base = { ...this.#base, epoch: gone.snapshot.plan.epoch };`,
    about: "what changed before an aborted checkpoint is in no later increment",
  },
  {
    id: "aborted-tombstones-dropped",
    waits: "a longer search than 150 runs",
    file: "core/state/heap/backend.ts",
    find: `    this.#history.aborted(checkpointId)?.discard();`,
    replace: `    const gone = this.#history.aborted(checkpointId);
    gone?.discard();
    for (const segment of this.#epochs.closed) if (segment.epoch === gone?.plan.epoch) segment.tombstones = [];`,
    about: "what was deleted before an aborted checkpoint comes back with a later one",
  },
  {
    id: "completion-takes-younger",
    file: "core/state/heap/history.ts",
    find: `this.#base = { epoch, files`,
    replace: `this.#base = { epoch: this.#epochs.current - 1, files`,
    about: "the completion of a checkpoint drops the changes between its barrier and that of a younger one under way",
  },
  {
    id: "younger-cells-seen",
    file: "core/state/heap/full-scan.ts",
    find: `if (cell.stamp !== DEAD && epochOf(cell.stamp) <= this.epoch) this.put(cell);`,
    replace: `if (cell.stamp !== DEAD && epochOf(cell.stamp) >= 0) this.put(cell);`,
    about: "the walk of a savepoint sees cells as they were made or changed after its barrier",
  },
  {
    id: "orphans-lost",
    waits: "a longer search than 150 runs",
    file: "core/state/heap/full-scan.ts",
    find: `if (group.born <= this.epoch && group.row.scannedBy !== this.id) this.#orphans.push(group);`,
    replace: `void group;`,
    about: "a map that is cleared while a savepoint walks is not in the savepoint",
  },
  {
    id: "object-in-place-unseen",
    file: "core/state/heap/value-cells.ts",
    find: `if (typeof value === "object" && value !== null && cell.stamp < this.#epochs.dirtyFrom) this.#epochs.touch(cell);`,
    replace: ``,
    about: "an object that a value state hands out, and that is changed in place, counts as unchanged",
  },
  {
    id: "savepoint-becomes-base",
    file: "core/state/heap/history.ts",
    find: `      if (mayBecomeBase) first = Math.min(first, snapshot.plan.epoch + 1);`,
    replace: `      if (!mayBecomeBase) first = Math.max(first, snapshot.plan.epoch + 1);`,
    about: "a savepoint lets go of the changes before it, which the next checkpoint needs",
  },
  {
    id: "neighbours-key-group",
    file: "core/state/heap/restore.ts",
    find: `target.keyGroups = intersect(handle.keyGroups, options.keyGroups);`,
    replace: `target.keyGroups = { first: options.keyGroups.first, last: options.keyGroups.last + 1 };`,
    about: "a subtask restores the first key group of its neighbour as well",
  },
  {
    id: "key-groups-overlap",
    file: "core/state/key-groups.ts",
    find: `    last: Math.floor(((index + 1) * maxParallelism - 1) / parallelism),`,
    replace: `    last: Math.min(Math.floor(((index + 1) * maxParallelism) / parallelism), maxParallelism - 1),`,
    about: "off by one in rescale: the last key group of a subtask is also its neighbour's first",
  },
  {
    id: "key-groups-rounded-down",
    file: "core/state/key-groups.ts",
    find: `    first: Math.ceil((index * maxParallelism) / parallelism),`,
    replace: `    first: Math.floor((index * maxParallelism) / parallelism),`,
    about: "where key groups do not divide evenly, two subtasks restore the one between them",
  },
  {
    id: "old-chunk-stays",
    file: "core/state/heap/restore.ts",
    find: `const replaced = place >= 0 && group.chunks[place]?.number === number ? 1 : 0;`,
    replace: `const replaced = 0;`,
    about: "the restore of a list keeps the older version of a changed chunk beside the newer one",
  },
  {
    id: "value-behind-entry",
    file: "core/state/heap/list-state.ts",
    find: `      if (last.stamp < epochs.dirtyFrom) epochs.touch(last);
      if (times`,
    replace: `      if (last.stamp < epochs.dirtyFrom && last.items.length > 1) epochs.touch(last);
      if (times`,
    about: "a list of one element counts as unchanged when a second is added",
  },
];
