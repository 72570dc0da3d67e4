/** Producers and their transactions, as the coordinator of the transactional id keeps them. Each of these may be repeated without harm. */
import type {
  InitProducerRequest,
  OffsetWithMetadata,
  ProducerIdentity,
  TopicPartition,
  TransactionalProducer,
  ListedTransaction,
} from "../kafka-client.ts";
import { BrokerError, LEADER_NOT_AVAILABLE, meaningOf } from "./broker-errors.ts";
import type { Cluster } from "./cluster.ts";
import { failOnError } from "./groups.ts";
import { initProducerRequest, LIST_TRANSACTIONS, listTransactionsRequest } from "./our-requests.ts";

export async function initProducer(cluster: Cluster, request: InitProducerRequest): Promise<ProducerIdentity> {
  const { transactional } = request;
  const exchange = initProducerRequest(transactional);
  const { errorNumber, producerId, epoch } = await (transactional === undefined
    ? cluster.askAny(exchange)
    : cluster.askCoordinator("transaction", transactional.transactionalId, exchange));
  if (errorNumber !== 0) throw new BrokerError(errorNumber, "a producer id");
  return { producerId, epoch };
}

export async function addPartitions(
  cluster: Cluster,
  transaction: TransactionalProducer,
  partitions: readonly TopicPartition[],
): Promise<void> {
  if (partitions.length === 0) return;
  const exchange = cluster.requests.addPartitions(transaction, partitions);
  const { errors } = await cluster.askCoordinator("transaction", transaction.transactionalId, exchange);
  failOnError(errors.map(({ topic, partitionErrors }) => ({ topic, partitions: partitionErrors })));
}

export async function addOffsets(
  cluster: Cluster,
  transaction: TransactionalProducer,
  group: string,
  offsets: readonly OffsetWithMetadata[],
): Promise<void> {
  if (offsets.length === 0) return;
  const { transactionalId } = transaction;
  const added = await cluster.askCoordinator(
    "transaction",
    transactionalId,
    cluster.requests.addOffsets(transaction, group),
  );
  if (added.errorCode !== 0) throw new BrokerError(added.errorCode, `group "${group}"`);
  const exchange = cluster.requests.transactionalOffsetCommit(transaction, group, offsets);
  failOnError((await cluster.askCoordinator("group", group, exchange)).topics);
}

export async function endTransaction(
  cluster: Cluster,
  transaction: TransactionalProducer,
  result: "commit" | "abort",
): Promise<void> {
  const { transactionalId } = transaction;
  const exchange = cluster.requests.endTransaction(transaction, result === "commit");
  const { errorCode } = await cluster.askCoordinator("transaction", transactionalId, exchange);
  if (errorCode !== 0) throw new BrokerError(errorCode, `transactional id "${transactionalId}"`);
}

/** As the protocol names them; the last one is of Kafka 4 and unknown before, which does no harm. */
const OPEN_STATES = ["Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"];

/** Where brokers keep transactional ids: who leads a partition of it answers for the ids in there. */
const ID_TOPIC = "__transaction_state";

/** Who answers for which ids; empty if there are none yet, or if one may not ask. */
async function coordinators(cluster: Cluster): Promise<string> {
  const { topicMetadata } = await cluster.metadata([ID_TOPIC]);
  const partitions = topicMetadata.flatMap((topic) => (topic.topicErrorCode === 0 ? topic.partitionMetadata : []));
  const homeless = partitions.find(({ leader }) => !cluster.knows(leader));
  if (homeless !== undefined) throw new BrokerError(LEADER_NOT_AVAILABLE, `${ID_TOPIC}-${homeless.partitionId}`);
  return partitions.map(({ partitionId, leader }) => `${partitionId}:${leader}`).join();
}

/** Each coordinator knows its own, so all brokers are asked; if one cannot answer, or ids move from one to another meanwhile, all are asked again. */
export async function listTransactions(
  cluster: Cluster,
  prefix: string,
): Promise<readonly ListedTransaction[] | undefined> {
  const before = await coordinators(cluster);
  const nodes = cluster.nodes();
  const known = await Promise.all(nodes.map((node) => cluster.speaks(node, LIST_TRANSACTIONS)));
  if (known.includes(false)) return undefined;
  const answers = await Promise.all(nodes.map((node) => cluster.ask(node, listTransactionsRequest())));
  if ((await coordinators(cluster)) !== before) throw new BrokerError(LEADER_NOT_AVAILABLE, ID_TOPIC);
  return answers.flatMap(({ errorNumber, transactions }) => {
    if (errorNumber !== 0) throw new BrokerError(errorNumber, "the list of transactions");
    return transactions
      .filter(({ transactionalId }) => transactionalId.startsWith(prefix))
      .map(({ transactionalId, state }) => ({ transactionalId, isOpen: OPEN_STATES.includes(state) }));
  });
}

const TIMEOUT_MAX = "transaction.max.timeout.ms";

/** Undefined also where one may not ask. */
export async function transactionTimeoutMaxMs(cluster: Cluster): Promise<number | undefined> {
  await cluster.metadata([]);
  const [node] = cluster.nodes();
  if (node === undefined) return undefined;
  const { resources } = await cluster.ask(node, cluster.requests.describeBroker(node, [TIMEOUT_MAX]));
  const [resource] = resources;
  if (resource === undefined || meaningOf(resource.errorCode) === "not-allowed") return undefined;
  if (resource.errorCode !== 0) throw new BrokerError(resource.errorCode, `the settings of broker ${node}`);
  const text = resource.configEntries.find(({ configName }) => configName === TIMEOUT_MAX)?.configValue ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
