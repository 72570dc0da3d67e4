/**
 * How to test stateful functions alone: messages go in by hand, and what they lead to is read, through egresses, state and what waits for its time.
 *
 * The functions run in the operator that runs them in a job, so that messages between them, delayed ones, crashes and quarantine are what they are there. Nothing
 * waits: half an hour passes when the test says so.
 */
import { buffer, egress, fn, retryAddress, skipAddress, type } from "millrace/statefun";
import type { AsyncResult } from "millrace/statefun";
import { StatefulFunctionHarness } from "millrace/testing";
import { expect, test } from "vitest";

const MINUTE_MS = 60_000;

const reminders = egress("shop/reminders", type<string>());
const receipts = egress("shop/receipts", type<string>());
const checks = egress("shop/checks", type<number>());

/** The bank, as the tests want it. */
let charge = (cents: number): Promise<string> => Promise.resolve(`receipt for ${cents} cents`);

const basket = fn("shop/basket", {
  accepts: {
    add: type<string>(),
    remind: type<null>(),
    pay: type<number>(),
    paid: type<AsyncResult<number, string>>(),
  },
  state: { items: buffer<string>() },
  handle: {
    add(ctx, item) {
      if (item === "") throw new TypeError("an item has a name");
      ctx.state.items.push(item);
      ctx.sendAfter("30m", ctx.self, "remind", null, { token: "reminder" });
    },
    remind(ctx) {
      ctx.send(reminders, `${ctx.self.id}: ${ctx.state.items.toArray().join(", ")}`);
    },
    pay(ctx, cents) {
      ctx.cancel("reminder");
      ctx.async("paid", cents, () => charge(cents));
    },
    paid(ctx, result) {
      ctx.state.items.clear();
      if (result.status === "success") ctx.send(receipts, result.value);
      else ctx.send(checks, result.metadata);
    },
  },
});

test("reminds half an hour after the last item", () => {
  const harness = new StatefulFunctionHarness({ functions: [basket] });
  harness.send(basket.at("ada"), "add", "tea");
  harness.advance(10 * MINUTE_MS);
  harness.send(basket.at("ada"), "add", "cup");
  harness.advance(29 * MINUTE_MS);
  expect(harness.egress(reminders)).toEqual([]);
  harness.advance(MINUTE_MS);
  expect(harness.egress(reminders)).toEqual(["ada: tea, cup"]);
});

test("whoever pays gets a receipt, and no reminder", async () => {
  const harness = new StatefulFunctionHarness({ functions: [basket] });
  harness.send(basket.at("ada"), "add", "tea");
  harness.send(basket.at("ada"), "pay", 300);
  await harness.quiet();
  expect(harness.egress(receipts)).toEqual(["receipt for 300 cents"]);
  expect(harness.state(basket, "ada")).toEqual({ items: [] });
  expect(harness.delayed).toEqual([]);
});

test("a payment is checked by hand where a crash hides how it came out", () => {
  charge = () => new Promise(() => undefined);
  const harness = new StatefulFunctionHarness({ functions: [basket] });
  harness.send(basket.at("ada"), "pay", 300);
  harness.crashAndRestore();
  expect(harness.egress(checks)).toEqual([300]);
});

test("an item without a name stops its basket until somebody leaves it out", () => {
  const harness = new StatefulFunctionHarness({ functions: [basket], onQuarantine: "keep" });
  for (const item of ["tea", "", "cup"]) harness.send(basket.at("ada"), "add", item);
  expect(harness.quarantined).toMatchObject([{ id: "ada", error: { message: "an item has a name" }, waiting: 1 }]);
  harness.send(retryAddress(basket.at("ada")));
  expect(harness.state(basket, "ada").items).toEqual(["tea"]);
  harness.send(skipAddress(basket.at("ada")));
  expect(harness.state(basket, "ada").items).toEqual(["tea", "cup"]);
});
