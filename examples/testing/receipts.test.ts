/** How to test a job that reads from Kafka and writes to it: with a cluster in memory, in which requests get lost, and that is compared. */
import { checkExactlyOnce, simulate, SimulatedKafka } from "millrace/testing";
import { expect, test } from "vitest";
import { receipts } from "./receipts.ts";

const kafka = new SimulatedKafka({ faults: { "request-lost": 20, "answer-lost": 20, "leader-moves": 20 } });
kafka.createTopic("orders", 3);
kafka.createTopic("receipts", 2);
kafka.produce("orders", ["tea", "cup", "tea", "jam", "pot"]);

const job = receipts({ bootstrapServers: "kafka:9092", client: kafka.client }, { bounded: true });

test("writes each receipt once, whatever crashes or gets lost", async () => {
  const keepSinks = { receipts: kafka.kept("receipts", ({ value }) => value) };
  await checkExactlyOnce(job, {}, { runs: 10, outside: [kafka], keepSinks });
});

test("leaves no transaction open", async () => {
  await simulate(job, { outside: [kafka], keepSinks: ["receipts"], faults: "some" });
  expect(kafka.committed("receipts").map(({ value }) => value)).toContain("receipt for pot");
  expect(kafka.openTransactions()).toEqual([]);
});
