/** How streams reach a sink or the client: one function per way out. `DataStream` calls them. */
import type { Sink } from "../operators/contracts/sink.ts";
import { DataStreamSink } from "./data-stream-sink.ts";
import type { StreamHandle } from "./pipeline.ts";
import { refuse, requireMethod } from "./refuse.ts";
import { ResultStream } from "./result-stream.ts";
import { CollectSink } from "./sinks/collect-sink.ts";
import type { CollectedBatch } from "./sinks/collect-sink.ts";
import { DiscardSink } from "./sinks/discard-sink.ts";
import { PrintSink } from "./sinks/print-sink.ts";
import { writeLine } from "./stdout.ts";
import type { CollectOptions, PrintOptions } from "./stream-results.ts";

const RESULTS_MAX = 1_000_000;

interface NewSink<T> {
  readonly kind: string;
  readonly sink: Sink<T, never, never>;
  readonly stateful: boolean;
  /** At the client: gets what the sink sends. */
  readonly listener?: (value: unknown) => void;
}

export function sinkTo<T, W, C>(handle: StreamHandle, sink: Sink<T, W, C>): DataStreamSink {
  requireMethod(sink, "createWriter", "sinkTo() takes a sink");
  if (sink.exclusive !== undefined) handle.pipeline.claim(sink.exclusive);
  return addSink(handle, { kind: "sink", sink: erased(sink), stateful: true });
}

export function print(handle: StreamHandle, options: string | PrintOptions = {}): DataStreamSink {
  const { prefix = "", write = writeLine } = typeof options === "string" ? { prefix: options } : options;
  return addSink(handle, {
    kind: "print-sink",
    sink: new PrintSink(prefix),
    stateful: false,
    listener: (line) => write(String(line)),
  });
}

export function discard(handle: StreamHandle): DataStreamSink {
  return addSink(handle, { kind: "discard-sink", sink: new DiscardSink(), stateful: false });
}

export function collectAsync<T>(
  handle: StreamHandle,
  options: CollectOptions = {},
): AsyncIterableIterator<T, undefined> {
  return collect<T>(handle, checkCount(options.bufferMax ?? RESULTS_MAX, "bufferMax"));
}

export async function executeAndCollect<T>(handle: StreamHandle, limit: number | undefined): Promise<T[]> {
  if (limit !== undefined) checkCount(limit, "the limit");
  const results = collect<T>(handle, Infinity);
  const client = await handle.pipeline.submit();
  const values: T[] = [];
  for await (const value of results) {
    values.push(value);
    if (values.length !== limit) continue;
    await client.cancel();
    break;
  }
  return values;
}

function collect<T>(handle: StreamHandle, bufferMax: number): ResultStream<T> {
  const results = new ResultStream<T>(bufferMax);
  const listener = (batch: unknown): void => results.receive(batch as CollectedBatch<T>); // the collect sink sends nothing else
  addSink(handle, { kind: "collect-sink", sink: erased(new CollectSink<T>()), stateful: true, listener });
  handle.pipeline.onSubmitted((client) => results.attach(client));
  return results;
}

function addSink<T>(handle: StreamHandle, { kind, sink, stateful, listener }: NewSink<T>): DataStreamSink {
  const { pipeline } = handle;
  const spec = { module: "sink", functions: {}, parameters: { sink } };
  const node = pipeline.addNode(
    {
      kind,
      spec,
      stateful,
      parallelismMax: sink.parallelismMax,
      parallelism: sink.parallelismMax === 1 ? 1 : undefined,
    },
    [handle],
  );
  if (listener !== undefined) pipeline.listen(node, listener);
  return new DataStreamSink(pipeline, node);
}

/** What a sink keeps and commits is its own business: the engine only carries it. */
function erased<T, W, C>(sink: Sink<T, W, C>): Sink<T, never, never> {
  return sink as unknown as Sink<T, never, never>; // its states and committables come back to it only
}

function checkCount(count: number, what: string): number {
  if (Number.isInteger(count) && count >= 1) return count;
  return refuse("MR1062", `${what} must be a whole number of 1 or more, not ${String(count)}`);
}
