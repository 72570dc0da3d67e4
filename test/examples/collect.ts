/**
 * Runs a job in this process and brings what each of its streams emitted.
 *
 * In:  streams of one environment, by name. Out: their records as they came; sort them before comparing, since subtasks have no order among them.
 */
import type { DataStream, JobResult, StreamExecutionEnvironment } from "millrace";

type Collected<S> = { -readonly [N in keyof S]: S[N] extends DataStream<infer T> ? T[] : never };

export interface Run<S> {
  readonly records: Collected<S>;
  readonly result: JobResult;
}

export async function collectStreams<S extends Readonly<Record<string, DataStream<unknown>>>>(
  env: StreamExecutionEnvironment,
  streams: S,
): Promise<Run<S>> {
  const reading = Object.entries(streams).map(([name, stream]) => ({ name, results: stream.collectAsync() }));
  const client = await env.executeAsync();
  const pairs = await Promise.all(reading.map(async ({ name, results }) => [name, await drained(results)] as const));
  return { records: Object.fromEntries(pairs) as Collected<S>, result: await client.result() }; // one entry per stream
}

/** Text of each record, in order, so that two runs can be compared whatever their order was. */
export function sortedTexts(records: Iterable<unknown>): string[] {
  return [...records].map((record) => JSON.stringify(record)).toSorted();
}

async function drained(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const record of results) records.push(record);
  return records;
}
