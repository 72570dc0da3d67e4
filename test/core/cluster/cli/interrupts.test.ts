/** Signals, and readers that go away, while a job runs that would never end, and how long the command waits for one that cannot. */
// covers: core/cluster/cli/interrupts.ts, core/cluster/cli/main.ts
import { EventEmitter } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { JobStatus } from "../../../../core/api/job-client.ts";
import { Interrupts } from "../../../../core/cluster/cli/interrupts.ts";
import { start, until, workshop } from "./command.ts";

vi.setConfig({ testTimeout: 60_000 });

const JOBS = {
  "endless.ts": `import { defineJob } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { WatermarkStrategy } from "millrace";
export default defineJob("endless", (env, [mode]) => {
  const source = dataGenerator({ generate: (index) => index, ratePerSecond: 200 });
  const numbers = env.fromSource(source, WatermarkStrategy.noWatermarks<number>(), "numbers");
  const stuck = { map: (n: number) => n, close: () => new Promise<void>(() => setInterval(() => undefined, 1_000)) };
  (mode === "stuck" ? numbers.map(stuck) : numbers).print();
});`,
};

let shop: ReturnType<typeof workshop>;
beforeAll(() => {
  shop = workshop(JOBS);
});
afterAll(() => shop.remove());

describe.concurrent("an endless job", () => {
  test("ends with the code of the signal", async () => {
    const running = start(["run", "endless.ts"], { cwd: shop.path });
    await until(() => running.output().stdout.includes("3\n"));
    running.signal("SIGTERM");
    const { code, stderr } = await running.ended;
    const told = "millrace: stopping the job; press Ctrl-C again to end at once\n";
    expect(stderr.replace(/^RUNNING.*\n/gm, "")).toBe(`${told}millrace: job "endless" was cancelled\n`);
    expect(code).toBe(143);
  });

  test("that does not close ends at the second signal", async () => {
    const running = start(["run", "endless.ts", "--", "stuck"], { cwd: shop.path });
    await until(() => running.output().stdout.includes("3\n"));
    running.signal("SIGINT");
    await until(() => running.output().stderr.includes("press Ctrl-C again"));
    running.signal("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130 });
  });

  test("that does not close is given up after task.cancellation.timeout", async () => {
    const flags = ["--config", "task.cancellation.timeout=100"];
    const running = start(["run", "endless.ts", ...flags, "--", "stuck"], { cwd: shop.path });
    await until(() => running.output().stdout.includes("3\n"));
    running.signal("SIGINT");
    const { code, stderr } = await running.ended;
    expect(stderr).toContain('millrace: job "endless" was cancelled\n');
    expect(code).toBe(130);
  });

  test("ends quietly when nobody reads its output any more", async () => {
    const running = start(["run", "endless.ts"], { cwd: shop.path });
    await until(() => running.output().stdout.includes("3\n"));
    running.closeOutput();
    const { code, stderr } = await running.ended;
    expect(stderr.replace(/^RUNNING.*\n/gm, "")).toBe("");
    expect(code).toBe(141);
  });
});

describe("a cancelled job that does not end", () => {
  afterEach(() => void vi.useRealTimers());

  function interrupted(cancellationTimeoutMs = 180_000) {
    vi.useFakeTimers();
    const process = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) });
    const exits: number[] = [];
    const written: string[] = [];
    const client = {
      current: "RUNNING" as JobStatus,
      cancels: 0,
      status: () => client.current,
      cancel: () => cancelled(),
    };
    const cancelled = (): Promise<void> => {
      client.cancels += 1;
      client.current = "CANCELLING";
      return new Promise(() => undefined);
    };
    const interrupts = new Interrupts(client, {
      out: { write: (text: string) => written.push(text) },
      cancellationTimeoutMs,
      process,
    });
    return { process, client, interrupts, exits, written };
  }

  test("is left alone ten seconds after its status is final", () => {
    const { process, client, interrupts, exits, written } = interrupted();
    vi.advanceTimersByTime(3_600_000);
    process.emit("SIGTERM", "SIGTERM");
    expect([interrupts.signal, client.cancels]).toEqual(["SIGTERM", 1]);
    vi.advanceTimersByTime(100_000);
    client.current = "CANCELED";
    vi.advanceTimersByTime(9_900);
    expect(exits).toEqual([]);
    vi.advanceTimersByTime(300);
    expect(exits).toEqual([143]);
    expect(written.at(-1)).toMatch(/^millrace: the job is CANCELED and does not end: .*; ending without it\n$/);
    vi.advanceTimersByTime(100_000);
    expect(exits).toHaveLength(1);
  });

  test("is left alone ten seconds after its tasks should have closed", () => {
    const { process, exits } = interrupted(30_000);
    process.emit("SIGINT", "SIGINT");
    vi.advanceTimersByTime(39_900);
    expect(exits).toEqual([]);
    vi.advanceTimersByTime(300);
    expect(exits).toEqual([130]);
  });

  test("is waited for as long as the configuration says, or it takes", () => {
    const forEver = interrupted(0);
    forEver.process.emit("SIGINT", "SIGINT");
    vi.advanceTimersByTime(3_600_000);
    expect(forEver.exits).toEqual([]);
    forEver.interrupts.stop();
    expect(forEver.process.listenerCount("SIGINT")).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends at the second signal", () => {
    const { process, exits } = interrupted();
    process.emit("SIGINT", "SIGINT");
    process.emit("SIGTERM", "SIGTERM");
    expect(exits).toEqual([143]);
  });
});
