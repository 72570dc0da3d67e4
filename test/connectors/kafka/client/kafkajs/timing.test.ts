/** Waiting that ends early when the client does, and leaves nothing behind. */
import { describe, expect, test } from "vitest";
import { elapsedMs, End, pause, within } from "../../../../../connectors/kafka/client/kafkajs/timing.ts";

const late = (): Error => new Error("late");

describe("timing", () => {
  test("a pause ends with its time, with the end, and at once behind it", async () => {
    const end = new End();
    await pause(1, end);
    const start = elapsedMs();
    const long = pause(60_000, end);
    end.come();
    await long;
    await pause(60_000, end);
    expect(elapsedMs() - start).toBeLessThan(5_000);
    expect(end.hasCome).toBe(true);
  });

  test("work is heard if it is in time; otherwise nobody hears what becomes of it", async () => {
    const end = new End();
    expect(await within(60_000, end, Promise.resolve(5), late)).toBe(5);
    await expect(within(60_000, end, Promise.reject(new Error("own")), late)).rejects.toThrow("own");
    const never = new Promise<never>(() => undefined);
    await expect(within(1, end, never, late)).rejects.toThrow("late");
    let fail: (error: Error) => void = () => undefined;
    const failing = new Promise<never>((_, reject) => (fail = reject));
    const ended = within(60_000, end, failing, late);
    end.come();
    await expect(ended).rejects.toThrow("late");
    fail(new Error("too late to matter"));
    await expect(within(60_000, end, never, late)).rejects.toThrow("late");
  });
});
