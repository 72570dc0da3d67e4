/** What can be wrong with record batches themselves. */
import { MillraceError } from "../../../core/util/errors.ts";
import type { Compression } from "./batch-format.ts";

/** The bytes are not what somebody wrote. `place`: topic, partition and offset. */
export function damaged(place: string, reason: string): MillraceError {
  const sentence = `${place}: the record batch is damaged (${reason}); fetching it again may help, otherwise the copy on the broker is broken`;
  return new MillraceError("MR6420", sentence);
}

export function oldFormat(place: string, magic: number): MillraceError {
  const sentence = `${place}: the records are stored in Kafka's format ${magic}, of the time before 0.11: have the broker rewrite them (log.message.format.version), or start behind them`;
  return new MillraceError("MR6421", sentence, { retryable: false });
}

export function noCodec(place: string, compression: Exclude<Compression, "none">): MillraceError {
  const sentence = `${place}: the records are compressed with ${compression}, and no library for it was given: set codecs: { ${compression}: { compress, decompress } }`;
  return new MillraceError("MR6422", sentence, { retryable: false });
}
