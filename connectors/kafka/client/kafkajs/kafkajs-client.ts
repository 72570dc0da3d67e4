/**
 * `KafkaClient` on the connections of kafkajs: the client of real brokers.
 *
 * In: calls of source and sink. Out: their answers, one each, unless the client is closed first. Here calls become attempts that are repeated; what an attempt
 * does is in the files beside this one. State: the cluster as it is known, made by the first call, and the order of batches that wait.
 */
import { failed, succeeded } from "../../../../core/util/outcome.ts";
import type { Done } from "../../../../core/util/outcome.ts";
import type {
  FetchedPartition,
  FetchRequest,
  InitProducerRequest,
  Isolation,
  KafkaClient,
  KafkaClientFactory,
  KafkaClientOptions,
  LocatedPartition,
  OffsetQuery,
  OffsetWithMetadata,
  PartitionOffset,
  ProducerIdentity,
  ProduceRequest,
  TopicDescription,
  TopicPartition,
  TransactionalProducer,
  ListedTransaction,
} from "../kafka-client.ts";
import { Cluster } from "./cluster.ts";
import { fetchBatches } from "./fetching.ts";
import { commitOffsets, committedOffsets } from "./groups.ts";
import { parseAddress } from "./link.ts";
import { loadKafkajs } from "./load-kafkajs.ts";
import { PartitionQueues, Production } from "./producing.ts";
import { Retry, verdict } from "./retry.ts";
import type { Call } from "./retry.ts";
import { End, within } from "./timing.ts";
import { describeTopics, listOffsets, locate } from "./topics.ts";
import {
  addOffsets,
  addPartitions,
  endTransaction,
  initProducer,
  listTransactions,
  transactionTimeoutMaxMs,
} from "./transactions.ts";

const CONNECT_TIMEOUT_MAX_MS = 5_000;
/** How long `close` waits for the end of a transaction that is abandoned. */
const CLOSE_MAX_MS = 5_000;
/** Of the time for a request, what a broker may spend on waiting for replicas. */
const PRODUCE_SHARE = 0.8;

/** The client of real brokers. Needs the package kafkajs, in exactly the version that is a peer dependency of this one, and Kafka 2.5 or newer. */
export const kafkajsClient: KafkaClientFactory = (options) => new KafkajsClient(options);

class KafkajsClient implements KafkaClient {
  readonly #options: KafkaClientOptions;
  /** From the call of `close` on: nothing is answered or repeated. */
  readonly #closing = new End();
  /** There are no connections any more. */
  readonly #closed = new End();
  readonly #queues = new PartitionQueues();
  readonly #retry: Retry;
  #cluster: Cluster | undefined;

  constructor(options: KafkaClientOptions) {
    this.#options = options;
    this.#retry = new Retry({
      retryForMs: options.retryForMs,
      servers: options.bootstrapServers.join(", "),
      closing: this.#closing,
      onMoved: () => this.#cluster?.forget(),
    });
  }

  describeTopics(topics: readonly string[] | undefined, done: Done<readonly TopicDescription[]>): void {
    this.#repeat({ what: "describe topics" }, (cluster) => describeTopics(cluster, topics), done);
  }

  locate(partitions: readonly TopicPartition[], done: Done<readonly LocatedPartition[]>): void {
    this.#repeat({ what: "find the leaders of partitions" }, (cluster) => locate(cluster, partitions), done);
  }

  listOffsets(
    request: { readonly queries: readonly OffsetQuery[]; readonly isolation: Isolation },
    done: Done<readonly PartitionOffset[]>,
  ): void {
    this.#repeat({ what: "find offsets" }, (cluster) => listOffsets(cluster, request), done);
  }

  fetch(request: FetchRequest, done: Done<readonly FetchedPartition[]>): void {
    const { requestTimeoutMs } = this.#options;
    const insist = (partition: TopicPartition): Promise<unknown> =>
      this.#retry.run({ what: "find the partition" }, async () => locate(this.#connect(), [partition]));
    const work = async (): Promise<FetchedPartition[]> =>
      fetchBatches({ cluster: this.#connect(), requestTimeoutMs, insist }, request);
    void this.#answer({ what: `fetch from broker ${request.node}` }, work, done);
  }

  committedOffsets(
    group: string,
    done: Done<readonly OffsetWithMetadata[]>,
    { waits = true }: { readonly waits?: boolean } = {},
  ): void {
    const call = { what: `read the offsets of group "${group}"` };
    this.#repeat(call, (cluster) => committedOffsets(cluster, group, { waits }), done);
  }

  commitOffsets(
    { group, offsets }: { readonly group: string; readonly offsets: readonly OffsetWithMetadata[] },
    done: Done<void>,
  ): void {
    const call = { what: `commit offsets of group "${group}"` };
    this.#repeat(call, (cluster) => commitOffsets(cluster, group, offsets), done);
  }

  initProducer(request: InitProducerRequest, done: Done<ProducerIdentity>): void {
    const transactionalId = request.transactional?.transactionalId;
    const what =
      transactionalId === undefined ? "get a producer id" : `take over the transactional id "${transactionalId}"`;
    this.#repeat({ what, transactionalId }, (cluster) => initProducer(cluster, request), done);
  }

  addPartitions(
    request: { readonly transaction: TransactionalProducer; readonly partitions: readonly TopicPartition[] },
    done: Done<void>,
  ): void {
    const { transaction, partitions } = request;
    const call = callOf("add partitions to", transaction);
    this.#repeat(call, (cluster) => addPartitions(cluster, transaction, partitions), done);
  }

  produce(request: ProduceRequest, done: Done<void>): void {
    const { transaction, batches } = request;
    const call = transaction === undefined ? { what: "write records" } : callOf("write records in", transaction);
    const timeoutMs = Math.ceil(this.#options.requestTimeoutMs * PRODUCE_SHARE);
    const turn = this.#queues.enter(batches);
    let isOver = false;
    let production: Production | undefined;
    const attempt = async (): Promise<void> => {
      await turn.come;
      // The caller was told that it took too long, so nothing may be sent any more.
      if (isOver) return;
      production ??= new Production(this.#connect(), request, timeoutMs);
      await production.attempt();
    };
    const leave = (): void => {
      isOver = true;
      turn.leave();
    };
    const work = (): Promise<void> => this.#retry.run(call, attempt).finally(leave);
    void this.#answer(call, work, done);
  }

  addOffsets(
    request: {
      readonly transaction: TransactionalProducer;
      readonly group: string;
      readonly offsets: readonly OffsetWithMetadata[];
    },
    done: Done<void>,
  ): void {
    const { transaction, group, offsets } = request;
    const call = callOf(`add offsets of group "${group}" to`, transaction);
    this.#repeat(call, (cluster) => addOffsets(cluster, transaction, group, offsets), done);
  }

  endTransaction(
    { transaction, result }: { readonly transaction: TransactionalProducer; readonly result: "commit" | "abort" },
    done: Done<void>,
  ): void {
    this.#repeat(callOf(result, transaction), (cluster) => endTransaction(cluster, transaction, result), done);
  }

  listTransactions(prefix: string, done: Done<readonly ListedTransaction[] | undefined>): void {
    this.#repeat({ what: "list transactions" }, (cluster) => listTransactions(cluster, prefix), done);
  }

  transactionTimeoutMaxMs(done: Done<number | undefined>): void {
    this.#repeat({ what: "read the settings of a broker" }, transactionTimeoutMaxMs, done);
  }

  async close(abandoned?: TransactionalProducer): Promise<void> {
    this.#closing.come();
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    if (abandoned !== undefined) {
      const limitMs = Math.min(this.#options.requestTimeoutMs, CLOSE_MAX_MS);
      const abort = endTransaction(cluster, abandoned, "abort");
      await within(limitMs, this.#closed, abort, () => new Error("closed")).catch(() => undefined);
    }
    this.#closed.come();
    cluster.close();
  }

  #repeat<T>(call: Call, attempt: (cluster: Cluster) => Promise<T>, done: Done<T>): void {
    void this.#answer(call, () => this.#retry.run(call, async () => attempt(this.#connect())), done);
  }

  async #answer<T>(call: Call, work: () => Promise<T>, done: Done<T>): Promise<void> {
    const outcome = await work().then(succeeded, (error: unknown) => failed(verdict(error, call)));
    if (!this.#closing.hasCome) done(outcome);
  }

  /** The first call loads the library, so that a job without Kafka does not need it. */
  #connect(): Cluster {
    const { bootstrapServers, clientId, requestTimeoutMs, ssl, sasl } = this.#options;
    this.#cluster ??= new Cluster(loadKafkajs(), bootstrapServers.map(parseAddress), {
      clientId,
      requestTimeoutMs,
      connectTimeoutMs: Math.min(requestTimeoutMs, CONNECT_TIMEOUT_MAX_MS),
      ssl,
      // kafkajs keeps in it what it makes of it.
      sasl: sasl === undefined ? undefined : { ...sasl },
      closed: this.#closed,
    });
    return this.#cluster;
  }
}

function callOf(verb: string, { transactionalId }: TransactionalProducer): Call {
  return { what: `${verb} the transaction of "${transactionalId}"`, transactionalId };
}
