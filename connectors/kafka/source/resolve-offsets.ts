/**
 * What "latest", a time or "where the group is" means for given partitions: a number each, found out once.
 *
 * In:    partitions, and what the user said. Out: an offset for each, by the ids of splits; at once where nobody need be asked. State: none.
 */
import { failed, succeeded } from "../../../core/util/outcome.ts";
import type { Done } from "../../../core/util/outcome.ts";
import type { Isolation, KafkaClient, OffsetQuery, TopicPartition } from "../client/kafka-client.ts";
import { nothingCommitted } from "./errors.ts";
import type { KafkaOffsets, OffsetsByPartition } from "./offsets.ts";
import { splitIdOf } from "./splits.ts";

interface ResolveRequest {
  readonly client: KafkaClient;
  readonly isolation: Isolation;
  /** There, if `offsets` are those of a group. */
  readonly groupId: string | undefined;
  readonly partitions: readonly TopicPartition[];
  readonly offsets: KafkaOffsets;
}

/** By the ids of splits. */
export type Offsets = ReadonlyMap<string, number>;

export function resolveOffsets(request: ResolveRequest, done: Done<Offsets>): void {
  const { offsets, groupId = "" } = request;
  switch (offsets.at) {
    case "earliest":
    case "latest":
      return complete(request, { known: new Map(), at: offsets.at }, done);
    case "timestamp":
      return complete(request, { known: new Map(), at: { timestampMs: offsets.timestampMs } }, done);
    case "offsets":
      return complete(
        request,
        { known: offsetsOf(offsetsNamed(offsets.offsets)), at: offsets.reset ?? "earliest" },
        done,
      );
    case "committed":
      request.client.committedOffsets(groupId, (outcome) => {
        if (!outcome.ok) return done(outcome);
        const known = offsetsOf(outcome.value);
        const without = request.partitions.filter((partition) => !known.has(splitIdOf(partition)));
        if (without.length > 0 && offsets.reset === undefined) done(failed(nothingCommitted(groupId, without)));
        else complete(request, { known, at: offsets.reset ?? "earliest" }, done);
      });
  }
}

interface PartitionAt extends TopicPartition {
  readonly offset: number;
}

export function offsetsNamed(offsets: OffsetsByPartition): PartitionAt[] {
  return Object.entries(offsets).flatMap(([topic, byPartition]) =>
    Object.entries(byPartition).map(([partition, offset]) => ({ topic, partition: Number(partition), offset })),
  );
}

function offsetsOf(partitions: readonly PartitionAt[]): Offsets {
  return new Map(partitions.map((partition) => [splitIdOf(partition), partition.offset]));
}

/** Asks the cluster for those that are not known yet. */
function complete(
  { client, isolation, partitions }: ResolveRequest,
  { known, at }: { readonly known: Offsets; readonly at: OffsetQuery["at"] },
  done: Done<Offsets>,
): void {
  const own = partitions.flatMap((partition) => {
    const offset = known.get(splitIdOf(partition));
    return offset === undefined ? [] : [{ ...partition, offset }];
  });
  const queries = partitions
    .filter((partition) => !known.has(splitIdOf(partition)))
    .map(({ topic, partition }) => ({ topic, partition, at }));
  if (queries.length === 0) return done(succeeded(offsetsOf(own)));
  client.listOffsets({ queries, isolation }, (outcome) =>
    done(outcome.ok ? succeeded(offsetsOf([...own, ...outcome.value])) : outcome),
  );
}
