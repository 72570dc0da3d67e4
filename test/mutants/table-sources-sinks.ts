/** Planted bugs in sources and sinks: splits and their positions, committables and their commits. */
import type { Mutant } from "./mutant.ts";

export const SOURCE_AND_SINK_MUTANTS: readonly Mutant[] = [
  {
    id: "event-before-snapshot",
    waits: "a longer search",
    file: "core/runtime/task.ts",
    find: `if (last === undefined) this.#parts.chain.handleEvent(operatorId, event);
    else this.#eventsBehind`,
    replace: `if (last === undefined || last.checkpointId > 0) this.#parts.chain.handleEvent(operatorId, event);
    else this.#eventsBehind`,
    about: "a split that was assigned behind a trigger is in the snapshots of both enumerator and reader",
  },
  {
    id: "first-restore-for-ever",
    file: "core/cluster/job-master.ts",
    find: `this.#sources.restored(subtasks, checkpoint?.coordinators ?? []),`,
    replace: `this.#sources.restored(subtasks, parts.restorePoint?.coordinators ?? []),`,
    about: "after a failure enumerators start from where the job did, and assign splits a second time",
  },
  {
    id: "offsets-survive-failure",
    file: "core/operators/source.ts",
    find: `    this.#restore();
    services.execute(`,
    replace: `    const world = globalThis as unknown as { readers?: WeakMap<object, Map<string, SourceReader<T, S>>> };
    const ofJob = (world.readers ??= new WeakMap()).get(services.config) ?? new Map<string, SourceReader<T, S>>();
    world.readers.set(services.config, ofJob);
    const place = \`\${services.task.name}/\${services.task.subtaskIndex}\`;
    const before = ofJob.get(place)?.snapshot(0);
    if (services.task.attempt > 0 && before !== undefined && this.#savedSplits.get().length > 0)
      this.#savedSplits.update(before.map((split) => this.#output.save(split)));
    ofJob.set(place, this.#reader);
    this.#restore();
    services.execute(`,
    about: "readers go on where they were when the job failed, not where the checkpoint says",
  },
  {
    id: "waiting-split-overtaken",
    waits: "a longer search than 150 runs",
    file: "core/operators/source.ts",
    find: `this.#time.batch(() => splits.forEach((split) => this.#output.assigned(split.splitId)));`,
    replace: ``,
    about: "a split that is assigned and not yet read does not hold the watermark back",
  },
  {
    id: "restored-splits-one-by-one",
    waits: "a longer search than 150 runs",
    file: "core/operators/source.ts",
    find: `    for (const one of saved) this.#output.assigned(one.split.splitId, one);
    for (const one of saved) this.#output.goOn(one.split.splitId, one.watermarkMs);`,
    replace: `    for (const one of saved) {
      this.#output.assigned(one.split.splitId, one);
      this.#output.goOn(one.split.splitId, one.watermarkMs);
    }`,
    about: "the first restored split alone raises the watermark of its source",
  },
  {
    id: "split-lists-rescaled-wrongly",
    file: "core/checkpoint/redistribute.ts",
    find: `    Math.floor((subtask * items.length) / parallelism),`,
    replace: `    Math.ceil((subtask * items.length) / parallelism),`,
    about: "off by one when operator lists are dealt to another parallelism: an item goes to nobody",
  },
  {
    id: "split-lists-dealt-twice",
    file: "core/checkpoint/redistribute.ts",
    find: `    Math.floor(((subtask + 1) * items.length) / parallelism),`,
    replace: `    Math.ceil(((subtask + 1) * items.length) / parallelism),`,
    about: "off by one when operator lists are dealt to another parallelism: an item goes to two subtasks",
  },
  {
    id: "union-lists-split",
    file: "core/checkpoint/redistribute.ts",
    find: `lists.push({ name, mode, items: all });`,
    replace: `lists.push({ name, mode, items: items[subtask] ?? [] });`,
    about: "a union list goes back to its own subtasks instead of to everybody",
  },
  {
    id: "enumerator-saved-late",
    waits: "a longer search than 150 runs",
    file: "core/checkpoint/beginning.ts",
    find: `    for (const task of plan.trigger) participants.trigger(task, checkpointId, pending.options);`,
    replace: `    clock.yield(() => {
      for (const task of plan.trigger) participants.trigger(task, checkpointId, pending.options);
    });`,
    about: "what an enumerator assigns between its snapshot and the trigger is in both",
  },
  {
    id: "commit-before-complete",
    file: "core/operators/sink.ts",
    find: `if (this.#commits !== undefined) this.#commits.add(checkpointId, this.#writer.prepareCommit?.(checkpointId) ?? []);`,
    replace: `this.#commits?.add(checkpointId, this.#writer.prepareCommit?.(checkpointId) ?? []);
    this.#commits?.completed(checkpointId);`,
    about: "a sink commits at the barrier, before the checkpoint is complete",
  },
  {
    id: "commit-one-ahead",
    file: "core/operators/commits.ts",
    find: `request.checkpointId <= this.#completedId,`,
    replace: `request.checkpointId <= this.#completedId + 1,`,
    about: "with one checkpoint the committables of the next are committed too",
  },
  {
    id: "pending-committables-forgotten",
    file: "core/operators/sink.ts",
    find: `    this.#committables.update(this.#commits?.saved ?? []);`,
    replace: `    this.#committables.update((this.#commits?.saved ?? []).filter((saved) => saved.checkpointId === checkpointId));`,
    about: "a snapshot holds only what was prepared for it, not what earlier ones have not committed yet",
  },
  {
    id: "aborted-committables-forgotten",
    waits: "a longer search than 150 runs",
    file: "core/operators/commits.ts",
    find: `this.#open = this.#open.filter((request) => !done.has(request));`,
    replace: `this.#open = this.#open.filter((request) => !done.has(request) && !(request.checkpointId < this.#completedId));`,
    about: "committables of checkpoints that were aborted are dropped when a later one completes",
  },
  {
    id: "only-its-own-checkpoint",
    file: "core/operators/commits.ts",
    find: `request.checkpointId <= this.#completedId,`,
    replace: `request.checkpointId === this.#completedId,`,
    about: "committables of checkpoints that were aborted are never committed",
  },
  {
    id: "retry-counts-as-done",
    file: "core/operators/commits.ts",
    find: `      this.#counters.retried.count++;
      return false;`,
    replace: `      this.#counters.retried.count++;
      return true;`,
    about: "a committable whose commit is to be tried again is dropped",
  },
  {
    id: "barrier-without-flush",
    file: "core/operators/sink.ts",
    find: `if (!this.#ended && !this.#is(this.#flushedFor, checkpointId)) this.#flush(checkpointId);`,
    replace: ``,
    about: "the barrier passes a sink that has not flushed",
  },
  {
    id: "barrier-overtakes-waiting",
    waits: "a longer search than 150 runs",
    file: "core/operators/sink.ts",
    find: `    if (this.#waiting.length > 0) return false;
    if (!this.#ended`,
    replace: `    if (!this.#ended`,
    about: "the barrier passes records that a sink has not written yet",
  },
  {
    id: "half-of-what-waited",
    waits: "a longer search than 150 runs",
    file: "core/operators/sink.ts",
    find: `    this.#waiting = [];
    for (const one of waiting) {`,
    replace: `    this.#waiting = [];
    for (const one of waiting.slice(0, 1)) {`,
    about: "of the records that came while a sink was flushing only the first is written",
  },
  {
    id: "restored-committables-wait",
    file: "core/operators/commits.ts",
    find: `    this.#restoredOpen = this.#open.length;`,
    replace: `    this.#open = options.restored.length > 1 ? this.#open.slice(1) : this.#open;
    this.#restoredOpen = this.#open.length;`,
    about: "of several restored committables the first is not committed again",
  },
];
