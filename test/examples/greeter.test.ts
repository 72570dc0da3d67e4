/**
 * The greeter says what the original says, word for word; names do not influence each other; and the same program in the style of the original, with
 * classes and a binder, says the same.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamExecutionEnvironment } from "millrace";
import type { JobDefinition, Sink } from "millrace";
import {
  EgressIdentifier,
  FunctionType,
  IngressIdentifier,
  PersistedValue,
  module,
  statefunJob,
} from "millrace/statefun";
import type { Binder, Context, Downstream, Router, StatefulFunction, StatefulFunctionModule } from "millrace/statefun";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import job, {
  GREETING_EGRESS_ID,
  GREETING_INGRESS_ID,
  greetRouter,
  greetText,
  greeter,
  requests,
} from "../../examples/greeter.ts";
import type { GreetRequest, GreetResponse } from "../../examples/greeter.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

const ADA = [
  "Hello Ada ! \u{1F60E}",
  "Hello again Ada ! \u{1F917}",
  "Third time is a charm! Ada! \u{1F973}",
  "Happy to see you once again Ada ! \u{1F632}",
  "Hello at the 5-th time Ada \u{1F64C}",
  "Hello at the 6-th time Ada \u{1F64C}",
];

/** Two people, interleaved. */
const NAMES = ["Ada", "Ben", "Ada", "Ada", "Ben", "Ada", "Ada", "Ada"];

let directory = "";
let file = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-greeter-"));
  file = join(directory, "names.txt");
  writeFileSync(file, `${NAMES.join("\n")}\n\n`);
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function run(definition: JobDefinition, args: readonly string[] = [], parallelism = 1): Promise<void> {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelism });
  await definition.build(env, args);
  await env.execute(definition.name);
}

function into(written: GreetResponse[]): Sink<GreetResponse> {
  return { createWriter: () => ({ write: (response) => void written.push(response) }) };
}

/** What everybody was told, in order. */
function toldTo(name: string, written: readonly GreetResponse[]): string[] {
  return written.filter(({ who }) => who === name).map(({ greeting }) => greeting);
}

const BEN = ADA.slice(0, 2).map((greeting) => greeting.replaceAll("Ada", "Ben"));

test("texts are those of the original, odd spaces included", () => {
  expect(ADA.map((_, seen) => greetText("Ada", seen))).toEqual(ADA);
});

test("the state is called seen-count, the function apache/greeter", () => {
  expect(greeter.definition).toMatchObject({
    type: "apache/greeter",
    state: [{ kind: "value", name: "seen-count", default: 0 }],
  });
});

test("the job reads a file and prints greetings", async () => {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line).trimEnd());
    return true;
  });
  try {
    await run(job, ["--names", file]);
  } finally {
    write.mockRestore();
  }
  expect(lines.filter((line) => line.includes("Ada"))).toEqual(ADA);
  expect(lines.filter((line) => line.includes("Ben"))).toEqual(BEN);
  expect(job.usage).toContain("--names FILE");
});

test("the job has names of its own, and refuses other options", async () => {
  const env = StreamExecutionEnvironment.create({ "pipeline.auto-generate-uids": false });
  await job.build(env, []);
  expect(env.explain()).toContain("apache/greetings");
  expect(() => job.build(StreamExecutionEnvironment.create(), ["--bogus"])).toThrow(/--bogus/);
});

describe.each([1, 2])("with parallelism %i", (parallelism) => {
  test("nobody's count influences another's", async () => {
    const written: GreetResponse[] = [];
    const application = module(() => [
      GREETING_EGRESS_ID.to(into(written)),
      greetRouter,
      GREETING_INGRESS_ID.from((env) => requests(env, file)),
      greeter,
    ]);
    await run(statefunJob("greeter", application), [], parallelism);
    expect(toldTo("Ada", written)).toEqual(ADA);
    expect(toldTo("Ben", written)).toEqual(BEN);
    expect(written).toHaveLength(NAMES.length);
  });

  test("the program of the original, line by line, says the same", async () => {
    const written: GreetResponse[] = [];
    await run(statefunJob("greeter", new GreetingModule(into(written), file)), [], parallelism);
    expect(toldTo("Ada", written)).toEqual(ADA);
    expect(toldTo("Ben", written)).toEqual(BEN);
    expect(written).toHaveLength(NAMES.length);
  });
});

const INGRESS_ID = new IngressIdentifier<GreetRequest>("apache", "names");
const EGRESS_ID = new EgressIdentifier<GreetResponse>("apache", "greetings");

class GreetFunction implements StatefulFunction {
  static readonly TYPE = new FunctionType("apache", "greeter");

  private readonly seenCount = PersistedValue.of<number>("seen-count");

  invoke(context: Context, input: unknown): void {
    const { who } = input as GreetRequest; // what the router forwards
    const seen = this.seenCount.getOrDefault(0);
    this.seenCount.set(seen + 1);
    context.send(EGRESS_ID, { who, greeting: greetText(who, seen) });
  }
}

class GreetRouter implements Router<GreetRequest> {
  route(message: GreetRequest, downstream: Downstream): void {
    downstream.forward(GreetFunction.TYPE, message.who, message);
  }
}

class GreetingModule implements StatefulFunctionModule {
  readonly #sink: Sink<GreetResponse>;
  readonly #path: string;

  constructor(sink: Sink<GreetResponse>, path: string) {
    this.#sink = sink;
    this.#path = path;
  }

  configure(config: ReadonlyMap<string, string>, binder: Binder): void {
    const path = config.get("names") ?? this.#path;
    binder.bindIngress(INGRESS_ID.from((env) => requests(env, path)));
    binder.bindEgress(EGRESS_ID.to(this.#sink));
    binder.bindIngressRouter(INGRESS_ID, new GreetRouter());
    binder.bindFunctionProvider(GreetFunction.TYPE, () => new GreetFunction());
  }
}
