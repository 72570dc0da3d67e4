/**
 * What a source's coordinator on the master and its readers in the tasks tell each other. Plain data; in order in each direction, and in order with
 * the checkpoint trigger: splits that were assigned before it are in the reader's snapshot.
 */
import type { SourceSplit } from "./source.ts";

export type CoordinatorToReader =
  | { readonly type: "add-splits"; readonly splits: readonly SourceSplit[] }
  | { readonly type: "no-more-splits" }
  | { readonly type: "source-event"; readonly event: unknown };

export type ReaderToCoordinator =
  /** The first event of each attempt of a reader, also of one that took over splits. */
  | { readonly type: "register-reader" }
  | { readonly type: "request-split" }
  | { readonly type: "source-event"; readonly event: unknown };
