/**
 * A generated exact pipeline as a job: its sources are paced, so that what happens to threads happens while it runs, and it writes to files.
 *
 * In:    `GoldenArgs` as JSON. Out: what the pipeline writes, as lines of `Out`, one directory per written stream.
 *
 * Before the files, records are keyed by lane: one subtask writes all of a lane, whoever read its records before and after a restart, so that the order of
 * a lane is that of its lines.
 */
import { join } from "node:path";
import { defineJob } from "millrace";
import type { Collector, DataStream, JobDefinition } from "millrace";
import { fileSink, ndjson } from "millrace/connectors/files";
import { SeededRandom } from "../../../core/util/random.ts";
import { Gate } from "../../sim/gate.ts";
import { exactPipeline } from "../../sim/pipelines/exact.ts";
import type { Out } from "../../sim/pipelines/pipeline.ts";
import type { ExactDescription } from "../../sim/pipelines/wiring.ts";
import { stuttering } from "../../sim/stuttering-source.ts";

export interface GoldenArgs {
  readonly description: ExactDescription;
  readonly out: string;
  readonly seed: number;
  /** Of a source, after each few records, at most. */
  readonly pauseMs: number;
}

/** Records that a source emits between two pauses, at most. */
export const BURST = 3;

const NO_FAULTS = { strike: () => false };

const job: JobDefinition = defineJob("golden", (env, [json = ""]) => {
  const { description, out, seed, pauseMs } = JSON.parse(json) as GoldenArgs; // as the test writes it
  const pacing = {
    gate: new Gate(),
    random: new SeededRandom(seed),
    burst: BURST,
    pauseMs,
    pauses: 1,
    faults: NO_FAULTS,
  };
  exactPipeline(description).build({
    env,
    read: (source, strategy, name) => env.fromSource(stuttering(source, pacing), strategy, name).uid(name),
    write(stream: DataStream<Out>, name = "out") {
      stream
        .keyBy(({ lane }) => lane)
        .process({ processElement: (value, _ctx, lines: Collector<Out>) => lines.collect(value) })
        .sinkTo(fileSink({ path: join(out, name), format: ndjson<Out>() }))
        .name(`to ${name}`)
        .uid(`to ${name}`);
    },
  });
});

export default job;
