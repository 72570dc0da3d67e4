/**
 * Puts the parts of one job in one process together: its master, one slot for all its tasks, and the gateways between them.
 *
 * The one place where they meet. Other kinds of processes put the same parts together with other gateways.
 */
import type { CompletedCheckpoint } from "../checkpoint/contract.ts";
import { MemoryCheckpointStore } from "../checkpoint/store.ts";
import { claim } from "../checkpoint/savepoint.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import { requiredSlots, slotShortage } from "../graph/slots.ts";
import { codeFingerprint, ModuleCopies } from "../runtime/copies.ts";
import type { TaskReports } from "../runtime/deployment.ts";
import { ThreadScheduler } from "../runtime/thread-scheduler.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { asError, assert, MillraceError } from "../util/errors.ts";
import { createMaster, reportsTo } from "./create-master.ts";
import type { MasterParts } from "./create-master.ts";
import type { JobMaster } from "./job-master.ts";
import type { JobStores } from "./job-stores.ts";
import { Endpoint } from "./rpc/endpoint.ts";
import { inProcessGateway } from "./rpc/in-process.ts";
import { SlotPool } from "./slot-pool.ts";
import type { Slot } from "./slot-pool.ts";
import { TaskSlot } from "./task-slot.ts";
import type { TaskSlotGateway } from "./task-slot.ts";
import type { World } from "./world.ts";

const LOCAL_SLOT = "local";

export interface JobParts extends Omit<MasterParts, "slots" | "store" | "storage" | "checkpointDirectory"> {
  readonly world: World;
  readonly stores: JobStores;
  readonly restorePoint: CompletedCheckpoint | undefined;
}

/** Where the subtasks of a job run. */
export interface JobPlacement {
  /** Throws what makes it impossible. */
  check(graph: JobGraph, config: Config): void;
  /** Made, not started. */
  compose(parts: JobParts): JobMaster;
}

/** As many slots as the job needs, unless the configuration says how many there are. */
export const IN_THIS_THREAD: JobPlacement = { check: checkSlots, compose: composeJob };

function checkSlots(graph: JobGraph, config: Config): void {
  const slots = config.get(OPTIONS.slots);
  const shortage = slots < 0 ? undefined : slotShortage(requiredSlots(graph), slots);
  if (shortage !== undefined) throw new MillraceError("MR7001", shortage.sentence, { retryable: false });
}

function composeJob(parts: JobParts): JobMaster {
  const { endpoint, stores } = parts;
  // The slot reports to a master that is made after it; nothing is reported before something is deployed.
  let master: JobMaster | undefined = undefined;
  const toMaster = (message: (target: JobMaster) => void): void => endpoint.post(() => master && message(master));
  const slot = createSlot(parts, reportsTo(toMaster), (error) => toMaster((target) => target.failJob(asError(error))));
  const made = createMaster({
    ...parts,
    slots: new SlotPool([slot]),
    store: createStore(parts),
    storage: stores.store,
    checkpointDirectory: stores.checkpointDirectory,
  });
  master = made;
  return made;
}

/** With claim mode CLAIM, what the job starts from is the first of its own checkpoints. */
export function createStore({ config, stores, restorePoint }: JobParts): MemoryCheckpointStore {
  if (restorePoint === undefined) return new MemoryCheckpointStore();
  return claim(restorePoint, { claimMode: config.get(OPTIONS.claimMode), sameStore: stores.restoredFromOwn }).store;
}

function createSlot(parts: JobParts, reports: TaskReports, onError: (error: unknown) => void): Slot {
  const { world, config, graph, metrics, stores } = parts;
  const { clock, random } = world;
  const taskSlot = new TaskSlot({
    clock,
    random,
    storage: stores.store,
    scratch: world.openScratch(config.get(OPTIONS.temporaryDirectories)),
    metrics,
    copies: new ModuleCopies({ enabled: config.get(OPTIONS.operatorCopies), job: codeFingerprint(graph) }),
    warn: (line) => world.warn(`millrace: job "${parts.jobName}": ${line}`),
    scheduler: new ThreadScheduler(clock),
    reports,
    slot: LOCAL_SLOT,
    send: (other) => assert(false, `all tasks of a local job share its slot, and there is no slot "${other}"`),
  });
  const gateway = inProcessGateway<TaskSlotGateway>(new Endpoint({ clock, onError }), taskSlot);
  return { id: LOCAL_SLOT, gateway, takesAll: true };
}
