/**
 * Pairs of addresses that send a number back and forth: what a message costs from function to function.
 *
 * Local pairs share an id, and with it the subtask. Of the other pairs, every second one has ids that live in different halves of the key groups: in different
 * threads at parallelism 2, and together at parallelism 1.
 */
import { defineJob } from "millrace";
import type { JobDefinition } from "millrace";
import { fn, routable, statefun, type } from "millrace/statefun";
import type { StatefulFn } from "millrace/statefun";
import { keyGroupOf } from "../../core/types/key-hash.ts";
import { defaultMaxParallelism, subtaskOfKeyGroup } from "../../core/state/key-groups.ts";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";

const PAIRS = 1_000;
const SUBTASKS = 2;

interface Pair {
  readonly ping: string;
  readonly pong: string;
}

/** Which pairs play. */
type Distance = "local" | "half remote";

interface Serve {
  readonly to: string;
  /** How often they hit it. */
  readonly balls: number;
}

/** What both accept: how often it is still to be hit. */
interface Ball {
  readonly ball: number;
}

export function pairOf(index: number, distance: Distance): Pair {
  const ping = `pair-${index}`;
  if (distance === "local" || index % 2 === 0) return { ping, pong: ping };
  for (let attempt = 0; ; attempt += 1) {
    const pong = `${ping}-${attempt}`;
    if (homeOf(pong) !== homeOf(ping)) return { ping, pong };
  }
}

/** The subtask of an id at parallelism 2. */
export function homeOf(id: string): number {
  const maxParallelism = defaultMaxParallelism(SUBTASKS);
  return subtaskOfKeyGroup(maxParallelism, SUBTASKS, keyGroupOf(id, maxParallelism));
}

const pong: StatefulFn<Ball> = fn("bench/pong", {
  accepts: { ball: type<number>() },
  handle: {
    ball(ctx, left) {
      if (left > 1) ctx.reply("ball", left - 1);
    },
  },
});

const ping: StatefulFn<Ball & { readonly serve: Serve }> = fn("bench/ping", {
  accepts: { serve: type<Serve>(), ball: type<number>() },
  handle: {
    serve(ctx, { to, balls }) {
      ctx.send(pong.at(to), "ball", balls);
    },
    ball(ctx, left) {
      if (left > 1) ctx.reply("ball", left - 1);
    },
  },
});

/** A pair gets one message from outside, and the others from each other. */
const job: JobDefinition = defineJob("functions-ping-pong", (env, args) => {
  const { records, own } = jobArguments(args);
  const distance = own[0] as Distance; // the arguments of the cases, below
  const balls = Math.max(1, Math.round(records / PAIRS) - 1);
  const serves = env.fromSequence(0, PAIRS - 1).map((index) => {
    const pair = pairOf(index, distance);
    return routable(ping.at(pair.ping), "serve", { to: pair.pong, balls });
  });
  statefun(env).from(serves).functions(ping, pong).build();
});
export default job;

function pingPong(distance: Distance): BenchCase {
  return {
    name: `functions: ping-pong, ${distance}`,
    module: import.meta.url,
    records: 20_000_000,
    args: [distance],
    config: { "execution.checkpointing.interval": "1s" },
  };
}

export const functionsPingPong: readonly BenchCase[] = [pingPong("local"), pingPong("half remote")];
