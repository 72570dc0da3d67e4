/**
 * The file source: a file, or all files of a directory, once or watched.
 *
 * Read `enumerator.ts` for which files are read, `reader.ts` and `cursor.ts` for how, `formats/` for what is in them.
 */
import type { Source } from "../../core/operators/contracts/source.ts";
import type { FileInfo, FileSystem } from "../../core/storage/file-system.ts";
import { NodeFileSystem } from "../../core/storage/node-file-system.ts";
import { toPositiveMs } from "../../core/util/duration.ts";
import type { Duration } from "../../core/util/duration.ts";
import { FileEnumerator, isVisible } from "./enumerator.ts";
import { wrongOption } from "./errors.ts";
import type { MalformedRecord } from "./errors.ts";
import type { FileDecoder } from "./formats/format.ts";
import { checkFormat, checkFunction, checkPath, checkWord } from "./options.ts";
import { FileReader } from "./reader.ts";
import type { FileEnumeratorState, FileSplit } from "./splits.ts";

/** Large enough that a chunk costs little per record, small enough that a line that is kept keeps little else alive. */
const CHUNK_BYTES = 65_536;
const RECORD_BYTES_MAX = 16 * 1_024 * 1_024;

export interface MonitorOptions {
  /** Time between two listings. */
  readonly monitorEvery: Duration;
  /** What becomes of a file that changes after it was found: `read-again` reads all of it anew. Default: `"ignore"`. */
  readonly changedFiles?: "ignore" | "read-again";
}

export interface FileSourceOptions<T> {
  /** A file, or a directory, with the directories in it. Relative to the working directory. */
  readonly path: string;
  readonly format: FileDecoder<T>;
  /** `bounded` reads what is there at the start. Default: `"bounded"`. */
  readonly mode?: "bounded" | MonitorOptions;
  /** What becomes of a record that cannot be read; a function may make a value of it, or nothing. Default: `"fail"`. */
  readonly onMalformed?: "fail" | "skip" | ((record: MalformedRecord) => T | undefined);
  /** Which files of a directory are read. Default: those whose name begins with neither `.` nor `_`. */
  readonly filter?: (file: FileInfo) => boolean;
  /** Records per second of all subtasks together. Default: no limit. */
  readonly ratePerSecond?: number;
  /** A longer record is an error, so that a file of another format does not fill the memory. Default: 16 MiB. */
  readonly recordBytesMax?: number;
  /** Bytes per read; two reads are held ahead. Default: 64 KiB. */
  readonly chunkBytes?: number;
  /** Default: the machine's. */
  readonly fileSystem?: FileSystem;
}

/**
 * Reads files, record by record, exactly once across restarts. Files are the splits: with more subtasks than files, some have nothing to do.
 *
 * Shape:  `Source<T>`; bounded, or unbounded with `mode: { monitorEvery }`.
 * Units:  `monitorEvery` in ms, or text such as `"10s"`; sizes in bytes.
 * State:  per open file its position; when monitoring, the path of every file ever found. A file must appear whole (written elsewhere, then renamed):
 *         what is added to it after it was read is not seen.
 * Errors: `MR6101` nothing is at `path`; `MR6102` a file cannot be read; `MR6103` a malformed record, naming file and line, or element and byte; `MR6104`
 *         the rest of a file cannot be told apart; `MR6105` a record is too long; `MR6106` a wrong option; `MR6109` a file became shorter than its position.
 * Source: Flink's `FileSource`.
 *
 * @example
 * const flights = env.fromSource(
 *   fileSource({ path: "flights.ndjson", format: ndjson<Flight>() }),
 *   WatermarkStrategy.forBoundedOutOfOrderness("9h"),
 *   "flights",
 * );
 */
export function fileSource<T>(options: FileSourceOptions<T>): Source<T, FileSplit, FileEnumeratorState> {
  const { path, format, mode = "bounded", onMalformed = "fail", filter = isVisible, ratePerSecond } = options;
  const { recordBytesMax = RECORD_BYTES_MAX, chunkBytes = CHUNK_BYTES } = options;
  checkPath("fileSource", path, "a file or a directory");
  checkFormat("fileSource", format, "createParser");
  if (typeof onMalformed === "function") checkFunction("onMalformed of fileSource", onMalformed);
  else checkWord("onMalformed of fileSource, unless it is a function,", onMalformed, ["fail", "skip"]);
  checkFunction("filter of fileSource", filter);
  if (typeof mode !== "object" || mode === null)
    checkWord("mode of fileSource, unless it is { monitorEvery },", mode, ["bounded"]);
  checkPositive("recordBytesMax", recordBytesMax);
  checkPositive("chunkBytes", chunkBytes);
  if (ratePerSecond !== undefined) checkPositive("ratePerSecond", ratePerSecond);
  const fileSystem = options.fileSystem ?? new NodeFileSystem();
  const monitorEveryMs = mode === "bounded" ? undefined : toPositiveMs(mode.monitorEvery, "monitorEvery");
  const changedFiles = mode === "bounded" ? "ignore" : (mode.changedFiles ?? "ignore");
  checkWord("changedFiles of fileSource", changedFiles, ["ignore", "read-again"]);
  return {
    boundedness: monitorEveryMs === undefined ? "bounded" : "continuous-unbounded",
    createReader: (ctx) =>
      new FileReader<T>(ctx, { format, fileSystem, onMalformed, recordBytesMax, chunkBytes, ratePerSecond }),
    createEnumerator: (ctx, restored) =>
      new FileEnumerator(ctx, { path, fileSystem, filter, monitorEveryMs, changedFiles }, restored),
  };
}

function checkPositive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value)))
    throw wrongOption(`${name} of fileSource must be a number above zero, but is ${value}`);
}
