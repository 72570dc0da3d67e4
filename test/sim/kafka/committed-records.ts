/** The records of a log as somebody reads them who waits for the end of transactions: decoded, for assertions. */
import { openBatches } from "../../../connectors/kafka/records/open-batches.ts";
import { RecordCursor } from "../../../connectors/kafka/records/record-cursor.ts";
import type { Codecs } from "../../../connectors/kafka/records/batch-format.ts";
import type { Isolation } from "../../../connectors/kafka/client/kafka-client.ts";
import { asyncCodec } from "./errors.ts";
import type { PartitionLog } from "./partition-log.ts";

/** A record, as text. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string | null>>;
}

export function recordsOf(
  log: PartitionLog,
  partition: number,
  { isolation, codecs }: { readonly isolation: Isolation; readonly codecs: Codecs },
): readonly ReadRecord[] {
  const { place } = log.options;
  const { bytes, aborted } = log.read(log.startOffset, { isolation, bytesMax: Infinity, firstWhole: true });
  const opened = openBatches(bytes, { codecs, place });
  if (!Buffer.isBuffer(opened)) {
    opened.then(undefined, () => undefined);
    throw asyncCodec(place);
  }
  const cursor = new RecordCursor(opened, { from: log.startOffset, aborted });
  const records: ReadRecord[] = [];
  while (cursor.next()) records.push(recordAt(cursor, partition));
  return records;
}

function recordAt(cursor: RecordCursor, partition: number): ReadRecord {
  const { offset, timestampMs, keyAt, keyBytes, valueAt, valueBytes } = cursor;
  return {
    partition,
    offset,
    timestampMs,
    key: keyBytes < 0 ? null : cursor.text(keyAt, keyBytes),
    value: valueBytes < 0 ? null : cursor.text(valueAt, valueBytes),
    headers: Object.fromEntries(
      cursor.headers().map(({ key, value }) => [key, value === null ? null : Buffer.from(value).toString("utf8")]),
    ),
  };
}
