/** A loop that never comes to rest, in virtual time: checkpoints go on for as long as it does, also when everything that fed it has ended; new records still get their turn. */
import { describe, expect, test } from "vitest";
import { OutputTag, value } from "../../core/index.ts";
import type { ConfigValues, Input, Operator, OperatorServices } from "../../core/index.ts";
import { Scene, upTo } from "../core/cluster/scene.ts";

const SEEN = new OutputTag<number>("seen");
const HOP_MS = 7;

/** Sends each number on to the next key after a while, for ever; says which came from outside. */
function circling({ output, keyedState, sideOutput, schedule }: OperatorServices<number>): Operator {
  const hops = keyedState.value<number, number>("hops", value({ default: 0 }));
  const passOn = (n: number): void => void schedule(HOP_MS, () => output.processRecord(n + 1, 0));
  const time = {
    processWatermark: (watermarkMs: number) => output.processWatermark(watermarkMs),
    processIdle: (idle: boolean) => output.processIdle(idle),
  };
  const outside: Input<number> = {
    ...time,
    processRecord(n) {
      sideOutput(SEEN.id)?.processRecord(n, 0);
      passOn(n);
    },
  };
  const loop: Input<number> = {
    ...time,
    processRecord(n) {
      keyedState.setCurrentKey(n % 4);
      hops.update(hops.value() + 1);
      passOn(n);
    },
  };
  return { inputs: [outside, loop], quiet: false };
}

interface Going {
  readonly scene: Scene;
  readonly completed: number;
}

/** Until so many checkpoints are complete; then the job is cancelled. */
async function circlesUntil(checkpoints: number, values: ConfigValues = {}): Promise<Going> {
  const scene = new Scene();
  const env = scene.env({
    "parallelism.default": 2,
    "execution.checkpointing.interval": 20,
    "execution.checkpointing.dir": "/checkpoints",
    ...values,
  });
  const circles = scene
    .numbers(env, 6, { splits: 2 })
    .keyBy((n) => n % 4)
    .transform<number>("circles", circling, { loopBy: (n) => n % 4 })
    .uid("circles");
  scene.commit(circles.getSideOutput(SEEN));
  let completed = 0;
  await scene.play(async () => {
    const job = scene.start(env);
    scene.gate.open();
    const over = job.result().catch(() => undefined);
    const read = (): number =>
      Number(job.metrics().find(({ name }) => name === "numberOfCompletedCheckpoints")?.value ?? 0);
    while (completed < checkpoints) {
      await scene.pause(100);
      completed = read();
    }
    await job.cancel();
    await over;
  });
  return { scene, completed };
}

describe("a loop that never rests", () => {
  test("lets a thousand checkpoints through after everything else has ended", async () => {
    const { scene, completed } = await circlesUntil(1_010);
    expect(completed).toBeGreaterThanOrEqual(1_010);
    expect(scene.committed.toSorted((left, right) => Number(left) - Number(right))).toEqual(upTo(6));
  });

  test("also with small channels, and unaligned", async () => {
    for (const values of [
      { "taskmanager.network.in-slot-channel-capacity": 1 },
      { "execution.checkpointing.unaligned.enabled": true },
    ]) {
      const { completed } = await circlesUntil(50, values);
      expect(completed).toBeGreaterThanOrEqual(50);
    }
  });
});
