/**
 * Orders as state machines: `npx millrace run examples/order-states.ts -- --orders 20`.
 *
 * What one learns: an instance per order that remembers how it got where it is, and messages in event time: an order that is not paid within a day is cancelled, a day by the times of the
 * events and not by the clock on the wall. Events that the state does not allow change nothing and are reported.
 *
 * In:    events of orders, generated, in order of their times. Out: each change of an order, and what was refused, printed.
 * State: per order, the state, when it was placed, and its history.
 *
 *     (new) ── place ──> placed ── pay ──> paid ── pack ──> packed ── ship ──> shipped ── deliver ──> delivered
 *                          └── cancel, or a day without payment ──> cancelled <── cancel ── paid
 */
import { WatermarkStrategy } from "millrace";
import type { DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { buffer, egress, fn, ingress, module, router, statefunJob, type, value } from "millrace/statefun";
import type {
  EgressIdentifier,
  IngressIdentifier,
  RouterSpec,
  StatefulFn,
  StatefulFunctionModule,
  TurnContext,
} from "millrace/statefun";
import { dice } from "./support/dice.ts";
import { countOption, optionValues, usageOf } from "./support/options.ts";

export type OrderState = "new" | "placed" | "paid" | "packed" | "shipped" | "delivered" | "cancelled";
export type Action = "place" | "pay" | "pack" | "ship" | "deliver" | "cancel";

export interface OrderEvent {
  readonly order: string;
  readonly action: Action;
  readonly atMs: number;
}

/** What an order went through, up to now. */
export interface OrderChange {
  readonly order: string;
  readonly state: OrderState;
  readonly atMs: number;
  /** All its states, the present one too. */
  readonly path: readonly OrderState[];
}

export interface Refusal extends OrderEvent {
  readonly state: OrderState;
}

const OPTIONS = {
  orders: { value: "N", meaning: "how many orders there are", default: "10" },
} as const;

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
/** From placing an order to paying it. */
const PAY_WITHIN_MS = 24 * HOUR_MS;

/** What each state allows, and where it leads. */
const TRANSITIONS: Readonly<Record<OrderState, Partial<Readonly<Record<Action, OrderState>>>>> = {
  new: { place: "placed" },
  placed: { pay: "paid", cancel: "cancelled" },
  paid: { pack: "packed", cancel: "cancelled" },
  packed: { ship: "shipped" },
  shipped: { deliver: "delivered" },
  delivered: {},
  cancelled: {},
};

export const EVENTS: IngressIdentifier<OrderEvent> = ingress("orders/events", type<OrderEvent>());
export const CHANGES: EgressIdentifier<OrderChange> = egress("orders/changes", type<OrderChange>());
export const REFUSALS: EgressIdentifier<Refusal> = egress("orders/refusals", type<Refusal>());

interface OrderMessages {
  readonly act: OrderEvent;
  /** The time to pay is over. */
  readonly overdue: number;
}

const STATE = {
  current: value<OrderState>({ default: "new" }),
  dueMs: value<number>(),
  history: buffer<OrderState>(),
};

export const order: StatefulFn<OrderMessages> = fn("orders/order", {
  accepts: { act: type<OrderEvent>(), overdue: type<number>() },
  state: STATE,
  handle: {
    act(ctx, event) {
      const { state, self } = ctx;
      const { action, atMs } = event;
      // The watermark follows the events at a distance: whoever pays too late may be faster than the message that says so.
      if (state.current === "placed" && state.dueMs !== undefined && atMs >= state.dueMs)
        enter(ctx, "cancelled", state.dueMs);
      const next = TRANSITIONS[state.current][action];
      if (next === undefined) {
        ctx.send(REFUSALS, { ...event, state: state.current });
        return;
      }
      enter(ctx, next, atMs);
      if (next !== "placed") {
        ctx.cancel("overdue"); // if it still waits
        return;
      }
      state.dueMs = atMs + PAY_WITHIN_MS;
      ctx.sendAt(state.dueMs, self, "overdue", state.dueMs, { token: "overdue" });
    },
    overdue(ctx, dueMs) {
      if (ctx.state.current === "placed") enter(ctx, "cancelled", dueMs); // otherwise it was under way already when the order changed
    },
  },
});

function enter(ctx: TurnContext<OrderMessages, typeof STATE>, next: OrderState, atMs: number): void {
  const { state, self } = ctx;
  state.current = next;
  state.history.push(next);
  ctx.send(CHANGES, { order: self.id, state: next, atMs, path: state.history.toArray() });
}

export const orderRouter: RouterSpec = router(EVENTS, (event, downstream) => {
  downstream.forward(order.at(event.order), "act", event);
});

/** An order each hour; some are cancelled, some are paid too late or never, and some are shipped twice. The same for the same number of orders. */
export function eventsOf(orders: number): OrderEvent[] {
  return Array.from({ length: orders }, (_, index) => eventsOfOrder(index))
    .flat()
    .toSorted((left, right) => left.atMs - right.atMs);
}

function eventsOfOrder(index: number): OrderEvent[] {
  const course: Action[] = ["place", "pay", "pack", "ship", "deliver"];
  const chance = dice(index, 0);
  if (chance < 0.2) course.splice(1, 1); // never paid
  else if (chance < 0.4) course.splice(2, 0, "cancel");
  else if (chance < 0.6) course.push("ship");
  let atMs = START_MS + index * HOUR_MS;
  return course.map((action, step) => {
    if (step > 0) atMs += Math.floor(dice(index, step) * 30 * HOUR_MS);
    return { order: `o${index}`, action, atMs };
  });
}

/** In one subtask: several would not keep the order of the events. */
export function timed(env: StreamExecutionEnvironment, events: readonly OrderEvent[]): DataStream<OrderEvent> {
  const byTime = WatermarkStrategy.forMonotonousTimestamps<OrderEvent>().withTimestampAssigner(({ atMs }) => atMs);
  return env
    .fromData(events)
    .name("events")
    .uid("events")
    .assignTimestampsAndWatermarks(byTime)
    .uid("event-time")
    .setParallelism(1);
}

export const orders: StatefulFunctionModule = module(
  ({ config }) => [
    order,
    orderRouter,
    EVENTS.from((env) =>
      timed(env, eventsOf(countOption("orders", config.getOrDefault("orders", OPTIONS.orders.default)))),
    ),
    CHANGES.to((changes) =>
      changes.map(({ order: id, atMs, path }) => `${minuteOf(atMs)} ${id}: ${path.join(", ")}`).print(),
    ),
    REFUSALS.to((refusals) =>
      refusals.map(({ order: id, atMs, action, state }) => `${minuteOf(atMs)} ${id} is ${state}, no ${action}`).print(),
    ),
  ],
  { name: "orders" },
);

function minuteOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, "2026-01-01T00:00".length);
}

const job: JobDefinition = statefunJob("order-states", orders, {
  usage: usageOf(OPTIONS),
  configOfArgs: (args) => optionValues(args, OPTIONS),
});
export default job;
