/** Targets: what they name, and which are refused where no compiler looks. */
import { expect, test } from "vitest";
import { external, fn, FunctionType, target, type } from "../../../statefun/index.ts";
import { refusal } from "../define/refusal.ts";

const wallet = fn("docs/wallet", {
  accepts: { add: type<number>(), take: type<number>() },
  handle: { add: () => undefined, take: () => undefined },
});

test("a target is a function and a kind of message", () => {
  expect(target(wallet, "add")).toEqual({ to: "docs/wallet", kind: "add" });
  expect(target(external<{ pay: number }>("docs/till"), "pay")).toEqual({ to: "docs/till", kind: "pay" });
  expect(target(fn("docs/any", { otherwise: () => undefined }))).toEqual({ to: "docs/any", kind: "" });
  expect(target(new FunctionType("docs", "old"))).toEqual({ to: "docs/old", kind: "" });
});

test.each([
  [() => target(wallet, "tak" as never), /^MR9042: target\(\) sends "tak" to docs\/wallet.*did you mean "take"\?/],
  [() => target(wallet, "pay" as never), /^MR9042: .*it accepts add, take/],
  [() => target(wallet as never), /^MR9042: target\(\) needs the kind of message that docs\/wallet gets: add, take/],
  [() => target(wallet, 1 as never), /^MR9042: the kind of target\(\) to docs\/wallet is text/],
  [() => target({} as never, "add" as never), /^MR9042: target\(\) takes a function/],
  [() => target("docs/wallet" as never), /^MR9042: target\(\) takes a function/],
] as [() => unknown, RegExp][])("refuses %s", (attempt, sentence) => {
  expect(refusal(attempt)).toMatch(sentence);
});
