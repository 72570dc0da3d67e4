/** Signals, and readers that go away, while a job runs that would never end. */
// covers: core/cluster/cli/interrupts.ts, core/cluster/cli/main.ts
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
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

  test("ends quietly when nobody reads its output any more", async () => {
    const running = start(["run", "endless.ts"], { cwd: shop.path });
    await until(() => running.output().stdout.includes("3\n"));
    running.closeOutput();
    const { code, stderr } = await running.ended;
    expect(stderr.replace(/^RUNNING.*\n/gm, "")).toBe("");
    expect(code).toBe(141);
  });
});
