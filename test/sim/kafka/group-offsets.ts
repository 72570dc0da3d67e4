/**
 * The offsets of one consumer group, as its coordinator keeps them: those that count, and those of transactions that are not over.
 *
 * In:    commits, plain or in a transaction; ends of transactions. Out: offsets with metadata. State: both. Among two commits for a partition the later one counts, whichever
 *        became visible later.
 */
import type { OffsetWithMetadata } from "../../../connectors/kafka/client/kafka-client.ts";
import { BrokerRefusal } from "./refusal.ts";

interface Committed extends OffsetWithMetadata {
  readonly order: number;
}

type ByPartition = ReadonlyMap<string, Committed>;

const METADATA_BYTES_MAX = 4_096;

export class GroupOffsets {
  #committed: Map<string, Committed> = new Map<string, Committed>();
  /** By producer. */
  #pending: Map<number, ByPartition> = new Map<number, ByPartition>();
  #order = 0;

  copy(): GroupOffsets {
    const group = new GroupOffsets();
    group.#committed = new Map(this.#committed);
    group.#pending = new Map(this.#pending);
    group.#order = this.#order;
    return group;
  }

  commit(offsets: readonly OffsetWithMetadata[]): void {
    check(offsets);
    for (const offset of offsets) this.#keep({ ...offset, order: ++this.#order });
  }

  /** To count when the producer's transaction is committed. */
  commitInTransaction(producerId: number, offsets: readonly OffsetWithMetadata[]): void {
    check(offsets);
    const pending = new Map(this.#pending.get(producerId));
    for (const offset of offsets) pending.set(keyOf(offset), { ...offset, order: ++this.#order });
    this.#pending.set(producerId, pending);
  }

  transactionEnded(producerId: number, result: "commit" | "abort"): void {
    const pending = this.#pending.get(producerId);
    this.#pending.delete(producerId);
    if (result === "commit") for (const committed of pending?.values() ?? []) this.#keep(committed);
  }

  /** Throws while a transaction with offsets of this group is not over: it could change what is asked for. */
  stable(group: string): readonly OffsetWithMetadata[] {
    if ([...this.#pending.values()].some(({ size }) => size > 0))
      throw new BrokerRefusal("UNSTABLE_OFFSET_COMMIT", `group "${group}"`);
    return this.committed();
  }

  committed(): readonly OffsetWithMetadata[] {
    return [...this.#committed.values()].map(({ topic, partition, offset, metadata }) => ({
      topic,
      partition,
      offset,
      metadata,
    }));
  }

  #keep(committed: Committed): void {
    const key = keyOf(committed);
    if ((this.#committed.get(key)?.order ?? 0) < committed.order) this.#committed.set(key, committed);
  }
}

function check(offsets: readonly OffsetWithMetadata[]): void {
  const large = offsets.find(({ metadata }) => Buffer.byteLength(metadata) > METADATA_BYTES_MAX);
  if (large === undefined) return;
  throw new BrokerRefusal(
    "REFUSED",
    `the metadata of the offset of ${keyOf(large)} is larger than ${METADATA_BYTES_MAX} bytes`,
  );
}

function keyOf({ topic, partition }: OffsetWithMetadata): string {
  return `${topic}-${partition}`;
}
