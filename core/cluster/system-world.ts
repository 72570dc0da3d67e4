/** The real world: Node's clock and file system, and the machine's randomness. */
import { randomInt } from "node:crypto";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { FileBlobStore } from "../storage/fs.ts";
import { MemoryBlobStore } from "../storage/memory.ts";
import { NodeScratch } from "../storage/node-scratch.ts";
import { SystemClock } from "../time/system-clock.ts";
import { SeededRandom } from "../util/random.ts";
import type { World } from "./world.ts";

export function systemWorld(): World {
  const clock = new SystemClock();
  return {
    clock,
    random: new SeededRandom(randomInt(2 ** 32)),
    memoryStore: () => new MemoryBlobStore((callback) => clock.yield(callback)),
    openStore: (directory) => new FileBlobStore(directory),
    openScratch: (directories) => new NodeScratch(directories, tmpdir()),
    splitPath: (path) => ({ directory: dirname(resolve(path)), name: basename(resolve(path)) }),
    pathWithin(directory, path) {
      const inside = relative(resolve(directory), resolve(path));
      return inside === "" || inside.startsWith("..") || isAbsolute(inside) ? undefined : inside.split(sep).join("/");
    },
    warn: (line) => void process.stderr.write(`${line}\n`),
  };
}
