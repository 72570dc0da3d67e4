/**
 * A whole job that is tested under crashes and other parallelisms, in basket-reminders.test.ts: people are reminded of what they left in their basket.
 *
 * In:    the directories of basket events and of reminders, as arguments. Out: files of reminders.
 * State: that of abandonedBaskets, per person.
 */
import { defineJob, WatermarkStrategy } from "millrace";
import type { JobDefinition } from "millrace";
import { fileSink, fileSource, ndjson } from "millrace/connectors/files";
import { abandonedBaskets } from "./abandoned-baskets.ts";
import type { BasketEvent } from "./abandoned-baskets.ts";

export interface TimedBasketEvent extends BasketEvent {
  readonly atMs: number;
}

const job: JobDefinition = defineJob("basket-reminders", (env, [from = "events", to = "reminders"]) => {
  const events = fileSource<TimedBasketEvent>({ path: from, format: ndjson() });
  const eventTime = WatermarkStrategy.forBoundedOutOfOrderness<TimedBasketEvent>("1min").withTimestampAssigner(
    (event) => event.atMs,
  );
  env
    .fromSource(events, eventTime, "events")
    .keyBy((event) => event.person)
    .process(abandonedBaskets)
    .uid("baskets")
    .sinkTo(fileSink({ path: to, format: ndjson() }))
    .name("reminders")
    .uid("reminders");
});

export default job;
