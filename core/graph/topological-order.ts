/** Sorting a directed graph so that everything stands before what it feeds. Used for stream nodes and for job vertices. */

export interface Arrow {
  readonly from: number;
  readonly to: number;
}

/**
 * Nodes without inputs first, then in waves; equal ranks keep their numbering, so that the order depends on nothing but the graph. Nodes
 * on a cycle, and those behind it, are missing from the result.
 */
export function topologicalOrder(count: number, arrows: readonly Arrow[]): readonly number[] {
  const waiting = new Array<number>(count).fill(0);
  const targets = Array.from({ length: count }, (): number[] => []);
  for (const { from, to } of arrows) {
    waiting[to] = (waiting[to] ?? 0) + 1;
    targets[from]?.push(to);
  }
  const order: number[] = [];
  for (let node = 0; node < count; node += 1) if (waiting[node] === 0) order.push(node);
  for (let next = 0; next < order.length; next += 1) {
    for (const target of targets[order[next] ?? 0] ?? []) {
      const left = (waiting[target] ?? 0) - 1;
      waiting[target] = left;
      if (left === 0) order.push(target);
    }
  }
  return order;
}

/** One cycle, in the direction of its arrows; undefined if there is none. */
export function findCycle(count: number, arrows: readonly Arrow[]): readonly number[] | undefined {
  const sorted = new Set(topologicalOrder(count, arrows));
  // Every node that could not be sorted has an input that could not be sorted either, so that walking upwards must come round.
  const upstream = new Map<number, number>();
  for (const { from, to } of arrows) if (!sorted.has(from) && !sorted.has(to)) upstream.set(to, from);
  const path: number[] = [];
  let node = upstream.keys().next().value;
  while (node !== undefined && !path.includes(node)) {
    path.push(node);
    node = upstream.get(node);
  }
  return node === undefined ? undefined : path.slice(path.indexOf(node)).reverse();
}
