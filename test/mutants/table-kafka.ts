/**
 * Planted bugs in the Kafka sink and source, hunted in jobs from Kafka to Kafka.
 *
 * Left out, since nobody could see them there: ids of the restored state not taken over (the brokers list them too); an id free once some checkpoint does not hold it any more, though that one has
 * not completed (whoever commits again asks the witness, which says that it was committed); a witness that a flush does not wait for, or that is believed where it must not be (it is asked only
 * where a commit is refused, and in these jobs no transaction is lost).
 */
import type { Mutant } from "./mutant.ts";

const EARLIER = "connectors/kafka/sink/earlier-ids.ts";
const COMMITTER = "connectors/kafka/sink/committer.ts";
const POOL = "connectors/kafka/sink/id-pool.ts";
const SUCCESSION = "connectors/kafka/sink/succession.ts";
const TRANSACTIONS = "connectors/kafka/sink/transactions.ts";
const SENDER = "connectors/kafka/sink/sender.ts";
const WRITER = "connectors/kafka/sink/writer.ts";
const LANE = "connectors/kafka/sink/lane.ts";
const ENUMERATOR = "connectors/kafka/source/enumerator.ts";
const ASSIGNMENT = "connectors/kafka/source/assignment.ts";
const PARTITION = "connectors/kafka/source/read-partition.ts";

const SINK: readonly Omit<Mutant, "arena">[] = [
  {
    id: "kafka-aborted-on-restore",
    file: COMMITTER,
    find: `    this.#client = client;`,
    replace: `    this.#client =
      ctx.attempt === 0
        ? client
        : ({
            endTransaction: (request, done) => client.endTransaction({ ...request, result: "abort" }, done),
            committedOffsets: (group, done) => client.committedOffsets(group, done),
            close: () => client.close(),
          } as KafkaClient);`,
    about: "attempts after the first abort what they should commit",
  },
  {
    id: "kafka-committed-at-the-barrier",
    file: WRITER,
    find: `    if (committable === undefined) return [];
`,
    replace: `    if (committable === undefined) return [];
    this.#client.endTransaction({ transaction: committable, result: "commit" }, () => undefined);
`,
    about: "a transaction is committed at its barrier, before the checkpoint completes",
  },
  {
    id: "kafka-id-free-at-once",
    file: POOL,
    find: `    this.#ids[number] = { kind: "prepared", known };`,
    replace: `    this.#ids[number] = { kind: "free", known };`,
    about: "an id whose transaction waits for its checkpoint is used for the next one",
  },
  {
    id: "kafka-id-free-before-its-commit",
    file: POOL,
    find: `if (state.kind !== "prepared" || saved.uncommitted.includes(this.#text(number))) continue;`,
    replace: `if (state.kind !== "prepared") continue;`,
    about: "an id is used again as soon as its checkpoint has completed, though its commit is not confirmed",
  },
  {
    id: "kafka-one-name-for-all-attempts",
    file: "connectors/kafka/sink/sink-state.ts",
    find: `return \`\${prefix}-\${subtask}-\${job}.\${masterToken}.\${attempt}-\${number}\`;`,
    replace: `return \`\${prefix}-\${subtask}-\${job}.\${masterToken}.\${attempt * 0}-\${number}\`;`,
    about: "all attempts of a subtask use the same ids",
  },
  {
    id: "kafka-older-epoch-committed",
    file: COMMITTER,
    find: `const transaction = { transactionalId, producerId, epoch };`,
    replace: `const transaction = { transactionalId, producerId, epoch: Math.max(0, epoch - 1) };`,
    about: "the transaction before is committed, of an older epoch",
  },
  {
    id: "kafka-second-pending-lost",
    file: COMMITTER,
    find: `for (const request of requests) await`,
    replace: `for (const request of requests.slice(0, 1)) await`,
    about: "of several transactions of one checkpoint only the first is committed",
  },
  {
    id: "kafka-lingering-forgotten",
    file: SUCCESSION,
    find: `this.takeOver(ids, done)`,
    replace: `this.takeOver(ids.slice(0, 0), done)`,
    about: "transactions that an earlier attempt has left open stay open",
  },
  {
    id: "kafka-lingering-of-the-gone-forgotten",
    file: EARLIER,
    find: `return subtask % parallelism === owner.subtask;`,
    replace: `return subtask === owner.subtask;`,
    about: "transactions of subtasks that are no more stay open",
  },
  {
    id: "kafka-listed-forgotten",
    file: EARLIER,
    find: `[...restoredIds(options), ...known]`,
    replace: `[...restoredIds(options)]`,
    about: "ids that only the brokers know are not taken over",
  },
  {
    id: "kafka-restored-taken-over",
    file: EARLIER,
    find: `(uncommitted.has(text) ? [] : [id])`,
    replace: `(text === "" ? [] : [id])`,
    about: "ids with restored transactions are taken over at the start, which aborts them",
  },
  {
    id: "kafka-revenant-not-refused",
    file: TRANSACTIONS,
    find: `if (known === undefined) this.#ownership.confirm(() => this.#read(taken, identity));`,
    replace: `if (known === undefined) this.#read(taken, identity);`,
    about: "whoever was believed dead may begin a transaction under an id that its successor has not seen",
    waits:
      "an attempt whose request for a new id is under way while its successor lists, and which is there to hear the answer: here it hears of its end before; test/kafka/revenant.test.ts does it by hand",
  },
  {
    id: "kafka-owners-of-the-gone-forgotten",
    file: SUCCESSION,
    find: `const owners = earlierOwners({ ...this.#options, listed });`,
    replace: `const owners = earlierOwners({ ...this.#options, listed }).slice(0, 0);`,
    about: "attempts of subtasks that are no more, believed dead, are not refused",
    waits: "the same; test/kafka/revenant.test.ts and test/connectors/kafka/sink do it by hand",
  },
  {
    id: "kafka-later-not-noticed",
    file: SUCCESSION,
    find: `if (later === undefined) then(known);`,
    replace: `if (later !== "") then(known);`,
    about: "an attempt that begins after its successor goes on",
    waits: "the same; test/kafka/revenant.test.ts and test/connectors/kafka/sink do it by hand",
  },
  {
    id: "kafka-closed-forgotten",
    file: EARLIER,
    find: `return isOpen || !hasBeenSucceeded(id, restored) ? [id] : [];`,
    replace: `return isOpen ? [id] : [];`,
    about: "only ids with an open transaction are taken over, and whoever has the others may begin one",
    waits: "the same; test/kafka/revenant.test.ts and test/connectors/kafka/sink do it by hand",
  },
  {
    id: "kafka-state-split",
    file: "connectors/kafka/sink/sink.ts",
    find: `writerState: "union",`,
    replace: `writerState: "split",`,
    about: "a subtask knows only a part of what is still to be committed",
  },
  {
    id: "kafka-flush-does-not-wait",
    file: SENDER,
    find: `if (flushed === undefined || this.#underWay > 0 || `,
    replace: `if (flushed === undefined || `,
    about: "a flush does not wait for batches that are under way",
  },
  {
    id: "kafka-sequence-stands-still",
    file: SENDER,
    find: `      lane.sequence = (lane.sequence + builder.count) % 0x8000_0000;
`,
    replace: ``,
    about: "each batch of a producer begins with sequence number 0",
  },
  {
    id: "kafka-sequence-goes-on",
    file: LANE,
    find: `    this.sequence = 0;
    this.isAdded`,
    replace: `    this.isAdded`,
    about: "sequence numbers go on where another producer ended",
  },
  {
    id: "kafka-partition-not-added",
    file: LANE,
    find: `    this.isAdded = false;
`,
    replace: ``,
    about: "a partition is added to the first transaction only",
  },
];

const SOURCE: readonly Omit<Mutant, "arena">[] = [
  {
    id: "kafka-last-record-again",
    file: PARTITION,
    find: `offset: this.position };`,
    replace: `offset: Math.max(0, this.position - 1) };`,
    about: "a restored partition begins one offset too early",
  },
  {
    id: "kafka-first-record-skipped",
    file: PARTITION,
    find: `offset: this.position };`,
    replace: `offset: this.position + 1 };`,
    about: "a restored partition begins one offset too late",
  },
  {
    id: "kafka-fetched-counts-as-read",
    file: PARTITION,
    find: `return this.#chunks[0]?.cursor.position ?? this.#position;`,
    replace: `return this.fetchFrom;`,
    about: "a checkpoint has the offset up to which was fetched, not read",
  },
  {
    id: "kafka-restored-offset-ignored",
    file: "connectors/kafka/source/reader.ts",
    find: `new ReadPartition<T>(split);`,
    replace: `new ReadPartition<T>({ ...split, offset: 0 });`,
    about: "restored partitions are read from their beginning",
  },
  {
    id: "kafka-aborted-shown",
    file: "connectors/kafka/source/fetcher.ts",
    find: `aborted: fetched.aborted });`,
    replace: `aborted: [] });`,
    about: "records of aborted transactions are read",
  },
  {
    id: "kafka-lost-splits-forgotten",
    file: ASSIGNMENT,
    find: `    this.#waiting.push(...splits.map((split) => ({ split, owner: reader })));`,
    replace: `    this.#waiting.push(...splits.slice(1).map((split) => ({ split, owner: reader })));`,
    about: "of the partitions that a lost reader had been given, one is forgotten",
    waits: "a job in which a reader starts again without the others, and without the enumerator: behind `keyBy` all do",
  },
  {
    id: "kafka-found-again",
    file: ENUMERATOR,
    find: `for (const { splitId } of splits) this.#known.add(splitId);`,
    replace: `for (const { splitId } of splits.slice(1)) this.#known.add(splitId);`,
    about: "a partition counts as new with each search",
  },
  {
    id: "kafka-new-from-latest",
    file: ENUMERATOR,
    find: `this.#started ? ({ at: "earliest" } as const) : settings.start;`,
    replace: `this.#started ? ({ at: "latest" } as const) : settings.start;`,
    about: "a partition that appears while the job runs is read from its latest offset",
  },
  {
    id: "kafka-pending-not-saved",
    file: ENUMERATOR,
    find: `pending: this.#assignment.pending };`,
    replace: `pending: [] };`,
    about: "partitions that no reader has yet are in no checkpoint",
    waits: "a checkpoint that completes although a reader has not yet said what it holds",
  },
  {
    id: "kafka-known-not-restored",
    file: ENUMERATOR,
    find: `new Set(restored?.known.filter((id) => covers(settings.subscription, partitionOf(id))));`,
    replace: `new Set(restored?.known.filter((id) => covers(settings.subscription, partitionOf(id))).slice(1));`,
    about: "a partition that is read already is found anew after a restore",
  },
];

export const KAFKA_MUTANTS: readonly Mutant[] = [...SINK, ...SOURCE].map((mutant) => ({ ...mutant, arena: "kafka" }));
