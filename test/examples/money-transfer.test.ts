/**
 * Goal:   no cent appears or is lost: balances are what the transfers that were done make of them, their sum stays, none is below zero, each transfer has one outcome.
 * Method: generated transfers, with accounts that run short, in one and two subtasks; a small case with exact results; `checkExactlyOnce` with transfers that do not depend on each other's order.
 */
import { module } from "millrace/statefun";
import { checkExactlyOnce } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import job, {
  account,
  BALANCES,
  OPENING_CENTS,
  OUTCOMES,
  transferOf,
  transferRouter,
  TRANSFERS,
} from "../../examples/money-transfer.ts";
import type { Balance, Outcome, Transfer } from "../../examples/money-transfer.ts";
import { into, runModule } from "./run-functions.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

interface Books {
  readonly outcomes: readonly Outcome[];
  readonly balances: readonly Balance[];
}

async function booksOf(transfers: readonly Transfer[], parallelism: number): Promise<Books> {
  const outcomes: Outcome[] = [];
  const balances: Balance[] = [];
  const application = module(() => [
    BALANCES.to(into(balances)),
    OUTCOMES.to(into(outcomes)),
    TRANSFERS.from((env) => env.fromData(transfers)),
    transferRouter,
    account,
  ]);
  await runModule(application, parallelism);
  return {
    outcomes: outcomes.toSorted((left, right) => left.number - right.number),
    balances: balances.toSorted((left, right) => (left.account < right.account ? -1 : 1)),
  };
}

/** What is wrong with the books; empty: nothing. */
function mistakesIn({ outcomes, balances }: Books, transfers: readonly Transfer[]): string[] {
  const cents = new Map(balances.map((balance) => [balance.account, OPENING_CENTS]));
  for (const { status, from, to, cents: moved } of outcomes) {
    if (status === "refused") continue;
    cents.set(from, (cents.get(from) ?? NaN) - moved);
    cents.set(to, (cents.get(to) ?? NaN) + moved);
  }
  const sum = balances.reduce((total, balance) => total + balance.cents, 0);
  return [
    ...(outcomes.map(({ number }) => number).join(",") === transfers.map(({ number }) => number).join(",")
      ? []
      : ["a transfer has no outcome, or two"]),
    ...(sum === OPENING_CENTS * balances.length ? [] : [`the sum is ${sum}`]),
    ...balances.filter((balance) => balance.cents < 0).map(({ account: name }) => `${name} owes`),
    ...balances
      .filter((balance) => balance.cents !== cents.get(balance.account))
      .map((balance) => `${balance.account} is wrong`),
  ];
}

describe.each([1, 2])("with parallelism %i", (parallelism) => {
  test.each([
    { accounts: 3, count: 300 },
    { accounts: 20, count: 1_000 },
  ])("$count transfers among $accounts accounts", async ({ accounts, count }) => {
    const transfers = Array.from({ length: count }, (_, number) => transferOf(number, accounts));
    const books = await booksOf(transfers, parallelism);
    expect(books.balances).toHaveLength(accounts);
    expect(new Set(books.outcomes.map(({ status }) => status))).toEqual(new Set(["done", "refused"]));
    expect(mistakesIn(books, transfers)).toEqual([]);
  });

  test("whoever has not enough is refused, and keeps what there is", async () => {
    const transfers = [
      { number: 0, from: "ann", to: "bob", cents: 400 },
      { number: 1, from: "ann", to: "bob", cents: 700 },
      { number: 2, from: "ann", to: "cem", cents: 600 },
      { number: 3, from: "cem", to: "cem", cents: 5 },
    ];
    const { outcomes, balances } = await booksOf(transfers, parallelism);
    expect(outcomes.map(({ status }) => status)).toEqual(["done", "refused", "done", "done"]);
    expect(balances).toEqual([
      { account: "ann", cents: 0 },
      { account: "bob", cents: 1_400 },
      { account: "cem", cents: 1_600 },
    ]);
  });
});

test("a mistake in the books is seen", async () => {
  const transfers = Array.from({ length: 50 }, (_, number) => transferOf(number, 4));
  const { outcomes, balances } = await booksOf(transfers, 1);
  const [first, ...others] = balances;
  if (first === undefined) throw new Error("there are accounts");
  const lost = [{ ...first, cents: first.cents - 1 }, ...others];
  expect(mistakesIn({ outcomes, balances: lost }, transfers)).toEqual(["the sum is 3999", "a0 is wrong"]);
  expect(mistakesIn({ outcomes: outcomes.slice(1), balances }, transfers)).toContain(
    "a transfer has no outcome, or two",
  );
});

test("the same whatever crashes", async () => {
  // Nobody runs short by chance: of four accounts each pays less than it had, or far too much.
  const transfers = Array.from({ length: 40 }, (_, number): Transfer => {
    const cents = number % 5 === 0 ? 1_000_000 : number;
    return { number, from: `a${number % 4}`, to: `a${(number + 1 + (number % 3)) % 4}`, cents };
  });
  await checkExactlyOnce(job, { transfers }, { runs: 15, timeMs: 1_500 });
});
