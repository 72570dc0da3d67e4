/** Aligned sources in slots of their own: what their readers and the master tell each other crosses threads and processes. */
import { expect, test } from "vitest";
import { jobModule, onStage, until } from "./stage.ts";

test.each(["thread", "process"])("sources are held back in a slot that is a %s", (isolation) => {
  const size = { taskManagers: 1, slots: 2, config: { "taskmanager.slot.isolation": isolation } };
  return onStage(size, async ({ cluster, warnings }) => {
    const job = await cluster.submit(jobModule("aligned"), {});
    const drifts = (): readonly number[] =>
      job
        .metrics()
        .filter(({ name, scope }) => name === "watermarkAlignmentDrift" && scope.operator === "Source: fast")
        .map(({ value }) => Number(value));
    // Above zero in both subtasks: each has heard of the other source, and is ahead of it.
    await until(() => drifts().length === 2 && drifts().every((driftMs) => driftMs > 10), "both drift", drifts);
    await job.cancel();
    expect(job.status()).toBe("CANCELED");
    expect(warnings()).toEqual([]);
  });
});
