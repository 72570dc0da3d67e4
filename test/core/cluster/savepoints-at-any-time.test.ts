/**
 * Goal:   a request for a savepoint never costs the job, whenever it comes: also while some task is just finishing, by a periodic checkpoint.
 * Method: a short and a long source, checkpoints all the time, no restarts; 150 seeds, each with another moment. The request is answered with a savepoint;
 *         only if the job has come to its end meanwhile, with an error that says so. A failure names its seed.
 */
import { expect, test } from "vitest";
import { Gate } from "../../sim/gate.ts";
import { Scene, upTo } from "./scene.ts";

const SEEDS = upTo(150);

/** Its last task was gone before the savepoint began, or before its metadata was written. */
const JOB_ENDS = /^MR7005|^MR50(?:09|10): .*the job is ending/;

async function play(
  seed: number,
  drain: boolean | undefined,
): Promise<{ readonly answer: string; readonly end: string }> {
  const scene = new Scene({ seed });
  const env = scene.env({
    "execution.checkpointing.interval": 3,
    "execution.checkpointing.dir": "/checkpoints",
    "restart-strategy.type": "none",
    "parallelism.default": 2,
  });
  const short = scene.numbers(env, 5, { name: "short", gate: new Gate() });
  scene.commit(short.union(scene.numbers(env, 60, { name: "long" })));
  return scene.play(async () => {
    const job = scene.start(env);
    const end = job.result().then(
      () => "finished",
      (error: Error) => error.message,
    );
    await scene.pause((seed % 40) * 0.5);
    const asked =
      drain === undefined
        ? job.triggerSavepoint({ directory: "/savepoints" })
        : job.stopWithSavepoint({ directory: "/savepoints", drain });
    const answer = await asked.catch((error: Error) => error.message);
    return { answer, end: await end };
  });
}

test.each([
  ["a savepoint", undefined],
  ["a stop with savepoint", false],
  ["a stop with savepoint that drains", true],
])("%s at any time", async (_name, drain) => {
  const wrong: string[] = [];
  let refused = 0;
  for (const seed of SEEDS) {
    const { answer, end } = await play(seed, drain);
    if (JOB_ENDS.test(answer)) refused += 1;
    else if (!answer.startsWith("/savepoints/")) wrong.push(`seed ${seed}: ${answer}`);
    if (end !== "finished") wrong.push(`seed ${seed}: the job ended with ${end}`);
  }
  expect(wrong).toEqual([]);
  expect(refused).toBeLessThan(SEEDS.length / 5);
});
