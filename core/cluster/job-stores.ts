/**
 * Where a job's durable bytes go: its checkpoints, the snapshot that it starts from, and its savepoints, as mounts of one store.
 *
 * In:   directories as users write them. Out: one blob store with plain paths, and the paths under which each part lies.
 */
import { savepointDirectory } from "../checkpoint/directories.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import { MountedBlobStore } from "../storage/mounted.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";
import type { Mount } from "./slot-messages.ts";
import type { World } from "./world.ts";

const CHECKPOINTS = "checkpoints";
const RESTORED = "restored";

export class JobStores {
  readonly store: BlobStore;
  /** Behind the mount of the job's own checkpoints. */
  readonly checkpoints: BlobStore;
  /** Of the job's own checkpoints. */
  readonly checkpointDirectory: string;
  readonly #mounted: MountedBlobStore;
  readonly #world: World;
  readonly #config: Config;
  readonly #jobId: string;
  /** What users call the directory that a mount stands for. */
  readonly #directories: Map<string, string>;
  /** Where slots elsewhere find the same. */
  readonly #mounts: Mount[];
  #onMount: (mount: Mount) => void;
  /** The mount of each directory in which there are savepoints. */
  readonly #savepoints: Map<string, string>;
  #restoredFromOwn: boolean;

  constructor(options: { readonly world: World; readonly config: Config; readonly jobId: string }) {
    const { world, config, jobId } = options;
    const directory = config.get(OPTIONS.checkpointDirectory);
    this.#mounted = new MountedBlobStore((callback) => world.clock.yield(callback));
    this.checkpoints = directory === "" ? world.memoryStore() : world.openStore(directory);
    this.#mounted.mount(CHECKPOINTS, this.checkpoints);
    this.#directories = new Map([[CHECKPOINTS, directory === "" ? "memory" : directory]]);
    this.#mounts = [{ mount: CHECKPOINTS, directory: directory === "" ? undefined : directory }];
    this.#onMount = () => undefined;
    this.#restoredFromOwn = false;
    this.store = this.#mounted;
    this.checkpointDirectory = `${CHECKPOINTS}/${jobId}`;
    this.#world = world;
    this.#config = config;
    this.#jobId = jobId;
    this.#savepoints = new Map();
  }

  /** The path in `store` of what the job starts from; undefined for a fresh start. */
  restorePath(): string | undefined {
    const path = this.#config.get(OPTIONS.restoreFrom);
    if (path === "") return undefined;
    const trimmed = path.replace(/\/_metadata$/, "");
    const checkpoints = this.#config.get(OPTIONS.checkpointDirectory);
    const inside = checkpoints === "" ? undefined : this.#world.pathWithin(checkpoints, trimmed);
    if (inside !== undefined) {
      this.#restoredFromOwn = true;
      return `${CHECKPOINTS}/${inside}`;
    }
    const { directory, name } = this.#world.splitPath(trimmed);
    this.#mount(RESTORED, directory);
    this.#directories.set(RESTORED, directory);
    return `${RESTORED}/${name}`;
  }

  /** All so far, and from now on every new one before anything is written there. */
  watchMounts(onMount: (mount: Mount) => void): readonly Mount[] {
    this.#onMount = onMount;
    return [...this.#mounts];
  }

  /** Whether the job starts from a snapshot that lies where its checkpoints lie; only such a one can it own. */
  get restoredFromOwn(): boolean {
    return this.#restoredFromOwn;
  }

  /** A sentence about paths in `store`, with the directories that the user knows. */
  inUserTerms(sentence: string): string {
    const named = sentence.replaceAll(/(^|["'( ])([a-z]+(?:-\d+)?)\/(?=\S)/g, (text, before: string, mount: string) => {
      const directory = this.#directories.get(mount);
      return directory === undefined ? text : `${before}${directory.replace(/\/+$/, "")}/`;
    });
    return named.replaceAll(` in ${this.store.name}`, "");
  }

  /** Makes room for a savepoint; `path` is how the user finds it again. */
  savepoint(directory: string | undefined): { readonly directory: string; readonly path: string } {
    const parent = directory ?? this.#config.get(OPTIONS.savepointDirectory);
    if (parent === "") {
      throw new MillraceError(
        "MR7003",
        `a savepoint needs a directory: name one, or set ${OPTIONS.savepointDirectory.key}`,
      );
    }
    const mount = this.#savepointMount(parent);
    const name = savepointDirectory({ parent: "", jobId: this.#jobId, random: this.#world.random });
    return { directory: `${mount}/${name}`, path: `${parent.replace(/\/+$/, "")}/${name}` };
  }

  /** One per directory as it is written, however many savepoints go there. */
  #savepointMount(directory: string): string {
    const known = this.#savepoints.get(directory);
    if (known !== undefined) return known;
    const mount = `savepoints-${this.#savepoints.size + 1}`;
    this.#mount(mount, directory); // first, since it may be refused
    this.#savepoints.set(directory, mount);
    this.#directories.set(mount, directory);
    return mount;
  }

  #mount(mount: string, directory: string): void {
    this.#mounted.mount(mount, this.#world.openStore(directory));
    this.#mounts.push({ mount, directory });
    this.#onMount({ mount, directory });
  }
}
