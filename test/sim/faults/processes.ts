/** Processes that crash, and such as stop for a while and come back when others have taken over. */
import type { Disaster } from "../plan.ts";
import type { Cluster } from "../cluster.ts";

export function crashSlot(cluster: Cluster, { who }: Disaster): void {
  cluster.crashSlot(who % cluster.slots().length);
}

export function crashMaster(cluster: Cluster): void {
  cluster.crashMaster();
}

export function crashAll(cluster: Cluster): void {
  for (const index of cluster.slots().keys()) cluster.crashSlot(index);
  cluster.crashMaster();
}

export function pauseSlot(cluster: Cluster, { who, durationMs }: Disaster): void {
  const slot = cluster.slots()[who % cluster.slots().length];
  if (slot !== undefined) cluster.pause(slot, durationMs);
}

export function pauseMaster(cluster: Cluster, { durationMs }: Disaster): void {
  cluster.pause(cluster.leader, durationMs);
}
