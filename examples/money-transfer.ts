/**
 * Moves money between accounts: `npx millrace run examples/money-transfer.ts -- --accounts 10 --transfers 500`.
 *
 * What one learns: a conversation of two functions (take, give, reply) that changes two states. Nobody locks anything and nobody repairs anything afterwards: each turn happens as a
 * whole or not at all, each message arrives exactly once, so no cent appears or is lost, whatever crashes on the way.
 *
 * In:    transfers, generated. Out: what became of each, and at the end the balance of each account, printed.
 * State: the balance of each account.
 *
 * While money is on its way, it is in a message, which belongs to the checkpoint as the balances do.
 */
import type { DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { egress, fn, ingress, module, router, statefunJob, type, value } from "millrace/statefun";
import type {
  EgressIdentifier,
  IngressIdentifier,
  RouterSpec,
  StatefulFn,
  StatefulFunctionModule,
} from "millrace/statefun";
import { dice } from "./support/dice.ts";
import { countOption, optionValues, usageOf } from "./support/options.ts";

export interface Transfer {
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly cents: number;
}

export interface Outcome extends Transfer {
  readonly status: "done" | "refused";
}

export interface Balance {
  readonly account: string;
  readonly cents: number;
}

const OPTIONS = {
  accounts: { value: "N", meaning: "how many accounts there are", default: "10" },
  transfers: { value: "N", meaning: "how many transfers are asked for", default: "200" },
} as const;

/** With which every account begins. */
export const OPENING_CENTS = 1_000;
/** Of generated transfers: enough for accounts to run short. */
const CENTS_MAX = 600;

export const TRANSFERS: IngressIdentifier<Transfer> = ingress("bank/transfers", type<Transfer>());
export const OUTCOMES: EgressIdentifier<Outcome> = egress("bank/outcomes", type<Outcome>());
export const BALANCES: EgressIdentifier<Balance> = egress("bank/balances", type<Balance>());

interface AccountMessages {
  readonly transfer: Transfer;
  readonly credit: Transfer;
  readonly credited: Transfer;
  readonly report: null;
}

export const account: StatefulFn<AccountMessages> = fn("bank/account", {
  accepts: { transfer: type<Transfer>(), credit: type<Transfer>(), credited: type<Transfer>(), report: type<null>() },
  state: { cents: value({ default: OPENING_CENTS }) },
  handle: {
    transfer(ctx, transfer) {
      ctx.sendAfter("365d", ctx.self, "report", null, { token: "report", onDuplicate: "keep" }); // at the end of the input
      if (transfer.cents > ctx.state.cents) {
        ctx.send(OUTCOMES, { ...transfer, status: "refused" });
        return;
      }
      ctx.state.cents -= transfer.cents;
      ctx.send(account.at(transfer.to), "credit", transfer);
    },
    credit(ctx, transfer) {
      ctx.sendAfter("365d", ctx.self, "report", null, { token: "report", onDuplicate: "keep" });
      ctx.state.cents += transfer.cents;
      ctx.reply("credited", transfer);
    },
    credited(ctx, transfer) {
      ctx.send(OUTCOMES, { ...transfer, status: "done" });
    },
    report(ctx) {
      ctx.send(BALANCES, { account: ctx.self.id, cents: ctx.state.cents });
    },
  },
});

/** The account that pays decides. */
export const transferRouter: RouterSpec = router(TRANSFERS, (transfer, downstream) => {
  downstream.forward(account.at(transfer.from), "transfer", transfer);
});

/** The same for the same number. With more than one account, never to oneself. */
export function transferOf(number: number, accounts: number): Transfer {
  const from = Math.floor(dice(number, 0) * accounts);
  const to = (from + 1 + Math.floor(dice(number, 1) * (accounts - 1))) % accounts;
  return { number, from: `a${from}`, to: `a${to}`, cents: 1 + Math.floor(dice(number, 2) * CENTS_MAX) };
}

export function generated(
  env: StreamExecutionEnvironment,
  { accounts, transfers }: { readonly accounts: number; readonly transfers: number },
): DataStream<Transfer> {
  return env
    .fromData(Array.from({ length: transfers }, (_, number) => transferOf(number, accounts)))
    .name("transfers")
    .uid("transfers");
}

export const bank: StatefulFunctionModule = module(
  ({ config }) => {
    const countIn = (name: keyof typeof OPTIONS): number =>
      countOption(name, config.getOrDefault(name, OPTIONS[name].default));
    return [
      account,
      transferRouter,
      TRANSFERS.from((env) => generated(env, { accounts: countIn("accounts"), transfers: countIn("transfers") })),
      OUTCOMES.to((outcomes) =>
        outcomes
          .filter(({ status }) => status === "refused")
          .map(({ number, from, to, cents }) => `transfer ${number}: ${from} cannot pay ${cents} to ${to}`)
          .print(),
      ),
      BALANCES.to((balances) => balances.map(({ account: name, cents }) => `${name} has ${cents}`).print()),
    ];
  },
  { name: "bank" },
);

const job: JobDefinition = statefunJob("money-transfer", bank, {
  usage: usageOf(OPTIONS),
  configOfArgs: (args) => optionValues(args, OPTIONS),
});
export default job;
