/** The greeter: 100,000 people greeted again and again, each an instance with a count, greetings to an egress that nobody keeps. What a message costs that changes state. */
import { defineJob, WatermarkStrategy } from "millrace";
import type { JobDefinition } from "millrace";
import { egress, fn, statefun, type, value } from "millrace/statefun";
import type { EgressIdentifier, StatefulFn } from "millrace/statefun";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { stripes } from "../sources/stripes.ts";

const USERS = 100_000;
const NAMES: readonly string[] = Array.from({ length: USERS }, (_, index) => `user-${index}`);

interface GreetRequest {
  readonly who: string;
}

interface GreetResponse {
  readonly who: string;
  readonly greeting: string;
}

/** Neighbouring numbers are different people. */
function requestOf(n: number): GreetRequest {
  return { who: NAMES[(n * 7919) % USERS] ?? "" };
}

function greetingOf(who: string, seen: number): string {
  return `Hello ${who} for the ${seen}th time`;
}

const greetings: EgressIdentifier<GreetResponse> = egress("bench/greetings", type<GreetResponse>());

const greeter: StatefulFn<{ readonly greet: GreetRequest }> = fn("bench/greeter", {
  accepts: { greet: type<GreetRequest>() },
  state: { seen: value({ default: 0 }) },
  handle: {
    greet(ctx, { who }) {
      const seen = ctx.state.seen + 1;
      ctx.state.seen = seen;
      ctx.send(greetings, { who, greeting: greetingOf(who, seen) });
    },
  },
});

const job: JobDefinition = defineJob("functions-greeter", (env, args) => {
  const { records } = jobArguments(args);
  const requests = env.fromSource(
    stripes(records, requestOf),
    WatermarkStrategy.noWatermarks<GreetRequest>(),
    "requests",
  );
  statefun(env)
    .from(requests, "requests", (request: GreetRequest, downstream) =>
      downstream.forward(greeter.at(request.who), "greet", request),
    )
    .functions(greeter)
    .egresses({ greetings })
    .build()
    .greetings.discard();
});
export default job;

export const functionsGreeter: BenchCase = {
  name: "functions: greeter, 100,000 users",
  module: import.meta.url,
  records: 10_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  plain(records) {
    const counts = new Map<string, number>();
    let letters = 0;
    for (let n = 0; n < records; n += 1) {
      const { who } = requestOf(n);
      const seen = (counts.get(who) ?? 0) + 1;
      counts.set(who, seen);
      letters += greetingOf(who, seen).length;
    }
    return letters;
  },
};
