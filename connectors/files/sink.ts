/**
 * The file sink: a directory of files, each visible only when a checkpoint made its content final.
 *
 * Read `writer.ts` for how records become files, `committer.ts` for how they become visible and what savepoints keep, `sink-start.ts` for what a restart
 * removes.
 */
import { join, resolve } from "node:path";
import type { Sink } from "../../core/operators/contracts/sink.ts";
import type { FileSystem } from "../../core/storage/file-system.ts";
import { NodeFileSystem } from "../../core/storage/node-file-system.ts";
import { toPositiveMs } from "../../core/util/duration.ts";
import type { Duration } from "../../core/util/duration.ts";
import { FileCommitter } from "./committer.ts";
import { wrongOption } from "./errors.ts";
import type { FileEncoder } from "./formats/format.ts";
import { checkPath, checkWord, encoderOf } from "./options.ts";
import type { FileCommittable, FileSinkState } from "./sink-state.ts";
import { FileWriter } from "./writer.ts";

const ROLL_BYTES = 128 * 1_024 * 1_024;

export interface FileSinkOptions<T> {
  /** The directory, made if it is not there. It and the prefix belong to one sink of one job. */
  readonly path: string;
  /** A format, or a function that makes the bytes of a value, its line break included. */
  readonly format: FileEncoder<T> | ((value: T) => string | Uint8Array);
  /** Start of the files' names. Default: `"part"`. */
  readonly prefix?: string;
  /** End of the files' names. Default: the format's, such as `".ndjson"`; of a function, nothing. */
  readonly suffix?: string;
  /** A file that reaches this size is closed, and the next one begins. Every checkpoint closes it in any case. Default: 128 MiB. */
  readonly rollBytes?: number;
  /** A file this old is closed, in jobs with long times between checkpoints. Default: no limit. */
  readonly rollEvery?: Duration;
  /** Removes everything in the directory, files of savepoints too, when the job starts afresh, not from a checkpoint. Default: false. */
  readonly emptyFirst?: boolean;
  /**
   * What a restart makes of files that it finds neither pending nor finished: lost, or finished and taken away by somebody. It looks for those of the
   * newest checkpoint only, so that whoever takes files away meets it rarely. Default: `"fail"`.
   */
  readonly missingFiles?: "fail" | "accept";
  /** Default: the machine's. */
  readonly fileSystem?: FileSystem;
}

/**
 * Writes records into files, exactly once: `part-<subtask>-<number>` appears when the checkpoint that contains all its records is complete, and never
 * changes again. Until then a file is hidden (its name begins with a dot); a restart removes hidden files that no checkpoint knows.
 *
 * A savepoint stays good whatever becomes of its job: what it contains and is not finished yet is hidden as `.part-<subtask>-<number>.savepoint.<attempt>`.
 * The job's next checkpoint finishes such files. If the job fails before and goes back to an older checkpoint, it writes their records into other files
 * and leaves these: they wait for somebody who starts from the savepoint, and are yours to remove when nobody will. To start from a savepoint is to go back
 * in time: files that were finished after it stay, with records that will be written again.
 *
 * Shape:  `Sink<T>`; at least one file per subtask and checkpoint with records.
 * Units:  `rollBytes` in bytes (checked every 64 KiB), `rollEvery` in ms or text such as `"10min"`.
 * State:  a few numbers per subtask. Without checkpointing, files appear when a bounded job ends.
 * Errors: `MR1067` another sink of the job has this directory and prefix; `MR6102` the file system refuses; `MR6106` a wrong option; `MR6108` a value has no JSON; `MR6110` a file that is to be committed is gone;
 *         `MR6111` a finished file of that name is there already.
 * Source: Flink's `FileSink` with `OnCheckpointRollingPolicy`.
 *
 * @example
 * results.sinkTo(fileSink({ path: "out/results", format: ndjson(), emptyFirst: true }));
 */
export function fileSink<T>(options: FileSinkOptions<T>): Sink<T, FileSinkState, FileCommittable> {
  const { path: directory, format, emptyFirst = false, missingFiles = "fail", prefix = "part" } = options;
  const encoder = encoderOf("fileSink", format);
  const naming = { prefix, suffix: options.suffix ?? encoder.suffix };
  const rollBytes = options.rollBytes ?? ROLL_BYTES;
  const rollEveryMs = options.rollEvery === undefined ? undefined : toPositiveMs(options.rollEvery, "rollEvery");
  checkNames(directory, naming.prefix, naming.suffix);
  checkWord("missingFiles of fileSink", missingFiles, ["fail", "accept"]);
  if (!(rollBytes >= 1))
    throw wrongOption(`rollBytes of fileSink must be a number of bytes, 1 or more, but is ${rollBytes}`);
  if (emptyFirst) checkMayBeEmptied(directory);
  const fileSystem = options.fileSystem ?? new NodeFileSystem();
  return {
    writerState: "union",
    ...(options.fileSystem === undefined ? { exclusive: `the files ${join(resolve(directory), prefix)}-*` } : {}),
    createWriter: (ctx, restored) =>
      new FileWriter<T>(ctx, { directory, naming, encoder, rollBytes, rollEveryMs, emptyFirst, fileSystem }, restored),
    createCommitter: () => new FileCommitter({ directory, fileSystem, missingFiles }),
  };
}

function checkNames(path: string, prefix: string, suffix: string): void {
  checkPath("fileSink", path, "a directory");
  if (!/^[^./\\\0][^/\\\0]*$/.test(prefix))
    throw wrongOption(`the prefix of fileSink must be the start of a visible file's name, but is "${prefix}"`);
  if (/[/\\\0]|^\d/.test(suffix))
    throw wrongOption(
      `the suffix of fileSink must be the end of a file's name and begin with no digit, but is "${suffix}"`,
    );
}

/** Somebody who writes `path: "."` does not mean to lose the project. */
function checkMayBeEmptied(path: string): void {
  const emptied = resolve(path);
  const here = resolve(".");
  if (emptied !== here && !here.startsWith(emptied.endsWith("/") ? emptied : `${emptied}/`)) return;
  throw wrongOption(
    `emptyFirst would remove everything in "${emptied}", which holds the working directory: write into a directory of its own`,
  );
}
