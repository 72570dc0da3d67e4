/**
 * Goal:   the Kafka source emits each record that a reader may see exactly once, in the order of its partition, and ends where it should.
 * Method: random logs with transactions that commit, abort or stay open, markers, empty batches and gaps; fetched in bytes of random number, answered in random
 *         order, by leaders that move; read in polls of random length; now and then the harness is thrown away and a new one starts from a snapshot, at another
 *         parallelism. The model follows the log record by record.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
// covers: connectors/kafka/source/reader.ts
// covers: connectors/kafka/source/read-partition.ts
// covers: connectors/kafka/source/fetcher.ts
// covers: connectors/kafka/source/fetch-plan.ts
// covers: connectors/kafka/source/open-answers.ts
// covers: connectors/kafka/source/emitter.ts
// covers: connectors/kafka/source/kafka-record.ts
// covers: connectors/kafka/source/enumerator.ts
// covers: connectors/kafka/source/assignment.ts
// covers: connectors/kafka/source/resolve-offsets.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Isolation } from "../../../../connectors/kafka/client/kafka-client.ts";
import type { KafkaSplit } from "../../../../connectors/kafka/source/splits.ts";
import { replay } from "../../../harness/replay.ts";
import { bySplit, harnessOf, runToEnd, saved, settle } from "./drive.ts";
import type { KafkaHarness, KafkaSnapshot } from "./drive.ts";
import { FakeKafka } from "./fake-client.ts";
import type { FakeLog } from "./fake-log.ts";

const write = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("append" as const),
      records: fc.integer({ min: 1, max: 4 }),
      producerId: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      gap: fc.constantFrom(0, 0, 0, 1, 3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant("finish" as const),
      producerId: fc.integer({ min: 1, max: 3 }),
      result: fc.constantFrom("commit" as const, "abort" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("empty" as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("skip" as const), count: fc.integer({ min: 1, max: 3 }) }) },
);
type Write = typeof write extends fc.Arbitrary<infer W> ? W : never;

interface Expected {
  readonly offset: number;
  readonly value: string;
  state: "visible" | "aborted" | "open";
}

/** Follows the log in the plainest way. */
class Model {
  readonly records: Expected[] = [];
  readonly #open = new Map<number, Expected[]>();

  apply(log: FakeLog, name: string, step: Write): void {
    if (step.what === "skip") return log.skip(step.count);
    if (step.what === "empty") return log.append([], { gap: step.count });
    if (step.what === "finish") {
      const result = step.result === "commit" ? "visible" : "aborted";
      for (const record of this.#open.get(step.producerId) ?? []) record.state = result;
      this.#open.delete(step.producerId);
      return log.finish(step.producerId, step.result);
    }
    const { producerId, gap } = step;
    const fresh = Array.from({ length: step.records }, (_, index): Expected => {
      const offset = log.end + index;
      return { offset, value: `${name}@${offset}`, state: producerId === undefined ? "visible" : "open" };
    });
    this.records.push(...fresh);
    if (producerId !== undefined) this.#open.set(producerId, [...(this.#open.get(producerId) ?? []), ...fresh]);
    log.append(
      fresh.map(({ value }) => ({ key: null, value })),
      { ...(producerId === undefined ? {} : { producerId }), gap },
    );
  }

  values(isolation: Isolation): string[] {
    if (isolation === "read_uncommitted") return this.records.map(({ value }) => value);
    const firstOpen = this.records.find(({ state }) => state === "open")?.offset ?? Infinity;
    return this.records
      .filter(({ state, offset }) => state === "visible" && offset < firstOpen)
      .map(({ value }) => value);
  }
}

const bytesMax = fc.constantFrom(1, 70, 150, 400, 5_000);
const plan = fc.record({
  logs: fc.array(fc.array(write, { maxLength: 25 }), { minLength: 1, maxLength: 4 }),
  later: fc.array(fc.array(write, { maxLength: 10 }), { maxLength: 4 }),
  isolation: fc.constantFrom<Isolation>("read_committed", "read_uncommitted"),
  nodes: fc.integer({ min: 1, max: 2 }),
  restarts: fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 3 })), { maxLength: 3 }),
  recordsMax: fc.integer({ min: 1, max: 10 }),
  busyEvery: fc.integer({ min: 1, max: 9 }),
  fetchBytesMax: bytesMax,
  partitionBytesMax: bytesMax,
  bufferBytes: bytesMax,
  picks: fc.array(fc.nat(), { minLength: 1, maxLength: 30 }),
  moveEvery: fc.constantFrom(Infinity, 3, 10),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

interface World {
  readonly kafka: FakeKafka;
  readonly models: Model[];
  readonly pick: (count: number) => number;
}

function worldOf({ logs, nodes, picks, moveEvery }: Plan): World {
  const kafka = new FakeKafka();
  kafka.createTopic("t", logs.length, nodes);
  const models = logs.map((steps, partition) => {
    const model = new Model();
    for (const step of steps) model.apply(kafka.log({ topic: "t", partition }), `t-${partition}`, step);
    return model;
  });
  let answers = 0;
  let moves = 0;
  const pick = (count: number): number => {
    answers += 1;
    // Not for ever: a leader that is gone before it can be asked is never found.
    if (answers % moveEvery === 0 && moves++ < 10) {
      const log = kafka.log({ topic: "t", partition: answers % logs.length });
      log.leader = ((log.leader ?? 0) + 1) % nodes;
    }
    return (picks[answers % picks.length] ?? 0) % count;
  };
  return { kafka, models, pick };
}

/** Reads with the restarts of the plan; all harnesses, of which each emitted what its snapshot says is done. */
async function readWithRestarts(
  { kafka, pick }: World,
  thePlan: Plan,
  options: Parameters<typeof harnessOf>[1],
  parts: { readonly damage?: (split: KafkaSplit) => KafkaSplit; readonly between?: () => void } = {},
): Promise<KafkaHarness<string>[]> {
  const { restarts, recordsMax, busyEvery, isolation, fetchBytesMax, partitionBytesMax, bufferBytes } = thePlan;
  const { damage = (split: KafkaSplit) => split, between } = parts;
  const isBounded = options?.bounded === true;
  const harnesses: KafkaHarness<string>[] = [];
  const keptOnMaster: { value?: { readonly splits: unknown } } = {};
  let restored: KafkaSnapshot | undefined;
  for (const [records, parallelism] of [...restarts, [Infinity, 2] as const]) {
    let count = 0;
    const harness = harnessOf(
      kafka,
      { isolation, fetchBytesMax, partitionBytesMax, bufferBytes, ...options },
      { parallelism, restored, keptOnMaster, onRecord: () => ++count % busyEvery === 0 },
    );
    harnesses.push(harness);
    const drive = { recordsMax, pick, until: () => count >= records && keptOnMaster.value?.splits !== undefined };
    if (isBounded) runToEnd(harness, kafka, drive);
    else settleWithTime(harness, kafka, drive);
    const { enumerator, splits } = saved(harness);
    restored = { enumerator, splits: splits.map(damage) };
    await harness.close();
    between?.();
  }
  expect(kafka.openClients).toBe(0);
  return harnesses;
}

/** Time passes, so that rests and pauses end, but not so much that it would be searched for partitions again. */
function settleWithTime(
  harness: KafkaHarness<string>,
  kafka: FakeKafka,
  drive: Parameters<typeof settle>[2] & object,
): void {
  for (let round = 0; round < 40; round++) {
    settle(harness, kafka, drive);
    if (drive.until?.() === true) return;
    kafka.expirePolls();
    harness.clock.advance(1_000);
  }
}

function valuesOf({ models }: World, harnesses: readonly KafkaHarness<string>[]): string[][] {
  const values = bySplit(harnesses);
  return models.map((_, partition) => values.get(`t-${partition}`) ?? []);
}

/** What comes while nothing runs: records for partitions that there are, and for one more each time. */
function writer({ kafka, models }: World, { later }: Plan, hasMorePartitions = false): () => void {
  let times = 0;
  return () => {
    const steps = later[times++];
    if (steps === undefined) return;
    if (hasMorePartitions) {
      kafka.addPartitions("t", 1);
      models.push(new Model());
    }
    for (const [index, step] of steps.entries()) {
      const partition = models.length - 1 - (index % models.length);
      models[partition]?.apply(kafka.log({ topic: "t", partition }), `t-${partition}`, step);
    }
  };
}

describe("bounded", () => {
  test("reads what was there at the start, and ends", async () => {
    const property = fc.asyncProperty(plan, async (thePlan) => {
      const world = worldOf(thePlan);
      const expected = world.models.map((model) => model.values(thePlan.isolation));
      const harnesses = await readWithRestarts(world, thePlan, { bounded: true }, { between: writer(world, thePlan) });
      expect(valuesOf(world, harnesses)).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 120, ...replay });
  });

  test.each([
    ["goes back by one", (split: KafkaSplit) => ({ ...split, offset: Math.max(0, split.offset - 1) })],
    ["passes over one", (split: KafkaSplit) => ({ ...split, offset: split.offset + 1 })],
    [
      "forgets its end",
      (split: KafkaSplit) => ({ ...split, stop: split.stop === undefined ? undefined : split.stop - 1 }),
    ],
  ] as const)("the net catches a split that %s", async (_name, damage) => {
    const property = fc.asyncProperty(plan, async (thePlan) => {
      const world = worldOf(thePlan);
      const harnesses = await readWithRestarts(world, thePlan, { bounded: true }, { damage });
      expect(valuesOf(world, harnesses)).toEqual(world.models.map((model) => model.values(thePlan.isolation)));
    });
    expect((await fc.check(property, { numRuns: 300, endOnFailure: true, ...replay })).failed).toBe(true);
  });
});

describe("unbounded", () => {
  test("reads on while records, transactions and partitions come", async () => {
    const property = fc.asyncProperty(plan, async (thePlan) => {
      const world = worldOf(thePlan);
      const between = writer(world, thePlan, true);
      const harnesses = await readWithRestarts(world, thePlan, { discoverEvery: "1h" }, { between });
      // Nothing came after the last one.
      if (thePlan.later[thePlan.restarts.length] !== undefined) return;
      expect(valuesOf(world, harnesses)).toEqual(world.models.map((model) => model.values(thePlan.isolation)));
    });
    await fc.assert(property, { numRuns: 100, ...replay });
  });
});
