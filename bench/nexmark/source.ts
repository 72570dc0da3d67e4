/** The stream of Nexmark's events, in event time: in order within a stripe, with the watermark 4 seconds behind, as in the tables of the benchmark. */
import { WatermarkStrategy } from "millrace";
import type { DataStream, StreamExecutionEnvironment } from "millrace";
import { stripes } from "../sources/stripes.ts";
import { nexmarkGenerator } from "./generator.ts";
import type { GeneratorOptions } from "./generator.ts";
import type { NexmarkEvent } from "./model.ts";

export function nexmarkEvents(
  env: StreamExecutionEnvironment,
  options: GeneratorOptions & { readonly events: number },
): DataStream<NexmarkEvent> {
  const eventTime = WatermarkStrategy.forBoundedOutOfOrderness("4s").withTimestampAssigner(
    (event: NexmarkEvent) => event.dateTime,
  );
  return env.fromSource(stripes(options.events, nexmarkGenerator(options)), eventTime, "nexmark");
}
