/** How a simulated broker says no; and what that means to whoever uses a client. */
import {
  fenced,
  noSuchPartition,
  noSuchTransaction,
  outOfSequence,
  refused,
  unreachable,
} from "../../../connectors/kafka/client/errors.ts";
import type { MillraceError } from "../../../core/util/errors.ts";

/** By Kafka's names, in part: one word for each thing that a client does about it. */
export type RefusalKind =
  /** No answer, or a connection that broke. */
  | "NETWORK"
  | "NOT_LEADER"
  | "COORDINATOR_NOT_AVAILABLE"
  | "CONCURRENT_TRANSACTIONS"
  | "UNSTABLE_OFFSET_COMMIT"
  | "OUT_OF_ORDER_SEQUENCE"
  | "UNKNOWN_PARTITION"
  | "FENCED"
  | "INVALID_TXN_STATE"
  | "REFUSED";

/** Thrown within the brokers, caught where an answer is sent. */
export class BrokerRefusal extends Error {
  readonly kind: RefusalKind;
  /** What it is about, or a sentence. */
  readonly about: string;

  constructor(kind: RefusalKind, about: string) {
    super(`${kind}: ${about}`);
    this.name = "BrokerRefusal";
    this.kind = kind;
    this.about = about;
  }
}

const REPEATED: ReadonlySet<RefusalKind> = new Set<RefusalKind>([
  "NETWORK",
  "NOT_LEADER",
  "COORDINATOR_NOT_AVAILABLE",
  "CONCURRENT_TRANSACTIONS",
  "UNSTABLE_OFFSET_COMMIT",
]);

/** Whether a client sends the request once more. */
export function isRepeated({ kind }: BrokerRefusal): boolean {
  return REPEATED.has(kind);
}

/** As the contract of clients has it. `what`: the request, for people. `transactionalId`: of whom it was. */
export function errorOf(
  refusal: BrokerRefusal,
  { what, transactionalId }: { readonly what: string; readonly transactionalId?: string | undefined },
): MillraceError {
  const { kind, about } = refusal;
  switch (kind) {
    case "UNKNOWN_PARTITION":
      return noSuchPartition(about);
    case "FENCED":
      return transactionalId === undefined ? outOfSequence(about, refusal) : fenced(transactionalId, refusal);
    case "INVALID_TXN_STATE":
      return noSuchTransaction(transactionalId ?? about, refusal);
    case "OUT_OF_ORDER_SEQUENCE":
      return outOfSequence(about, refusal);
    case "REFUSED":
      return refused(about, refusal);
    case "NETWORK":
    case "NOT_LEADER":
    case "COORDINATOR_NOT_AVAILABLE":
    case "CONCURRENT_TRANSACTIONS":
    case "UNSTABLE_OFFSET_COMMIT":
      return unreachable(`the simulated brokers did not do it in time: ${what} (${kind} ${about})`, refusal);
  }
}
