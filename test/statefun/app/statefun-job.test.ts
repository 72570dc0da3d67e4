/** `statefunJob` on the engine: the graph that modules make, with uids that follow from names, and what comes out of it. */
// covers: statefun/app/dataflow.ts
import { describe, expect, test } from "vitest";
import { DataSource } from "../../../core/api/sources/data-source.ts";
import { StreamExecutionEnvironment, WatermarkStrategy, fixedDelay } from "../../../core/index.ts";
import {
  EgressIdentifier,
  FunctionType,
  IngressIdentifier,
  PersistedValue,
  deadLetter,
  egress,
  fn,
  ingress,
  module,
  router,
  statefunJob,
  type,
  value,
} from "../../../statefun/index.ts";
import type { Binder, Context, DeadLetter, StatefulFunction, StatefulFunctionModule } from "../../../statefun/index.ts";
import { edgeLines } from "../../core/api/graph-view.ts";
import { refusal } from "../define/refusal.ts";
import { digits, wholeNumber } from "../define/tiny-schema.ts";
import { into, runJob } from "./run-job.ts";

interface Greeting {
  readonly who: string;
  readonly seen: number;
}

const names = ingress("greeter/names", type<string>());
const greetings = egress("greeter/greetings", type<Greeting>());

const greeter = fn("apache/greeter", {
  accepts: { greet: type<string>() },
  state: { seen: value({ default: 0 }) },
  handle: {
    greet(ctx, who) {
      ctx.state.seen += 1;
      ctx.send(greetings, { who, seen: ctx.state.seen });
    },
  },
});

const byName = router(names, (name, downstream) => downstream.forward(greeter.at(name), "greet", name));

describe("what comes out", () => {
  test("is counted for each name on its own", async () => {
    const written: Greeting[] = [];
    const application = module(({ config }) => [
      greeter,
      names.from((env) => env.fromData("Ada", "Ben", "Ada", config.get("guest") ?? "Ada")),
      byName,
      greetings.to(into(written)),
    ]);
    await runJob(statefunJob("greeter", application), { args: ["--global-config", "guest=Cleo"] });
    expect(written).toEqual([
      { who: "Ada", seen: 1 },
      { who: "Ben", seen: 1 },
      { who: "Ada", seen: 2 },
      { who: "Cleo", seen: 1 },
    ]);
  });

  test("is the same for the program of the original, line by line", async () => {
    const GREETING_INGRESS_ID = new IngressIdentifier<string>("apache", "names");
    const GREETING_EGRESS_ID = new EgressIdentifier<Greeting>("apache", "greetings");
    const written: Greeting[] = [];

    class GreetFunction implements StatefulFunction {
      static readonly TYPE = new FunctionType("apache", "greeter");
      readonly seenCount = PersistedValue.of<number>("seen-count");

      invoke(context: Context, input: unknown): void {
        const seen = this.seenCount.getOrDefault(0);
        this.seenCount.set(seen + 1);
        context.send(GREETING_EGRESS_ID, { who: String(input), seen });
      }
    }

    class GreetingModule implements StatefulFunctionModule {
      configure(config: ReadonlyMap<string, string>, binder: Binder): void {
        const guests = (config.get("guests") ?? "Ada Ben Ada").split(" ");
        binder.bindFunctionProvider(GreetFunction.TYPE, () => new GreetFunction());
        binder.bindIngressRouter(GREETING_INGRESS_ID, (name, downstream) =>
          downstream.forward(GreetFunction.TYPE, name, name),
        );
        binder.bindEgress(GREETING_EGRESS_ID.to(into(written)));
        binder.bindIngress(GREETING_INGRESS_ID.from(new DataSource(guests)));
      }
    }

    await runJob(statefunJob("greeter", [new GreetingModule()]));
    expect(written).toEqual([
      { who: "Ada", seen: 0 },
      { who: "Ben", seen: 0 },
      { who: "Ada", seen: 1 },
    ]);
  });

  test("crosses subtasks, back and forth", async () => {
    const written: number[] = [];
    const sums = egress("a/sums", type<number>());
    const numbers = ingress("a/numbers", type<number>());
    const counter = fn("a/counter", {
      accepts: { hop: type<{ readonly n: number; readonly left: number }>() },
      handle: {
        hop(ctx, { n, left }) {
          if (left === 0) ctx.send(sums, n);
          else
            ctx.send(ctx.self.id === "x" ? counter.at(`${n}`) : counter.at("x"), "hop", { n: n + 1, left: left - 1 });
        },
      },
    });
    const job = statefunJob(
      "hops",
      module(() => [
        counter,
        sums.to(into(written)),
        numbers.from((env) => env.fromSequence(1, 20)),
        router(numbers, (n, downstream) => {
          downstream.forward(counter.at("x"), "hop", { n: n * 100, left: 9 });
        }),
      ]),
    );
    await runJob(job, { config: { "parallelism.default": 3 } });
    expect(written.toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: 20 }, (_, n) => (n + 1) * 100 + 9),
    );
  });
});

describe("the graph", () => {
  const application = module(() => [
    greeter,
    names.from(new DataSource(["Ada"]), { watermarks: WatermarkStrategy.noWatermarks(), parallelism: 2 }),
    byName,
    greetings.to(into([])),
  ]);

  test("has a name and a uid for every operator, and a router per ingress that runs where its source does", async () => {
    const env = StreamExecutionEnvironment.create({ "pipeline.auto-generate-uids": false, "parallelism.default": 4 });
    await statefunJob("greeter", [application, module(() => [])]).build(env, []);
    const { nodes } = env.getStreamGraph();
    expect(nodes.map(({ name, uid, parallelism }) => [name, uid, parallelism])).toEqual([
      ["greeter/names", "greeter/names-ingress", 2],
      ["router (greeter/names)", "greeter/names-router", 2],
      ["functions", "statefun-functions", undefined],
      ["greeter/greetings", "greeter/greetings-egress", undefined],
    ]);
    expect(edgeLines(env)).toEqual(["0 -> 1", "1 -> 2 hash", "2 -> 2 input 1 hash", "2 -> 3 greeter/greetings"]);
    expect(env.explain()).toContain("greeter/names");
  });

  test("takes the parallelism of a router from a stream that has one, and leaves it open otherwise", async () => {
    for (const [parallelism, expected] of [
      [3, 3],
      [undefined, 1],
    ] as const) {
      const env = StreamExecutionEnvironment.create({ "parallelism.default": 4 });
      const guests = names.from((environment) => {
        const stream = environment.fromData("Ada").uid("guests");
        return parallelism === undefined ? stream : stream.setParallelism(parallelism);
      });
      await statefunJob(
        "greeter",
        module(() => [greeter, guests, byName]),
      ).build(env, []);
      expect(env.getStreamGraph().nodes[1]).toMatchObject({ uid: "greeter/names-router", parallelism: expected });
    }
  });
});

test("an egress may go on as a stream", async () => {
  const written: string[] = [];
  const loud = module(() => [
    greeter,
    byName,
    names.from((env) => env.fromData("Ada", "Ada")),
    greetings.to((values) => values.map(({ who, seen }) => `${who} ${seen}`).sinkTo(into(written))),
  ]);
  await runJob(statefunJob("loud", loud));
  expect(written).toEqual(["Ada 1", "Ada 2"]);
});

describe("options", () => {
  test("configure, global configuration by argument, option of the environment and code", async () => {
    const seen: unknown[] = [];
    const curious = module(({ config }) => {
      seen.push([...config]);
      return [greeter, names.from((env) => env.fromData("Ada")), byName];
    });
    const env = StreamExecutionEnvironment.create();
    const job = statefunJob("greeter", curious, {
      globalConfig: { a: "code", b: "code" },
      configure: (environment) =>
        environment.enableCheckpointing("1s").setRestartStrategy(fixedDelay({ attempts: 1, delay: 0 })),
    });
    await job.build(env, ["--global-config", "b=argument", "--global-config=c=more"]);
    expect(seen).toEqual([
      [
        ["a", "code"],
        ["b", "argument"],
        ["c", "more"],
      ],
    ]);
    expect(env.config.toValues()).toMatchObject({ "execution.checkpointing.interval": 1_000 });
    expect(job.usage).toContain("--global-config KEY=VALUE");
    expect(() => job.build(StreamExecutionEnvironment.create(), ["--bogus"])).toThrow(/--bogus/);
  });

  test("arguments of one's own", async () => {
    const seen: unknown[] = [];
    const curious = module(({ config }) => {
      seen.push([...config]);
      return [greeter, names.from((env) => env.fromData("Ada")), byName];
    });
    const job = statefunJob("greeter", curious, { configOfArgs: ([path = ""]) => ({ path }), usage: "path" });
    await job.build(StreamExecutionEnvironment.create(), ["in.txt"]);
    expect(seen).toEqual([[["path", "in.txt"]]]);
    expect(job.usage).toBe("path");
  });

  test.each([
    [{ configure: 5 }, "MR9042: configure of statefunJob is a function of the environment, not 5"],
    [
      { configOfArgs: () => undefined },
      "MR9042: configOfArgs of statefunJob returns an object of texts, not undefined",
    ],
  ])("that are none: %j", (options, sentence) => {
    const job = statefunJob(
      "greeter",
      module(() => []),
      options as never,
    );
    expect(refusal(() => job.build(StreamExecutionEnvironment.create(), []))).toBe(sentence);
  });

  test("a report is handed on", async () => {
    const seen: unknown[] = [];
    const { report } = statefunJob(
      "greeter",
      module(() => []),
      { report: (result, args) => void seen.push(result, args) },
    );
    await report?.("result" as never, ["argument"]);
    expect(seen).toEqual(["result", ["argument"]]);
    expect(
      statefunJob(
        "greeter",
        module(() => []),
      ).report,
    ).toBeUndefined();
  });
});

describe("what does not fit", () => {
  const amounts = ingress("a/amounts", wholeNumber);
  const totals = egress("a/totals", type<number>());
  const failures = egress("a/failures", type<DeadLetter>());
  const total = fn("a/total", {
    accepts: { add: digits },
    state: { sum: value({ default: 0 }) },
    onError: deadLetter(failures),
    handle: {
      add(ctx, amount) {
        ctx.state.sum += amount;
        ctx.send(totals, ctx.state.sum);
        if (amount === 13) throw new Error("unlucky");
      },
    },
  });
  const toTotal = router(amounts, (amount, downstream) => {
    downstream.forward(total.at("all"), "add", amount < 0 ? "less" : String(amount));
  });

  test("in an ingress fails the job, or is left out", async () => {
    const written: number[] = [];
    const job = (onInvalid: "fail-job" | "skip"): Promise<unknown> =>
      runJob(
        statefunJob(
          "totals",
          module(() => [
            total,
            toTotal,
            totals.to(into(written)),
            failures.to(into<DeadLetter>([])),
            amounts.from((env) => env.fromData<unknown>([1, "two", 3]), { onInvalid }),
          ]),
        ),
      );
    await expect(job("fail-job")).rejects.toThrow(
      /MR9010: .*a record of the ingress a\/amounts does not fit its schema/,
    );
    written.splice(0);
    await job("skip");
    expect(written).toEqual([1, 4]);
  });

  test("at a function, or makes it throw, is rolled back and goes to the egress of dead letters", async () => {
    const written: number[] = [];
    const letters: DeadLetter[] = [];
    await runJob(
      statefunJob(
        "totals",
        module(() => [
          total,
          toTotal,
          totals.to(into(written)),
          failures.to(into(letters)),
          amounts.from((env) => env.fromData<unknown>([1, 13, -1, 2])),
        ]),
      ),
    );
    expect(written).toEqual([1, 3]);
    expect(letters).toMatchObject([
      { address: { type: "a/total", id: "all" }, kind: "add", error: { message: "unlucky" } },
      { value: "less", error: { code: "MR9010" } },
    ]);
  });
});
