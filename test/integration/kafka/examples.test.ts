/** The examples of Kafka as their readers run them: processes on a real broker, of which the greeter is killed in the middle and goes on from its checkpoint. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Order, Revenue } from "../../../examples/orders-kafka.ts";
import { JobProcesses } from "./job-processes.ts";
import type { JobProcess } from "./job-processes.ts";
import { KafkaTools } from "./kafka-tools.ts";
import { sharedKafka } from "./shared-kafka.ts";

const servers = sharedKafka() ?? [];
const tools = new KafkaTools(servers);
const PATIENCE_MS = 60_000;
const address = ["--kafka-address", servers.join(",")];

const ADA = [
  "Hello Ada ! \u{1F60E}",
  "Hello again Ada ! \u{1F917}",
  "Third time is a charm! Ada! \u{1F973}",
  "Happy to see you once again Ada ! \u{1F632}",
  "Hello at the 5-th time Ada \u{1F64C}",
  "Hello at the 6-th time Ada \u{1F64C}",
];
const BEN = ADA.slice(0, 3).map((greeting) => greeting.replaceAll("Ada", "Ben"));

async function come(names: readonly string[]): Promise<void> {
  await tools.produce(
    "names",
    names.map((value) => ({ value, partition: value === "Ben" ? 1 : 0 })),
  );
}

async function told(name: string): Promise<(string | null)[]> {
  const greetings = await tools.committed("greetings");
  return greetings.filter(({ key }) => key === name).map(({ value }) => value);
}

/** Waits until so many are visible in the topic. */
async function until(count: number, topic: string, job: JobProcess): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const records = await tools.committed(topic);
    if (records.length >= count) return;
    if (!job.isRunning || Date.now() > endMs) throw new Error(`${records.length} of ${count} in ${topic}: ${job.said}`);
    await sleep(100);
  }
}

describe.skipIf(servers.length === 0)("the examples of Kafka", () => {
  let jobs: JobProcesses | undefined = undefined;

  beforeAll(async () => {
    await tools.createTopic("names", 2);
    await tools.createTopic("greetings");
    await tools.createTopic("orders", 2);
    await tools.createTopic("revenue");
  });
  afterEach(async () => jobs?.close());

  test("the greeter greets exactly, and once, also after kill -9", async () => {
    jobs = new JobProcesses("examples/greeter-kafka.js");
    const first = jobs.start({ args: address });
    await come(["Ada", "Ben", "Ada"]);
    await until(3, "greetings", first);
    // Read by the job, and perhaps greeted, but in no completed checkpoint.
    await come(["Ada", "Ben"]);
    await sleep(300);
    expect((await first.kill()).signal).toBe("SIGKILL");
    await come(["Ada", "Ada"]);
    const second = jobs.start({ args: address, parallelism: 2 });
    await come(["Ben", "Ada"]);
    await until(ADA.length + BEN.length, "greetings", second);
    expect(await told("Ada")).toEqual(ADA);
    expect(await told("Ben")).toEqual(BEN);
  });

  test("revenue per minute, up to where the topic ends", async () => {
    jobs = new JobProcesses("examples/orders-kafka.js");
    const startMs = Date.parse("2025-10-09T08:53:00Z");
    const order = (customer: string, cents: number, atMs: number): Order => ({ customer, cents, atMs: startMs + atMs });
    const orders = [
      order("ada", 1_250, 0),
      order("ben", 300, 5_000),
      order("ada", 100, 59_999),
      order("ada", 7, 60_000),
    ];
    await tools.produce("orders", [...orders.map((one) => ({ value: JSON.stringify(one) })), { value: "tea" }]);
    const { code, said } = await jobs.start({ args: [...address, "--bounded", "yes"] }).ended;
    expect(said).toMatch(/offset \d+ is no order: its value is no JSON/);
    expect(code).toBe(0);
    const row = (customer: string, at: string, cents: number, count: number): Revenue => ({
      customer,
      minute: `2025-10-09T08:${at}:00.000Z`,
      cents,
      orders: count,
    });
    const rows = (await tools.committed("revenue")).map(({ value }) => JSON.parse(value ?? "") as Revenue); // as the job writes it
    const wanted = [row("ada", "53", 1_350, 2), row("ben", "53", 300, 1), row("ada", "54", 7, 1)];
    expect(rows).toHaveLength(wanted.length);
    expect(rows).toEqual(expect.arrayContaining(wanted));
  });
});
