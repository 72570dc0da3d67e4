/** What the examples of connectors may use besides the prelude of core and the connector's own exports. They are compiled, not run. */
import { StreamExecutionEnvironment, WatermarkStrategy } from "../../core/index.ts";
import type { DataStream } from "../../core/index.ts";

export { range, take } from "rxjs";

export interface Flight {
  readonly origin: string;
  readonly delay: number;
}

const env: StreamExecutionEnvironment = StreamExecutionEnvironment.create();

export const watermarks: WatermarkStrategy<unknown> = WatermarkStrategy.noWatermarks();
export const results: DataStream<Flight> = env.fromData<Flight>({ origin: "SEA", delay: 3 });
export const stream: DataStream<number> = env.fromSequence(1, 3);
