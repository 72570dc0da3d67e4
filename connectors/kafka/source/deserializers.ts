/**
 * What becomes of a record: its value alone in one of the usual forms, or whatever a function of the user makes of it.
 *
 * In:    the record at hand. Out: a value, or nothing; an object may give several. Throws what is wrong with the record. State: none.
 */
import { isUtf8 } from "node:buffer";
import { isAsync, isStandardSchema, issuesInWords } from "../../../core/types/standard-schema.ts";
import type { StandardSchema } from "../../../core/types/standard-schema.ts";
import { asError, described } from "../../../core/util/errors.ts";
import { asyncSchema, wrongOption } from "./errors.ts";
import type { KafkaRecord } from "./kafka-record.ts";

/** Takes what a record becomes. */
export interface KafkaCollector<T> {
  /** Emitted once `deserialize` has returned; if it throws, nothing is. Default of the time: the record's. */
  collect(value: T, timestampMs?: number): void;
}

/** Returns what a record becomes, undefined for nothing; or an object whose method makes any number of values of it. What it throws makes the record a malformed one. */
export type KafkaDeserializer<T> =
  | ((record: KafkaRecord) => T | undefined)
  | { deserialize(record: KafkaRecord, out: KafkaCollector<T>): void };

/** Made by {@link bytes}, {@link text} and {@link json}. */
export interface KafkaValue<T> {
  readonly ofRecord: (record: KafkaRecord) => T;
}

/**
 * Values as they are, copied out of the memory in which they came.
 *
 * Shape:  `KafkaValue<Uint8Array>`, for the option `value` of a Kafka source.
 * Errors: none when it is made. A record without a value (a tombstone) is malformed.
 * Source: Flink's `ByteArrayDeserializer`.
 *
 * @example
 * kafkaSource({ bootstrapServers: "localhost:9092", topics: "images", value: bytes() });
 */
export function bytes(): KafkaValue<Uint8Array> {
  return { ofRecord: (record) => new Uint8Array(present(record.value)) };
}

/**
 * Values as text, from UTF-8.
 *
 * Shape:  `KafkaValue<string>`, for the option `value` of a Kafka source.
 * Errors: none when it is made. A record whose value is no UTF-8, or that has none (a tombstone), is malformed.
 * Source: Flink's `SimpleStringSchema`, which replaces what is no UTF-8 without a word.
 *
 * @example
 * kafkaSource({ bootstrapServers: "localhost:9092", topics: "names", value: text() });
 */
export function text(): KafkaValue<string> {
  return { ofRecord: textOf };
}

/**
 * Values parsed as JSON, and checked by a schema if there is one: of zod, valibot, arktype or any other library of the Standard Schema.
 *
 * Shape:  `KafkaValue<T>`, for the option `value` of a Kafka source; `T` follows from the schema. Without one, `T` is your word for it.
 * Errors: `MR6423` `schema` is no Standard Schema. While the job runs, a record that is no JSON, that the schema refuses or that has no value (a tombstone) is
 *         malformed; `MR6430` the schema checks asynchronously.
 * Source: Flink's `JsonDeserializationSchema`.
 *
 * @example
 * kafkaSource({ bootstrapServers: "localhost:9092", topics: "flights", value: json<Flight>() });
 */
export function json<T>(options: { readonly schema?: StandardSchema<unknown, T> } = {}): KafkaValue<T> {
  const { schema } = options;
  if (schema === undefined) return { ofRecord: (record) => parsed(record) as T }; // without a schema, the user vouches for it
  if (!isStandardSchema(schema))
    throw wrongOption(
      `the schema of json() must be one of the Standard Schema (zod, valibot, arktype), but is ${described(schema)}`,
    );
  const standard = schema["~standard"];
  return {
    ofRecord: (record) => {
      const result = standard.validate(parsed(record));
      if (isAsync(result)) throw asyncSchema();
      if (result.issues !== undefined)
        throw new Error(`its value does not fit its schema: ${issuesInWords(result.issues)}`);
      return result.value as T; // what the schema says that it returns
    },
  };
}

function parsed(record: KafkaRecord): unknown {
  const value = textOf(record);
  try {
    const result: unknown = JSON.parse(value);
    return result;
  } catch (error) {
    throw new Error(`its value is no JSON: ${asError(error).message}`, { cause: error });
  }
}

const REPLACED = "\uFFFD";

/** Decoding replaces what is no UTF-8; so where nothing stands replaced, nothing was wrong. */
function textOf(record: KafkaRecord): string {
  const value = present(record.valueText());
  if (value.includes(REPLACED) && !isUtf8(present(record.value))) throw new Error("its value is no UTF-8");
  return value;
}

function present<V>(value: V | null): V {
  if (value === null)
    throw new Error("it has no value (a tombstone), which only the option deserializer can make something of");
  return value;
}
