/**
 * Passes tokens around a ring: `npx millrace run examples/ring.ts -- --nodes 100 --rounds 50 --tokens 3`.
 *
 * What one learns: functions send messages to any function, also in circles, and a bounded job ends by itself once nothing is on its way any more. Node 17 of a ring of 1,000 is
 * nothing but the id `"17"`: instances need not be made.
 *
 * In:    a number per token. Out: the token, once it has gone around as often as asked for, printed.
 * State: how many tokens each node has passed on.
 */
import type { JobDefinition } from "millrace";
import { egress, fn, ingress, module, router, statefunJob, type, value } from "millrace/statefun";
import type {
  EgressIdentifier,
  IngressIdentifier,
  RouterSpec,
  StatefulFn,
  StatefulFunctionModule,
} from "millrace/statefun";
import { countOption, optionValues, usageOf } from "./support/options.ts";

export interface RingSize {
  readonly nodes: number;
  readonly rounds: number;
}

/** On its way; it knows the ring, so that nodes need not. */
export interface Token extends RingSize {
  readonly token: number;
  readonly hops: number;
}

/** Back where it began, for the last time. */
export interface Arrival {
  readonly token: number;
  readonly hops: number;
  /** How many tokens the node has passed on so far. */
  readonly passed: number;
}

const OPTIONS = {
  nodes: { value: "N", meaning: "functions in the ring", default: "100" },
  rounds: { value: "N", meaning: "how often each token goes around", default: "10" },
  tokens: { value: "N", meaning: "how many go around at a time", default: "3" },
} as const;

export const TOKENS: IngressIdentifier<number> = ingress("ring/tokens", type<number>());
export const ARRIVALS: EgressIdentifier<Arrival> = egress("ring/arrivals", type<Arrival>());

export const node: StatefulFn<{ readonly pass: Token }> = fn("ring/node", {
  accepts: { pass: type<Token>() },
  state: { passed: value({ default: 0 }) },
  handle: {
    pass(ctx, token) {
      const { nodes, rounds, hops } = token;
      if (hops === nodes * rounds) {
        ctx.send(ARRIVALS, { token: token.token, hops, passed: ctx.state.passed });
        return;
      }
      ctx.state.passed += 1;
      const next = (Number(ctx.self.id) + 1) % nodes;
      ctx.send(node.at(String(next)), "pass", { ...token, hops: hops + 1 });
    },
  },
});

/** Every token begins at a node of its own, as far as there are as many. */
export function ringRouter({ nodes, rounds }: RingSize): RouterSpec {
  return router(TOKENS, (token, downstream) => {
    downstream.forward(node.at(String(token % nodes)), "pass", { token, nodes, rounds, hops: 0 });
  });
}

export const ring: StatefulFunctionModule = module(
  ({ config }) => {
    const countIn = (name: keyof typeof OPTIONS): number =>
      countOption(name, config.getOrDefault(name, OPTIONS[name].default));
    const tokens = Array.from({ length: countIn("tokens") }, (_, token) => token);
    return [
      node,
      ringRouter({ nodes: countIn("nodes"), rounds: countIn("rounds") }),
      TOKENS.from((env) =>
        env
          .fromData(...tokens)
          .name("tokens")
          .uid("tokens"),
      ),
      ARRIVALS.to((arrivals) =>
        arrivals.map(({ token, hops }) => `token ${token} has arrived after ${hops} hops`).print(),
      ),
    ];
  },
  { name: "ring" },
);

const job: JobDefinition = statefunJob("ring", ring, {
  usage: usageOf(OPTIONS),
  configOfArgs: (args) => optionValues(args, OPTIONS),
});
export default job;
