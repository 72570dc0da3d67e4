/**
 * How source and sink are told where their cluster is: one set of options for both, checked once, while the graph is built.
 *
 * In:    options. Out: a function that makes clients, each with its own name. State: none.
 */
import { toPositiveMs } from "../../../core/util/duration.ts";
import type { Duration } from "../../../core/util/duration.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import type { KafkaClient, KafkaClientFactory, KafkaSecurity } from "./kafka-client.ts";
import { kafkajsClient } from "./kafkajs/kafkajs-client.ts";

export interface KafkaConnection extends KafkaSecurity {
  /** `host:port`, several with commas between or as an array; one is enough to find the others. */
  readonly bootstrapServers: string | readonly string[];
  /** What brokers call us in their logs and quotas; the subtask's number follows. Default: `"millrace"`. */
  readonly clientIdPrefix?: string;
  /** Of one request. Default: 30 s. */
  readonly requestTimeout?: Duration;
  /** How long a request is repeated while brokers fail, move or are away; then the job fails, and its restart tries again. Default: 60 s. */
  readonly retryFor?: Duration;
  /** Who speaks to the brokers: `SimulatedKafka` of `millrace/testing`, or a client of your own. Default: kafkajs 2.2.4, which must be installed. */
  readonly client?: KafkaClientFactory;
}

const REQUEST_TIMEOUT_MS = 30_000;
const RETRY_FOR_MS = 60_000;

/** `owner`: for errors, such as `kafkaSink`. Errors: `MR6411` the servers are no servers. */
export function clientsFor(owner: string, connection: KafkaConnection): (name: string) => KafkaClient {
  const { clientIdPrefix = "millrace", ssl, sasl, client = kafkajsClient } = connection;
  const bootstrapServers = serversOf(owner, connection.bootstrapServers);
  const requestTimeoutMs = msOf(connection.requestTimeout, "requestTimeout", REQUEST_TIMEOUT_MS);
  const retryForMs = msOf(connection.retryFor, "retryFor", RETRY_FOR_MS);
  return (name) =>
    client({
      bootstrapServers,
      clientId: `${clientIdPrefix}-${name}`,
      requestTimeoutMs,
      retryForMs,
      ...(ssl === undefined ? {} : { ssl }),
      ...(sasl === undefined ? {} : { sasl }),
    });
}

function msOf(duration: Duration | undefined, name: string, byDefault: number): number {
  return duration === undefined ? byDefault : toPositiveMs(duration, name);
}

function serversOf(owner: string, given: unknown): readonly string[] {
  const list: readonly unknown[] =
    typeof given === "string" ? given.split(",") : Array.isArray(given) ? given : [given];
  const servers = list.map((server) => (typeof server === "string" ? server.trim() : ""));
  if (servers.length > 0 && servers.every((server) => /^[^\s:]+:\d{1,5}$|^\[[^\]]+\]:\d{1,5}$/.test(server)))
    return servers;
  throw new MillraceError(
    "MR6411",
    `the bootstrapServers of ${owner} are one or more "host:port", but are ${JSON.stringify(given) ?? "undefined"}`,
    { retryable: false },
  );
}
