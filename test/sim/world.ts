/** What surrounds a simulated deployment and outlives it: time, network, storage, the outside world that sinks commit to. One per run. */
import { SeededRandom } from "../../core/util/random.ts";
import type { LiveChecker } from "./checkers/checker.ts";
import type { Outside } from "./committed-sink.ts";
import { SimDisk } from "./disk.ts";
import { FaultDice } from "./fault-dice.ts";
import type { Gate } from "./gate.ts";
import { History } from "./history.ts";
import { SimNetwork } from "./network.ts";
import type { Out } from "./pipelines/pipeline.ts";
import type { SimPlan } from "./plan.ts";
import { SimScheduler } from "./scheduler.ts";
import type { Around } from "./scheduler.ts";

export interface SimWorld {
  readonly plan: SimPlan;
  readonly scheduler: SimScheduler;
  /** For everything but the order of events. */
  readonly random: SeededRandom;
  readonly history: History;
  readonly dice: FaultDice;
  readonly network: SimNetwork;
  readonly disk: SimDisk;
  /** Who looks on. */
  readonly live: readonly LiveChecker[];
  /** What parts of the job complain of. */
  readonly reports: string[];
}

/** What a leg works on. The next one may start from an earlier state of it. */
export interface LegWorld extends SimWorld {
  readonly outside: Outside<Out>;
  readonly gate: Gate;
}

/** `files`: what is on the disk already. `around`: around each event of a process. */
export function createWorld(
  plan: SimPlan,
  live: readonly LiveChecker[] = [],
  files: ReturnType<SimDisk["copy"]> = new Map(),
  around?: Around,
): SimWorld {
  const { seed } = plan;
  const scheduler = new SimScheduler({ seed, driftMax: plan.drift / 1_000, around });
  const history = new History(() => scheduler.nowMs);
  const random = new SeededRandom(seed + 1);
  const dice = new FaultDice(plan.rates, seed + 2, history);
  const network = new SimNetwork({ scheduler, random: new SeededRandom(seed + 3), latencyMsMax: plan.latencyMs });
  const disk = new SimDisk(
    {
      scheduler,
      random: new SeededRandom(seed + 4),
      history,
      faults: dice,
      latencyMsMax: plan.diskMs,
      onWrite: (path, bytes, root) => {
        for (const checker of live) checker.written?.(path, bytes, root);
      },
      onDelete: (path) => {
        for (const checker of live) checker.deleted?.(path);
      },
    },
    files,
  );
  return { plan, scheduler, random, history, dice, network, disk, live, reports: [] };
}
