/**
 * Carts are bought, declined or given back; articles run out; nothing is reserved for ever. Where customers want the same things, who gets them is chance, and then the sums have to be
 * right; otherwise everything is exact, also whatever crashes.
 */
import { module } from "millrace/statefun";
import { checkExactlyOnce } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import job, { account, article, cart, eventRouter, EVENTS, LEVELS, OUTCOMES } from "../../examples/shopping-cart.ts";
import type { CartOutcome, ShopEvent, StockLevel } from "../../examples/shopping-cart.ts";
import { into, runModule } from "./run-functions.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

async function daysWork(events: readonly ShopEvent[], parallelism: number) {
  const outcomes: CartOutcome[] = [];
  const levels: StockLevel[] = [];
  const application = module(() => [
    account,
    article,
    cart,
    eventRouter,
    EVENTS.from((env) => env.fromData(events)),
    OUTCOMES.to(into(outcomes)),
    LEVELS.to(into(levels)),
  ]);
  await runModule(application, parallelism);
  const of = (customer: string) =>
    outcomes
      .filter((outcome) => outcome.customer === customer)
      .map(({ what, lines }) => [
        what,
        ...lines.map(({ article: name, amount, cents }) => `${amount} ${name} ${cents}`),
      ]);
  const left = Object.fromEntries(levels.map((level) => [level.article, level.left]));
  return { outcomes, of, left };
}

function add(customer: string, name: string, amount: number): ShopEvent {
  return { customer, does: "add", article: name, amount };
}

function checkOut(customer: string): ShopEvent {
  return { customer, does: "check-out" };
}

/** Nobody wants what another wants. */
const APART: readonly ShopEvent[] = [
  add("ada", "tea", 2),
  add("ben", "pot", 1),
  add("ada", "tea", 1),
  add("cem", "cup", 3),
  add("ada", "tea", 3),
  add("ben", "hat", 1),
  checkOut("ada"),
  checkOut("ben"),
  add("cem", "cup", 1),
];

describe.each([1, 2])("with parallelism %i", (parallelism) => {
  test("bought, sold out, expired", async () => {
    const { of, left, outcomes } = await daysWork(APART, parallelism);
    expect(of("ada")).toEqual([
      ["sold out", "3 tea 0"],
      ["bought", "3 tea 1350"],
    ]);
    expect(of("ben")).toEqual([
      ["sold out", "1 hat 0"],
      ["bought", "1 pot 3900"],
    ]);
    expect(of("cem")).toEqual([["expired", "4 cup 4800"]]);
    expect(outcomes).toHaveLength(5);
    expect(left).toEqual({ tea: 2, pot: 0, cup: 4 });
  });

  test("what cannot be paid is given back", async () => {
    const { of, left } = await daysWork([add("ada", "cup", 2), add("ada", "pot", 1), checkOut("ada")], parallelism);
    expect(of("ada")).toEqual([["declined", "2 cup 2400", "1 pot 3900"]]);
    expect(left).toEqual({ cup: 4, pot: 1 });
  });

  test("an empty cart is bought for nothing, and the message of a cart that was paid never comes", async () => {
    const { of, left } = await daysWork([checkOut("ada"), add("ben", "tea", 1), checkOut("ben")], parallelism);
    expect(of("ada")).toEqual([["bought"]]);
    expect(of("ben")).toEqual([["bought", "1 tea 450"]]);
    expect(left).toEqual({ tea: 4 });
  });

  test("what many want is sold as often as it is there", async () => {
    const customers = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const wishes = customers.flatMap((customer) => [add(customer, "cup", 1), add(customer, "tea", 1)]);
    const paying = customers.filter((_, index) => index % 2 === 0).map((customer) => checkOut(customer));
    const { outcomes, left } = await daysWork([...wishes, ...paying], parallelism);
    const sum = (what: CartOutcome["what"], name: string): number =>
      outcomes
        .filter((outcome) => outcome.what === what)
        .flatMap(({ lines }) => lines)
        .reduce((total, line) => total + (line.article === name ? line.amount : 0), 0);
    for (const [name, atFirst] of Object.entries({ cup: 4, tea: 5 })) {
      expect(sum("bought", name) + sum("expired", name)).toBe(atFirst);
      expect(sum("bought", name) + (left[name] ?? 0)).toBe(atFirst);
      expect(sum("sold out", name)).toBe(customers.length - atFirst);
    }
  });
});

test("the same whatever crashes", async () => {
  await checkExactlyOnce(job, { events: [...APART] }, { runs: 15, timeMs: 1_500 });
});
