/**
 * Probes that a stream passes through, unchanged: they see time as an operator sees it, and complain if it behaves as it must not.
 *
 * In:    a stream. Out: the same records. State: their own, saved and restored as everything else, so that what they remember is what a restart goes on from.
 */
import type { Collector, DataStream, Input, Operator, OperatorServices } from "../../core/index.ts";
import { map, value } from "../../core/index.ts";

export type Complain = (what: string) => void;

/** Watermarks never go back, nor do they after a restore: what was late before a failure is not in time after it, and the other way round. */
export function watermarkProbe<T>(stream: DataStream<T>, name: string, complain: Complain): DataStream<T> {
  return stream
    .transform<T>(`watermark probe ${name}`, (services) => watchWatermarks<T>(services, name, complain))
    .uid(`watermark-probe-${name}`);
}

function watchWatermarks<T>(services: OperatorServices<T>, name: string, complain: Complain): Operator {
  const { output, operatorState, task } = services;
  const saved = operatorState.list<number>("watermark", "union");
  let watermarkMs = saved.get().reduce((least, each) => Math.min(least, each), Infinity);
  if (watermarkMs === Infinity) watermarkMs = -Infinity;
  const input: Input<T> = {
    processRecord: (record, timestampMs) => output.processRecord(record, timestampMs),
    processWatermark(nextMs) {
      if (nextMs < watermarkMs)
        complain(
          `the watermark of ${name} (${task.subtaskIndex + 1}/${task.parallelism}, attempt ${task.attempt}) went back from ${watermarkMs} to ${nextMs}`,
        );
      watermarkMs = nextMs;
      output.processWatermark(nextMs);
    },
    processIdle: (idle) => output.processIdle(idle),
  };
  return { inputs: [input], snapshot: () => saved.update([watermarkMs]) };
}

/** Timers fire once each, in the order of their times, never before the watermark is there, and never after they were deleted. */
export function timerProbe<T>(
  stream: DataStream<T>,
  name: string,
  options: { readonly keyOf: (record: T) => string; readonly complain: Complain },
): DataStream<T> {
  const { keyOf, complain } = options;
  return stream
    .keyBy(keyOf)
    .process({
      state: { due: map<number, number>(), last: value({ default: -Infinity }) },
      processElement(record: T, ctx, out: Collector<T>) {
        out.collect(record);
        const timeMs = ctx.timestampMs + 5;
        const times = (ctx.state.due.get(timeMs) ?? 0) + 1;
        // Each third time it is taken back, and may be set again.
        if (times % 3 === 0) ctx.timers.deleteEventTime(timeMs);
        else ctx.timers.registerEventTime(timeMs);
        ctx.state.due.put(timeMs, times);
      },
      onTimer(timeMs, ctx) {
        const times = ctx.state.due.get(timeMs);
        const about = `a timer of ${name} for ${timeMs} (key ${ctx.key})`;
        if (times === undefined) complain(`${about} fired twice, or was never set`);
        else if (times % 3 === 0) complain(`${about} fired though it was deleted`);
        if (timeMs > ctx.currentWatermarkMs) complain(`${about} fired at watermark ${ctx.currentWatermarkMs}`);
        if (timeMs < ctx.state.last.value()) complain(`${about} fired after one for ${ctx.state.last.value()}`);
        ctx.state.last.update(timeMs);
        ctx.state.due.remove(timeMs);
      },
    })
    .name(`timer probe ${name}`)
    .uid(`timer-probe-${name}`);
}
