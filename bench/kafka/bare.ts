/**
 * The same work as loops of kafkajs, which store nothing and recover from nothing: what the jobs are compared with.
 *
 * In:    topics. Out: how long it took. State: none that outlives a call. Each loop is what its documentation shows for speed: whole batches are read, and 2,000 records are written
 *        per request, one request after the other.
 */
import { Kafka, logLevel, Partitioners } from "kafkajs";
import type { EachBatchPayload, Message } from "kafkajs";
import type { Load } from "./part.ts";
import type { CountedSale, Sale } from "./sale.ts";
import { saleOf } from "./sale.ts";
import { StopWatch } from "./stop-watch.ts";
import type { Taken } from "./stop-watch.ts";

const RECORDS_PER_SEND = 2_000;
const ALL = -1;

export type Client = Pick<Load, "servers">;

export function bareClient({ servers }: Client): Kafka {
  return new Kafka({ brokers: [...servers], clientId: "bare", logLevel: logLevel.NOTHING });
}

/** Its default partitioner, named, since it writes a warning to the console otherwise. */
export function bareProducer(client: Client, idempotent = false): ReturnType<Kafka["producer"]> {
  return bareClient(client).producer({
    idempotent,
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
}

export interface Reading {
  readonly take: (batch: EachBatchPayload["batch"]) => Promise<void> | void;
  /** It goes on until this settles. */
  readonly until: Promise<unknown>;
  /** It has its partitions. */
  readonly onBegun?: () => void;
}

/** With `read_committed`, in a group of its own that stores no offsets. */
export async function eachBatch(
  load: Client & Pick<Load, "from">,
  { take, until, onBegun = () => undefined }: Reading,
): Promise<void> {
  const groupId = `bare-${process.pid}-${process.hrtime.bigint()}`;
  const consumer = bareClient(load).consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 500 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: load.from, fromBeginning: true });
    const failed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    consumer.on(consumer.events.GROUP_JOIN, onBegun);
    await consumer.run({ autoCommit: false, eachBatch: async ({ batch }) => take(batch) });
    await Promise.race([until, failed]);
  } finally {
    await consumer.disconnect();
  }
}

export async function readBare(load: Load): Promise<Taken> {
  const watch = new StopWatch(load.records);
  const take = ({ messages }: EachBatchPayload["batch"]): void => {
    for (const { value } of messages) watch.see(parsed(value).cents);
  };
  await eachBatch(load, { take, until: watch.allSeen });
  return watch.taken();
}

/** `isOnce`: no record twice, as kafkajs otherwise writes some into a topic that is new. */
export async function writeBare(load: Load, isOnce = false): Promise<Taken> {
  const watch = new StopWatch(load.records);
  const producer = bareProducer(load, isOnce);
  await producer.connect();
  try {
    for (let from = 0; from < load.records; from += RECORDS_PER_SEND) {
      const messages: Message[] = [];
      for (let number = from; number < Math.min(from + RECORDS_PER_SEND, load.records); number += 1) {
        const sale = saleOf(number);
        watch.see(sale.cents);
        messages.push({ key: sale.user, value: JSON.stringify(sale) });
      }
      await producer.send({ topic: load.to, messages, acks: ALL });
    }
    watch.stop();
  } finally {
    await producer.disconnect();
  }
  return watch.taken();
}

export async function throughBare(load: Load): Promise<Taken> {
  const watch = new StopWatch(load.records);
  const producer = bareProducer(load);
  const seen = new Map<string, number>();
  let isLastWritten: () => void = () => undefined;
  const written = new Promise<void>((resolve) => (isLastWritten = resolve));
  let records = 0;
  const counted = ({ user, cents, atMs, note }: Sale): Message => {
    const count = (seen.get(user) ?? 0) + 1;
    seen.set(user, count);
    watch.see(cents);
    const value: CountedSale = { user, cents, seen: count, atMs, note };
    return { key: user, value: JSON.stringify(value) };
  };
  const take = async ({ messages }: EachBatchPayload["batch"]): Promise<void> => {
    for (let from = 0; from < messages.length; from += RECORDS_PER_SEND) {
      const some = messages.slice(from, from + RECORDS_PER_SEND);
      await producer.send({ topic: load.to, messages: some.map(({ value }) => counted(parsed(value))), acks: ALL });
      records += some.length;
    }
    if (records === load.records) isLastWritten();
  };
  await producer.connect();
  try {
    await eachBatch(load, { take, until: written.then(() => watch.stop()) });
  } finally {
    await producer.disconnect();
  }
  return watch.taken();
}

function parsed(value: Buffer | null): Sale {
  return JSON.parse(value?.toString() ?? "") as Sale; // as `writeBare` writes it
}
