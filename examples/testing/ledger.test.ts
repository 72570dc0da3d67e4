/** How to test a sink of one's own: it is kept, faults strike it before and after its commits, and its outside world is compared. */
import { defineJob } from "millrace";
import { checkExactlyOnce, simulate } from "millrace/testing";
import { expect, test } from "vitest";
import { Ledger, ledgerSink } from "./ledger.ts";

const ledger = new Ledger();

const job = defineJob("book", (env) => {
  env
    .fromSequence(1, 30)
    .map((n) => ({ account: n % 2 === 0 ? "ada" : "bob", cents: n }))
    .sinkTo(ledgerSink(ledger))
    .name("ledger");
});

test("books each payment once, whatever crashes", async () => {
  const keepSinks = { ledger: { clear: () => ledger.clear(), written: () => ledger.balances } };
  await checkExactlyOnce(job, {}, { runs: 20, keepSinks });
});

test("books once where nobody knows whether a commit was done", async () => {
  ledger.clear();
  const run = await simulate(job, {
    keepSinks: ["ledger"],
    faults: { rates: { "commit-after": 300 }, disasters: [{ kind: "crash-slot", atMs: 900, who: 0, durationMs: 0 }] },
    plan: { burst: 2, pauseMs: 500 },
  });
  expect(run.restarts).toBeGreaterThan(0);
  expect(Object.fromEntries(ledger.balances)).toEqual({ ada: 240, bob: 225 });
});
