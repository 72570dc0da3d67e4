/**
 * Goal:   stateful functions between Kafka and Kafka are exactly once: greetings, notes of a second target, and records put aside.
 * Method: plans by chance, with crashes, faults, rescaling and brokers that lose requests and answers, against a calm run. A planted mistake, an egress that is at least once, is caught.
 * Replay: `replay` of the failure, as it says.
 */
// covers: statefun/kafka/*
import { describe, expect, test } from "vitest";
import type { MalformedKafkaRecord } from "../../../connectors/kafka/index.ts";
import { kafkaEgress } from "../../../statefun/kafka/index.ts";
import { checkExactlyOnce } from "../../sim/check-exactly-once.ts";
import type { ExactlyOnceOptions } from "../../sim/check-exactly-once.ts";
import type { ReadRecord } from "../../sim/kafka/committed-records.ts";
import type { SimulatedKafka } from "../../sim/kafka/simulated-kafka.ts";
import type { SimulatedKafkaOptions } from "../../sim/kafka/options.ts";
import { cluster, greetingOn, servers } from "./applications.ts";

const NAMES = ["Ada", "Bob", "Cyd"];

/** Three people, whose records stay in one partition each; every seventh has no key. */
function crowd(count: number, options: SimulatedKafkaOptions = {}): SimulatedKafka {
  const kafka = cluster(options);
  for (let n = 0; n < count; n++) {
    const name = NAMES[n % NAMES.length] ?? "";
    const record = n % 7 === 6 ? { value: `Nobody ${n}` } : { key: name, value: "Hello" };
    kafka.produce("names", [{ ...record, partition: (n % NAMES.length) % 2 }]);
  }
  return kafka;
}

const readRecord = ({ key, value, headers }: ReadRecord): unknown => ({ key, value, headers });

/** Of each topic that the one egress writes to. */
function outcome(kafka: SimulatedKafka): ExactlyOnceOptions {
  const [greetings, audit] = [kafka.kept("greetings", readRecord), kafka.kept("audit", readRecord)];
  const written = (): unknown[] => [...greetings.written(), ...audit.written()];
  return { outside: [kafka], keepSinks: { "test/records": { clear: () => undefined, written, goesBack: true } } };
}

const FAULTS = { "request-lost": 30, "answer-lost": 30, slow: 5, "coordinator-away": 10, "leader-moves": 20 };

describe("greetings and notes, exactly once, whatever crashes", () => {
  test.each([
    ["with brokers that are well", {}],
    ["with brokers that are not", FAULTS],
  ])("%s", async (_, faults) => {
    const kafka = crowd(20, { faults });
    const check = await checkExactlyOnce(
      greetingOn(kafka, { onMalformed: "skip" }),
      {},
      { ...outcome(kafka), runs: 10, timeMs: 800 },
    );
    expect(check.runs).toBeGreaterThan(0);
  });

  test("and an egress that is at least once is caught", async () => {
    const kafka = crowd(20);
    const job = greetingOn(kafka, { onMalformed: "skip", guarantee: "at-least-once" });
    const options = { ...outcome(kafka), runs: 40, timeMs: 50_000, shrinkMs: 1 };
    await expect(checkExactlyOnce(job, {}, options)).rejects.toThrow("MR8002");
  });
});

test("what is put aside is there once, too", async () => {
  const kafka = crowd(20);
  const malformed = kafkaEgress("test/malformed", {
    bootstrapServers: servers,
    client: kafka.client,
    topic: "malformed",
    deliveryGuarantee: "exactly-once",
    transactionalIdPrefix: "malformed",
    record: ({ value }: MalformedKafkaRecord) => ({ value }),
  });
  const job = greetingOn(kafka, { onMalformed: { egress: malformed }, parts: [malformed] });
  const options = outcome(kafka);
  const keepSinks = { ...options.keepSinks, "test/malformed": kafka.kept("malformed", readRecord) };
  await checkExactlyOnce(job, {}, { ...options, keepSinks, runs: 10, timeMs: 800 });
  expect(kafka.committed("malformed").map(({ value }) => value)).toContain("Nobody 6");
});
