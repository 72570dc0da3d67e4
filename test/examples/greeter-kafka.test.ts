/**
 * The greeter on Kafka says what the original says, word for word, and once, whatever crashes; names do not influence each other; where Kafka is stands in the
 * configuration, or is the default of the original; and the order of bindings does not matter.
 */
import { StreamExecutionEnvironment } from "millrace";
import type { KafkaClientOptions } from "millrace/connectors/kafka";
import { statefunJob } from "millrace/statefun";
import type { Binder, StatefulFunctionModule } from "millrace/statefun";
import { checkExactlyOnce, simulate, SimulatedKafka } from "millrace/testing";
import { describe, expect, test } from "vitest";
import job, { greeterJob, greetingOnKafka } from "../../examples/greeter-kafka.ts";

const ADA = [
  "Hello Ada ! \u{1F60E}",
  "Hello again Ada ! \u{1F917}",
  "Third time is a charm! Ada! \u{1F973}",
  "Happy to see you once again Ada ! \u{1F632}",
  "Hello at the 5-th time Ada \u{1F64C}",
  "Hello at the 6-th time Ada \u{1F64C}",
];
const BEN = ADA.slice(0, 2).map((greeting) => greeting.replaceAll("Ada", "Ben"));
/** Interleaved; and what is no name is left out. */
const NAMES = ["Ada", "Ben", " Ada ", "", "Ada", "Ben", "Ada", "  ", "Ada", "Ada"];

const SINK = "apache/greetings";
const bounded = ["--bounded", "yes"];

function cluster(): SimulatedKafka {
  const kafka = new SimulatedKafka();
  kafka.createTopic("names", 2);
  kafka.createTopic("greetings", 2);
  kafka.produce(
    "names",
    NAMES.map((value) => ({ value, partition: value.includes("Ben") ? 1 : 0 })),
  );
  return kafka;
}

/** What everybody was told, in order. */
function told(kafka: SimulatedKafka): Record<string, (string | null)[]> {
  const byName: Record<string, (string | null)[]> = {};
  for (const { key, value } of kafka.committed("greetings")) (byName[key ?? ""] ??= []).push(value);
  return byName;
}

test.each([1, 2])("the texts are those of the original, with parallelism %i", async (parallelism) => {
  const kafka = cluster();
  const onKafka = greeterJob({ client: kafka.client });
  await simulate(onKafka, { args: bounded, keepSinks: [SINK], outside: [kafka], parallelism });
  expect(told(kafka)).toEqual({ Ada: ADA, Ben: BEN });
  expect(kafka.openTransactions()).toEqual([]);
});

test("each greeting is there once, whatever crashes", async () => {
  const kafka = cluster();
  const keepSinks = { [SINK]: kafka.kept("greetings") };
  const options = {
    args: bounded,
    keepSinks,
    outside: [kafka],
    order: ({ key }: { key: string }) => key,
    timeMs: 1_000,
  };
  await checkExactlyOnce(greeterJob({ client: kafka.client }), {}, options);
  expect(told(kafka)).toEqual({ Ada: ADA, Ben: BEN });
});

/** Whom the job asks, in the two ways of saying it. */
async function serversWith(args: readonly string[], config: Record<string, string> = {}): Promise<Set<string>> {
  const kafka = cluster();
  const asked = new Set<string>();
  const client = (options: KafkaClientOptions): ReturnType<typeof kafka.client> => {
    for (const server of options.bootstrapServers) asked.add(server);
    return kafka.client(options);
  };
  const configured = statefunJob("greeter", greetingOnKafka({ client }), {
    globalConfig: { bounded: "yes", ...config },
  });
  const given = args.length === 0 ? configured : greeterJob({ client });
  await simulate(given, { args, keepSinks: [SINK], outside: [kafka] });
  return asked;
}

test("Kafka is where kafka-address says, or at kafka-broker:9092", async () => {
  expect(await serversWith([])).toEqual(new Set(["kafka-broker:9092"]));
  expect(await serversWith([], { "kafka-address": "other:9093" })).toEqual(new Set(["other:9093"]));
  expect(await serversWith(bounded)).toEqual(new Set(["kafka-broker:9092"]));
  expect(await serversWith([...bounded, "--kafka-address", "other:9093"])).toEqual(new Set(["other:9093"]));
});

/** The same parts, bound in this order. */
function reordered(module: StatefulFunctionModule, order: readonly number[]): StatefulFunctionModule {
  return {
    configure(config, binder) {
      const calls: (() => void)[] = [];
      const recorded: Binder = {
        bindIngress: (spec) => void calls.push(() => binder.bindIngress(spec)),
        bindIngressRouter: (...parts: readonly unknown[]) =>
          void calls.push(() => (binder.bindIngressRouter as (...all: readonly unknown[]) => void)(...parts)), // as it came
        bindEgress: (spec) => void calls.push(() => binder.bindEgress(spec)),
        bindFunction: (fn) => void calls.push(() => binder.bindFunction(fn)),
        bindFunctionProvider: (...parts) => void calls.push(() => binder.bindFunctionProvider(...parts)),
      };
      module.configure(config, recorded);
      expect(calls).toHaveLength(order.length);
      for (const index of order) calls[index]?.();
    },
  };
}

describe("in any order of bindings", () => {
  test.each([
    [3, 2, 1, 0],
    [1, 3, 0, 2],
  ])("%i %i %i %i", async (...order) => {
    const kafka = cluster();
    const module = reordered(greetingOnKafka({ client: kafka.client }), order);
    const options = { globalConfig: { bounded: "yes" } };
    await simulate(statefunJob("greeter", module, options), { keepSinks: [SINK], outside: [kafka] });
    expect(told(kafka)).toEqual({ Ada: ADA, Ben: BEN });
  });
});

test("the job builds, with a uid for all state, and refuses other options", async () => {
  const env = StreamExecutionEnvironment.create({ "pipeline.auto-generate-uids": false });
  await job.build(env, []);
  expect(env.explain()).toContain(SINK);
  expect(() => job.build(StreamExecutionEnvironment.create(), ["--bogus"])).toThrow(/--bogus/);
  expect(job.usage).toContain("--kafka-address HOST:PORT");
});
