/** The chain as a whole: who resumes before whom, who ends after whom, who is asked before a barrier, and that all are closed. */
import { describe, expect, test } from "vitest";
import type { JobOperator } from "../../../core/graph/job-graph-types.ts";
import type { Operator, Pending } from "../../../core/operators/operator.ts";
import { TaskAvailability } from "../../../core/runtime/availability.ts";
import { Chain } from "../../../core/runtime/chain.ts";
import { UserFunctions } from "../../../core/runtime/user-functions.ts";
import { createOperatorState } from "../../../core/state/operator-state-backend.ts";

/** Notes what is asked of it. */
class Noting implements Operator {
  readonly inputs: readonly [];
  pending: Pending = "none";
  ready = true;
  failsToClose = false;
  snapshot: () => void = () => undefined;
  readonly #name: string;
  readonly #log: string[];

  constructor(name: string, log: string[]) {
    this.inputs = [];
    this.#name = name;
    this.#log = log;
  }

  resume(): void {
    this.#log.push(`resume ${this.#name}`);
    this.pending = "none";
  }

  endInput(): void {
    this.#log.push(`end ${this.#name}`);
  }

  prepareBarrier(checkpointId: number): boolean {
    this.#log.push(`prepare ${this.#name} ${checkpointId}`);
    return this.ready;
  }

  close(): Promise<void> {
    this.#log.push(`close ${this.#name}`);
    return this.failsToClose ? Promise.reject(new Error(`${this.#name} is stuck`)) : Promise.resolve();
  }
}

interface Bench {
  readonly chain: Chain;
  readonly log: string[];
  readonly availability: TaskAvailability;
  readonly at: (name: string) => Noting;
}

function bench(): Bench {
  const log: string[] = [];
  const operators = ["a", "b", "c"].map((name) => [name, new Noting(name, log)] as const);
  const byName = new Map(operators);
  const availability = new TaskAvailability(() => undefined);
  const chained = operators.map(([name, operator]) => ({
    job: { id: name, name, spec: { module: name } } as unknown as JobOperator, // the chain reads no more of it
    operator,
    states: { keyed: undefined, lists: createOperatorState([]) },
    functions: new UserFunctions({ fn: { close: () => void log.push(`close function of ${name}`) } }),
  }));
  for (const { functions } of chained) functions.openNothing();
  const at = (name: string): Noting => {
    const operator = byName.get(name);
    if (operator === undefined) throw new Error(`there is no operator ${name}`);
    return operator;
  };
  return { chain: new Chain(chained, [], availability), log, availability, at };
}

describe("resume", () => {
  test("begins at the tail", () => {
    const { chain, log, at } = bench();
    at("a").pending = "interruptible";
    at("c").pending = "interruptible";
    expect(chain.pending).toBe(true);
    expect(chain.resume()).toBe(true);
    expect(log).toEqual(["resume c", "resume a"]);
    expect(chain.pending).toBe(false);
  });

  test("goes no further than to one that is still not done", () => {
    const { chain, log, availability, at } = bench();
    at("a").pending = "interruptible";
    at("b").pending = "atomic";
    at("b").resume = () => void log.push("try b");
    expect(chain.resume()).toBe(false);
    expect(log).toEqual(["try b"]);
    expect(availability.busy).toBe(true);
    expect(chain.interruptible).toBe(false);
  });

  test("waits while downstream takes nothing", () => {
    const { chain, log, availability, at } = bench();
    at("a").pending = "interruptible";
    availability.block();
    expect(chain.resume()).toBe(false);
    expect(log).toEqual([]);
    expect(chain.interruptible).toBe(true);
  });
});

describe("end", () => {
  test("goes from head to tail, each once those before have emitted their last", () => {
    const { chain, log, availability, at } = bench();
    at("a").endInput = () => {
      log.push("end a");
      at("a").pending = "interruptible";
      availability.interrupted();
    };
    expect(chain.end()).toBe(false);
    expect(log).toEqual(["end a"]);
    availability.refresh();
    expect(chain.end()).toBe(true);
    expect(log).toEqual(["end a", "resume a", "end b", "end c"]);
    expect(chain.end()).toBe(true);
    expect(log).toHaveLength(4);
  });
});

test("a chain has not ended while its tail has something left", () => {
  const { chain, at, availability } = bench();
  at("c").endInput = () => {
    at("c").pending = "atomic";
    availability.interrupted();
  };
  expect(chain.end()).toBe(false);
  availability.refresh();
  expect(chain.end()).toBe(true);
});

describe("before a barrier", () => {
  test("all are asked until all are ready, and anew for another barrier", () => {
    const { chain, log, at } = bench();
    at("b").ready = false;
    expect(chain.prepareBarrier(1)).toBe(false);
    at("b").ready = true;
    // Checkpoint 1 was aborted meanwhile: who was ready for it is not ready for the next.
    expect(chain.prepareBarrier(2)).toBe(true);
    expect(log).toEqual(["prepare a 1", "prepare b 1", "prepare a 2", "prepare b 2", "prepare c 2"]);
  });
});

describe("a snapshot", () => {
  test("tells whose lists cannot be encoded, and closes everybody's part all the same", () => {
    const { chain } = bench();
    chain.operators[1]?.states.lists.list("splits", "split").update([{ read: () => undefined }]);
    const parts = chain.snapshot(1, { full: false });
    expect(parts.map(({ snapshot }) => snapshot.operatorId)).toEqual(["a", "b", "c"]);
    expect(parts.map(({ failure }) => failure?.message)).toEqual([
      undefined,
      expect.stringMatching(
        /^MR41\d\d: the state of operator "b" cannot be saved: item 0 of the operator list "splits"/,
      ),
      undefined,
    ]);
  });

  test("throws what an operator throws: it alone knows whether it can go on", () => {
    const { chain, at } = bench();
    at("b").snapshot = () => {
      throw new Error("the file is gone");
    };
    expect(() => chain.snapshot(1, { full: false })).toThrow("the file is gone");
  });
});

test("close reaches everyone, and brings the first error", async () => {
  const { chain, log, at } = bench();
  at("a").failsToClose = true;
  at("c").failsToClose = true;
  expect(await chain.close()).toMatchObject({ operator: { id: "a" }, cause: new Error("a is stuck") });
  expect(log.toSorted()).toEqual(
    ["a", "b", "c"].flatMap((name) => [`close ${name}`, `close function of ${name}`]).toSorted(),
  );
});
