/**
 * Finds what a job should start from, given a path: the directory of a savepoint or checkpoint, its metadata file, or the directory of a job, whose
 * newest checkpoint it takes.
 *
 * The newest completed checkpoint of a job has made its transactions visible, so starting from an older one would write their output again. It is
 * therefore an error if the newest cannot be read or another is named, unless `acceptDuplicates` is set. Savepoints may be named at any age: who
 * names one wants to go back.
 */
import type { BlobStore } from "../storage/blob-store.ts";
import { MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { checkpointDirectory, checkpointIdOf, metadataPath, METADATA_FILE, parentOf } from "./directories.ts";
import { readCheckpoint } from "./read-checkpoint.ts";
import { verifyFiles } from "./verify.ts";

export interface FindOptions {
  readonly acceptDuplicates: boolean;
}

/** Every file of what it finds was read and checked. Fails with `MR5001` to `MR5006`. */
export function findCheckpoint(
  storage: BlobStore,
  path: string,
  options: FindOptions,
  done: Done<CompletedCheckpoint>,
): void {
  const directory = directoryOf(path);
  const jobDirectory = checkpointIdOf(directory) === undefined ? undefined : parentOf(directory);
  listCheckpoints(storage, jobDirectory ?? directory, (listed) => {
    if (!listed.ok) return done(listed);
    const ids = listed.value.completed;
    if (jobDirectory !== undefined) return findNamed(storage, { jobDirectory, directory, ids }, options, done);
    if (listed.value.isCheckpoint || ids.length === 0) return readWhole(storage, directory, done);
    return findNewest(storage, { jobDirectory: directory, ids }, options, done);
  });
}

/** What there is at a path, for who reads it and starts nothing: of a job's directory the newest, and any other as it is named. Fails with `MR5001` to `MR5003`. */
export function locateCheckpoint(storage: BlobStore, path: string, done: Done<CompletedCheckpoint>): void {
  const directory = directoryOf(path);
  listCheckpoints(storage, directory, (listed) => {
    if (!listed.ok) return done(listed);
    const [newest] = listed.value.completed;
    const isItself = listed.value.isCheckpoint || newest === undefined;
    return readCheckpoint(storage, isItself ? directory : checkpointDirectory(directory, newest), done);
  });
}

/** The lowest id that no checkpoint of the job has used, complete or not: a job that goes on in the same directory starts there. */
export function nextCheckpointId(storage: BlobStore, jobDirectory: string, done: Done<number>): void {
  listCheckpoints(storage, jobDirectory, (listed) =>
    done(listed.ok ? succeeded(Math.max(0, ...listed.value.all) + 1) : listed),
  );
}

function directoryOf(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  if (trimmed === METADATA_FILE) return "";
  return trimmed.endsWith(`/${METADATA_FILE}`) ? trimmed.slice(0, -METADATA_FILE.length - 1) : trimmed;
}

interface Listed {
  /** Ids with a metadata file, newest first. */
  readonly completed: readonly number[];
  readonly all: readonly number[];
  /** The directory itself has a metadata file. */
  readonly isCheckpoint: boolean;
}

function listCheckpoints(storage: BlobStore, directory: string, done: Done<Listed>): void {
  const prefix = directory === "" ? "" : `${directory}/`;
  storage.list(prefix, (outcome) => {
    if (!outcome.ok) return done(outcome);
    const all = new Set<number>();
    const completed: number[] = [];
    for (const path of outcome.value) {
      const [first = "", second, third] = path.slice(prefix.length).split("/");
      const id = checkpointIdOf(first);
      if (id === undefined || second === undefined) continue;
      all.add(id);
      if (second === METADATA_FILE && third === undefined) completed.push(id);
    }
    completed.sort((left, right) => right - left);
    return done(succeeded({ completed, all: [...all], isCheckpoint: outcome.value.includes(metadataPath(directory)) }));
  });
}

function findNamed(
  storage: BlobStore,
  found: { readonly jobDirectory: string; readonly directory: string; readonly ids: readonly number[] },
  options: FindOptions,
  done: Done<CompletedCheckpoint>,
): void {
  const [newest] = found.ids;
  const named = checkpointIdOf(found.directory);
  if (newest === undefined || named === undefined || !found.ids.includes(named))
    return readWhole(storage, found.directory, done);
  if (named === newest || options.acceptDuplicates) {
    // Never another than the named one, so that nobody starts from something older than they asked for.
    const ids = found.ids.filter((id) => id <= named);
    return findNewest(storage, { jobDirectory: found.jobDirectory, ids }, { acceptDuplicates: false }, done);
  }
  const message =
    `"${found.directory}" is not the newest checkpoint: "${checkpointDirectory(found.jobDirectory, newest)}" has made more output visible, which would be ` +
    `written again; restore that one, or allow it with --accept-duplicates (execution.state-recovery.accept-duplicates)`;
  return done(failed(new MillraceError("MR5006", message, { retryable: false })));
}

function findNewest(
  storage: BlobStore,
  found: { readonly jobDirectory: string; readonly ids: readonly number[] },
  options: FindOptions,
  done: Done<CompletedCheckpoint>,
): void {
  let newestError: MillraceError | undefined;
  const tryNext = (index: number): void => {
    const id = found.ids[index];
    if (id === undefined) return done(failed(unreadable(newestError, undefined)));
    const directory = checkpointDirectory(found.jobDirectory, id);
    return readWhole(storage, directory, (outcome) => {
      if (outcome.ok)
        return done(
          newestError === undefined || options.acceptDuplicates ? outcome : failed(unreadable(newestError, directory)),
        );
      newestError ??= outcome.error;
      return tryNext(index + 1);
    });
  };
  tryNext(0);
}

function unreadable(cause: MillraceError | undefined, readable: string | undefined): MillraceError {
  const wayOut =
    readable === undefined
      ? "no older checkpoint can be read either; repair the storage, or start without --restore"
      : `the newest readable checkpoint is "${readable}", whose later output would be written again: repair the storage, or start from there with ` +
        `--accept-duplicates (execution.state-recovery.accept-duplicates)`;
  return new MillraceError(
    "MR5005",
    `the checkpoint to start from cannot be read (${cause?.message ?? ""}); ${wayOut}`,
    { cause, retryable: false },
  );
}

function readWhole(storage: BlobStore, directory: string, done: Done<CompletedCheckpoint>): void {
  readCheckpoint(storage, directory, (outcome) => {
    if (!outcome.ok) return done(outcome);
    const checkpoint = outcome.value;
    return verifyFiles(storage, checkpoint, (verified) => done(verified.ok ? succeeded(checkpoint) : verified));
  });
}
