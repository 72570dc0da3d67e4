/**
 * Goal:   each order goes through the states that its events allow, and is cancelled where nobody pays in time, whenever the watermark comes.
 * Method: generated orders against a plain loop, in one and two subtasks and under `checkExactlyOnce`; a few courses by hand.
 */
import { module } from "millrace/statefun";
import { checkExactlyOnce } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import job, { CHANGES, EVENTS, eventsOf, order, orderRouter, REFUSALS, timed } from "../../examples/order-states.ts";
import type { Action, OrderChange, OrderEvent, OrderState, Refusal } from "../../examples/order-states.ts";
import { into, runModule } from "./run-functions.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

const HOUR_MS = 3_600_000;

async function courseOf(events: readonly OrderEvent[], parallelism: number) {
  const changes: OrderChange[] = [];
  const refusals: Refusal[] = [];
  const application = module(() => [
    order,
    orderRouter,
    CHANGES.to(into(changes)),
    REFUSALS.to(into(refusals)),
    EVENTS.from((env) => timed(env, events)),
  ]);
  await runModule(application, parallelism);
  return { changes, refusals };
}

/** The states of each order at the end, and how many of its events were refused. */
function naiveCourses(events: readonly OrderEvent[]): Record<string, readonly [string, number]> {
  const rank: readonly OrderState[] = ["new", "placed", "paid", "packed", "shipped", "delivered"];
  const steps: readonly Action[] = ["place", "pay", "pack", "ship", "deliver"];
  const courses: Record<string, readonly [string, number]> = {};
  for (const id of new Set(events.map((event) => event.order))) {
    const path: OrderState[] = ["new"];
    let placedMs = NaN;
    let refused = 0;
    for (const { action, atMs } of [...events.filter((event) => event.order === id), undefinedEvent]) {
      const state = path.at(-1) ?? "new";
      const unpaid = state === "placed" && atMs >= placedMs + 24 * HOUR_MS;
      if (unpaid) path.push("cancelled");
      if (action === undefined) continue;
      if (!unpaid && action === "cancel" && (state === "placed" || state === "paid")) path.push("cancelled");
      else if (!unpaid && rank.indexOf(state) >= 0 && steps.indexOf(action) === rank.indexOf(state))
        path.push(rank[rank.indexOf(state) + 1] ?? "new");
      else refused += 1;
      if (path.at(-1) === "placed") placedMs = atMs;
    }
    courses[id] = [path.slice(1).join(" "), refused];
  }
  return courses;
}

/** The end of time, when whoever has not paid will not. */
const undefinedEvent = { action: undefined, atMs: Infinity } as const;

function coursesIn(changes: readonly OrderChange[], refusals: readonly Refusal[]): ReturnType<typeof naiveCourses> {
  const last = new Map(changes.map((change) => [change.order, change]));
  return Object.fromEntries(
    [...last].map(([id, { path }]) => [
      id,
      [path.join(" "), refusals.filter((refusal) => refusal.order === id).length] as const,
    ]),
  );
}

function eventAt(hour: number, id: string, action: Action): OrderEvent {
  return { order: id, action, atMs: hour * HOUR_MS };
}

describe.each([1, 2])("with parallelism %i", (parallelism) => {
  test("a hundred orders by dice", async () => {
    const events = eventsOf(100);
    const { changes, refusals } = await courseOf(events, parallelism);
    const expected = naiveCourses(events);
    expect(coursesIn(changes, refusals)).toEqual(expected);
    const ends = new Set(Object.values(expected).map(([path]) => path.split(" ").at(-1)));
    expect(ends.has("delivered") && ends.has("cancelled")).toBe(true);
  });

  test("paid in time, too late, and never", async () => {
    const events = [
      eventAt(0, "never", "place"),
      eventAt(1, "late", "place"),
      eventAt(2, "good", "place"),
      eventAt(25.9, "good", "pay"),
      eventAt(25.95, "good", "pay"),
      eventAt(26, "late", "pay"),
    ];
    const { changes, refusals } = await courseOf(events, parallelism);
    const of = (id: string) =>
      changes.filter((change) => change.order === id).map(({ state, atMs }) => [state, atMs / HOUR_MS]);
    expect(of("never")).toEqual([
      ["placed", 0],
      ["cancelled", 24],
    ]);
    expect(of("late")).toEqual([
      ["placed", 1],
      ["cancelled", 25],
    ]);
    expect(of("good")).toEqual([
      ["placed", 2],
      ["paid", 25.9],
    ]);
    expect(refusals.map(({ order: id, action, state }) => [id, action, state])).toEqual(
      expect.arrayContaining([
        ["good", "pay", "paid"],
        ["late", "pay", "cancelled"],
      ]),
    );
    expect(refusals).toHaveLength(2);
  });
});

test("the same whatever crashes", async () => {
  await checkExactlyOnce(job, { events: eventsOf(10) }, { runs: 15, timeMs: 1_500, order: orderOf });
});

function orderOf(record: unknown): string {
  return String(record).split(" ")[1] ?? "";
}
