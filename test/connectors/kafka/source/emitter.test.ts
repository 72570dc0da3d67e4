/** What becomes of a record: values, texts, JSON, whatever a deserializer makes of it; and of those of which nothing can be made. */
// covers: connectors/kafka/source/deserializers.ts
// covers: connectors/kafka/source/malformed.ts
// covers: core/types/standard-schema.ts
import { describe, expect, test } from "vitest";
import { bytes, json, kafkaSource, text } from "../../../../connectors/kafka/index.ts";
import type { KafkaSourceOptions, MalformedKafkaRecord } from "../../../../connectors/kafka/index.ts";
import { Emitter } from "../../../../connectors/kafka/source/emitter.ts";
import { ReadPartition } from "../../../../connectors/kafka/source/read-partition.ts";
import { settingsOf } from "../../../../connectors/kafka/source/settings.ts";
import { OutputTag } from "../../../../core/operators/contracts/functions.ts";
import type { ReaderOutput } from "../../../../core/operators/contracts/source.ts";
import type { StandardSchema } from "../../../../core/types/standard-schema.ts";
import { HarnessMetrics } from "../../../harness/harness-metrics.ts";
import { FakeKafka } from "./fake-client.ts";
import type { FakeRecord } from "./fake-log.ts";

type Part<T> = Partial<KafkaSourceOptions<T>>;

interface Seen<T> {
  readonly emitted: [value: T, timestampMs: number | undefined][];
  readonly aside: unknown[];
  readonly metrics: HarnessMetrics;
}

const UNUSED = (): never => {
  throw new Error("the reader has no use for it");
};

/** Emits all records of one chunk. */
function emit<T>(records: readonly FakeRecord[], options: Part<T>, onCollect: (value: T) => void = () => {}): Seen<T> {
  const kafka = new FakeKafka();
  kafka.createTopic("t", 1);
  const log = kafka.log({ topic: "t", partition: 0 });
  log.append(records);
  const all = { bootstrapServers: "fake:9092", topics: "t", client: kafka.client, ...options };
  const seen: Seen<T> = { emitted: [], aside: [], metrics: new HarnessMetrics() };
  const emitter = new Emitter<T>(settingsOf(all as KafkaSourceOptions<T>), seen.metrics); // one of value and deserializer is given
  const partition = new ReadPartition<T>({ splitId: "t-0", topic: "t", partition: 0, offset: 0, stop: undefined });
  const { batches } = log.read(0, { isolation: "read_committed", bytesMax: 1_000_000, wholeFirst: true });
  partition.push({ batches: Buffer.from(batches), aborted: [] });
  const collect = (value: T, timestampMs?: number): void => {
    onCollect(value);
    seen.emitted.push([value, timestampMs]);
  };
  const output: ReaderOutput<T> = {
    busy: false,
    collect: UNUSED,
    collectRange: UNUSED,
    markIdle: UNUSED,
    release: UNUSED,
    forSplit: () => ({ collect, collectRange: UNUSED, markIdle: UNUSED }),
    sideOutput: (tag, value, timestampMs) => void seen.aside.push([tag.id, value, timestampMs]),
  };
  emitter.left = 1_000;
  const { cursor } = partition;
  if (cursor !== undefined) expect(emitter.emit(partition, cursor, output)).toBe("chunk");
  return seen;
}

const record = (value: FakeRecord["value"], more: Partial<FakeRecord> = {}): FakeRecord => ({
  key: null,
  value,
  timestampMs: 5,
  ...more,
});

describe("values", () => {
  test("bytes are copies", () => {
    const { emitted } = emit([record("ab"), record("")], { value: bytes() });
    expect(emitted).toEqual([
      [new Uint8Array([97, 98]), 5],
      [new Uint8Array(), 5],
    ]);
    expect(emitted[0]?.[0].buffer.byteLength).toBe(2);
  });

  test("text, which must be UTF-8, but may contain the very character that stands for what is none", () => {
    expect(emit([record("grüße 😀"), record("\uFFFD")], { value: text() }).emitted.map(([value]) => value)).toEqual([
      "grüße 😀",
      "\uFFFD",
    ]);
    expect(() => emit([record(new Uint8Array([0x61, 0xff]))], { value: text() })).toThrow(
      'MR6429: topic "t", partition 0, offset 0 is malformed: its value is no UTF-8; choose with onMalformed',
    );
  });

  test("JSON", () => {
    expect(emit([record('{"a":[1,null]}'), record("null")], { value: json() }).emitted).toEqual([
      [{ a: [1, null] }, 5],
      [null, 5],
    ]);
    expect(() => emit([record("{")], { value: json() })).toThrow(/MR6429: .* is malformed: its value is no JSON: /);
  });

  test.each([
    ["bytes", bytes()],
    ["text", text()],
    ["json", json()],
  ] as const)("a tombstone is none: %s", (_name, value) => {
    expect(() => emit<unknown>([record(null)], { value })).toThrow(
      /it has no value \(a tombstone\), which only the option deserializer/,
    );
  });

  test("a record without a time has none", () => {
    expect(emit([record("a", { timestampMs: -1 })], { value: text() }).emitted).toEqual([["a", -Infinity]]);
  });
});

describe("JSON with a schema", () => {
  const schemaOf = (
    validate: StandardSchema<unknown, number>["~standard"]["validate"],
  ): StandardSchema<unknown, number> => ({
    "~standard": { version: 1, vendor: "test", validate },
  });
  const positive = schemaOf((value) =>
    typeof value === "number" && value > 0
      ? { value: value * 10 }
      : { issues: [{ message: "must be above zero", path: ["n", { key: 0 }] }, { message: "and a number" }] },
  );

  test("gives what the schema makes of it, or refuses", () => {
    expect(emit([record("4")], { value: json({ schema: positive }) }).emitted).toEqual([[40, 5]]);
    expect(() => emit([record("-4")], { value: json({ schema: positive }) })).toThrow(
      "its value does not fit its schema: at n.0: must be above zero; and a number",
    );
  });

  test("must not be asynchronous, whatever becomes of malformed records", () => {
    const schema = schemaOf(() => Promise.reject(new Error("later")));
    expect(() => emit([record("4")], { value: json({ schema }), onMalformed: "skip" })).toThrow(
      /MR6430: the schema of json\(\) checks asynchronously/,
    );
  });
});

describe("deserializers", () => {
  test("see all that a record has", () => {
    const headers = [
      { key: "h", value: "one" },
      { key: "h", value: null },
    ];
    const { emitted } = emit([record("v", { key: "k", headers }), record(null)], {
      deserializer: (one) => [
        one.topic,
        one.partition,
        one.offset,
        one.timestampMs,
        one.keyText(),
        one.valueText(),
        one.key && Buffer.from(one.key).toString(),
        one.value && Buffer.from(one.value).toString(),
        one.headers().map(({ key, value }) => [key, value && Buffer.from(value).toString()]),
      ],
    });
    expect(emitted.map(([value]) => value)).toEqual([
      [
        "t",
        0,
        0,
        5,
        "k",
        "v",
        "k",
        "v",
        [
          ["h", "one"],
          ["h", null],
        ],
      ],
      ["t", 0, 1, 5, null, null, null, null, []],
    ]);
  });

  test("may make nothing of a record", () => {
    const { emitted } = emit([record("a"), record("b")], {
      deserializer: (one) => (one.offset === 0 ? undefined : "b"),
    });
    expect(emitted).toEqual([["b", 5]]);
  });

  test("may make several values of it, with times of their own", () => {
    const { emitted } = emit<string>([record("a b"), record("")], {
      deserializer: {
        deserialize: (one, out) => {
          for (const word of one.valueText()?.split(" ") ?? []) if (word !== "") out.collect(word);
          out.collect("end", 99);
        },
      },
    });
    expect(emitted).toEqual([
      ["a", 5],
      ["b", 5],
      ["end", 99],
      ["end", 99],
    ]);
  });

  test("emit nothing of a record that turns out to be malformed", () => {
    const { emitted } = emit<string>([record("a"), record("bad"), record("c")], {
      onMalformed: "skip",
      deserializer: {
        deserialize: (one, out) => {
          out.collect(one.valueText() ?? "");
          if (one.valueText() === "bad") throw new Error("no");
        },
      },
    });
    expect(emitted.map(([value]) => value)).toEqual(["a", "c"]);
  });
});

describe("malformed records", () => {
  const records = [record("1"), record("x", { key: "k", headers: [{ key: "h", value: "y" }] }), record("3")];
  const bad: MalformedKafkaRecord = {
    topic: "t",
    partition: 0,
    offset: 1,
    timestampMs: 5,
    key: new Uint8Array([107]),
    value: new Uint8Array([120]),
    headers: [{ key: "h", value: new Uint8Array([121]) }],
    reason: expect.stringContaining("its value is no JSON") as string,
  };

  test("stop the job, and a restart does not help", () => {
    expect(() => emit(records, { value: json() })).toThrow(
      expect.objectContaining({ code: "MR6429", retryable: false }),
    );
  });

  test("are skipped and counted", () => {
    const { emitted, metrics } = emit(records, { value: json(), onMalformed: "skip" });
    expect(emitted.map(([value]) => value)).toEqual([1, 3]);
    expect(metrics.read("numRecordsInErrors")).toBe(1);
  });

  test("are put aside, whole", () => {
    const tag = new OutputTag<MalformedKafkaRecord>("bad");
    const { emitted, aside, metrics } = emit(records, { value: json(), onMalformed: { sideOutput: tag } });
    expect(emitted.map(([value]) => value)).toEqual([1, 3]);
    expect(aside).toEqual([["bad", bad, 5]]);
    expect(metrics.read("numRecordsInErrors")).toBe(1);
  });

  test("may become a value, or nothing", () => {
    const value = json<unknown>();
    const seen: MalformedKafkaRecord[] = [];
    const onMalformed = (one: MalformedKafkaRecord): unknown => void seen.push(one);
    expect(emit(records, { value, onMalformed }).emitted.map(([one]) => one)).toEqual([1, 3]);
    expect(seen).toEqual([bad]);
    expect(emit(records, { value, onMalformed: ({ offset }) => `#${offset}` }).emitted).toEqual([
      [1, 5],
      ["#1", 5],
      [3, 5],
    ]);
  });

  test("an error from downstream is not the record's", () => {
    const fail = (): never => {
      throw new Error("downstream");
    };
    expect(() => emit(records, { value: json(), onMalformed: "skip" }, fail)).toThrow(/^downstream$/);
    const deserializer = { deserialize: (_: unknown, out: { collect(value: number): void }) => out.collect(1) };
    expect(() => emit<number>(records, { deserializer, onMalformed: "skip" }, fail)).toThrow(/^downstream$/);
    expect(() => emit<unknown>(records, { value: json(), onMalformed: () => fail() })).toThrow(/^downstream$/);
  });
});

test("a source of it can be made", () => {
  expect(kafkaSource({ bootstrapServers: "broker:9092", topics: "t", value: text() }).boundedness).toBe(
    "continuous-unbounded",
  );
});
