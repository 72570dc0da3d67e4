/**
 * Accounts behind HTTP: `npx millrace run examples/accounts-http.ts -- --port 8080`, and then
 *
 *     curl localhost:8080/bank/account/ann -H 'content-type: application/json' -H 'idempotency-key: 1' -d '{"cents":300}'
 *
 * What one learns: a function that answers requests, and a request that may be repeated without being done twice. The answer comes with the checkpoint that contains the deposit, so
 * whatever crashes afterwards, it stays true. `curl localhost:8080/bank/account/ann` reads the account.
 *
 * In:    requests. Out: their answers.
 * State: the balance of each account.
 */
import type { JobDefinition } from "millrace";
import { fn, httpIngress, module, statefunJob, value } from "millrace/statefun";
import type { StandardSchema, StatefulFn, StatefulFunctionModule } from "millrace/statefun";
import { countOption, optionValues, usageOf } from "./support/options.ts";

export interface Deposit {
  readonly cents: number;
}

const OPTIONS = { port: { value: "N", meaning: "where to listen", default: "8080" } } as const;

/** Whatever comes from outside is checked. Libraries such as zod have schemas of this form: `z.object({ cents: z.int().positive() })`. */
const depositSchema: StandardSchema<Deposit> = {
  "~standard": {
    version: 1,
    vendor: "example",
    validate: (given) => {
      const cents = (given as Partial<Deposit> | null | undefined)?.cents;
      if (typeof cents === "number" && Number.isSafeInteger(cents) && cents > 0) return { value: { cents } };
      return { issues: [{ message: "a whole number above 0", path: ["cents"] }] };
    },
  },
};

export const account: StatefulFn<{ readonly deposit: Deposit }> = fn("bank/account", {
  accepts: { deposit: depositSchema },
  state: { cents: value({ default: 0 }) },
  handle: {
    deposit(ctx, { cents }) {
      ctx.state.cents += cents;
      if (ctx.caller !== undefined) ctx.reply({ balance: ctx.state.cents });
    },
  },
});

export const bank: StatefulFunctionModule = module(({ config }) => [
  account,
  httpIngress({
    port: countOption("port", config.getOrDefault("port", OPTIONS.port.default)),
    onListening: ({ host, port }) => console.log(`listening on http://${host}:${port}`),
  }),
]);

const job: JobDefinition = statefunJob("accounts", bank, {
  usage: usageOf(OPTIONS),
  configOfArgs: (args) => optionValues(args, OPTIONS),
  configure: (env) => env.enableCheckpointing("1s"),
});
export default job;
