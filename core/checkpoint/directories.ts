/** Names of directories and files of checkpoints within a blob store. Paths are relative to its root; `""` is the root. */
import { randomHex } from "../util/random.ts";
import type { Random } from "../util/random.ts";

export const METADATA_FILE = "_metadata";

const CHECKPOINT_DIRECTORY = /^chk-(\d{1,15})$/;

export function joinPath(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

/** The directory above; undefined for the root. */
export function parentOf(directory: string): string | undefined {
  if (directory === "") return undefined;
  const slash = directory.lastIndexOf("/");
  return slash === -1 ? "" : directory.slice(0, slash);
}

export function isWithin(path: string, directory: string): boolean {
  return directory === "" || path.startsWith(`${directory}/`);
}

export function metadataPath(directory: string): string {
  return joinPath(directory, METADATA_FILE);
}

/** `<job directory>/chk-<id>`. */
export function checkpointDirectory(jobDirectory: string, checkpointId: number): string {
  return joinPath(jobDirectory, `chk-${checkpointId}`);
}

/** The id in the last part of a checkpoint's directory; undefined for other directories, such as savepoints'. */
export function checkpointIdOf(directory: string): number | undefined {
  const digits = CHECKPOINT_DIRECTORY.exec(directory.slice(directory.lastIndexOf("/") + 1))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `<parent>/savepoint-<first six of the job id>-<random>`: savepoints of several jobs and runs may share a parent. */
export function savepointDirectory(options: {
  readonly parent: string;
  readonly jobId: string;
  readonly random: Random;
}): string {
  return joinPath(options.parent, `savepoint-${options.jobId.slice(0, 6)}-${randomHex(options.random, 12)}`);
}
