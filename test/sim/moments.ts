/** The completed checkpoints of a run, as they become complete: shown to checkers, and one of them kept with everything as it was at that moment. */
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import { decodeMetadata } from "../../core/checkpoint/metadata.ts";
import type { CheckpointPointer } from "../../core/checkpoint/pointer-store.ts";
import type { Outside } from "./committed-sink.ts";
import type { SimDisk } from "./disk.ts";
import type { Out } from "./pipelines/pipeline.ts";
import type { SimWorld } from "./world.ts";

/** The directory of everything that a job keeps. */
export const DIRECTORY = "/job";

/** A completed checkpoint, with everything as it was at that moment: somebody may start from there. */
export interface Moment {
  readonly pointer: CheckpointPointer;
  readonly outside: Outside<Out>;
  readonly files: ReturnType<SimDisk["copy"]>;
}

export class Moments {
  readonly #world: SimWorld;
  #completed = 0;
  #kept: Moment | undefined = undefined;
  #drained: CompletedCheckpoint | undefined = undefined;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  /** So many checkpoints were completed. */
  get completed(): number {
    return this.#completed;
  }

  /** Each is as likely to be the one. */
  get kept(): Moment | undefined {
    return this.#kept;
  }

  /** The newest, as it was when it became complete: its file may be damaged later. */
  get drained(): CompletedCheckpoint | undefined {
    return this.#drained;
  }

  pointed(pointer: CheckpointPointer, outside: Outside<Out>): void {
    const { disk, live, random } = this.#world;
    const { checkpointId, directory } = pointer;
    this.#completed += 1;
    outside.completedId = Math.max(outside.completedId, checkpointId);
    const checkpoint = this.read(directory);
    for (const checker of live) checker.completed?.({ pointer, disk, root: DIRECTORY, checkpoint });
    if (checkpoint?.drained === true) this.#drained = checkpoint;
    if (checkpoint?.drained === false && random.next() < 1 / this.#completed && outside.canFork(checkpointId))
      this.#kept = { pointer, outside: outside.fork(checkpointId), files: disk.copy() };
  }

  /** Undefined if it cannot be read, and so cannot be restored either. */
  read(directory: string): CompletedCheckpoint | undefined {
    const bytes = this.#world.disk.bytesOf(`${DIRECTORY}/${directory}/_metadata`);
    try {
      return bytes && decodeMetadata(bytes, directory);
    } catch {
      return undefined;
    }
  }
}
