/**
 * Greets people, and remembers how often: `npx millrace run examples/greeter.ts`, or with names of your own `... -- --names guests.txt`.
 *
 * What one learns: a stateful function with its messages and its state, an ingress with its router, an egress, and a module that puts them together. Each
 * name is an instance of the function, with a count of its own.
 *
 * In:    a file with a name per line. Out: a greeting per name, printed.
 * State: `seen-count`, per name.
 */
import { fileURLToPath } from "node:url";
import { WatermarkStrategy } from "millrace";
import type { DataStream, JobDefinition, StreamExecutionEnvironment } from "millrace";
import { fileSource, textLines } from "millrace/connectors/files";
import { egress, fn, ingress, module, router, statefunJob, type, value } from "millrace/statefun";
import type {
  EgressIdentifier,
  IngressIdentifier,
  RouterSpec,
  StatefulFn,
  StatefulFunctionModule,
} from "millrace/statefun";
import { optionValues, usageOf } from "./support/options.ts";

export interface GreetRequest {
  readonly who: string;
}

export interface GreetResponse {
  readonly who: string;
  readonly greeting: string;
}

const OPTIONS = {
  names: { value: "FILE", meaning: "a file with a name per line", default: "" },
} as const;
/** Unless `--names` says otherwise. */
const NAMES = fileURLToPath(new URL("./support/names.txt", import.meta.url));

export const GREETING_INGRESS_ID: IngressIdentifier<GreetRequest> = ingress("apache/names", type<GreetRequest>());
export const GREETING_EGRESS_ID: EgressIdentifier<GreetResponse> = egress("apache/greetings", type<GreetResponse>());

export const greeter: StatefulFn<{ readonly greet: GreetRequest }> = fn("apache/greeter", {
  accepts: { greet: type<GreetRequest>() },
  state: { seenCount: value({ name: "seen-count", default: 0 }) },
  handle: {
    greet(ctx, { who }) {
      const seen = ctx.state.seenCount;
      ctx.state.seenCount = seen + 1;
      ctx.send(GREETING_EGRESS_ID, { who, greeting: greetText(who, seen) });
    },
  },
});

export const greetRouter: RouterSpec = router(GREETING_INGRESS_ID, (message, downstream) => {
  downstream.forward(greeter.at(message.who), "greet", message);
});

/** For somebody who was seen so many times before. */
export function greetText(who: string, seen: number): string {
  switch (seen) {
    case 0:
      return `Hello ${who} ! 😎`;
    case 1:
      return `Hello again ${who} ! 🤗`;
    case 2:
      return `Third time is a charm! ${who}! 🥳`;
    case 3:
      return `Happy to see you once again ${who} ! 😲`;
    default:
      return `Hello at the ${seen + 1}-th time ${who} 🙌`;
  }
}

/** In any order; what a module needs of the world stands in the global configuration. */
export const greeting: StatefulFunctionModule = module(
  ({ config }) => [
    greeter,
    greetRouter,
    GREETING_INGRESS_ID.from((env) => requests(env, config.getOrDefault("names", NAMES))),
    GREETING_EGRESS_ID.to((responses) => responses.map((response) => response.greeting).print()),
  ],
  { name: "greeting" },
);

export function requests(env: StreamExecutionEnvironment, path: string): DataStream<GreetRequest> {
  return env
    .fromSource(fileSource({ path, format: textLines() }), WatermarkStrategy.noWatermarks(), "names")
    .uid("names")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ who: line.trim() }));
}

const job: JobDefinition = statefunJob("greeter", greeting, {
  usage: usageOf(OPTIONS),
  configOfArgs: (args) => {
    const { names } = optionValues(args, OPTIONS);
    return { names: names === "" ? NAMES : names };
  },
});
export default job;
