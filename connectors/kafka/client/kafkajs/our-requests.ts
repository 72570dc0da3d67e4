/**
 * The requests that kafkajs does not have in the version that we need, in Kafka's own bytes.
 *
 * Flexible ones (InitProducerId 3, OffsetFetch 7, ListTransactions 0) have newer headers than kafkajs writes and reads: what those add, an empty section of
 * tagged fields, is the first byte of what we write and of what we read.
 */
import type { InitProducerRequest, Isolation, ProducerIdentity, TopicPartition } from "../kafka-client.ts";
import { byTopic } from "./by-topic.ts";
import type { Exchange } from "./load-kafkajs.ts";
import { WireReader, WireWriter } from "./wire.ts";

/** Brokers before Kafka 3.0 do not know this one. */
export const LIST_TRANSACTIONS = { apiKey: 66, apiVersion: 0 } as const;

const API = {
  Produce: 0,
  Fetch: 1,
  OffsetFetch: 9,
  InitProducerId: 22,
  ListTransactions: LIST_TRANSACTIONS.apiKey,
} as const;

interface Shape {
  readonly apiName: keyof typeof API;
  readonly apiVersion: number;
  readonly flexible: boolean;
  readonly bytesExpected?: number;
  readonly requestTimeoutMs?: number;
}

function exchange<T>(shape: Shape, write: (to: WireWriter) => void, read: (from: WireReader) => T): Exchange<T> {
  const { apiName, apiVersion, flexible, bytesExpected, requestTimeoutMs } = shape;
  const encode = async (): Promise<ReturnType<WireWriter["done"]>> => {
    const to = new WireWriter(bytesExpected);
    if (flexible) to.noTags();
    write(to);
    return to.done();
  };
  return {
    request: { apiKey: API[apiName], apiVersion, apiName, encode },
    response: {
      decode: async (payload) => {
        const from = new WireReader(payload);
        if (flexible) from.skipTags();
        const clientSideThrottleTime = apiName === "Produce" ? 0 : from.int32();
        // kafkajs holds back what follows for so long.
        return { clientSideThrottleTime, value: read(from) };
      },
      parse: async (decoded) => (decoded as { readonly value: T }).value, // what decode made
    },
    ...(requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs }),
  };
}

export interface FetchOptions {
  readonly partitions: readonly (TopicPartition & { readonly offset: number })[];
  readonly isolation: Isolation;
  readonly waitMs: number;
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
  readonly requestTimeoutMs: number;
}

export interface FetchAnswer extends TopicPartition {
  readonly errorNumber: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
  readonly batches: Uint8Array;
}

export interface WholeFetchAnswer {
  readonly errorNumber: number;
  readonly partitions: readonly FetchAnswer[];
}

/** Without a session: each request names all its partitions. The record batches stay as they are. */
export function fetchRequest(options: FetchOptions): Exchange<WholeFetchAnswer> {
  const { partitions, isolation, waitMs, bytesMax, partitionBytesMax, requestTimeoutMs } = options;
  const write = (to: WireWriter): void => {
    to.int32(-1).int32(waitMs).int32(1).int32(bytesMax);
    to.int8(isolation === "read_committed" ? 1 : 0);
    to.int32(0).int32(-1); // no session
    to.array(byTopic(partitions), ({ topic, items }) =>
      to.text(topic).array(items, ({ partition, offset }) => {
        to.int32(partition).int32(-1).int64(offset).int64(-1).int32(partitionBytesMax);
      }),
    );
    to.int32(0).text("");
  };
  const read = (from: WireReader): WholeFetchAnswer => {
    const errorNumber = from.int16();
    from.int32();
    const topics = from.array(() => {
      const topic = from.text() ?? "";
      return from.array(() => readFetched(from, topic));
    });
    return { errorNumber, partitions: topics.flat() };
  };
  return exchange({ apiName: "Fetch", apiVersion: 11, flexible: false, requestTimeoutMs }, write, read);
}

function readFetched(from: WireReader, topic: string): FetchAnswer {
  const partition = from.int32();
  const errorNumber = from.int16();
  const highWatermark = from.int64();
  const lastStableOffset = from.int64();
  const logStartOffset = from.int64();
  const aborted = from.array(() => ({ producerId: from.int64(), firstOffset: from.int64() }));
  from.int32(); // a replica that would be nearer
  const batches = from.bytes();
  return { topic, partition, errorNumber, highWatermark, lastStableOffset, logStartOffset, aborted, batches };
}

export interface ProduceOptions {
  readonly transactionalId: string | undefined;
  readonly batches: readonly (TopicPartition & { readonly bytes: Uint8Array })[];
  readonly acks: "all" | "leader" | "none";
  readonly timeoutMs: number;
}

const ACKS = { all: -1, leader: 1, none: 0 } as const;
/** Of a request, of a batch in it. */
const HEADER_BYTES = 128;

/** Finished record batches, as they are. The answer is undefined if none is asked for. */
export function produceRequest(
  options: ProduceOptions,
): Exchange<readonly (TopicPartition & { readonly errorNumber: number })[] | undefined> {
  const { transactionalId, batches, acks, timeoutMs } = options;
  const bytesExpected = batches.reduce(
    (sum, { topic, bytes }) => sum + topic.length * 3 + bytes.length + HEADER_BYTES,
    HEADER_BYTES,
  );
  const write = (to: WireWriter): void => {
    to.text(transactionalId ?? null)
      .int16(ACKS[acks])
      .int32(timeoutMs);
    to.array(byTopic(batches), ({ topic, items }) =>
      to.text(topic).array(items, ({ partition, bytes }) => to.int32(partition).bytes(bytes)),
    );
  };
  const read = (from: WireReader): (TopicPartition & { readonly errorNumber: number })[] =>
    from
      .array(() => {
        const topic = from.text() ?? "";
        return from.array(() => {
          const answer = { topic, partition: from.int32(), errorNumber: from.int16() };
          from.int64();
          from.int64();
          from.int64();
          return answer;
        });
      })
      .flat();
  const { request, response } = exchange(
    { apiName: "Produce", apiVersion: 7, flexible: false, bytesExpected },
    write,
    read,
  );
  return { request: { ...request, expectResponse: () => acks !== "none" }, response };
}

export function initProducerRequest(
  transactional: InitProducerRequest["transactional"],
): Exchange<ProducerIdentity & { readonly errorNumber: number }> {
  const { producerId, epoch } = transactional?.known ?? { producerId: -1, epoch: -1 };
  const write = (to: WireWriter): void => {
    to.compactText(transactional?.transactionalId ?? null).int32(transactional?.timeoutMs ?? 0);
    to.int64(producerId).int16(epoch).noTags();
  };
  const read = (from: WireReader): ProducerIdentity & { readonly errorNumber: number } => {
    const errorNumber = from.int16();
    return { errorNumber, producerId: from.int64(), epoch: from.int16() };
  };
  return exchange({ apiName: "InitProducerId", apiVersion: 3, flexible: true }, write, read);
}

export interface FetchedOffset extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
  readonly errorNumber: number;
}

/** `among` undefined: all of which the group has an offset. With `waits`, offsets that a transaction is about to change have an error instead of a value. */
export function offsetFetchRequest(
  group: string,
  { waits, among }: { readonly waits: boolean; readonly among?: readonly TopicPartition[] },
): Exchange<{ readonly errorNumber: number; readonly offsets: readonly FetchedOffset[] }> {
  const write = (to: WireWriter): void => {
    to.compactText(group);
    to.compactArray(among === undefined ? null : byTopic(among), ({ topic, items }) =>
      to
        .compactText(topic)
        .compactArray(items, ({ partition }) => to.int32(partition))
        .noTags(),
    );
    to.int8(waits ? 1 : 0).noTags(); // stable offsets only
  };
  const read = (from: WireReader): { readonly errorNumber: number; readonly offsets: readonly FetchedOffset[] } => {
    const topics = from.compactArray(() => {
      const topic = from.compactText() ?? "";
      const offsets = from.compactArray(() => readOffset(from, topic));
      from.skipTags();
      return offsets;
    });
    return { offsets: topics.flat(), errorNumber: from.int16() };
  };
  return exchange({ apiName: "OffsetFetch", apiVersion: 7, flexible: true }, write, read);
}

function readOffset(from: WireReader, topic: string): FetchedOffset {
  const partition = from.int32();
  const offset = from.int64();
  from.int32();
  const metadata = from.compactText() ?? "";
  const errorNumber = from.int16();
  from.skipTags();
  return { topic, partition, offset, metadata, errorNumber };
}

/** Of the transactional ids that this broker coordinates. */
/** Of all states, and all producers. */
export function listTransactionsRequest(): Exchange<{
  readonly errorNumber: number;
  readonly transactions: readonly TransactionState[];
}> {
  const write = (to: WireWriter): void => {
    to.compactArray([], () => undefined);
    to.compactArray([], () => undefined).noTags();
  };
  const read = (
    from: WireReader,
  ): { readonly errorNumber: number; readonly transactions: readonly TransactionState[] } => {
    const errorNumber = from.int16();
    from.compactArray(() => from.compactText());
    const transactions = from.compactArray(() => {
      const transactionalId = from.compactText() ?? "";
      from.int64();
      const state = from.compactText() ?? "";
      from.skipTags();
      return { transactionalId, state };
    });
    return { errorNumber, transactions };
  };
  const { apiVersion } = LIST_TRANSACTIONS;
  return exchange({ apiName: "ListTransactions", apiVersion, flexible: true }, write, read);
}

export interface TransactionState {
  readonly transactionalId: string;
  readonly state: string;
}
