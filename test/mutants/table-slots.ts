/** Planted bugs in what several slots need: channels between them, fencing of old attempts and masters, the loss of a slot, pointers that survive the master. */
import type { Mutant } from "./mutant.ts";

const CHANNEL = "core/network/remote-channel.ts";
const POINTERS = "core/checkpoint/pointer-store.ts";
const WORKER = "core/cluster/slot-worker.ts";
const MASTER = "core/cluster/job-master.ts";

export const SLOT_MUTANTS: readonly Mutant[] = [
  {
    id: "control-overtakes-batch",
    waits: "a longer search than 150 runs",
    file: CHANNEL,
    find: `    this.flush();
    this.#transmit({ kind: "control", element });`,
    replace: `    this.#transmit({ kind: "control", element });`,
    about: "a barrier overtakes the records that wait for a full batch",
  },
  {
    id: "early-messages-lost",
    file: CHANNEL,
    find: `for (const message of this.#early.splice(0)) this.#send(message);`,
    replace: `this.#early.splice(0);`,
    about: "what was written before the consumer was there is lost",
  },
  {
    id: "early-control-lost",
    file: CHANNEL,
    find: `    else this.#early.push(message);`,
    replace: `    else if (message.kind === "records") this.#early.push(message);`,
    about: "a watermark that is written before the consumer is there is lost",
  },
  {
    id: "credit-shrinks",
    waits: "a longer search than 150 runs",
    file: CHANNEL,
    find: `    this.#send({ kind: "credit", records: this.#owed });`,
    replace: `    this.#send({ kind: "credit", records: this.#owed > 1 ? this.#owed - 1 : this.#owed });`,
    about: "each portion of credit is one record short, until the producer waits for ever",
  },
  {
    id: "credit-without-bound",
    file: CHANNEL,
    find: `    this.#credit -= 1;`,
    replace: ``,
    about: "a channel between slots takes whatever its producer sends",
  },
  {
    id: "not-flushed-when-idle",
    file: "core/runtime/slot-channels.ts",
    find: `        for (const writer of remote) writer.flush();`,
    replace: ``,
    about: "the last records of a step wait in a batch that nobody fills",
  },
  {
    id: "old-attempt-in-channel",
    waits: "a longer search than 150 runs",
    file: "core/cluster/task-manager.ts",
    find: `else if (message.attempt === current) this.#channels?.channels.receive(`,
    replace: `else this.#channels?.channels.receive(`,
    about: "records that another slot sent in an earlier attempt are read in this one",
  },
  {
    id: "early-credit-lost",
    file: "core/cluster/task-manager.ts",
    find: `if (message.attempt > current) this.#early.push(message);`,
    replace: `if (message.attempt > current) return;`,
    about: "credit that comes before its producer is deployed is lost",
  },
  {
    id: "lost-connection-survived",
    waits: "a longer search than 150 runs",
    file: "core/cluster/task-manager.ts",
    find: `if (this.#channels?.channels.touches(task.descriptor.task, slot) !== true) continue;`,
    replace: `if (this.#channels?.channels.touches(task.descriptor.task, slot) !== undefined) continue;`,
    about: "tasks go on after the connection between them was lost, and with it records",
  },
  {
    id: "lost-slot-kept",
    file: MASTER,
    find: `    this.#parts.slots.remove(id);`,
    replace: ``,
    about: "the job is placed again on a slot that is lost",
  },
  {
    id: "lost-slot-awaited",
    waits: "a longer search than 150 runs",
    file: MASTER,
    find: `      if (execution.state === "CANCELING" && this.#placement.slotOf(execution).id === id)`,
    replace: `      if (execution.state === "CANCELING" && this.#placement.slotOf(execution).id === "")`,
    about: "the master waits for the end of tasks whose slot is lost",
  },
  {
    id: "lost-slot-not-dismissed",
    waits: "a longer search than 150 runs",
    file: "core/cluster/offered-slots.ts",
    find: `        this.#gateways.get(offer)?.dismiss();`,
    replace: ``,
    about: "a slot that was slow, and is given up, is not told, and is never offered again",
  },
  {
    id: "silence-unnoticed",
    waits: "a longer search than 150 runs",
    file: "core/cluster/heartbeats.ts",
    find: `if (clock.elapsedMs() - watched.heardMs > timeoutMs) {`,
    replace: `if (clock.elapsedMs() - watched.heardMs > timeoutMs * 1e9) {`,
    about: "nobody notices that a slot or a master has fallen silent",
  },
  {
    id: "old-offer-obeyed",
    waits: "a longer search than 150 runs",
    file: WORKER,
    find: `if (current === undefined || current.id !== offer || this.#isReleasing) return undefined;`,
    replace: `if (current === undefined) return undefined;`,
    about: "a slot obeys a master to which it no longer belongs",
  },
  {
    id: "old-offer-in-channel",
    waits: "a longer search than 150 runs",
    file: WORKER,
    find: `if (this.#current?.id === offer) this.#current.taskManager.receive(message);`,
    replace: `this.#current?.taskManager.receive(message);`,
    about: "records that were meant for an earlier offer of a slot are read in the present one",
  },
  {
    id: "older-leader-followed",
    waits: "a longer search than 150 runs",
    file: WORKER,
    find: `    if (this.#leader !== undefined && leader.token <= this.#leader.token) return;`,
    replace: ``,
    about: "late news of an election brings a slot back to the master before",
  },
  {
    id: "pointer-not-awaited",
    waits: "a longer search than 150 runs",
    file: POINTERS,
    find: `      if (outcome.ok) added();
      else this.#find(`,
    replace: `      if (outcome.ok || outcome.error.code !== "MR7009") added();
      else this.#find(`,
    about: "a checkpoint completes though it is unknown whether its pointer was written",
  },
  {
    id: "unknown-pointer-refused",
    waits: "a longer search than 150 runs",
    file: POINTERS,
    find: `else this.#find(checkpointId, (isThere) => (isThere ? added() : done({ kind: "refused", error: outcome.error })));`,
    replace: `else done({ kind: "refused", error: outcome.error });`,
    about: "a checkpoint whose pointer may have been written is thrown away",
  },
  {
    id: "older-than-newest-pointer",
    waits: "a longer search than 150 runs",
    file: POINTERS,
    find: `        else if (index === listed.value.length - 1) return done(failed(unreadable(pointer, outcome.error)));`,
    replace: ``,
    about: "a new master starts from an older checkpoint when the newest cannot be read",
  },
  {
    id: "deposed-master-asks-on",
    waits: "a longer search than 150 runs",
    file: POINTERS,
    find: `else if (outcome.error.code !== "MR7009")`,
    replace: `else if (outcome.error.code === "MR7009") found(true);
      else`,
    about: "a master that leads no more takes its last checkpoint for complete",
  },
  {
    id: "stopping-savepoint-owned",
    waits: "a longer search than 150 runs",
    file: POINTERS,
    find: `    const owned = kind !== "savepoint";`,
    replace: `    const owned = kind !== "final";`,
    about: "the files of a savepoint that stopped the job, which belong to its user, go with the job",
  },
];
