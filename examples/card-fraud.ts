/**
 * Alerts about credit cards: `npx millrace run examples/card-fraud.ts -- --count 5000`.
 *
 * What one learns: a keyed process function with value, list and map state, and timers. Purchases come out of order, and the order matters; a timer at
 * each purchase's own time takes them up in the order of event time.
 *
 * In:    generated purchases, up to 10 s out of order. Out: alerts, printed.
 * State: per card the purchases that wait for the watermark, the last one, and the times of those of the last minute.
 */
import { defineJob, list, map, value, WatermarkStrategy } from "millrace";
import type { Collector, DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { clockTime } from "./support/clock-time.ts";
import { dice, pick } from "./support/dice.ts";
import { loadOptions, loadSpecs, usageOf } from "./support/options.ts";
import type { Load } from "./support/options.ts";

/** Unless `--count` says otherwise. */
const COUNT = 2_000;
const START_MS = Date.UTC(2026, 0, 1);
const CARDS = 40;
const BURST = { purchases: 5, withinMs: 60_000 };
const KMH_MAX = 900;

/** In km on a flat map. */
const PLACES = {
  Lisbon: [0, 0],
  Madrid: [500, 160],
  Lyon: [1_200, 830],
  Milan: [1_550, 810],
  Berlin: [1_750, 1_600],
} as const;
type City = keyof typeof PLACES;

export interface Purchase {
  readonly card: number;
  readonly city: City;
  readonly cents: number;
  readonly atMs: number;
}

/** More purchases within a minute than people make, or two cities that are too far apart for the time between. */
export type Alert =
  | { readonly kind: "burst"; readonly card: number; readonly atMs: number; readonly cents: number }
  | { readonly kind: "travel"; readonly card: number; readonly atMs: number; readonly from: City; readonly to: City };

const job: JobDefinition = defineJob(
  "card-fraud",
  (env, args) => {
    pipeline(env, loadOptions(args, COUNT)).alerts.map(textOf).print("alert");
  },
  { usage: usageOf(loadSpecs(COUNT)) },
);
export default job;

function textOf(alert: Alert): string {
  const start = `${clockTime(alert.atMs)} card ${alert.card}:`;
  return alert.kind === "travel"
    ? `${start} ${alert.from}, then ${alert.to}`
    : `${start} ${BURST.purchases} purchases within a minute, ${(alert.cents / 100).toFixed(2)} in all`;
}

export function pipeline(env: StreamExecutionEnvironment, load: Load): { alerts: DataStream<Alert> } {
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness("10s").withTimestampAssigner(
    (purchase: Purchase) => purchase.atMs,
  );
  const alerts = env
    .fromSource(dataGenerator({ ...load, generate: purchaseOf }), strategy, "purchases")
    .uid("purchases")
    .keyBy((purchase) => purchase.card)
    .process({
      state: { waiting: map<number, Purchase>(), last: value<Purchase>(), recent: list<Purchase>() },
      processElement(purchase, ctx) {
        ctx.state.waiting.put(purchase.atMs, purchase);
        ctx.timers.registerEventTime(purchase.atMs);
      },
      /** The watermark has passed `timeMs`, so that no earlier purchase is missing. */
      onTimer(timeMs, ctx, out: Collector<Alert>) {
        const { waiting, last, recent } = ctx.state;
        const purchase = waiting.get(timeMs);
        if (purchase === undefined) return;
        waiting.remove(timeMs);
        const before = last.value();
        if (before !== undefined && isTooFast(before, purchase)) {
          out.collect({ kind: "travel", card: ctx.key, atMs: timeMs, from: before.city, to: purchase.city });
        }
        last.update(purchase);
        const burst = [...recent.get().filter(({ atMs }) => atMs > timeMs - BURST.withinMs), purchase];
        if (burst.length < BURST.purchases) return recent.update(burst);
        recent.clear();
        out.collect({
          kind: "burst",
          card: ctx.key,
          atMs: timeMs,
          cents: burst.reduce((sum, { cents }) => sum + cents, 0),
        });
      },
    })
    .name("alerts")
    .uid("alerts");
  return { alerts };
}

function isTooFast(before: Purchase, after: Purchase): boolean {
  const [eastFrom, northFrom] = PLACES[before.city];
  const [eastTo, northTo] = PLACES[after.city];
  const hours = (after.atMs - before.atMs) / 3_600_000;
  return Math.hypot(eastTo - eastFrom, northTo - northFrom) > KMH_MAX * hours;
}

/**
 * The purchase of an index. Most are made at home by any card; out of each 200, twelve in a row are made with one card, as by a thief in a hurry.
 * No two have the same time: it is unique modulo 5 s among neighbours, and jitter moves it by whole 5 s.
 */
export function purchaseOf(index: number): Purchase {
  const block = Math.floor(index / 200);
  const stolen = block % 2 === 1 && index % 200 < 12;
  const card = Math.floor(dice(stolen ? block : index, 0) * CARDS);
  const atMs = START_MS + (index - Math.floor(dice(index, 1) * 3)) * 5_000 + (index % 5_000);
  const abroad = dice(index, 2) < 0.01;
  const cities: readonly [City, ...City[]] = ["Lisbon", "Madrid", "Lyon", "Milan", "Berlin"];
  return { card, city: pick(cities, abroad ? index : card, 3), cents: 100 + Math.floor(dice(index, 4) * 20_000), atMs };
}
