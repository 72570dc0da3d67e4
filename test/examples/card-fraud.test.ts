/**
 * Goal:   the alerts are those of a plain loop over the purchases of each card in the order of their times, however they arrive.
 * Method: the example's pipeline at several parallelisms; with several subtasks the purchases of a card arrive over several channels.
 */
import { StreamExecutionEnvironment } from "millrace";
import { expect, test, vi } from "vitest";
import { pipeline, purchaseOf } from "../../examples/card-fraud.ts";
import type { Alert, Purchase } from "../../examples/card-fraud.ts";
import { collectStreams, sortedTexts } from "./collect.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

/** Time comes in small steps while the records do. */
const RATE = 10_000;
const OFTEN = { "pipeline.auto-watermark-interval": "1ms" };
const COUNT = 3_000;
const KM = { Lisbon: [0, 0], Madrid: [500, 160], Lyon: [1_200, 830], Milan: [1_550, 810], Berlin: [1_750, 1_600] };

const purchases = Array.from({ length: COUNT }, (_, index) => purchaseOf(index));

function naiveAlerts(): Alert[] {
  const alerts: Alert[] = [];
  for (const card of new Set(purchases.map((purchase) => purchase.card))) {
    const own = purchases
      .filter((purchase) => purchase.card === card)
      .toSorted((left, right) => left.atMs - right.atMs);
    let recent: Purchase[] = [];
    for (const [index, purchase] of own.entries()) {
      const { atMs, city } = purchase;
      const before = own[index - 1];
      if (before !== undefined && kmhBetween(before, purchase) > 900) {
        alerts.push({ kind: "travel", card, atMs, from: before.city, to: city });
      }
      recent = [...recent.filter((other) => atMs - other.atMs < 60_000), purchase];
      if (recent.length < 5) continue;
      alerts.push({ kind: "burst", card, atMs, cents: recent.reduce((sum, { cents }) => sum + cents, 0) });
      recent = [];
    }
  }
  return alerts;
}

function kmhBetween(from: Purchase, to: Purchase): number {
  const [x = 0, y = 0] = KM[from.city];
  const [toX = 0, toY = 0] = KM[to.city];
  return Math.sqrt((toX - x) ** 2 + (toY - y) ** 2) / ((to.atMs - from.atMs) / 3_600_000);
}

test("the generator makes purchases out of order, and no two at one time", () => {
  expect(purchases.some((purchase, index) => purchase.atMs < (purchases[index - 1]?.atMs ?? 0))).toBe(true);
  expect(new Set(purchases.map(({ atMs }) => atMs)).size).toBe(COUNT);
});

test.each([1, 2, 3])("alerts are those of the plain loop at parallelism %i", async (parallelism) => {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelism, ...OFTEN });
  const { records } = await collectStreams(env, pipeline(env, { count: COUNT, ratePerSecond: RATE }));
  const expected = naiveAlerts();
  expect(new Set(expected.map(({ kind }) => kind))).toEqual(new Set(["burst", "travel"]));
  expect(sortedTexts(records.alerts)).toEqual(sortedTexts(expected));
});
