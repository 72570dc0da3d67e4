/** Endpoints and their gateways: messages run later, in order, one after the other, and an error stops none of those behind it. */
// covers: core/cluster/rpc/in-process.ts
import { describe, expect, test } from "vitest";
import { Endpoint } from "../../../../core/cluster/rpc/endpoint.ts";
import { inProcessGateway } from "../../../../core/cluster/rpc/in-process.ts";
import type { Clock } from "../../../../core/time/clock.ts";

function yieldingClock(): { readonly clock: Clock; run(): void } {
  const waiting: (() => void)[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    elapsedMs: () => 0,
    schedule: () => () => undefined,
    yield: (callback) => void waiting.push(callback),
  };
  return {
    clock,
    run() {
      for (const callback of waiting.splice(0)) callback();
    },
  };
}

class Target {
  readonly seen: string[] = [];

  say(word: string): void {
    if (word === "fail") throw new Error("failed");
    this.seen.push(word);
  }
}

describe("an endpoint", () => {
  test("takes calls of a gateway as messages, never inside the caller's stack", () => {
    const { clock, run } = yieldingClock();
    const errors: unknown[] = [];
    const endpoint = new Endpoint({ clock, onError: (error) => errors.push(error) });
    const target = new Target();
    const gateway = inProcessGateway<{ say(word: string): void }>(endpoint, target);
    gateway.say("a");
    gateway.say("fail");
    gateway.say("b");
    expect(target.seen).toEqual([]);
    run();
    expect(target.seen).toEqual(["a", "b"]);
    expect(errors).toHaveLength(1);
  });

  test("lets others have a turn between a message and what it posts", () => {
    const { clock, run } = yieldingClock();
    const endpoint = new Endpoint({ clock, onError: () => undefined });
    const seen: string[] = [];
    endpoint.post(() => {
      seen.push("first");
      endpoint.post(() => seen.push("second"));
    });
    run();
    expect(seen).toEqual(["first"]);
    run();
    expect(seen).toEqual(["first", "second"]);
  });
});
