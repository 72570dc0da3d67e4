/** An ingress of Kafka topics: who gets which record, what becomes of those without an id, and which options are refused. */
import { expect, test } from "vitest";
import { kafkaSource, text } from "../../../connectors/kafka/index.ts";
import type { MalformedKafkaRecord } from "../../../connectors/kafka/index.ts";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { assemble } from "../../../statefun/module/application.ts";
import {
  EgressIdentifier,
  FunctionType,
  PersistedValue,
  egress,
  fn,
  ingress,
  module,
  router,
  statefunJob,
  type,
} from "../../../statefun/index.ts";
import type { Binder, Context, StatefulFunction, StatefulFunctionModule } from "../../../statefun/index.ts";
import { kafkaEgress, kafkaIngress, target } from "../../../statefun/kafka/index.ts";
import { simulate } from "../../sim/simulate.ts";
import type { SimulateOptions } from "../../sim/simulate.ts";
import type { SimulatedKafka } from "../../sim/kafka/simulated-kafka.ts";
import { refusal } from "../define/refusal.ts";
import { cluster, greetingOn, servers } from "./applications.ts";

const keepSinks = ["test/records"];
const connection = { bootstrapServers: servers };
const NO_KEY = "it has no key, which would be the id of who gets it";
const NO_TEXT = "its key, which would be the id of who gets it, is no UTF-8";

function valuesIn(kafka: SimulatedKafka, topic: string): string[] {
  return kafka.committed(topic).map(({ value }) => value ?? "a tombstone");
}

/** Ada and Bob are well, the rest is not. */
function withMalformed(): SimulatedKafka {
  const kafka = cluster();
  kafka.produce("names", [
    { key: "Ada", value: "Hello", partition: 0 },
    { value: "Nobody", partition: 0 },
    { key: Uint8Array.of(0x41, 0xff), value: "Noise", partition: 0, headers: { from: "afar" } },
    { key: "Ada", value: null, partition: 0 },
    { key: "\uFFFD", value: "Hello", partition: 0 },
  ]);
  return kafka;
}

test("a record goes to the instance of its key, of each target of its topic, in order", async () => {
  const kafka = cluster();
  kafka.produce("names", [
    { key: "Ada", value: "Hello", partition: 0 },
    { key: "Bob", value: "Welcome", partition: 1 },
    { key: "Ada", value: "Again", partition: 0 },
  ]);
  kafka.produce("visits", [
    { key: "Cyd", value: "x" },
    { key: "Cyd", value: "nothing" },
    { value: "nothing" }, // left out, so nobody asks for its key
    { key: "Cyd", value: null },
  ]);
  await simulate(greetingOn(kafka), { keepSinks, outside: [kafka] });
  expect(valuesIn(kafka, "greetings").toSorted()).toEqual(["Again Ada, 2", "Hello Ada, 1", "Welcome Bob, 1"]);
  const notes = kafka.committed("audit").map(({ key, value }) => `${key}: ${value}`);
  expect(notes.toSorted()).toEqual([
    "Ada: 1 Hello",
    "Ada: 2 Again",
    "Bob: 1 Welcome",
    "Cyd: 1 visits",
    "Cyd: 2 visits",
  ]);
});

test("a record has its topic, its key, its headers and its partition from the message", async () => {
  const kafka = cluster();
  kafka.produce("names", [{ key: "Ada", value: "Hello", timestampMs: 1_700_000_000_000 }]);
  await simulate(greetingOn(kafka), { keepSinks, outside: [kafka] });
  const [greeting] = kafka.committed("greetings");
  expect(greeting).toMatchObject({ key: "Ada", headers: { by: "greeter" }, timestampMs: 1_700_000_000_000 });
  expect(kafka.committed("audit")[0]).toMatchObject({ key: "Ada", partition: 0, headers: {} });
});

test("a record without an id fails the job, unless it is said otherwise", async () => {
  const kafka = withMalformed();
  const run = simulate(greetingOn(kafka), { keepSinks, outside: [kafka] });
  await expect(run).rejects.toThrow(`offset 1 is malformed: ${NO_KEY}`);
});

test("or is left out", async () => {
  const kafka = withMalformed();
  await simulate(greetingOn(kafka, { onMalformed: "skip" }), { keepSinks, outside: [kafka] });
  expect(valuesIn(kafka, "greetings").toSorted()).toEqual(["Hello Ada, 1", "Hello \uFFFD, 1"].toSorted());
});

/** The reason and the rest of each, as a record of the topic `malformed`. */
function aside(kafka: SimulatedKafka) {
  return kafkaEgress("test/malformed", {
    bootstrapServers: servers,
    client: kafka.client,
    topic: "malformed",
    deliveryGuarantee: "exactly-once",
    transactionalIdPrefix: "malformed",
    record: ({ offset, key, value, headers, reason }: MalformedKafkaRecord) => ({
      key,
      value: JSON.stringify([offset, reason, value === null ? null : Buffer.from(value).toString(), headers.length]),
    }),
  });
}

test("or goes to an egress, whole", async () => {
  const kafka = withMalformed();
  const malformed = aside(kafka);
  const options: SimulateOptions = { keepSinks: [...keepSinks, "test/malformed"], outside: [kafka], parallelism: 2 };
  await simulate(greetingOn(kafka, { onMalformed: { egress: malformed }, parts: [malformed] }), options);
  expect(valuesIn(kafka, "greetings")).toHaveLength(2);
  expect(valuesIn(kafka, "malformed").map((value) => JSON.parse(value) as unknown)).toEqual([
    [1, NO_KEY, "Nobody", 0],
    [2, NO_TEXT, "Noise", 1],
    [3, "it has no value (a tombstone), which only the option deserializer can make something of", null, 0],
  ]);
});

test("as in the original: a class that binds, and a function that takes whatever comes", async () => {
  const kafka = cluster();
  kafka.produce("names", [
    { key: "Ada", value: "Hello" },
    { key: "Ada", value: "Again" },
  ]);
  const TYPE = new FunctionType("test", "greeter");
  const lines = new EgressIdentifier<string>("test", "lines");
  class Greeter implements StatefulFunction {
    private readonly seen = PersistedValue.of<number>("seen");

    invoke(context: Context, input: unknown): void {
      const seen = this.seen.getOrDefault(0) + 1;
      this.seen.set(seen);
      context.send(lines, `${String(input)} ${context.self().id}, ${seen}`);
    }
  }
  class Greeting implements StatefulFunctionModule {
    configure(_: unknown, binder: Binder): void {
      const names = { value: text(), targets: target(TYPE) };
      binder.bindEgress(lines.to((values) => values.print().name("lines")));
      binder.bindIngress(
        kafkaIngress("test/names", { ...connection, client: kafka.client, topics: { names }, bounded: true }),
      );
      binder.bindFunctionProvider(TYPE, () => new Greeter());
    }
  }
  const run = await simulate(statefunJob("greeting", new Greeting()), { outside: [kafka] });
  expect(run.output("lines")).toEqual(["Hello Ada, 1", "Again Ada, 2"]);
});

test("in simulations, messages may take the place of the topics", async () => {
  const kafka = cluster();
  const inputs = { "test/guests": [{ topic: "names", id: "Ada", value: "Hello" }] };
  await simulate(greetingOn(kafka), { keepSinks, outside: [kafka], inputs });
  expect(valuesIn(kafka, "greetings")).toEqual(["Hello Ada, 1"]);
});

test("an egress that functions and an ingress share has the values of both", async () => {
  const kafka = cluster();
  kafka.produce("names", [{ value: "Nobody" }, { key: "Ada", value: "fails" }]);
  const lines = egress("test/lines", type<{ readonly reason: string }>());
  const complainer = fn("test/complainer", {
    accepts: { hear: type<string>() },
    handle: { hear: (ctx, reason) => ctx.send(lines, { reason }) },
  });
  const names = kafkaIngress("test/names", {
    bootstrapServers: servers,
    client: kafka.client,
    topics: { names: { value: text(), targets: target(complainer, "hear") } },
    bounded: true,
    parallelism: 1,
    onMalformed: { egress: lines },
  });
  const spec = lines.to((values) =>
    values
      .map(({ reason }) => reason)
      .print()
      .name("lines"),
  );
  const job = statefunJob(
    "complaints",
    module(() => [names, complainer, spec]),
  );
  const run = await simulate(job, { outside: [kafka], parallelism: 2 });
  expect(run.output<string>("lines").toSorted()).toEqual(["fails", NO_KEY]);
});

test("the egress for malformed records has to be bound", () => {
  const kafka = cluster();
  const malformed = aside(kafka);
  const complaint = refusal(() => {
    void greetingOn(kafka, { onMalformed: { egress: malformed } }).build(StreamExecutionEnvironment.create(), []);
  });
  expect(complaint).toMatch(
    /^MR9041: test\/guests sends the records that it cannot read to the egress test\/malformed/,
  );
});

const reader = fn("test/reader", { accepts: { read: type<string>() }, handle: { read: () => undefined } });
const topics = { names: { value: text(), targets: target(reader, "read") } };

test("it brings its router, before those that are bound beside it", () => {
  const names = kafkaIngress("test/names", { ...connection, topics, parallelism: 2 });
  expect(names).toMatchObject({ bound: "ingress", ingress: "test/names", parallelism: 2, onInvalid: "fail-job" });
  const further = router(names, ({ topic, id, value }) => void [topic, id, value]);
  const apart = [module(() => [further, reader]), module(() => [names])];
  const [routed] = assemble(apart).ingresses;
  expect(routed?.routes).toEqual([...(names.routes ?? []), further.route]);
});

test("the targets of its topics have to be bound", () => {
  const names = kafkaIngress("test/names", { ...connection, topics });
  const other = fn("test/other", { accepts: { read: type<string>() }, handle: { read: () => undefined } });
  const job = statefunJob(
    "names",
    module(() => [names, other]),
  );
  expect(refusal(() => job.build(StreamExecutionEnvironment.create(), []))).toMatch(
    /^MR9041: a router of the ingress test\/names has the target test\/reader, a function that is not bound/,
  );
});

test("its router forwards a message to each target of its topic", () => {
  const forwarded: unknown[] = [];
  const two = { names: { value: text(), targets: [target(reader, "read"), target(reader, "read")] } };
  const { routes = [] } = kafkaIngress("test/names", { ...connection, topics: two });
  const downstream = { forward: (...all: readonly unknown[]) => void forwarded.push(...all), metrics: undefined };
  routes[0]?.({ topic: "names", id: "ada", value: "Hello" } as never, downstream as never);
  const message = { to: "test/reader", id: "ada", from: "", fromId: "", kind: "read", value: "Hello" };
  expect(forwarded).toEqual([message, message]);
});

test.each([
  ["ingress", {}, /^MR9001/],
  ["a/b", { topics: {} }, /^MR9080: topics of the ingress a\/b is/],
  ["a/b", { topics: "names" }, /^MR9080: topics of the ingress a\/b is/],
  ["a/b", { topics: { names: { value: text() } } }, /^MR9080: targets of the topic "names" of the ingress a\/b/],
  ["a/b", { topics: { names: { value: text(), targets: [] } } }, /^MR9080: targets of the topic "names"/],
  ["a/b", { topics: { names: { value: text(), targets: [reader] } } }, /^MR9080: targets of the topic "names"/],
  [
    "a/b",
    { topics: { names: { targets: target(reader, "read") } } },
    /^MR9080: the topic "names" .* takes either value/,
  ],
  ["a/b", { topics: { names: { ...topics.names, deserializer: String } } }, /^MR9080: the topic "names"/],
  ["a/b", { topics: { names: { ...topics.names, value: String } } }, /^MR9080: the topic "names"/],
  [
    "a/b",
    { topics: { names: { targets: topics.names.targets, deserializer: async () => "" } } },
    /^MR9080: .* not async/,
  ],
  ["a/b", { onMalformed: "ignore" }, /^MR9080: onMalformed of the ingress a\/b/],
  ["a/b", { onMalformed: { sideOutput: {} } }, /^MR9080: onMalformed of the ingress a\/b/],
  ["a/b", { bootstrapServers: "nowhere" }, /^MR6411/],
  ["a/b", { isolation: "dirty" }, /^MR6423/],
  ["a/b", { watermarks: {} }, /^MR1065/],
])("refuses %s with %o", (name, wrong, sentence) => {
  const options = { ...connection, topics, ...wrong };
  expect(refusal(() => kafkaIngress(name as never, options as never))).toMatch(sentence);
});

test("a plain ingress takes a Kafka source as well", () => {
  const source = kafkaSource({ ...connection, topics: "names", value: text() });
  expect(ingress("test/names", type<string>(), source)).toMatchObject({ bound: "ingress", source });
});
