/**
 * Exactly once on a real broker, checked by a reader that shares nothing with us: jobs from Kafka to Kafka whose whole process is killed, at random and at each step of the commit, is paused and comes back,
 * or whose broker is killed. Each key's sequence is whole, once and in order.
 *
 * `npm run test:integration -- --full` kills thirty times where this kills five times.
 */
// covers: connectors/kafka/sink/*
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { JobProcesses } from "./job-processes.ts";
import type { JobProcess } from "./job-processes.ts";
import type { Counted, RunningCountArgs, Visit } from "./jobs/running-count.ts";
import { KafkaTools } from "./kafka-tools.ts";
import { startKafka } from "./local-kafka.ts";
import { sharedKafka } from "./shared-kafka.ts";

const servers = sharedKafka() ?? [];
const isFull = process.env["MILLRACE_FULL"] === "1";
const KILLS = isFull ? 30 : 5;
const KEYS = 7;
const PATIENCE_MS = 60_000;

let topics = 0;

/** Topics with visits that come in little by little, and the job between them. */
class Scene {
  readonly tools: KafkaTools;
  readonly jobs: JobProcesses = new JobProcesses("running-count");
  readonly args: RunningCountArgs;
  #produced = 0;

  constructor(brokers: readonly string[] = servers) {
    topics += 1;
    const name = `${process.pid}-${Date.now()}-${topics}`;
    this.tools = new KafkaTools(brokers);
    this.args = { servers: brokers.join(","), from: `visits-${name}`, to: `counts-${name}` };
  }

  async begin(): Promise<void> {
    await this.tools.createTopic(this.args.from, 3);
    await this.tools.createTopic(this.args.to, 3);
  }

  async visit(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, at) => {
      const n = this.#produced + at;
      const visit: Visit = { key: `key-${n % KEYS}`, n };
      return { key: visit.key, value: JSON.stringify(visit) };
    });
    await this.tools.produce(this.args.from, messages);
    this.#produced += count;
  }

  /** What a `read_committed` reader sees, per key in the order of the partition. */
  async counted(): Promise<Map<string, Counted[]>> {
    const byKey = new Map<string, Counted[]>();
    for (const { key, value } of await this.tools.committed(this.args.to)) {
      const counted = JSON.parse(value ?? "") as Counted; // as the job writes it
      byKey.set(key ?? "", [...(byKey.get(key ?? "") ?? []), counted]);
    }
    return byKey;
  }

  async count(): Promise<number> {
    return [...(await this.counted()).values()].reduce((sum, all) => sum + all.length, 0);
  }

  /** Waits until so many are visible. */
  async until(count: number, job: JobProcess): Promise<void> {
    const endMs = Date.now() + PATIENCE_MS;
    for (let seen = await this.count(); seen < count; seen = await this.count()) {
      if (!job.isRunning) throw new Error(`the job has ended: ${job.said}`);
      if (Date.now() > endMs) throw new Error(`${seen} of ${count} are visible; ${job.said}`);
      await sleep(50);
    }
  }

  async expectExact(job: JobProcess): Promise<void> {
    await this.until(this.#produced, job);
    const seen = await this.counted();
    for (let key = 0; key < KEYS; key += 1) {
      const name = `key-${key}`;
      const visits = Array.from({ length: this.#produced }, (_, n) => n).filter((n) => n % KEYS === key);
      const expected = visits.map((n, at) => ({ key: name, n, seen: at + 1 }));
      expect(seen.get(name)).toEqual(expected);
    }
    expect([...seen.keys()].length).toBe(KEYS);
  }
}

async function onScene(story: (scene: Scene) => Promise<void>, brokers?: readonly string[]): Promise<void> {
  const scene = new Scene(brokers);
  try {
    await scene.begin();
    await story(scene);
  } finally {
    await scene.jobs.close();
  }
}

describe.skipIf(servers.length === 0)("exactly once, from Kafka to Kafka", () => {
  test("killed at random, and started again at any parallelism", { timeout: 600_000 }, () =>
    onScene(async (scene) => {
      await scene.visit(200);
      for (let kill = 0; kill < KILLS; kill += 1) {
        const job = scene.jobs.start({ args: scene.args, parallelism: 1 + (kill % 3) });
        const before = await scene.count();
        await scene.visit(50);
        // Past the start, in two of three runs; then at any moment.
        if (kill % 3 > 0) await scene.until(before + 1, job);
        await scene.visit(100);
        await sleep(Math.random() * 600);
        await job.kill();
      }
      const last = scene.jobs.start({ args: scene.args, parallelism: 2 });
      await scene.visit(50);
      await scene.expectExact(last);
    }),
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
      await scene.expectExact(scene.jobs.start({ args: scene.args, parallelism: 1 }));
    }),
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
      await scene.expectExact(successor);
    }));

  test("a transaction that the broker gave up, after its checkpoint: the job says what is lost", () =>
    onScene(async (scene) => {
      await scene.visit(30);
      const dies = { at: 1, when: "before the commit" } as const;
      const args: RunningCountArgs = { ...scene.args, transactionTimeoutMs: 1_000, dies };
      await scene.jobs.start({ args }).ended;
      await sleep(3_000); // beyond the timeout and the broker's next look
      const { code, said } = await scene.jobs.start({ args: scene.args }).ended;
      expect(code).not.toBe(0);
      expect(said).toMatch(/MR6442.*30 records of a completed checkpoint/s);
    }));

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
        await scene.expectExact(job);
      }, kafka.bootstrapServers));
  });
});

/** Something to commit, again and again, until the job is gone. */
async function feed(scene: Scene, job: JobProcess): Promise<void> {
  while (job.isRunning) {
    await scene.visit(10);
    await sleep(100);
  }
}
