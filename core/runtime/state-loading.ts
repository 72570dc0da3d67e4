/**
 * Reads the state files that a subtask takes over, and checks that each is whole, before any operator exists.
 *
 * In:   handles from a checkpoint. Out: their contents in memory, through a callback; a file that is missing or damaged is an error that names it.
 */
import type { KeyedStateHandle, RestoredKeyedFile, StateFile } from "../state/keyed-state.ts";
import type { OperatorListSnapshot } from "../state/operator-state.ts";
import { isNoBlob } from "../storage/blob-paths.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { TimeMs } from "../time/clock.ts";
import { crc32 } from "../util/checksum.ts";
import { MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import type { OperatorRestore, SubtaskRestore } from "./deployment.ts";

/** The state of one operator, ready to be handed to its backends. */
export interface LoadedOperatorState {
  readonly lists: readonly OperatorListSnapshot[];
  readonly keyed: readonly RestoredKeyedFile[];
  readonly watermarkMs: TimeMs;
  readonly owned: boolean;
}

/** Loads one operator after the other, and file after file: the order is the same in every run. */
export function loadState(
  storage: BlobStore,
  restore: SubtaskRestore,
  done: Done<ReadonlyMap<string, LoadedOperatorState>>,
): void {
  const loaded = new Map<string, LoadedOperatorState>();
  const loadNext = (index: number): void => {
    const operator = restore.operators[index];
    if (operator === undefined) {
      done(succeeded(loaded));
      return;
    }
    loadOperator(storage, operator, (outcome) => {
      if (!outcome.ok) {
        done(outcome);
        return;
      }
      loaded.set(operator.operatorId, {
        lists: operator.lists,
        keyed: outcome.value,
        watermarkMs: operator.watermarkMs,
        owned: restore.owned,
      });
      loadNext(index + 1);
    });
  };
  loadNext(0);
}

function loadOperator(storage: BlobStore, operator: OperatorRestore, done: Done<readonly RestoredKeyedFile[]>): void {
  const wanted: { readonly handle: KeyedStateHandle; readonly file: StateFile }[] = [];
  for (const handle of operator.keyed) for (const file of handle.files) wanted.push({ handle, file });
  const contents = new Map<KeyedStateHandle, Uint8Array[]>(operator.keyed.map((handle) => [handle, []]));
  const readNext = (index: number): void => {
    const next = wanted[index];
    if (next === undefined) {
      done(succeeded(operator.keyed.map((handle) => ({ handle, contents: contents.get(handle) ?? [] }))));
      return;
    }
    readWhole(storage, next.file, (outcome) => {
      if (!outcome.ok) {
        done(outcome);
        return;
      }
      contents.get(next.handle)?.push(outcome.value);
      readNext(index + 1);
    });
  };
  readNext(0);
}

/** A file as its task acknowledged it. Fails with `MR5203` if it cannot be read, with `MR5204` if it is another. */
export function readWhole(storage: BlobStore, file: StateFile, done: Done<Uint8Array>): void {
  storage.read(file.path, (outcome) => {
    if (!outcome.ok) {
      const sentence = `state file ${file.path} cannot be read; restore from another checkpoint`;
      // A storage that is away may come back, a file that is gone does not.
      const retryable = !isNoBlob(outcome.error);
      done(failed(new MillraceError("MR5203", sentence, { cause: outcome.error, retryable })));
    } else if (outcome.value.byteLength !== file.bytes || crc32(outcome.value) !== file.checksum) {
      const sentence = `state file ${file.path} is damaged; restore from another checkpoint`;
      done(failed(new MillraceError("MR5204", sentence, { retryable: false })));
    } else {
      done(outcome);
    }
  });
}
