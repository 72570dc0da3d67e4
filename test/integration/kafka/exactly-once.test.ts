/**
 * Exactly once on a real broker, checked by a reader that shares nothing with us: jobs from Kafka to Kafka whose whole process is killed, at random and at each step of the commit, is paused and comes back,
 * or whose broker is killed. Each key's sequence is whole, once and in order.
 *
 * `npm run test:integration -- --full` kills thirty times where this kills five times.
 */
// covers: connectors/kafka/sink/*
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectExact, feed, killedAtRandom, onScene } from "./counting-scene.ts";
import type { RunningCountArgs } from "./jobs/running-count.ts";
import { startKafka } from "./local-kafka.ts";
import { sharedKafka } from "./shared-kafka.ts";

const servers = sharedKafka() ?? [];
const isFull = process.env["MILLRACE_FULL"] === "1";
const KILLS = isFull ? 30 : 5;

describe.skipIf(servers.length === 0)("exactly once, from Kafka to Kafka", () => {
  test("killed at random, and started again at any parallelism", { timeout: 600_000 }, () =>
    onScene(async (scene) => expectExact(await killedAtRandom(scene, KILLS)), servers),
  );

  test.each(["before the commit", "before its answer counts"] as const)("killed %s of a transaction", (when) =>
    onScene(async (scene) => {
      await scene.visit(100);
      for (const at of [1, 2, 3]) {
        const dies = { at, when };
        const job = scene.jobs.start({ args: { ...scene.args, dies } satisfies RunningCountArgs, parallelism: 2 });
        const feeding = feed(scene, job);
        expect((await job.ended).signal).toBe("SIGKILL");
        await feeding;
      }
      expectExact(await scene.outcome(scene.jobs.start({ args: scene.args, parallelism: 1 })));
    }, servers),
  );

  test("paused, believed dead, and back after its successor has committed", () =>
    onScene(async (scene) => {
      await scene.visit(100);
      const zombie = scene.jobs.start({ args: scene.args, parallelism: 2 });
      await scene.until(100, zombie);
      await scene.visit(60);
      zombie.signal("SIGSTOP");
      const successor = scene.jobs.start({ args: scene.args, parallelism: 1 });
      await scene.until(160, successor);
      zombie.signal("SIGCONT");
      await scene.visit(60);
      const { code, said } = await zombie.ended;
      expect(code).not.toBe(0);
      expect(said).toMatch(/MR6405|MR6406|MR6442/);
      await scene.visit(60);
      expectExact(await scene.outcome(successor));
    }, servers));

  test("a transaction that the broker gave up, after its checkpoint: the job says what is lost", () =>
    onScene(async (scene) => {
      await scene.visit(30);
      const dies = { at: 1, when: "before the commit" } as const;
      const args: RunningCountArgs = { ...scene.args, transactionTimeoutMs: 1_000, dies };
      await scene.jobs.start({ args }).ended;
      await scene.untilNothingIsOpen();
      const { code, said } = await scene.jobs.start({ args: scene.args }).ended;
      expect(code).not.toBe(0);
      expect(said).toMatch(/MR6442.*30 records of a completed checkpoint/s);
    }, servers));

  describe("with a broker of its own", () => {
    let kafka: Awaited<ReturnType<typeof startKafka>>;
    beforeAll(async () => {
      kafka = await startKafka();
    }, 60_000);
    afterAll(async () => kafka.stop());

    test("which is killed and started again", () =>
      onScene(async (scene) => {
        const [node] = kafka.nodes;
        await scene.visit(100);
        const job = scene.jobs.start({ args: { ...scene.args, patienceMs: 60_000 }, parallelism: 2 });
        await scene.until(50, job);
        await node?.kill();
        await sleep(500);
        await node?.start();
        await scene.visit(100);
        expectExact(await scene.outcome(job));
      }, kafka.bootstrapServers));
  });
});

describe.skipIf(servers.length === 0 || !isFull)("exactly once on three brokers", () => {
  let kafka: Awaited<ReturnType<typeof startKafka>>;
  beforeAll(async () => {
    kafka = await startKafka({ nodes: 3 });
  }, 120_000);
  afterAll(async () => kafka.stop());

  test("the job killed at random, and started again at any parallelism", { timeout: 900_000 }, () =>
    onScene(async (scene) => expectExact(await killedAtRandom(scene, KILLS)), kafka.bootstrapServers),
  );

  test("each broker killed in turn, the active controller among them", { timeout: 600_000 }, () =>
    onScene(async (scene) => {
      await scene.visit(100);
      const job = scene.jobs.start({ args: { ...scene.args, patienceMs: 90_000 }, parallelism: 2 });
      await scene.until(100, job);
      for (const node of kafka.nodes) {
        await scene.visit(50);
        await node.kill();
        await sleep(3_000);
        await node.start();
        await scene.visit(50);
      }
      expectExact(await scene.outcome(job));
    }, kafka.bootstrapServers),
  );
});
