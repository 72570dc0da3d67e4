/** Each token goes around as often as asked for, however many nodes, tokens and subtasks there are, and then the job ends. */
import { StreamExecutionEnvironment } from "millrace";
import { module } from "millrace/statefun";
import { describe, expect, test, vi } from "vitest";
import job, { ARRIVALS, node, ringRouter, TOKENS } from "../../examples/ring.ts";
import type { Arrival, RingSize } from "../../examples/ring.ts";
import { into, runJob, runModule } from "./run-functions.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

async function arrivalsOf(size: RingSize, tokens: number, parallelism: number): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  const numbers = Array.from({ length: tokens }, (_, token) => token);
  const application = module(() => [
    ARRIVALS.to(into(arrivals)),
    node,
    ringRouter(size),
    TOKENS.from((env) => env.fromData(numbers)),
  ]);
  await runModule(application, parallelism);
  return arrivals.toSorted((left, right) => left.token - right.token);
}

describe.each([1, 2])("with parallelism %i", (parallelism) => {
  test.each([
    { nodes: 7, rounds: 20, tokens: 1 },
    { nodes: 1, rounds: 5, tokens: 1 },
    { nodes: 100, rounds: 3, tokens: 1 },
  ])("one token: $rounds rounds of $nodes", async ({ tokens, ...size }) => {
    const [arrival, ...others] = await arrivalsOf(size, tokens, parallelism);
    expect(arrival).toEqual({ token: 0, hops: size.nodes * size.rounds, passed: size.rounds });
    expect(others).toEqual([]);
  });

  test("several tokens do not get in each other's way", async () => {
    const arrivals = await arrivalsOf({ nodes: 5, rounds: 10 }, 12, parallelism);
    expect(arrivals.map(({ token, hops }) => [token, hops])).toEqual(
      Array.from({ length: 12 }, (_, token) => [token, 50]),
    );
  });
});

test("the job prints arrivals, takes its options, and refuses others", async () => {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line).trimEnd());
    return true;
  });
  try {
    await runJob(job, ["--nodes", "4", "--rounds", "2", "--tokens", "1"], 1);
  } finally {
    write.mockRestore();
  }
  expect(lines).toEqual(["token 0 has arrived after 8 hops"]);
  const env = StreamExecutionEnvironment.create();
  expect(() => job.build(env, ["--nodes", "0"])).toThrow(/--nodes must be a whole number, 1 or more/);
  expect(() => job.build(env, ["--bogus"])).toThrow(/--bogus/);
});
