/**
 * What a broker's error numbers mean for us: whether to ask again, whom, and otherwise what the caller is told.
 *
 * In: numbers from answers, and what kafkajs throws. Out: a `Meaning`. The numbers are those of Kafka's protocol; those that no request of ours can meet are left out.
 */

export type Meaning =
  /** Ask again, the same broker: it will pass. */
  | "again"
  /** Ask again, and find out first whom: leader or coordinator is another, or nobody, or does not answer. */
  | "moved"
  /** As `moved`, for a few seconds: a new topic is not known everywhere at once. */
  | "unknown-topic"
  | "not-allowed"
  | "fenced"
  | "over"
  /** The broker has the batch already. */
  | "duplicate"
  | "out-of-sequence"
  | "out-of-range"
  | "too-old"
  | "refused";

const KNOWN: readonly (readonly [number, string, Meaning])[] = [
  [-1, "UNKNOWN_SERVER_ERROR", "again"],
  [1, "OFFSET_OUT_OF_RANGE", "out-of-range"],
  [2, "CORRUPT_MESSAGE", "again"],
  [3, "UNKNOWN_TOPIC_OR_PARTITION", "unknown-topic"],
  [5, "LEADER_NOT_AVAILABLE", "moved"],
  [6, "NOT_LEADER_OR_FOLLOWER", "moved"],
  [7, "REQUEST_TIMED_OUT", "again"],
  [8, "BROKER_NOT_AVAILABLE", "moved"],
  [9, "REPLICA_NOT_AVAILABLE", "moved"],
  [10, "MESSAGE_TOO_LARGE", "refused"],
  [12, "OFFSET_METADATA_TOO_LARGE", "refused"],
  [13, "NETWORK_EXCEPTION", "moved"],
  [14, "COORDINATOR_LOAD_IN_PROGRESS", "again"],
  [15, "COORDINATOR_NOT_AVAILABLE", "moved"],
  [16, "NOT_COORDINATOR", "moved"],
  [17, "INVALID_TOPIC_EXCEPTION", "unknown-topic"],
  [18, "RECORD_LIST_TOO_LARGE", "refused"],
  [19, "NOT_ENOUGH_REPLICAS", "again"],
  [20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "again"],
  [21, "INVALID_REQUIRED_ACKS", "refused"],
  [22, "ILLEGAL_GENERATION", "refused"],
  [24, "INVALID_GROUP_ID", "refused"],
  [25, "UNKNOWN_MEMBER_ID", "refused"],
  [28, "INVALID_COMMIT_OFFSET_SIZE", "refused"],
  [29, "TOPIC_AUTHORIZATION_FAILED", "not-allowed"],
  [30, "GROUP_AUTHORIZATION_FAILED", "not-allowed"],
  [31, "CLUSTER_AUTHORIZATION_FAILED", "not-allowed"],
  [32, "INVALID_TIMESTAMP", "refused"],
  [33, "UNSUPPORTED_SASL_MECHANISM", "not-allowed"],
  [34, "ILLEGAL_SASL_STATE", "not-allowed"],
  [35, "UNSUPPORTED_VERSION", "too-old"],
  [42, "INVALID_REQUEST", "refused"],
  [43, "UNSUPPORTED_FOR_MESSAGE_FORMAT", "refused"],
  [44, "POLICY_VIOLATION", "refused"],
  [45, "OUT_OF_ORDER_SEQUENCE_NUMBER", "out-of-sequence"],
  [46, "DUPLICATE_SEQUENCE_NUMBER", "duplicate"],
  [47, "INVALID_PRODUCER_EPOCH", "fenced"],
  [48, "INVALID_TXN_STATE", "over"],
  [49, "INVALID_PRODUCER_ID_MAPPING", "over"],
  [50, "INVALID_TRANSACTION_TIMEOUT", "refused"],
  [51, "CONCURRENT_TRANSACTIONS", "again"],
  [52, "TRANSACTION_COORDINATOR_FENCED", "moved"],
  [53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "not-allowed"],
  [54, "SECURITY_DISABLED", "not-allowed"],
  [55, "OPERATION_NOT_ATTEMPTED", "again"],
  [56, "KAFKA_STORAGE_ERROR", "moved"],
  [58, "SASL_AUTHENTICATION_FAILED", "not-allowed"],
  [59, "UNKNOWN_PRODUCER_ID", "over"],
  [65, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", "not-allowed"],
  [72, "LISTENER_NOT_FOUND", "moved"],
  [74, "FENCED_LEADER_EPOCH", "moved"],
  [75, "UNKNOWN_LEADER_EPOCH", "moved"],
  [76, "UNSUPPORTED_COMPRESSION_TYPE", "refused"],
  [78, "OFFSET_NOT_AVAILABLE", "again"],
  [87, "INVALID_RECORD", "refused"],
  [88, "UNSTABLE_OFFSET_COMMIT", "again"],
  [89, "THROTTLING_QUOTA_EXCEEDED", "again"],
  [90, "PRODUCER_FENCED", "fenced"],
  [100, "UNKNOWN_TOPIC_ID", "unknown-topic"],
  [103, "INCONSISTENT_TOPIC_ID", "unknown-topic"],
  [120, "TRANSACTION_ABORTABLE", "over"],
];

const BY_NUMBER: ReadonlyMap<number, readonly [number, string, Meaning]> = new Map(KNOWN.map((row) => [row[0], row]));

export const LEADER_NOT_AVAILABLE = 5;
export const UNKNOWN_TOPIC_OR_PARTITION = 3;

/** A broker's answer that is an error. `subject`: what it is about, such as `topic "a"`. */
export class BrokerError extends Error {
  readonly meaning: Meaning;
  readonly subject: string;

  constructor(errorNumber: number, subject: string) {
    const [, name, meaning] = BY_NUMBER.get(errorNumber) ?? [errorNumber, `error ${errorNumber}`, "refused"];
    super(`${subject}: the broker answers ${name}`);
    this.name = "BrokerError";
    this.meaning = meaning;
    this.subject = subject;
  }
}

/** The connection is gone, or was never made. */
export class ConnectionLost extends Error {
  constructor(broker: string, reason: string, cause?: unknown) {
    super(`broker ${broker}: ${reason}`, cause === undefined ? undefined : { cause });
    this.name = "ConnectionLost";
  }
}

export function meaningOf(errorNumber: number): Meaning {
  return BY_NUMBER.get(errorNumber)?.[2] ?? "refused";
}

/** Of a connection that TLS refuses: no repetition mends a certificate. */
const TLS_CODE =
  /^(?:ERR_TLS_|CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY|DECRYPT|DECODE)|INVALID_CA|HOSTNAME_MISMATCH)/;

/** What something thrown means, whoever threw it; undefined: it is no answer of a broker, but a mistake here. */
export function meaningOfThrown(thrown: unknown): Meaning | undefined {
  if (thrown instanceof BrokerError) return thrown.meaning;
  if (thrown instanceof ConnectionLost) return hasTlsCode(thrown.cause) ? "not-allowed" : "moved";
  const { name, code } = thrownFields(thrown);
  if (name === "KafkaJSSASLAuthenticationError") return "not-allowed";
  if (name === "KafkaJSConnectionError" || name === "KafkaJSConnectionClosedError") {
    return hasTlsCode(thrown) ? "not-allowed" : "moved";
  }
  if (name === "KafkaJSRequestTimeoutError" || name === "KafkaJSLockTimeout") return "moved";
  if (name === "KafkaJSProtocolError") return typeof code === "number" ? meaningOf(code) : "refused";
  return undefined;
}

function hasTlsCode(thrown: unknown): boolean {
  const { code } = thrownFields(thrown);
  return typeof code === "string" && TLS_CODE.test(code);
}

function thrownFields(thrown: unknown): { readonly name?: unknown; readonly code?: unknown } {
  return typeof thrown === "object" && thrown !== null ? thrown : {};
}
