/** What the file source saves: splits with their positions, and what the enumerator knows. Plain data. */
import type { SourceSplit } from "../../core/operators/contracts/source.ts";
import type { FilePosition } from "./formats/format.ts";

/** One file, and how far it is read. */
export interface FileSplit extends SourceSplit {
  readonly path: string;
  readonly position: FilePosition;
}

export interface FileEnumeratorState {
  /** Whether the files were listed. A bounded source lists them once, so that a restart reads the same ones. */
  readonly listed: boolean;
  readonly pending: readonly FileSplit[];
  /** When monitoring: the files found so far, with the times of their last change. */
  readonly found: readonly (readonly [path: string, modifiedMs: number])[];
}
