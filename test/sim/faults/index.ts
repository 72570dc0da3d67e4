/** All disasters, by name. */
import type { Cluster } from "../cluster.ts";
import type { Disaster, DisasterKind } from "../plan.ts";
import { breakConnection, partMaster, partSlot } from "./connections.ts";
import { damage } from "./damage.ts";
import { crashAll, crashMaster, crashSlot, pauseMaster, pauseSlot } from "./processes.ts";

export const DISASTERS: Readonly<Record<DisasterKind, (cluster: Cluster, disaster: Disaster) => void>> = {
  "crash-slot": crashSlot,
  "crash-master": crashMaster,
  "crash-all": crashAll,
  "pause-slot": pauseSlot,
  "pause-master": pauseMaster,
  "part-slot": partSlot,
  "part-master": partMaster,
  "break-connection": breakConnection,
  damage,
};
