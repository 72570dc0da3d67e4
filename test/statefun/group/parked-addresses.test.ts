/** Parked addresses: async turns, quarantine, retries, and the mailboxes behind them. */
// covers: statefun/group/parked-addresses.ts, statefun/group/mailboxes.ts, statefun/group/estimate-bytes.ts
import { describe, expect, test } from "vitest";
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import type { ErrorPolicy, FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { LoopHarness } from "./loop-harness.ts";
import type { LoopHarnessOptions } from "./loop-harness.ts";
import { bufferOf, bufferState, makeFunction, OUT, valueState } from "./make-function.ts";

/** Promises that a test settles when it likes. */
class Gates {
  readonly #waiting: { id: string; open: () => void; fail: (error: Error) => void }[] = [];

  wait(id: string): Promise<void> {
    return new Promise((open, fail) => this.#waiting.push({ id, open, fail }));
  }

  get ids(): string[] {
    return this.#waiting.map(({ id }) => id);
  }

  open(id: string): void {
    this.#take(id)?.open();
  }

  fail(id: string, error: Error): void {
    this.#take(id)?.fail(error);
  }

  #take(id: string): { open: () => void; fail: (error: Error) => void } | undefined {
    const index = this.#waiting.findIndex((gate) => gate.id === id);
    return this.#waiting.splice(index, 1)[0];
  }
}

/** Appends what it gets, waiting at its gate if the message says so; "show" tells all. */
function logger(gates: Gates, onError: ErrorPolicy = { kind: "quarantine" }): FunctionDefinition {
  const handler = (ctx: FunctionContext, kind: string, value: unknown): void | Promise<void> => {
    const log = bufferOf(ctx, "log");
    if (kind === "show") {
      ctx.send(OUT, [ctx.self.id, log.toArray(), ctx.state["n"]]);
      return undefined;
    }
    if (kind === "bad") throw new Error(`bad ${String(value)}`);
    log.push(value);
    if (kind === "sync") return undefined;
    return (async (): Promise<void> => {
      await gates.wait(ctx.self.id);
      ctx.state["n"] = Number(ctx.state["n"]) + 1;
      log.push("after");
      ctx.send(OUT, [ctx.self.id, "waited"]);
    })();
  };
  return makeFunction("test/log", handler, { state: [bufferState("log"), valueState("n", 0)], onError });
}

function start(options: LoopHarnessOptions = {}, onError?: ErrorPolicy): { loop: LoopHarness; gates: Gates } {
  const gates = new Gates();
  return { loop: new LoopHarness({ functions: [logger(gates, onError)], ...options }), gates };
}

const log = (loop: LoopHarness, id: string, kind: string, value: unknown = 0): void =>
  loop.send("test/log", id, kind, value);

describe("async turns", () => {
  test("park their address and nobody else, and take effect in one step", async () => {
    const { loop, gates } = start();
    log(loop, "a", "wait", 1);
    log(loop, "a", "sync", 2);
    log(loop, "a", "show");
    log(loop, "b", "sync", 3);
    log(loop, "b", "show");
    await loop.settle();
    expect(loop.out()).toEqual([["b", [3], 0]]);
    expect(loop.metric("test/log", "numBlockedAddress")).toBe(1);
    expect(loop.metric("test/log", "numBacklog")).toBe(3);
    gates.open("a");
    await loop.settle();
    expect(loop.out().slice(1)).toEqual([
      ["a", "waited"],
      ["a", [1, "after", 2], 1],
    ]);
    expect(loop.metric("test/log", "numBlockedAddress")).toBe(0);
    expect(loop.metric("test/log", "numBacklog")).toBe(0);
  });

  test("that reject leave nothing behind", async () => {
    const { loop, gates } = start({}, { kind: "dead-letter", egress: "test/out" });
    log(loop, "a", "wait", { n: 1 });
    log(loop, "a", "show");
    gates.fail("a", new Error("later"));
    await loop.settle();
    expect(loop.out()).toMatchObject([{ value: { n: 1 }, error: { message: "later" } }, ["a", [], 0]]);
  });

  test("a snapshot has the state before the turn and its message, which runs again", async () => {
    const { loop, gates } = start();
    log(loop, "a", "sync", 0);
    log(loop, "a", "wait", 1);
    log(loop, "a", "sync", 2);
    const saved = loop.snapshot();
    log(loop, "a", "show");
    loop.crash();
    gates.open("a"); // of the dead attempt: neither this turn nor the next one happens
    await loop.settle();
    expect(loop.out()).toEqual([]);
    const again = start({ restored: saved, parallelism: 2 });
    expect(again.gates.ids).toEqual(["a"]);
    log(again.loop, "a", "show");
    again.gates.open("a");
    await again.loop.settle();
    expect(again.loop.out()).toEqual([
      ["a", "waited"],
      ["a", [0, 1, "after", 2], 1],
    ]);
  });

  test("their context is of no use after the turn, nor after the attempt", async () => {
    const kept: FunctionContext[] = [];
    const gates = new Gates();
    const leaky = makeFunction("test/leaky", (ctx) => {
      kept.push(ctx);
      return gates.wait(ctx.self.id);
    });
    const loop = new LoopHarness({ functions: [leaky] });
    loop.send("test/leaky", "a", "", 0);
    loop.send("test/leaky", "b", "", 0);
    gates.open("a");
    await loop.settle();
    expect(kept[1]?.self.id).toBe("b");
    expect(() => kept[0]?.self).toThrow("MR9020");
    loop.crash();
    expect(() => kept[1]?.send(OUT, 1)).toThrow("MR9020");
  });

  test("a delayed send that a turn under way has taken back never arrives, if the turn succeeds", async () => {
    const gates = new Gates();
    const answers: boolean[] = [];
    const timer = makeFunction("test/timer", (ctx, kind) => {
      if (kind === "late") ctx.send(OUT, "late");
      if (kind === "set") ctx.sendAfter(10, ctx.self, "late", 0, { token: "t" });
      if (kind !== "cancel") return undefined;
      answers.push(ctx.cancel("t"));
      return gates.wait(ctx.self.id);
    });
    const begin = (): LoopHarness => {
      const loop = new LoopHarness({ functions: [timer] });
      loop.send("test/timer", "a", "set", 0);
      loop.send("test/timer", "a", "cancel", 0);
      loop.advance(100);
      return loop;
    };
    const well = begin();
    gates.open("a");
    await well.settle();
    expect(well.out()).toEqual([]);
    const failing = begin();
    const saved = failing.snapshot();
    gates.fail("a", new Error("no"));
    await failing.settle();
    failing.send("test/timer", "a", "$skip", 0);
    failing.run();
    expect(failing.out()).toEqual(["late"]);
    const restored = new LoopHarness({ functions: [timer], restored: saved, clock: failing.clock });
    restored.advance(0);
    gates.open("a");
    await restored.settle();
    expect(restored.out()).toEqual([]);
    expect(answers).toEqual([true, true, true]);
  });

  test("nor does one that a turn under way replaces by another of its token", async () => {
    const gates = new Gates();
    const timer = makeFunction("test/timer", (ctx, kind, value) => {
      if (kind === "late") ctx.send(OUT, value);
      if (kind === "set") ctx.sendAfter(10, ctx.self, "late", "old", { token: "t" });
      if (kind !== "replace") return undefined;
      ctx.sendAfter(1_000, ctx.self, "late", "new", { token: "t" });
      return gates.wait(ctx.self.id);
    });
    const begin = (): LoopHarness => {
      const loop = new LoopHarness({ functions: [timer] });
      loop.send("test/timer", "a", "set", 0);
      loop.send("test/timer", "a", "replace", 0);
      loop.advance(100); // the old one falls due
      loop.run();
      return loop;
    };
    const well = begin();
    gates.open("a");
    await well.settle();
    well.advance(2_000);
    well.run();
    expect(well.out()).toEqual(["new"]);
    const failing = begin();
    gates.fail("a", new Error("no"));
    await failing.settle();
    failing.send("test/timer", "a", "$skip", 0);
    failing.advance(2_000);
    failing.run();
    expect(failing.out()).toEqual(["old"]);
  });

  test("the ingress waits while more than the budget is in mailboxes", async () => {
    const { loop, gates } = start({ mailboxBytesMax: 1_000 });
    const [subtask] = loop.subtasks;
    log(loop, "a", "wait", 1);
    expect(subtask?.operator.congested).toBe(false);
    expect(subtask?.operator.quiet).toBe(false);
    for (let index = 0; index < 20; index += 1) log(loop, "a", "sync", index);
    expect(subtask?.operator.congested).toBe(true);
    gates.open("a");
    await loop.settle();
    expect(subtask?.operator.congested).toBe(false);
    expect(subtask?.operator.quiet).toBe(true);
    expect(subtask?.wakes).toBeGreaterThan(0);
  });

  test("a long mailbox is worked off in several mails", async () => {
    const { loop, gates } = start();
    log(loop, "a", "wait", 0);
    for (let index = 1; index <= 500; index += 1) log(loop, "a", "sync", index);
    gates.open("a");
    await loop.settle();
    log(loop, "a", "show");
    const expected = [0, "after", ...Array.from({ length: 500 }, (_, index) => index + 1)];
    expect(loop.out().at(-1)).toEqual(["a", expected, 1]);
  });
});

describe("quarantine", () => {
  test("stops one address, whose state is as before, and keeps what comes for it", () => {
    const { loop } = start();
    log(loop, "a", "sync", 1);
    log(loop, "a", "bad", 2);
    log(loop, "a", "sync", 3);
    log(loop, "b", "sync", 4);
    log(loop, "a", "show");
    log(loop, "b", "show");
    expect(loop.out()).toEqual([["b", [4], 0]]);
    expect(loop.metric("test/log", "numQuarantined")).toBe(1);
    expect(loop.warnings).toHaveLength(1);
    expect(loop.warnings[0]).toContain('test/log "a" is quarantined');
    const [subtask] = loop.subtasks;
    expect([subtask?.operator.quiet, subtask?.operator.congested]).toEqual([true, false]);
    log(loop, "a", "$retry"); // and fails again
    expect(loop.out()).toHaveLength(1);
    log(loop, "a", "$skip");
    expect(loop.out().at(-1)).toEqual(["a", [1, 3], 0]);
    expect(loop.metric("test/log", "numQuarantined")).toBe(0);
    log(loop, "a", "$skip"); // nothing to skip
    log(loop, "a", "show");
    expect(loop.out()).toHaveLength(3);
  });

  test("survives a restore, with another parallelism, and is retried there", () => {
    let broken = true;
    const moody = makeFunction("test/moody", (ctx, _kind, value) => {
      if (broken) throw new Error("moody");
      ctx.send(OUT, [ctx.self.id, value]);
    });
    const first = new LoopHarness({ functions: [moody], parallelism: 2 });
    for (const id of ["a", "b", "c", "d"]) for (const value of [1, 2]) first.send("test/moody", id, "", value);
    const second = new LoopHarness({ functions: [moody], parallelism: 3, restored: first.snapshot() });
    expect(second.metric("test/moody", "numQuarantined")).toBe(4);
    broken = false;
    second.send("test/moody", "a", "", 3);
    expect(second.out()).toEqual([]);
    second.send("test/moody", "a", "$retry", 0);
    expect(second.out()).toEqual([1, 2, 3].map((value) => ["a", value]));
    second.send("test/moody", "a", "", 4);
    expect(second.out()).toHaveLength(4);
    expect(second.metric("test/moody", "numQuarantined")).toBe(3);
  });

  test("reserved kinds from a function are messages like others", () => {
    const { loop } = start();
    log(loop, "a", "bad", 1);
    loop.sendEnvelope({ to: "test/log", id: "a", from: "test/log", fromId: "b", kind: "$skip", value: 0 });
    expect(loop.metric("test/log", "numQuarantined")).toBe(1);
    expect(loop.metric("test/log", "numBacklog")).toBe(2);
  });
});

describe("retry", () => {
  const policy = (last: Exclude<ErrorPolicy, { kind: "retry" }>): ErrorPolicy => ({
    kind: "retry",
    attempts: 3,
    initialDelayMs: 100,
    maxDelayMs: 250,
    then: last, // oxlint-disable-line no-thenable -- as the policy is declared; nobody awaits it
  });

  function flaky(
    failures: number,
    then: Exclude<ErrorPolicy, { kind: "retry" }>,
  ): { loop: LoopHarness; tries: number[] } {
    const tries: number[] = [];
    const fn = makeFunction(
      "test/flaky",
      (ctx, kind, value) => {
        if (kind === "fine") return ctx.send(OUT, [ctx.self.id, value]);
        tries.push(ctx.processingTimeMs() - 1_000_000);
        if (tries.length <= failures) throw new Error("flaky");
        return ctx.send(OUT, [ctx.self.id, "done"]);
      },
      { onError: policy(then) },
    );
    const loop = new LoopHarness({ functions: [fn] });
    loop.send("test/flaky", "a", "try", 0);
    loop.send("test/flaky", "a", "fine", 1);
    loop.send("test/flaky", "b", "fine", 2);
    return { loop, tries };
  }

  test("waits longer each time, with its address parked and all others going on", () => {
    const { loop, tries } = flaky(3, { kind: "quarantine" });
    expect(loop.subtasks[0]?.operator.quiet).toBe(false);
    loop.advance(2_000);
    expect(tries).toEqual([0, 100, 300, 550]);
    expect(loop.out()).toEqual([
      ["b", 2],
      ["a", "done"],
      ["a", 1],
    ]);
    expect(loop.subtasks[0]?.operator.quiet).toBe(true);
  });

  test("gives up after its attempts: quarantine, dead letter, or failure of the job", () => {
    const quarantined = flaky(9, { kind: "quarantine" });
    quarantined.loop.advance(2_000);
    expect(quarantined.loop.metric("test/flaky", "numQuarantined")).toBe(1);
    expect(quarantined.tries).toHaveLength(4);
    const dead = flaky(9, { kind: "dead-letter", egress: "test/out" });
    dead.loop.advance(2_000);
    expect(dead.loop.out()).toMatchObject([["b", 2], { kind: "try", error: { message: "flaky" } }, ["a", 1]]);
    const failing = flaky(9, { kind: "fail-job" });
    expect(() => failing.loop.advance(2_000)).toThrow("MR9032");
  });

  test("goes on after a restore", () => {
    const { loop, tries } = flaky(1, { kind: "quarantine" });
    const fn = makeFunction("test/flaky", (ctx, kind) => ctx.send(OUT, [ctx.self.id, kind]));
    const second = new LoopHarness({ functions: [fn], restored: loop.snapshot(), clock: loop.clock });
    loop.crash();
    second.advance(99);
    expect(second.out()).toEqual([]);
    second.advance(1);
    expect(second.out()).toEqual([
      ["a", "try"],
      ["a", "fine"],
    ]);
    expect(tries).toEqual([0]);
  });
});
