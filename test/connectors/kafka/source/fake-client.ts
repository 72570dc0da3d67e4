/**
 * A cluster as small as a source can tell: logs of record batches, offsets of groups, leaders that move. Answers wait until somebody lets them go.
 *
 * In:    what a test writes. Out: clients; `pump` lets one answer go, in whatever order. State: logs, waiting answers, faults to come.
 */
import { noSuchOffset, noSuchPartition, notTheLeader } from "../../../../connectors/kafka/client/errors.ts";
import type {
  FetchedPartition,
  FetchRequest,
  KafkaClient,
  KafkaClientFactory,
  OffsetQuery,
  OffsetWithMetadata,
  PartitionOffset,
  TopicPartition,
} from "../../../../connectors/kafka/client/kafka-client.ts";
import type { Isolation } from "../../../../connectors/kafka/client/kafka-client.ts";
import { MillraceError } from "../../../../core/util/errors.ts";
import { failed, succeeded } from "../../../../core/util/outcome.ts";
import type { Done, Outcome } from "../../../../core/util/outcome.ts";
import { FakeLog } from "./fake-log.ts";

interface Waiting {
  readonly client: FakeClient;
  /** A fetch that found nothing: it waits for records, or for its time to pass. */
  readonly isPolling: boolean;
  answer(): void;
}

/** What goes wrong next, once: a call of that name fails, or a partition in a fetch. */
type Faults = Map<string, MillraceError[]>;

export class FakeKafka {
  readonly topics: Map<string, FakeLog[]> = new Map();
  readonly groups: Map<string, Map<string, OffsetWithMetadata>> = new Map();
  readonly faults: Faults = new Map();
  readonly fetches: FetchRequest[] = [];
  readonly calls: string[] = [];
  readonly clientIds: string[] = [];
  openClients = 0;
  #waiting: Waiting[] = [];

  readonly client: KafkaClientFactory = ({ clientId }) => {
    this.clientIds.push(clientId);
    this.openClients++;
    return new FakeClient(this);
  };

  createTopic(topic: string, partitions: number, nodes = 1): void {
    this.topics.set(
      topic,
      Array.from({ length: partitions }, (_, index) => new FakeLog(index % nodes)),
    );
  }

  addPartitions(topic: string, count: number): void {
    this.topics.get(topic)?.push(...Array.from({ length: count }, () => new FakeLog(0)));
  }

  log({ topic, partition }: TopicPartition): FakeLog {
    const log = this.topics.get(topic)?.[partition];
    if (log === undefined) throw new Error(`the test has no partition ${topic}-${partition}`);
    return log;
  }

  find({ topic, partition }: TopicPartition): FakeLog | undefined {
    return this.topics.get(topic)?.[partition];
  }

  /** One batch of texts, as values. */
  write(topic: string, partition: number, ...values: string[]): void {
    this.log({ topic, partition }).append(values.map((value) => ({ key: null, value })));
  }

  fail(call: string, ...errors: MillraceError[]): void {
    this.faults.set(call, [...(this.faults.get(call) ?? []), ...errors]);
  }

  fault(call: string): MillraceError | undefined {
    return this.faults.get(call)?.shift();
  }

  wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  /** Lets one answer go; `pick` chooses among those that are due. Polls that find nothing come last. False: nobody waits. */
  pump(pick: (count: number) => number = () => 0): boolean {
    const due = this.#waiting.filter(({ isPolling }) => !isPolling);
    const among = due.length > 0 ? due : this.#waiting;
    const next = among[pick(among.length)];
    if (next === undefined) return false;
    this.#waiting = this.#waiting.filter((other) => other !== next);
    next.answer();
    return true;
  }

  /** The time of all polls that wait now has passed. */
  expirePolls(): void {
    const polls = this.#waiting.filter(({ isPolling }) => isPolling);
    this.#waiting = this.#waiting.filter(({ isPolling }) => !isPolling);
    for (const poll of polls) poll.answer();
  }

  /** Answers that could go, other than of polls that found nothing. */
  get isAnythingDue(): boolean {
    return this.#waiting.some(({ isPolling }) => !isPolling);
  }

  forget(client: FakeClient): void {
    this.openClients--;
    this.#waiting = this.#waiting.filter((waiting) => waiting.client !== client);
  }
}

class FakeClient implements KafkaClient {
  readonly #kafka: FakeKafka;
  #closed = false;

  constructor(kafka: FakeKafka) {
    this.#kafka = kafka;
  }

  describeTopics: KafkaClient["describeTopics"] = (topics, done) => {
    this.#answer("describeTopics", done, () => {
      const all = [...this.#kafka.topics].map(([topic, logs]) => ({ topic, partitions: logs.length }));
      return succeeded(topics === undefined ? all : all.filter(({ topic }) => topics.includes(topic)));
    });
  };

  locate: KafkaClient["locate"] = (partitions, done) => {
    this.#answer("locate", done, () => {
      const missing = partitions.find((partition) => this.#kafka.find(partition) === undefined);
      if (missing !== undefined) return failed(noSuchPartition(`partition ${missing.partition} of ${missing.topic}`));
      return succeeded(
        partitions.flatMap((partition) => {
          const { leader } = this.#kafka.log(partition);
          return leader === undefined ? [] : [{ topic: partition.topic, partition: partition.partition, node: leader }];
        }),
      );
    });
  };

  listOffsets(
    { queries, isolation }: { readonly queries: readonly OffsetQuery[]; readonly isolation: Isolation },
    done: Done<readonly PartitionOffset[]>,
  ): void {
    this.#answer("listOffsets", done, () =>
      succeeded(
        queries.map(({ topic, partition, at }) => ({
          topic,
          partition,
          offset: this.#kafka.log({ topic, partition }).offsetOf(at, isolation),
        })),
      ),
    );
  }

  fetch(request: FetchRequest, done: Done<readonly FetchedPartition[]>): void {
    this.#kafka.fetches.push(request);
    const peeked = this.#read(request, () => undefined);
    const isEmpty = peeked.every((one) => one.error === undefined && one.batches.length === 0);
    const answer = (): void => {
      const fault = this.#kafka.fault("fetch");
      done(fault === undefined ? succeeded(this.#read(request, (name) => this.#kafka.fault(name))) : failed(fault));
    };
    this.#wait(answer, isEmpty && request.waitMs > 0);
  }

  committedOffsets: KafkaClient["committedOffsets"] = (group, done) => {
    this.#answer("committedOffsets", done, () => succeeded([...(this.#kafka.groups.get(group)?.values() ?? [])]));
  };

  commitOffsets(
    { group, offsets }: { readonly group: string; readonly offsets: readonly OffsetWithMetadata[] },
    done: Done<void>,
  ): void {
    this.#answer("commitOffsets", done, () => {
      const known = this.#kafka.groups.get(group) ?? new Map<string, OffsetWithMetadata>();
      for (const one of offsets) known.set(`${one.topic}-${one.partition}`, one);
      this.#kafka.groups.set(group, known);
      return succeeded(undefined);
    });
  }

  initProducer: KafkaClient["initProducer"] = unused;
  addPartitions: KafkaClient["addPartitions"] = unused;
  produce: KafkaClient["produce"] = unused;
  addOffsets: KafkaClient["addOffsets"] = unused;
  endTransaction: KafkaClient["endTransaction"] = unused;
  listTransactions: KafkaClient["listTransactions"] = unused;
  transactionTimeoutMaxMs: KafkaClient["transactionTimeoutMaxMs"] = unused;

  close(): Promise<void> {
    this.#closed = true;
    this.#kafka.forget(this);
    return Promise.resolve();
  }

  #read(
    { node, partitions, isolation, bytesMax, partitionBytesMax }: FetchRequest,
    faultOf: (name: string) => MillraceError | undefined,
  ): readonly FetchedPartition[] {
    let left = bytesMax;
    let isFirst = true;
    return partitions.map(({ topic, partition, offset }) => {
      const log = this.#kafka.find({ topic, partition });
      const what = `partition ${partition} of topic "${topic}"`;
      if (log === undefined) return { topic, partition, error: noSuchPartition(what) };
      const fault = faultOf(`${topic}-${partition}`);
      if (fault !== undefined) return { topic, partition, error: fault };
      if (log.leader !== node) return { topic, partition, error: notTheLeader(what) };
      if (offset < log.start || offset > log.end) return { topic, partition, error: noSuchOffset(what) };
      const read = log.read(offset, { isolation, bytesMax: Math.min(left, partitionBytesMax), wholeFirst: isFirst });
      left = Math.max(0, left - read.batches.length);
      if (read.batches.length > 0) isFirst = false;
      return {
        topic,
        partition,
        highWatermark: log.end,
        lastStableOffset: log.stableEnd,
        logStartOffset: log.start,
        ...read,
      };
    });
  }

  #answer<T>(call: string, done: Done<T>, result: () => Outcome<T>): void {
    this.#kafka.calls.push(call);
    this.#wait(() => {
      const fault = this.#kafka.fault(call);
      done(fault === undefined ? result() : failed(fault));
    }, false);
  }

  #wait(answer: () => void, isPolling: boolean): void {
    if (this.#closed) throw new MillraceError("MR6402", "the client is closed");
    this.#kafka.wait({ client: this, isPolling, answer });
  }
}

function unused(): never {
  throw new Error("a source needs none of this");
}
