/**
 * Records that wait for a timer, of event time or of the machine's time; some of them register one that is due already.
 *
 * Laws: each record comes out once, by the timer that it registered, never early. Timers of processing time that are still to come at the end of the input
 * do not fire: then at most once.
 */
import { map } from "../../../../core/index.ts";
import type { Collector } from "../../../../core/index.ts";
import { firstOf, lanesOf, notTheSame, repeated } from "./law.ts";
import type { ConservingKind } from "./law.ts";

export interface WaitingForTimers {
  readonly kind: "timers";
  readonly time: "event" | "processing";
  readonly delayMs: number;
}

interface Waited {
  readonly key: string;
  readonly timeMs: number;
  /** How late it was when the timer fired. */
  readonly nowMs: number;
  /** Those that registered it, each with the time that it asked for. */
  readonly waiting: readonly (readonly [id: number, dueMs: number])[];
}

const FIRED = "fired/";

export const WAITING_FOR_TIMERS: ConservingKind<WaitingForTimers> = {
  code: ({ time, delayMs }) =>
    `numbered.keyBy(key).process(each waits for a timer of ${time} time, ${delayMs} ms later)`,
  build(records, { time, delayMs }, write) {
    const fired = records
      .keyBy(({ key }) => key)
      .process({
        state: { waiting: map<number, Waited["waiting"]>() },
        processElement({ id }, ctx, _out: Collector<Waited>) {
          const dueMs = (time === "event" ? ctx.timestampMs : ctx.processingTimeMs()) + delayMs;
          ctx.state.waiting.put(dueMs, [...(ctx.state.waiting.get(dueMs) ?? []), [id, dueMs]]);
          if (time === "event") ctx.timers.registerEventTime(dueMs);
          else ctx.timers.registerProcessingTime(dueMs);
        },
        onTimer(timeMs, ctx, out) {
          const waiting = ctx.state.waiting.get(timeMs) ?? [];
          ctx.state.waiting.remove(timeMs);
          const nowMs = time === "event" ? ctx.currentWatermarkMs : ctx.processingTimeMs();
          out.collect({ key: ctx.key, timeMs, nowMs, waiting });
        },
      })
      .uid("timers");
    write(
      fired.map((waited) => ({ lane: `${FIRED}${waited.key}`, value: waited })),
      "fired",
    );
  },
  broken(written, { time, delayMs }, input) {
    const known = new Map(input.map((record) => [record.id, record]));
    const fired = [...lanesOf<Waited>(written, FIRED).values()].flat();
    const wrong = firstOf(fired, ({ key, timeMs, nowMs, waiting }) => {
      if (waiting.length === 0) return `a timer of ${key} at ${timeMs} fired for nobody`;
      if (nowMs < timeMs) return `a timer of ${key} at ${timeMs} fired early, at ${nowMs}`;
      return firstOf(waiting, ([id, dueMs]) => {
        const record = known.get(id);
        if (record?.key !== key) return `a timer of ${key} fired for record ${id}`;
        const isDue = dueMs === timeMs && (time === "processing" || dueMs === record.atMs + delayMs);
        return isDue ? undefined : `a timer of ${key} at ${timeMs} fired for record ${id}, due at ${dueMs}`;
      });
    });
    if (wrong !== undefined) return wrong;
    const ids = fired.flatMap(({ waiting }) => waiting.map(([id]) => id));
    if (time === "event")
      return notTheSame(
        ids,
        input.map(({ id }) => id),
        "out",
      );
    const twice = repeated(ids);
    return twice === undefined ? undefined : `record ${twice} is out twice`;
  },
};
