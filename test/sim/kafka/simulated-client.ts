/**
 * A client of simulated brokers: what `KafkaClient` promises, with requests that take their way.
 *
 * In:    calls. Out: one answer each, through the callback, unless it is closed or its process dies. State: requests on their way; per partition, batches that are not settled yet.
 */
import type {
  FetchedPartition,
  FetchRequest,
  InitProducerRequest,
  KafkaClient,
  KafkaClientOptions,
  LocatedPartition,
  OffsetWithMetadata,
  PartitionOffset,
  ProduceBatch,
  ProducerIdentity,
  ProduceRequest,
  TopicDescription,
  TopicPartition,
  TransactionalProducer,
  ListedTransaction,
} from "../../../connectors/kafka/client/kafka-client.ts";
import type { MillraceError } from "../../../core/util/errors.ts";
import { failed, succeeded } from "../../../core/util/outcome.ts";
import type { Done } from "../../../core/util/outcome.ts";
import type { Brokers } from "./brokers.ts";
import { Requests } from "./requests.ts";
import type { Cluster } from "./requests.ts";
import { placeOf } from "./transactions.ts";

type Request<K extends keyof KafkaClient> = Parameters<KafkaClient[K]>[0];

interface Action {
  readonly what: string;
  readonly transaction?: TransactionalProducer;
  act(brokers: Brokers): void;
}

/** One coordinator keeps everything. */
const COORDINATOR = "coordinator";

export class SimulatedClient implements KafkaClient {
  readonly #requests: Requests;
  /** Produced, and not settled. */
  readonly #unsettled = new Map<string, number>();

  constructor(cluster: Cluster, options: KafkaClientOptions) {
    this.#requests = new Requests(cluster, options);
  }

  describeTopics(topics: readonly string[] | undefined, done: Done<readonly TopicDescription[]>): void {
    const what = topics === undefined ? "describe all topics" : `describe ${topics.join(", ")}`;
    this.#requests.send({ what, act: (brokers, answer) => answer(brokers.leaders.describe(topics)) }, done);
  }

  locate(partitions: readonly TopicPartition[], done: Done<readonly LocatedPartition[]>): void {
    const what = `locate ${named(partitions)}`;
    this.#requests.send({ what, act: (brokers, answer) => answer(brokers.leaders.locate(partitions)) }, done);
  }

  listOffsets({ queries, isolation }: Request<"listOffsets">, done: Done<readonly PartitionOffset[]>): void {
    const what = `list offsets of ${named(queries)}`;
    this.#requests.send(
      { what, act: (brokers, answer) => answer(brokers.leaders.listOffsets(queries, isolation)) },
      done,
    );
  }

  fetch(request: FetchRequest, done: Done<readonly FetchedPartition[]>): void {
    const what = `fetch ${named(request.partitions)} from node ${request.node}`;
    this.#requests.send(
      { what, isRepeated: false, act: (brokers, answer) => brokers.leaders.fetch(request, answer) },
      done,
    );
  }

  committedOffsets(
    group: string,
    done: Done<readonly OffsetWithMetadata[]>,
    { waits = true }: { readonly waits?: boolean } = {},
  ): void {
    const what = `offsets of the group "${group}"`;
    const act = (brokers: Brokers, answer: (offsets: readonly OffsetWithMetadata[]) => void): void =>
      answer(brokers.coordinators.committedOffsets(group, { waits }));
    this.#requests.send({ what, act }, done);
  }

  commitOffsets({ group, offsets }: Request<"commitOffsets">, done: Done<void>): void {
    const what = `commit offsets of the group "${group}"`;
    this.#do({ what, act: (brokers) => brokers.coordinators.commitOffsets(group, offsets) }, done);
  }

  initProducer(request: InitProducerRequest, done: Done<ProducerIdentity>): void {
    const what = `initialise the producer "${request.transactional?.transactionalId ?? "without transactions"}"`;
    const act = (brokers: Brokers, answer: (identity: ProducerIdentity) => void): void =>
      answer(brokers.coordinators.initProducer(request));
    this.#requests.send(
      { what, lane: COORDINATOR, transactionalId: request.transactional?.transactionalId, act },
      done,
    );
  }

  addPartitions({ transaction, partitions }: Request<"addPartitions">, done: Done<void>): void {
    if (partitions.length === 0) return this.#nothing(done);
    const what = `add ${named(partitions)} to the transaction of ${who(transaction)}`;
    const act = (brokers: Brokers): void => brokers.coordinators.addPartitions(transaction, partitions);
    return this.#do({ what, transaction, act }, done);
  }

  produce(request: ProduceRequest, done: Done<void>): void {
    const { batches } = request;
    let left = batches.length;
    let error: MillraceError | undefined;
    if (left === 0) return this.#nothing(done);
    for (const batch of batches) {
      this.#produceOne(request, batch, (outcome) => {
        if (!outcome.ok) error ??= outcome.error;
        if (--left === 0) done(error === undefined ? succeeded(undefined) : failed(error));
      });
    }
  }

  addOffsets({ transaction, group, offsets }: Request<"addOffsets">, done: Done<void>): void {
    if (offsets.length === 0) return this.#nothing(done);
    const what = `add offsets of the group "${group}" to the transaction of ${who(transaction)}`;
    return this.#do(
      { what, transaction, act: (brokers) => brokers.coordinators.addOffsets(transaction, group, offsets) },
      done,
    );
  }

  endTransaction({ transaction, result }: Request<"endTransaction">, done: Done<void>): void {
    const what = `${result} the transaction of ${who(transaction)}`;
    this.#do({ what, transaction, act: (brokers) => brokers.coordinators.endTransaction(transaction, result) }, done);
  }

  listTransactions(prefix: string, done: Done<readonly ListedTransaction[] | undefined>): void {
    const what = `list transactions of "${prefix}"`;
    this.#requests.send(
      { what, act: (brokers, answer) => answer(brokers.coordinators.listTransactions(prefix)) },
      done,
    );
  }

  transactionTimeoutMaxMs(done: Done<number | undefined>): void {
    const what = "describe the brokers' settings";
    this.#requests.send({ what, act: (brokers, answer) => answer(brokers.options.timeoutMaxMs) }, done);
  }

  close(abandoned?: TransactionalProducer): Promise<void> {
    const given =
      abandoned === undefined
        ? Promise.resolve()
        : this.#requests.tryOnce({
            what: `abort the transaction of ${who(abandoned)}`,
            lane: COORDINATOR,
            act: (brokers, answer) => answer(brokers.coordinators.endTransaction(abandoned, "abort")),
          });
    this.#requests.close();
    return given;
  }

  /** Still not before the call has returned. */
  #nothing(done: Done<void>): void {
    this.#requests.sendBlindly({ what: "nothing", act: () => undefined }, done);
  }

  #do({ what, transaction, act }: Action, done: Done<void>): void {
    const { transactionalId } = transaction ?? {};
    this.#requests.send<void>(
      { what, transactionalId, lane: COORDINATOR, act: (brokers, answer) => answer(act(brokers)) },
      done,
    );
  }

  #produceOne({ transaction, acks }: ProduceRequest, batch: ProduceBatch, done: Done<void>): void {
    const place = placeOf(batch);
    const before = this.#unsettled.get(place) ?? 0;
    const request = {
      what: `produce into ${place}`,
      transactionalId: transaction?.transactionalId,
      lane: place,
      act: (brokers: Brokers, answer: (value: void) => void): void => answer(brokers.produce(batch, transaction)),
      // The batch before it may have got lost, and comes yet.
      repeatsAlso: ({ kind }: { readonly kind: string }) => kind === "OUT_OF_ORDER_SEQUENCE" && before > 0,
    };
    if (acks === "none") return this.#requests.sendBlindly(request, done);
    this.#unsettled.set(place, before + 1);
    return this.#requests.send<void>(request, (outcome) => {
      this.#unsettled.set(place, (this.#unsettled.get(place) ?? 1) - 1);
      done(outcome);
    });
  }
}

function named(partitions: readonly TopicPartition[]): string {
  return partitions.map(placeOf).join(", ");
}

function who({ transactionalId, producerId, epoch }: TransactionalProducer): string {
  return `"${transactionalId}" (producer ${producerId}, epoch ${epoch})`;
}
