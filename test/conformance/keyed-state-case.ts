/** What the parts of the keyed state contract share: the subject, a backend to try, and a place for its files. */
import type { KeyGroupRange } from "../../core/state/key-groups.ts";
import type {
  KeyedSnapshot,
  KeyedStateBackend,
  KeyedStateHandle,
  RestoredKeyedFile,
} from "../../core/state/keyed-state.ts";
import type { Clock } from "../../core/time/clock.ts";
import { ManualClock } from "../harness/manual-clock.ts";

export interface KeyedStateCase {
  readonly name: string;
  /** A new, empty backend; its operator is called "totals". */
  create(options: {
    readonly keyGroups: KeyGroupRange;
    readonly maxParallelism: number;
    readonly clock: Clock;
  }): KeyedStateBackend;
}

/** A backend that owns every key group, and the clock it lives by. */
export function whole(
  create: KeyedStateCase["create"],
  clock: ManualClock = new ManualClock(1_000),
): { readonly backend: KeyedStateBackend; readonly clock: ManualClock } {
  return { backend: create({ keyGroups: { first: 0, last: 15 }, maxParallelism: 16, clock }), clock };
}

/** Where files lie, and the way there and back. */
export class Files {
  readonly #contents = new Map<string, Uint8Array>();

  /** Finishes a snapshot, in slices of `cells`, and stores its file. */
  store(snapshot: KeyedSnapshot, cells = 1_000): KeyedStateHandle {
    while (!snapshot.advance(cells));
    const contents = Buffer.concat(snapshot.chunks());
    if (contents.length === 0) return snapshot.stored(undefined);
    const path = `file-${this.#contents.size}`;
    this.#contents.set(path, contents);
    return snapshot.stored({ path, bytes: contents.length, checksum: snapshot.checksum() });
  }

  /** Takes checkpoint `id`, and tells that it is complete. */
  checkpoint(backend: KeyedStateBackend, id: number): KeyedStateHandle {
    const handle = this.store(backend.beginSnapshot(id, { full: false, watermarkMs: 0 }));
    backend.checkpointCompleted(id);
    return handle;
  }

  load(handle: KeyedStateHandle): RestoredKeyedFile {
    return { handle, contents: handle.files.map(({ path }) => this.#contents.get(path) ?? new Uint8Array()) };
  }
}
