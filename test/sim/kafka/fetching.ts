/** One look at the partitions of a fetch: what a broker would answer right now. */
import { noSuchOffset, noSuchPartition, notTheLeader, unreachable } from "../../../connectors/kafka/client/errors.ts";
import type { FetchedPartition, FetchRequest, TopicPartition } from "../../../connectors/kafka/client/kafka-client.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import type { PartitionLog } from "./partition-log.ts";
import { BrokerRefusal } from "./refusal.ts";
import { placeOf } from "./transactions.ts";

export interface Fetched {
  readonly partitions: readonly FetchedPartition[];
  /** There are records, or there is an error: nobody waits for more. */
  readonly isWorthAnAnswer: boolean;
}

/** `logOf` throws a `BrokerRefusal` where the broker has none. */
export function fetchedBy(request: FetchRequest, logOf: (partition: TopicPartition) => PartitionLog): Fetched {
  let left = request.bytesMax;
  let isFirst = true;
  let isWorthAnAnswer = false;
  const partitions = request.partitions.map(({ topic, partition, offset }): FetchedPartition => {
    const place = { topic, partition };
    const log = found(place, offset, logOf);
    if ("error" in log) {
      isWorthAnAnswer = true;
      return { ...place, ...log };
    }
    const bytesMax = Math.min(left, request.partitionBytesMax);
    const read = log.read(offset, { isolation: request.isolation, bytesMax, firstWhole: isFirst });
    if (read.bytes.length > 0) {
      isFirst = false;
      isWorthAnAnswer = true;
      left = Math.max(0, left - read.bytes.length);
    }
    const { highWatermark, lastStableOffset, startOffset } = log;
    return {
      ...place,
      highWatermark,
      lastStableOffset,
      logStartOffset: startOffset,
      aborted: read.aborted,
      batches: read.bytes,
    };
  });
  return { partitions, isWorthAnAnswer };
}

function found(
  place: TopicPartition,
  offset: number,
  logOf: (partition: TopicPartition) => PartitionLog,
): PartitionLog | { readonly error: MillraceError } {
  try {
    const log = logOf(place);
    return log.has(offset) ? log : { error: noSuchOffset(`offset ${offset} of ${placeOf(place)}`) };
  } catch (error) {
    if (!(error instanceof BrokerRefusal)) throw error;
    return { error: fetchError(error, place) };
  }
}

function fetchError({ kind, message }: BrokerRefusal, place: TopicPartition): MillraceError {
  if (kind === "NOT_LEADER") return notTheLeader(placeOf(place));
  if (kind === "UNKNOWN_PARTITION") return noSuchPartition(placeOf(place));
  return unreachable(message);
}
