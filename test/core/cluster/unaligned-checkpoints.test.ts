/**
 * Unaligned checkpoints of whole jobs, in virtual time: a consumer that is slow, channels that are full. How long a checkpoint takes does not depend on what
 * waits; what waited is processed once after a failure; savepoints wait as ever.
 */
import { describe, expect, test } from "vitest";
import type { ConfigValues, Operator, OperatorServices } from "../../../core/index.ts";
import { Scene, upTo } from "./scene.ts";

const NUMBERS = 240;
const SLOW_MS = 50;

/** Takes so long for each record, and has room for one. */
function slow({ output, availability, schedule }: OperatorServices<number>): Operator {
  return {
    inputs: [
      {
        processRecord: (n: number, timestampMs) => {
          output.processRecord(n, timestampMs);
          availability.block();
          schedule(SLOW_MS, () => availability.unblock());
        },
        processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
        processIdle: (idle) => output.processIdle(idle),
      },
    ],
  };
}

interface Seen {
  /** Of the checkpoints that completed while records waited. */
  readonly durationsMs: readonly number[];
  readonly savedInFlight: number;
  readonly committed: readonly unknown[];
}

/** Two sources, a shuffle, two slow consumers, of which one fails once in the middle. */
async function backpressured(values: ConfigValues, failAt = -1): Promise<Seen> {
  const scene = new Scene();
  const env = scene.env({
    "parallelism.default": 2,
    "execution.checkpointing.interval": 300,
    "execution.checkpointing.dir": "/checkpoints",
    "taskmanager.network.in-slot-channel-capacity": 16,
    ...values,
  });
  let left = 1;
  const stream = scene
    .numbers(env, NUMBERS, { splits: 2 })
    .rebalance()
    .transform<number>("slow", (services) => slow(services))
    .uid("slow")
    .map((n) => {
      if (n !== failAt || left === 0) return n;
      left -= 1;
      throw new RangeError("boom");
    });
  scene.commit(stream);
  const durationsMs: number[] = [];
  let savedInFlight = 0;
  await scene.play(async () => {
    const job = scene.start(env);
    scene.gate.open();
    let isOver = false;
    const over = job.result().finally(() => {
      isOver = true;
    });
    let newest = -1;
    for (let turn = 0; !isOver; turn += 1) {
      await scene.pause(20);
      const read = (name: string): number => Number(job.metrics().find((metric) => metric.name === name)?.value ?? -1);
      const id = read("lastCompletedCheckpointId");
      if (id === newest) continue;
      newest = id;
      durationsMs.push(read("lastCheckpointDuration"));
      savedInFlight += Math.max(0, read("lastCheckpointPersistedData"));
    }
    await over;
  });
  return { durationsMs, savedInFlight, committed: scene.committed };
}

function sorted(values: readonly unknown[]): readonly unknown[] {
  return [...values].toSorted((left, right) => Number(left) - Number(right));
}

const UNALIGNED = { "execution.checkpointing.unaligned.enabled": true };

describe("a checkpoint of a job whose consumers are slow", () => {
  test("waits for what stands in the channels, or overtakes it", async () => {
    const aligned = await backpressured({});
    const unaligned = await backpressured(UNALIGNED);
    // 16 records in each channel, two channels, one record after the other.
    expect(Math.max(...aligned.durationsMs)).toBeGreaterThan(16 * SLOW_MS);
    expect(aligned.savedInFlight).toBe(0);
    expect(unaligned.durationsMs.length).toBeGreaterThan(3 * aligned.durationsMs.length);
    expect(Math.max(...unaligned.durationsMs)).toBeLessThanOrEqual(2 * SLOW_MS);
    expect(unaligned.savedInFlight).toBeGreaterThan(1_000);
    expect(sorted(unaligned.committed)).toEqual(upTo(NUMBERS));
  });

  test.each([
    ["at once", {}],
    ["after a while", { "execution.checkpointing.aligned-checkpoint-timeout": 100 }],
    ["with small channels", { "taskmanager.network.in-slot-channel-capacity": 3 }],
  ])("repeats and loses nothing after a failure: %s", async (_, values) => {
    for (const failAt of [100, 239]) {
      const { committed } = await backpressured({ ...UNALIGNED, ...values }, failAt);
      expect(sorted(committed)).toEqual(upTo(NUMBERS));
    }
  });

  test("begins aligned where it is given time", async () => {
    const patient = await backpressured({
      ...UNALIGNED,
      "execution.checkpointing.aligned-checkpoint-timeout": 600_000,
    });
    expect(patient.savedInFlight).toBe(0);
    const hasty = await backpressured({ ...UNALIGNED, "execution.checkpointing.aligned-checkpoint-timeout": 200 });
    expect(Math.max(...hasty.durationsMs)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...hasty.durationsMs)).toBeLessThanOrEqual(200 + 4 * SLOW_MS);
    expect(hasty.savedInFlight).toBeGreaterThan(1_000);
  });

  test("at least once, nothing overtakes", async () => {
    const { savedInFlight } = await backpressured({ ...UNALIGNED, "execution.checkpointing.mode": "AT_LEAST_ONCE" });
    expect(savedInFlight).toBe(0);
  });
});
