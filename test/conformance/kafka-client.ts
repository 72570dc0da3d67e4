/**
 * The contract of `KafkaClient` as a test: a client is done when it passes, be it one of real brokers or one of simulated ones.
 *
 * All names are new in each test, so that the tests can share a cluster that lives on. Nothing is expected sooner than brokers promise it.
 */
import { afterAll, beforeAll, describe } from "vitest";
import type { KafkaWorld } from "./kafka-client-bench.ts";
import { KafkaBench } from "./kafka-client-bench.ts";
import { checkOffsets } from "./kafka-client-offsets.ts";
import { checkProducing } from "./kafka-client-producing.ts";
import { checkReading } from "./kafka-client-reading.ts";
import { checkTransactions } from "./kafka-client-transactions.ts";
import { checkTransactionEnds } from "./kafka-client-transaction-ends.ts";

export type { KafkaWorld } from "./kafka-client-bench.ts";

export function kafkaClientConformance(name: string, makeWorld: () => KafkaWorld | Promise<KafkaWorld>): void {
  describe(`kafka client: ${name}`, () => {
    let bench: KafkaBench | undefined;
    beforeAll(async () => {
      bench = new KafkaBench(await makeWorld());
    });
    afterAll(async () => {
      await bench?.close();
    });
    const current = (): KafkaBench => {
      if (bench === undefined) throw new Error("the world is made before the tests");
      return bench;
    };
    checkReading(current);
    checkOffsets(current);
    checkProducing(current);
    checkTransactions(current);
    checkTransactionEnds(current);
  });
}
