/** A file of the newest checkpoint, acknowledged as durable, is not sound any more. Whoever reads it has to notice. */
import type { Disaster } from "../plan.ts";
import type { Cluster } from "../cluster.ts";

const HOW = ["flip", "cut", "lose"] as const;

export function damage(cluster: Cluster, { who }: Disaster): void {
  const { disk, history, directory, election } = cluster.options;
  const newest = election.pointers().at(-1);
  const files = disk.paths().filter((path) => path.startsWith(`${directory}/${newest?.directory ?? "checkpoints"}/`));
  const path = files[who % files.length];
  if (path === undefined) return;
  const how = HOW[(who >> 4) % HOW.length] ?? "flip";
  disk.damage(path, how);
  history.note({ kind: "fault", fault: `damage: ${how}`, about: path });
}
