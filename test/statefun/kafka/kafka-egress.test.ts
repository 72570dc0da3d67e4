/** An egress of Kafka topics: what a message becomes, what is guaranteed, and what is refused. */
// covers: statefun/kafka/errors.ts
import { expect, test } from "vitest";
import { kafkaSink } from "../../../connectors/kafka/index.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { addApplication } from "../../../statefun/app/dataflow.ts";
import { egress, fn, module, router, statefunJob, type } from "../../../statefun/index.ts";
import type { EgressSpec } from "../../../statefun/index.ts";
import { kafkaEgress } from "../../../statefun/kafka/index.ts";
import type { KafkaEgressRecord } from "../../../statefun/kafka/index.ts";
import { assemble } from "../../../statefun/module/application.ts";
import { simulate } from "../../sim/simulate.ts";
import type { ReadRecord } from "../../sim/kafka/committed-records.ts";
import { refusal } from "../define/refusal.ts";
import { names } from "../module/parts.ts";
import { cluster, servers } from "./applications.ts";

const connection = { bootstrapServers: servers };
const exactly = { deliveryGuarantee: "exactly-once", transactionalIdPrefix: "test" } as const;

/** Sends each of them from one function, and reads the topic `greetings`. */
async function written<T>(
  values: readonly T[],
  made: (kafka: ReturnType<typeof cluster>) => EgressSpec<T>,
): Promise<readonly ReadRecord[]> {
  const kafka = cluster();
  const spec = made(kafka);
  const sender = fn("test/sender", {
    accepts: { send: type<T>() },
    handle: { send: (ctx, value) => ctx.send(spec, value) },
  });
  const sending = module(() => [
    sender,
    spec,
    names.from((env) => env.fromData("go")),
    router(names, (_, downstream) => {
      for (const value of values) downstream.forward(sender.at("all"), "send", value);
    }),
  ]);
  await simulate(statefunJob("sending", sending), { keepSinks: [spec.egress], outside: [kafka] });
  return kafka.committed("greetings");
}

test("a message is a record", async () => {
  const records: KafkaEgressRecord[] = [
    { value: "plain", partition: 1 },
    { key: "ada", value: "with a key", headers: { by: "test", none: null, raw: Uint8Array.of(0x41) } },
    { key: Uint8Array.of(0x62), value: Uint8Array.of(0x63), partition: 0, timestampMs: 1_000 },
    { topic: "greetings", key: "ada", value: null },
  ];
  const read = await written(records, (kafka) =>
    kafkaEgress("test/out", { ...connection, client: kafka.client, topic: "greetings", ...exactly }),
  );
  expect(read.filter(({ key }) => key === null)).toMatchObject([{ value: "plain", partition: 1, headers: {} }]);
  const [first, second] = read.filter(({ key }) => key === "ada");
  expect(first).toMatchObject({ value: "with a key", headers: { by: "test", none: null, raw: "A" } });
  expect(second).toMatchObject({ value: null, partition: first?.partition });
  expect(read.filter(({ key }) => key === "b")).toMatchObject([{ value: "c", partition: 0, timestampMs: 1_000 }]);
  expect(read).toHaveLength(4);
});

test("a message goes to its topic, or else to that of the egress", async () => {
  const records: KafkaEgressRecord[] = [{ value: "to visits" }, { topic: "greetings", value: "to greetings" }];
  const read = await written(records, (kafka) =>
    kafkaEgress("test/out", { ...connection, client: kafka.client, topic: "visits" }),
  );
  expect(read.map(({ value }) => value)).toEqual(["to greetings"]);
});

test.each(["at-least-once", "exactly-once"] as const)(
  "a value becomes a record by a function, %s",
  async (guarantee) => {
    const read = await written([3, 4], (kafka) =>
      kafkaEgress("test/out", {
        ...connection,
        client: kafka.client,
        deliveryGuarantee: guarantee,
        ...(guarantee === "exactly-once" ? { transactionalIdPrefix: "test" } : {}),
        record: (cents: number) => ({ topic: "greetings", key: String(cents), value: `${cents} cents` }),
      }),
    );
    expect(read.map(({ value }) => value ?? "").toSorted()).toEqual(["3 cents", "4 cents"]);
  },
);

test.each([
  ["text", /is "text"/],
  [{ value: "x" }, /has no topic, and the egress has none either/],
  [{ topic: "", value: "x" }, /has "" as its topic/],
  [{ topic: "greetings", value: 1 }, /has 1 as its value/],
  [{ topic: "greetings" }, /has undefined as its value/],
  [{ topic: "greetings", value: "x", key: 1 }, /has 1 as its key/],
  [{ topic: "greetings", value: "x", headers: 1 }, /has 1 as its headers/],
  [{ topic: "greetings", value: "x", headers: { by: 1 } }, /has 1 as its header "by"/],
])("%o is no record, which fails the job", async (value, sentence) => {
  const run = written([value as never], (kafka) => kafkaEgress("test/out", { ...connection, client: kafka.client }));
  await expect(run).rejects.toThrow(new RegExp(`MR9081: .* a record for the egress test/out ${sentence.source}`));
});

test.each([
  ["egress", {}, /^MR9001/],
  ["a/b", { topic: "" }, /^MR9080: topic of the egress a\/b/],
  ["a/b", { topic: () => "x" }, /^MR9080: topic of the egress a\/b/],
  ["a/b", { record: {} }, /^MR9080: record of the egress a\/b/],
  ["a/b", { deliveryGuarantee: "exactly-once" }, /^MR6440: .* needs a transactionalIdPrefix/],
  ["a/b", { deliveryGuarantee: "perhaps" }, /^MR6440/],
  ["a/b", { bootstrapServers: "nowhere" }, /^MR6411/],
])("refuses %s with %o", (name, wrong, sentence) => {
  const options = { ...connection, ...wrong };
  expect(refusal(() => kafkaEgress(name as never, options as never))).toMatch(sentence);
});

test("its guarantee is that of its sink", () => {
  const guaranteeOf = (options: object): unknown =>
    kafkaEgress("a/b", { ...connection, topic: "t", ...options }).guarantee;
  expect(guaranteeOf({})).toBe("at-least-once");
  expect(guaranteeOf(exactly)).toBe("exactly-once");
  expect(guaranteeOf({ deliveryGuarantee: "none" })).toBeUndefined();
});

const lines = egress("a/lines", type<string>());
const sinkOf = (options: object): ReturnType<typeof kafkaSink<string>> =>
  kafkaSink<string>({ ...connection, topic: "lines", value: String, ...options });

test.each([
  ["exactly-once", {}, /^MR9045: .* a\/lines cannot be exactly-once: its sink has no committer.* kafkaSink\(\)/],
  ["exactly-once", exactly, /^nothing$/],
  ["exactly-once", { deliveryGuarantee: "none" }, /^MR9045: .* its sink may lose values in a failure/],
  ["at-least-once", {}, /^nothing$/],
  ["at-least-once", exactly, /^MR9045: .*only when it commits/],
  ["at-least-once", { deliveryGuarantee: "none" }, /^MR9045: .* its sink may lose values in a failure/],
] as const)("%s of an egress with a kafkaSink of %o", (guarantee, options, sentence) => {
  expect(refusal(() => lines.to(sinkOf(options), { guarantee }))).toMatch(sentence);
  const reader = fn("a/reader", { accepts: { read: type<string>() }, handle: { read: () => undefined } });
  const parts = [
    reader,
    names.from((env) => env.fromData("x")),
    router(names, () => undefined),
    lines.to((values) => values.sinkTo(sinkOf(options)), { guarantee }),
  ];
  const env = StreamExecutionEnvironment.create();
  const built = refusal(() => addApplication(env, assemble([module(() => parts)]), {}));
  expect(built.replace(/its sink "[^"]*"/, "its sink")).toMatch(sentence);
});
