/**
 * What the calling thread holds after a collection, and a difference of two such weights as a file, where a job in another thread has measured.
 *
 * In:    looks at the heap of the thread, typed arrays included. Out: bytes per instance, over all subtasks of a run.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Weight {
  readonly heapBytes: number;
  /** Of typed arrays, which lie outside of the heap. */
  readonly bufferBytes: number;
}

interface Load {
  readonly instances: number;
  readonly weight: Weight;
}

const PREFIX = "weight.";

/** Collects garbage first, which takes about a second per GB. Every thread has a heap of its own. */
export function weigh(): Weight {
  const collect = collector();
  collect();
  collect(); // what the first one has made unreachable only
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heapBytes: heapUsed, bufferBytes: arrayBuffers };
}

/** As `--expose-gc` would give it, in threads and without the flag. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("this Node.js does not let its garbage be collected on demand");
  return () => void collect();
}

export function saveLoad(directory: string, instances: number, before: Weight, after: Weight): void {
  const weight: Weight = {
    heapBytes: after.heapBytes - before.heapBytes,
    bufferBytes: after.bufferBytes - before.bufferBytes,
  };
  const load: Load = { instances, weight };
  writeFileSync(join(directory, `${PREFIX}${randomUUID()}`), JSON.stringify(load));
}

/** The sum of what was saved there. */
export function loadedWeight(directory: string): Load {
  const files = readdirSync(directory).filter((file) => file.startsWith(PREFIX));
  const loads = files.map((file) => JSON.parse(readFileSync(join(directory, file), "utf8")) as Load); // written by `saveLoad`
  const sum = (of: (load: Load) => number): number => loads.reduce((total, load) => total + of(load), 0);
  return {
    instances: sum(({ instances }) => instances),
    weight: { heapBytes: sum(({ weight }) => weight.heapBytes), bufferBytes: sum(({ weight }) => weight.bufferBytes) },
  };
}
