/**
 * The end of a run: somebody else leads, and every slot that is still there has to end what it has, and to offer itself anew. So nothing that went wrong has made one useless for good, whether or
 * not the job needed it.
 *
 * In:    the deployment of the last leg. Out: who has not answered yet.
 */
import { SLOT_REPORTS } from "../../core/cluster/slot-worker.ts";
import type { SlotReports } from "../../core/cluster/slot-worker.ts";
import type { Cluster } from "./cluster.ts";
import type { SlotProcess } from "./slot-process.ts";

/** After everybody who has led. */
const TOKEN = Number.MAX_SAFE_INTEGER;

export class RollCall {
  readonly #missing = new Set<string>();
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    for (const slot of cluster.slots()) if (!slot.process.isDead) this.#call(slot);
  }

  get missing(): readonly string[] {
    return [...this.#missing];
  }

  #call(slot: SlotProcess): void {
    const { scheduler, network } = this.#cluster.options;
    const { name } = slot.process;
    const caller = scheduler.process(`calls ${name}`);
    this.#missing.add(name);
    const connection = network.connect({ process: slot.process }, { process: caller });
    const reportsOf = (): SlotReports => ({
      ...DEAF,
      offer: () => connection.send(0, () => this.#missing.delete(name)),
    });
    scheduler.soon(slot.process, () => slot.post(() => slot.worker.leads({ token: TOKEN, reportsOf })));
  }
}

const DEAF = Object.fromEntries(SLOT_REPORTS.map((method) => [method, () => undefined])) as unknown as SlotReports; // each of its methods
