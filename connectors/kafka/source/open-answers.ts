/**
 * What a broker answered, with the batches of each partition checked and opened: outside of the task's turn, since it takes time.
 *
 * In:    answers. Out: the same; a batch that cannot be opened becomes the error of its partition. A promise only where a codec needs one. State: none.
 */
import { asError, isMillraceError } from "../../../core/util/errors.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import type { FetchedPartition } from "../client/kafka-client.ts";
import type { Codecs } from "../records/batch-format.ts";
import { damaged } from "../records/errors.ts";
import { openBatches } from "../records/open-batches.ts";
import { placeOf } from "./splits.ts";

/** Whole batches, perhaps none, without what is compressed. */
export type OpenedPartition =
  | { readonly fetched: Extract<FetchedPartition, { readonly error?: undefined }>; readonly batches: Buffer }
  | { readonly error: MillraceError };

export function openAnswers(
  answers: readonly FetchedPartition[],
  codecs: Codecs,
): readonly OpenedPartition[] | Promise<readonly OpenedPartition[]> {
  const opened = answers.map((answer) => open(answer, codecs));
  return opened.some((one) => one instanceof Promise)
    ? Promise.all(opened.map(async (one) => one))
    : (opened as readonly OpenedPartition[]); // as just found out
}

function open(fetched: FetchedPartition, codecs: Codecs): OpenedPartition | Promise<OpenedPartition> {
  if (fetched.error !== undefined) return { error: fetched.error };
  const place = placeOf(fetched);
  const failed = (thrown: unknown): OpenedPartition => ({
    error: isMillraceError(thrown) ? thrown : damaged(place, asError(thrown).message),
  });
  try {
    const batches = openBatches(fetched.batches, { codecs, place });
    return batches instanceof Uint8Array
      ? { fetched, batches }
      : batches.then((plain): OpenedPartition => ({ fetched, batches: plain }), failed);
  } catch (thrown) {
    return failed(thrown);
  }
}
