/** Revenue per customer and minute of event time, from Kafka to Kafka: exact, once, out of order as they come, and what is no order put aside. */
import { StreamExecutionEnvironment } from "millrace";
import { checkExactlyOnce, simulate, SimulatedKafka } from "millrace/testing";
import { expect, test } from "vitest";
import job, { revenueJob } from "../../examples/orders-kafka.ts";
import type { Order, Revenue } from "../../examples/orders-kafka.ts";

const START_MS = Date.parse("2025-10-09T08:53:00Z");
const MINUTE_MS = 60_000;
const CUSTOMERS = ["ada", "ben", "cyd"];
const SINK = "revenue";
const bounded = ["--bounded", "yes"];

/** One every seven seconds, in turns, each customer in a partition, where every fourth comes after one that is later. */
const ORDERS: readonly Order[] = Array.from({ length: 60 }, (_, n) => ({
  customer: CUSTOMERS[n % CUSTOMERS.length] ?? "",
  cents: 100 + n,
  atMs: START_MS + n * 7_000 - (n % 4 === 3 ? 25_000 : 0),
}));

function cluster(): SimulatedKafka {
  const kafka = new SimulatedKafka();
  kafka.createTopic("orders", 3);
  kafka.createTopic("revenue", 2);
  const records = ORDERS.map((order) => ({
    value: JSON.stringify(order),
    partition: CUSTOMERS.indexOf(order.customer),
  }));
  kafka.produce("orders", [...records.slice(0, 10), { value: "tea", partition: 1 }, ...records.slice(10)]);
  return kafka;
}

/** The same in a few lines. */
function expected(): Revenue[] {
  const sums = new Map<string, Revenue>();
  for (const { customer, cents, atMs } of ORDERS) {
    const minute = new Date(Math.floor(atMs / MINUTE_MS) * MINUTE_MS).toISOString();
    const so = sums.get(`${customer} ${minute}`) ?? { customer, minute, cents: 0, orders: 0 };
    sums.set(`${customer} ${minute}`, { ...so, cents: so.cents + cents, orders: so.orders + 1 });
  }
  return [...sums.values()];
}

function sorted(rows: readonly Revenue[]): Revenue[] {
  return rows.toSorted((left, right) => (textOf(left) < textOf(right) ? -1 : 1));
}

function textOf({ customer, minute }: Revenue): string {
  return `${customer} ${minute}`;
}

function revenueIn(kafka: SimulatedKafka): Revenue[] {
  return sorted(
    kafka.committed("revenue").map(({ key, value }) => {
      const row = JSON.parse(value ?? "") as Revenue; // as the job writes it
      expect(key).toBe(row.customer);
      return row;
    }),
  );
}

test.each([1, 2])("revenue per customer and minute, with parallelism %i", async (parallelism) => {
  const kafka = cluster();
  const onKafka = revenueJob({ client: kafka.client });
  const run = await simulate(onKafka, { args: bounded, keepSinks: [SINK], outside: [kafka], parallelism });
  expect(revenueIn(kafka)).toEqual(sorted(expected()));
  const [printed] = run.output<string>("print-sink");
  expect(printed).toMatch(/^offset \d+ is no order: its value is no JSON/);
});

test("each row is there once, whatever crashes", async () => {
  const kafka = cluster();
  const options = { args: bounded, keepSinks: { [SINK]: kafka.kept("revenue") }, outside: [kafka], timeMs: 1_000 };
  await checkExactlyOnce(revenueJob({ client: kafka.client }), {}, options);
  expect(revenueIn(kafka)).toEqual(sorted(expected()));
});

test("the job builds, with a uid for all state, and refuses other options", async () => {
  const env = StreamExecutionEnvironment.create({ "pipeline.auto-generate-uids": false });
  await job.build(env, []);
  expect(env.explain()).toContain(SINK);
  expect(() => job.build(StreamExecutionEnvironment.create(), ["--bogus"])).toThrow(/--bogus/);
  expect(job.usage).toContain("--kafka-address HOST:PORT");
});
