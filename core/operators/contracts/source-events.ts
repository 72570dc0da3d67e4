/**
 * What a source's coordinator on the master and its readers in the tasks tell each other. Plain data; in order in each direction, and in order with
 * the checkpoint trigger: splits that were assigned before it are in the reader's snapshot.
 */
import type { TimeMs } from "../../time/clock.ts";
import type { SourceSplit } from "./source.ts";

export type CoordinatorToReader =
  | { readonly type: "add-splits"; readonly splits: readonly SourceSplit[] }
  | { readonly type: "no-more-splits" }
  | { readonly type: "source-event"; readonly event: unknown }
  /** The lowest watermark in the alignment group of this source; `Infinity` if nobody holds it back. */
  | { readonly type: "align-watermarks"; readonly lowestMs: TimeMs };

export type ReaderToCoordinator =
  /** The first event of each attempt of a reader, also of one that took over splits. */
  | { readonly type: "register-reader" }
  | { readonly type: "request-split" }
  | { readonly type: "source-event"; readonly event: unknown }
  /** With watermark alignment: what this subtask has reached; `Infinity` if nobody need wait for it (idle, without splits, ended). Answered by `align-watermarks`. */
  | { readonly type: "report-watermark"; readonly watermarkMs: TimeMs };
