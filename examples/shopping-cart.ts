/**
 * A shop with carts, an inventory and accounts: `npx millrace run examples/shopping-cart.ts`, or with events of your own `... -- --events events.ndjson`.
 *
 * What one learns: three functions that ask and answer each other; a step that waits for answers (`phase`, `open`) without anything waiting; a delayed message that is taken back.
 *
 * In:    what customers do, as a JSON object per line. Out: what became of each cart, and what is left of each article whenever that changes, printed.
 * State: per customer a cart and an account, per article how many are left.
 *
 *     cart ── reserve ──> article      cart ──── pay ─────> account
 *          <─ reserved ──                   <──── paid ────
 *          <─ soldOut ───                   <── declined ──
 *          ── release ──>
 *
 * What is in a cart is reserved, for half an hour after the last addition: then the cart gets a message that it has sent to itself, and gives everything back. Checking out takes that
 * message back. At the end of a bounded input such messages are due at once, so carts that nobody has checked out are given back.
 */
import { fileURLToPath } from "node:url";
import { WatermarkStrategy } from "millrace";
import type { DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { fileSource, ndjson } from "millrace/connectors/files";
import { egress, external, fn, ingress, module, router, statefunJob, table, type, value } from "millrace/statefun";
import type {
  EgressIdentifier,
  FunctionReference,
  IngressIdentifier,
  RouterSpec,
  StatefulFn,
  StatefulFunctionModule,
} from "millrace/statefun";
import { optionValues, usageOf } from "./support/options.ts";

/** What a customer does. */
export type ShopEvent =
  | { readonly customer: string; readonly does: "add"; readonly article: string; readonly amount: number }
  | { readonly customer: string; readonly does: "check-out" };

/** Something that is in a cart. */
export interface Line {
  readonly article: string;
  readonly amount: number;
  readonly cents: number;
}

/** What became of a cart, or of something that did not get into one. */
export interface CartOutcome {
  readonly customer: string;
  readonly what: "bought" | "declined" | "expired" | "sold out" | "closed";
  readonly lines: readonly Line[];
}

export interface StockLevel {
  readonly article: string;
  readonly left: number;
}

const OPTIONS = {
  events: { value: "FILE", meaning: "a file with a JSON object per line", default: "" },
} as const;
/** Unless `--events` says otherwise. */
const EVENTS_FILE = fileURLToPath(new URL("./support/shop-events.ndjson", import.meta.url));

/** How many there are at first, and what one costs. */
const CATALOGUE: ReadonlyMap<string, { readonly amount: number; readonly cents: number }> = new Map([
  ["tea", { amount: 5, cents: 450 }],
  ["cup", { amount: 4, cents: 1_200 }],
  ["pot", { amount: 1, cents: 3_900 }],
]);
/** On each account at first. */
const CREDIT_CENTS = 5_000;
/** From the last addition on. */
const HELD_FOR = "30m";

export const EVENTS: IngressIdentifier<ShopEvent> = ingress("shop/events", type<ShopEvent>());
export const OUTCOMES: EgressIdentifier<CartOutcome> = egress("shop/outcomes", type<CartOutcome>());
export const LEVELS: EgressIdentifier<StockLevel> = egress("shop/levels", type<StockLevel>());

type Wanted = Pick<Line, "article" | "amount">;

interface CartMessages {
  readonly add: Wanted;
  readonly checkOut: null;
  readonly reserved: Line;
  readonly soldOut: Wanted;
  readonly paid: null;
  readonly declined: null;
  readonly expire: null;
}

/** Declared ahead of its code, since carts and articles write to each other. */
const carts: FunctionReference<CartMessages> = external<CartMessages>("shop/cart");

interface ArticleMessages {
  readonly reserve: number;
  readonly release: number;
}

export const article: StatefulFn<ArticleMessages> = fn("shop/article", {
  accepts: { reserve: type<number>(), release: type<number>() },
  state: { left: value<number>() },
  handle: {
    reserve(ctx, amount) {
      if (!carts.is(ctx.caller)) return;
      const name = ctx.self.id;
      const { amount: atFirst, cents } = CATALOGUE.get(name) ?? { amount: 0, cents: 0 };
      const left = (ctx.state.left ?? atFirst) - amount;
      if (left < 0) {
        ctx.send(ctx.caller, "soldOut", { article: name, amount });
        return;
      }
      ctx.state.left = left;
      ctx.send(ctx.caller, "reserved", { article: name, amount, cents: amount * cents });
      ctx.send(LEVELS, { article: name, left });
    },
    release(ctx, amount) {
      const left = (ctx.state.left ?? 0) + amount;
      ctx.state.left = left;
      ctx.send(LEVELS, { article: ctx.self.id, left });
    },
  },
});

interface AccountMessages {
  readonly pay: number;
}

export const account: StatefulFn<AccountMessages> = fn("shop/account", {
  accepts: { pay: type<number>() },
  state: { cents: value({ default: CREDIT_CENTS }) },
  handle: {
    pay(ctx, cents) {
      if (cents > ctx.state.cents) {
        ctx.reply("declined", null);
        return;
      }
      ctx.state.cents -= cents;
      ctx.reply("paid", null);
    },
  },
});

/** `closing`: the customer wants to pay, and articles have not yet answered. */
type Phase = "open" | "closing" | "paying";

export const cart: StatefulFn<CartMessages> = fn("shop/cart", {
  accepts: {
    add: type<Wanted>(),
    checkOut: type<null>(),
    reserved: type<Line>(),
    soldOut: type<Wanted>(),
    paid: type<null>(),
    declined: type<null>(),
    expire: type<null>(),
  },
  state: { lines: table<string, Line>(), asked: value({ default: 0 }), phase: value<Phase>({ default: "open" }) },
  handle: {
    add(ctx, { article: name, amount }) {
      if (ctx.state.phase !== "open") {
        ctx.send(OUTCOMES, { customer: ctx.self.id, what: "closed", lines: [{ article: name, amount, cents: 0 }] });
        return;
      }
      ctx.state.asked += 1;
      ctx.send(article.at(name), "reserve", amount);
    },
    reserved(ctx, line) {
      const { lines } = ctx.state;
      const before = lines.get(line.article) ?? { amount: 0, cents: 0 };
      const { amount, cents } = line;
      lines.set(line.article, { ...line, amount: amount + before.amount, cents: cents + before.cents });
      ctx.sendAfter(HELD_FOR, ctx.self, "expire", null, { token: "expire" }); // in place of an earlier one
      ctx.state.asked -= 1;
      if (ctx.state.phase === "closing" && ctx.state.asked === 0) ctx.send(ctx.self, "checkOut", null);
    },
    soldOut(ctx, { article: name, amount }) {
      ctx.send(OUTCOMES, { customer: ctx.self.id, what: "sold out", lines: [{ article: name, amount, cents: 0 }] });
      ctx.state.asked -= 1;
      if (ctx.state.phase === "closing" && ctx.state.asked === 0) ctx.send(ctx.self, "checkOut", null);
    },
    checkOut(ctx) {
      const { state, self } = ctx;
      if (state.phase === "paying") return;
      state.phase = state.asked > 0 ? "closing" : "paying";
      ctx.cancel("expire");
      if (state.phase === "closing") return;
      const cents = [...state.lines.values()].reduce((sum, line) => sum + line.cents, 0);
      ctx.send(account.at(self.id), "pay", cents);
    },
    paid(ctx) {
      const { state, self } = ctx;
      ctx.send(OUTCOMES, { customer: self.id, what: "bought", lines: [...state.lines.values()] });
      state.lines.clear();
      state.phase = "open";
    },
    declined(ctx) {
      const { state, self } = ctx;
      const lines = [...state.lines.values()];
      for (const line of lines) ctx.send(article.at(line.article), "release", line.amount);
      ctx.send(OUTCOMES, { customer: self.id, what: "declined", lines });
      state.lines.clear();
      state.phase = "open";
    },
    expire(ctx) {
      const { state, self } = ctx;
      if (state.phase !== "open") return; // it was under way already when the customer came to pay
      const lines = [...state.lines.values()];
      for (const line of lines) ctx.send(article.at(line.article), "release", line.amount);
      ctx.send(OUTCOMES, { customer: self.id, what: "expired", lines });
      state.lines.clear();
    },
  },
});

export const eventRouter: RouterSpec = router(EVENTS, (event, downstream) => {
  const to = cart.at(event.customer);
  if (event.does === "check-out") downstream.forward(to, "checkOut", null);
  else downstream.forward(to, "add", { article: event.article, amount: event.amount });
});

/** Each in a module of its own would do as well. */
export const shop: StatefulFunctionModule = module(
  ({ config }) => [
    cart,
    article,
    account,
    eventRouter,
    EVENTS.from((env) => eventsIn(env, config.getOrDefault("events", EVENTS_FILE))),
    OUTCOMES.to((outcomes) => outcomes.map(textOf).print()),
    LEVELS.to((levels) => levels.map(({ article: name, left }) => `${left} ${name} left`).print()),
  ],
  { name: "shop" },
);

export function eventsIn(env: StreamExecutionEnvironment, path: string): DataStream<ShopEvent> {
  const source = fileSource({ path, format: ndjson<ShopEvent>() });
  return env.fromSource(source, WatermarkStrategy.noWatermarks(), "events").uid("events");
}

function textOf({ customer, what, lines }: CartOutcome): string {
  const articles = lines.map(({ article: name, amount }) => `${amount} ${name}`).join(", ");
  return `${customer}, ${what}: ${articles === "" ? "nothing" : articles}`;
}

const job: JobDefinition = statefunJob("shopping-cart", shop, {
  usage: usageOf(OPTIONS),
  configOfArgs: (args) => {
    const { events } = optionValues(args, OPTIONS);
    return { events: events === "" ? EVENTS_FILE : events };
  },
});
export default job;
