/** Networks that part, and connections that break with what is under way. */
import type { Disaster } from "../plan.ts";
import type { Cluster } from "../cluster.ts";

export function partSlot(cluster: Cluster, { who, durationMs }: Disaster): void {
  const slot = cluster.slots()[who % cluster.slots().length];
  if (slot !== undefined) cluster.options.network.part([slot.process], durationMs);
}

export function partMaster(cluster: Cluster, { durationMs }: Disaster): void {
  cluster.options.network.part([cluster.leader.process], durationMs);
}

export function breakConnection(cluster: Cluster, { who }: Disaster): void {
  const connections = cluster.options.network.connections();
  connections[who % connections.length]?.break("broken on purpose");
}
