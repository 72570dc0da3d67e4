/**
 * Commands to 128 instances of a function, which pass them on to each other: by number, so that anybody can tell what has to come out.
 *
 * In:    how many, and how fast. Out: a row per arrival: which command, after how many hops, where, and how many had arrived there; of those that an instance has
 *        sent on to another, the numbers in the order of their arrival.
 */
import { defineJob, WatermarkStrategy } from "millrace";
import type { JobDefinition } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { fileSink, ndjson } from "millrace/connectors/files";
import { egress, fn, routable, statefun, table, type, value } from "millrace/statefun";
import type { StatefulFn } from "millrace/statefun";

export interface FunctionsArgs {
  readonly out: string;
  readonly commands: number;
  readonly ratePerSecond: number;
}

export interface Arrival {
  readonly command: number;
  readonly hop: number;
  readonly at: number;
  /** How many have arrived there. */
  readonly count: number;
  /** Who sent it, and the how many-th it was from there to here; -1: it came from outside. */
  readonly from: number;
  readonly number: number;
}

interface Order {
  readonly command: number;
  readonly hop: number;
  readonly number: number;
}

export const INSTANCES = 128;

export function hopsOf(command: number): number {
  return command % 4;
}

export function firstOf(command: number): number {
  return (command * 31) % INSTANCES;
}

/** Half of what an instance gets goes to one neighbour, half to another. */
export function nextOf(at: number, command: number): number {
  return (at * 7 + 1 + (command % 2)) % INSTANCES;
}

const arrivals = egress("crowd/arrivals", type<Arrival>());

const member: StatefulFn<{ readonly take: Order }> = fn("crowd/member", {
  accepts: { take: type<Order>() },
  state: { count: value({ default: 0 }), sent: table<number, number>() },
  handle: {
    take(ctx, { command, hop, number }) {
      const at = Number(ctx.self.id);
      ctx.state.count += 1;
      const from = ctx.caller === undefined ? -1 : Number(ctx.caller.id);
      ctx.send(arrivals, { command, hop, at, count: ctx.state.count, from, number });
      if (hop >= hopsOf(command)) return;
      const next = nextOf(at, command);
      const sent = (ctx.state.sent.get(next) ?? 0) + 1;
      ctx.state.sent.set(next, sent);
      ctx.send(member.at(String(next)), "take", { command, hop: hop + 1, number: sent });
    },
  },
});

const job: JobDefinition = defineJob("crowd", (env, [json = "{}"]) => {
  const { out, commands, ratePerSecond } = JSON.parse(json) as FunctionsArgs; // as the test writes it
  const generate = (index: number): number => index;
  const orders = env
    .fromSource(
      dataGenerator({ splits: 4, count: commands, generate, ratePerSecond }),
      WatermarkStrategy.noWatermarks<number>(),
      "commands",
    )
    .uid("commands")
    .map((command) => routable(member.at(String(firstOf(command))), "take", { command, hop: 0, number: 0 }));
  statefun(env)
    .from(orders)
    .functions(member)
    .egresses({ arrivals })
    .build()
    .arrivals.sinkTo(fileSink({ path: out, format: ndjson<Arrival>() }))
    .uid("arrivals");
});

export default job;
