/**
 * Goal:   code in a user world sees that world's time and chance, now and after awaits; everybody else sees what they always see.
 * Method: each stand-in by name, in worlds with a clock that the test moves; what is real is compared with what was there before the first world.
 */
import { createHash, randomBytes, randomFill, randomInt, randomUUID } from "node:crypto";
import { hrtime } from "node:process";
import { setTimeout as namedTimeout } from "node:timers";
import {
  setImmediate as immediately,
  setInterval as everyMs,
  setTimeout as sleep,
  scheduler,
} from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { FakeWorld } from "./fake-world.ts";
import { inUserWorld, keepUserWorlds, outsideUserWorld } from "./user-world.ts";

const START_MS = Date.UTC(2001, 1, 3, 4, 5, 6, 789);
const realRandom = Math.random;
const YEAR_2020_MS = Date.UTC(2020);

function world(seed = 1): FakeWorld {
  return new FakeWorld({ startMs: START_MS, seed });
}

/** Also where the test fails. */
function kept(): () => void {
  const release = keepUserWorlds();
  onTestFinished(release);
  return release;
}

/** Lets microtasks run. */
async function settled(): Promise<void> {
  await outsideUserWorld(() => new Promise((resolve) => setImmediate(resolve)));
}

describe("time", () => {
  test.each<[name: string, read: () => unknown, expected: unknown]>([
    ["Date.now()", () => Date.now(), START_MS],
    ["new Date()", () => new Date().getTime(), START_MS],
    ["Date()", () => Date(), new Date(START_MS).toString()],
    ["new Date(x)", () => new Date(5).getTime(), 5],
    ["new Date(text)", () => new Date("2020-01-01").getTime(), YEAR_2020_MS],
    ["new Date(…)", () => new Date(2020, 5, 1, 3).getHours(), 3],
    ["Date.UTC", () => Date.UTC(2020), YEAR_2020_MS],
    ["Date.parse", () => Date.parse("2020-01-01"), YEAR_2020_MS],
    ["performance.now()", () => performance.timeOrigin + performance.now(), START_MS],
    ["process.hrtime()", () => process.hrtime(), [START_MS / 1_000 - 0.789, 789_000_000]],
    ["process.hrtime(earlier)", () => process.hrtime([START_MS / 1_000 - 1.789, 800_000_000]), [0, 989_000_000]],
    ["hrtime.bigint()", () => hrtime.bigint(), BigInt(START_MS) * 1_000_000n],
    ["process.uptime()", () => process.uptime(), START_MS / 1_000],
    ["Intl format()", () => new Intl.DateTimeFormat("en", { year: "numeric" }).format(), "2001"],
    ["Intl format(x)", () => new Intl.DateTimeFormat("en", { year: "numeric" }).format(YEAR_2020_MS + 1e9), "2020"],
    [
      "Intl formatToParts()",
      () => new Intl.DateTimeFormat("en", { year: "numeric" }).formatToParts()[0]?.value,
      "2001",
    ],
  ])("%s is simulated", (_, read, expected) => {
    expect(inUserWorld(world(), read)).toEqual(expected);
  });

  test("dates of both worlds are dates of one class", () => {
    const outside = new Date();
    const release = kept();
    const [inside, constructed] = inUserWorld(world(), () => {
      const date = new Date();
      return [date, date.constructor === Date && date instanceof Date && outside instanceof Date];
    });
    release();
    expect(inside).toBeInstanceOf(Date);
    expect([constructed, inside.constructor === Date, structuredClone(inside)]).toEqual([true, true, inside]);
    expect(Object.prototype.toString.call(inside)).toBe("[object Date]");
  });

  test("a class that extends Date works", () => {
    const found = inUserWorld(world(), () => {
      class Day extends Date {
        get day(): number {
          return this.getUTCDate();
        }
      }
      return [new Day().day, new Day() instanceof Day, new Day(0).getTime()];
    });
    expect(found).toEqual([3, true, 0]);
  });
});

describe("chance", () => {
  test.each<[name: string, draw: () => unknown, shape: RegExp]>([
    ["Math.random()", () => Math.random(), /^0\.\d+$/],
    [
      "crypto.randomUUID()",
      () => crypto.randomUUID(),
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    ],
    ["randomUUID()", () => randomUUID(), /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/],
    ["getRandomValues", () => crypto.getRandomValues(new Uint32Array(2)).join(), /^\d{5,},\d{5,}$/],
    ["randomBytes", () => randomBytes(8).toString("hex"), /^[\da-f]{16}$/],
    ["randomInt", () => `${randomInt(10)}${randomInt(90, 99)}${randomInt(1e12)}`, /^\d9\d\d{5,}$/],
    [
      "randomFillSync",
      () => process.getBuiltinModule("crypto").randomFillSync(Buffer.alloc(6), 2).toString("hex"),
      /^0000\w+$/,
    ],
  ])("%s comes from the seed", (_, draw, shape) => {
    const drawn = String(inUserWorld(world(7), draw));
    expect(drawn).toMatch(shape);
    expect(String(inUserWorld(world(7), draw))).toBe(drawn);
    expect(String(inUserWorld(world(8), draw))).not.toBe(drawn);
    expect(String(draw())).not.toBe(drawn);
  });

  test("callbacks come in simulated time", async () => {
    const user = world();
    const heard: unknown[] = [];
    inUserWorld(user, () => {
      randomBytes(4, (error, bytes) => heard.push(error, bytes.length, Date.now()));
      randomFill(new Uint16Array(3), (error, view) => heard.push(error, view.length));
    });
    await settled();
    expect(heard).toEqual([]);
    user.clock.advance(0);
    expect(heard).toEqual([null, 4, expect.any(Number), null, 3]);
  });

  test("a hash is a hash", () => {
    const hash = (): string => createHash("sha256").update("a").digest("hex");
    expect(inUserWorld(world(), hash)).toBe(hash());
  });
});

describe("timers", () => {
  /** Writes down what `body` says, with the simulated time, while a second passes in steps of 10 ms. */
  async function heardOf(body: (say: (what: unknown) => void) => unknown): Promise<string[]> {
    const user = world();
    const heard: string[] = [];
    const done = kept();
    inUserWorld(user, () => void body((what) => heard.push(`${Date.now() - START_MS} ${String(what)}`)));
    for (let step = 0; step < 100; step++) {
      await settled();
      user.clock.advance(step === 0 ? 0 : 10);
    }
    await settled();
    done();
    return heard;
  }

  test.each<[name: string, body: (say: (what: unknown) => void) => unknown, expected: string[]]>([
    ["setTimeout", (say) => setTimeout(say, 20, "a"), ["20 a"]],
    ["setTimeout without a delay", (say) => setTimeout(() => say("a")), ["1 a"]],
    ["setTimeout of node:timers", (say) => namedTimeout(say, 20, "a"), ["20 a"]],
    ["promisified setTimeout", async (say) => say(await promisify(setTimeout)(20, "a")), ["20 a"]],
    ["setImmediate", (say) => setImmediate(say, "a"), ["0 a"]],
    ["clearTimeout", (say) => clearTimeout(setTimeout(say, 20, "a")), []],
    ["clearTimeout of a number", (say) => clearTimeout(Number(setTimeout(say, 20, "a"))), []],
    ["clearTimeout of nothing", (say) => say(clearTimeout(undefined)), ["0 undefined"]],
    ["clearImmediate", (say) => clearImmediate(setImmediate(say, "a")), []],
    ["close", (say) => setTimeout(say, 20, "a").unref().close(), []],
    [
      "refresh",
      (say) => {
        const timer = setTimeout(say, 100, "a");
        setTimeout(() => timer.refresh(), 50);
        say(timer.unref().hasRef());
      },
      ["0 false", "150 a"],
    ],
    [
      "setInterval",
      (say) => {
        const timer = setInterval(say, 300, "a");
        setTimeout(() => clearInterval(timer), 700);
      },
      ["300 a", "600 a"],
    ],
    ["timers/promises setTimeout", async (say) => say(await sleep(20, "a")), ["20 a"]],
    ["timers/promises setImmediate", async (say) => say(await immediately("a")), ["0 a"]],
    [
      "timers/promises setInterval",
      async (say) => {
        for await (const tick of everyMs(400, "a")) say(tick);
      },
      ["400 a", "800 a"],
    ],
    ["scheduler.wait", async (say) => say(await scheduler.wait(20)), ["20 undefined"]],
    ["scheduler.yield", async (say) => say(await scheduler.yield()), ["0 undefined"]],
    [
      "an aborted sleep",
      async (say) => {
        await sleep(500, "a", { signal: AbortSignal.timeout(30) }).catch((error: unknown) => say(error));
      },
      ["30 AbortError: The operation was aborted"],
    ],
    [
      "AbortSignal.timeout",
      (say) => AbortSignal.timeout(40).addEventListener("abort", () => say("aborted")),
      ["40 aborted"],
    ],
    ["queueMicrotask", (say) => queueMicrotask(() => say("a")), ["0 a"]],
  ])("%s", async (_, body, expected) => {
    expect(await heardOf(body)).toEqual(expected);
  });

  test("wrong callbacks are refused as always", () => {
    expect(() => inUserWorld(world(), () => Reflect.apply(setTimeout, undefined, [5, 1]))).toThrow(/callback/);
  });

  test("the callback sees the world in which it was set, whoever calls it", () => {
    const user = world();
    const seen: number[] = [];
    inUserWorld(user, () => setTimeout(() => seen.push(Math.random()), 10));
    const release = kept();
    inUserWorld(world(5), () => user.clock.advance(10));
    release();
    expect(seen).toEqual([world().random()]);
  });
});

describe("worlds", () => {
  test("two, interleaved, do not see each other", async () => {
    const one = new FakeWorld({ startMs: 1_000, seed: 1 });
    const two = new FakeWorld({ startMs: 2_000, seed: 2 });
    const job = async (): Promise<unknown[]> => {
      const seen: unknown[] = [Date.now(), Math.random()];
      await sleep(50);
      seen.push(Date.now(), Math.random());
      await Promise.resolve();
      seen.push(new Date().getTime());
      return seen;
    };
    const running = [inUserWorld(one, job), inUserWorld(two, job)];
    for (let step = 0; step < 5; step++) {
      await settled();
      one.clock.advance(10);
      two.clock.advance(20);
    }
    const expected = (start: number, end: number, seed: number): unknown[] => {
      const dice = new FakeWorld({ startMs: 0, seed });
      return [start, dice.random(), end, dice.random(), end];
    };
    // The clock of the second stands at 100 when its code goes on: microtasks run between two steps.
    expect(await Promise.all(running)).toEqual([expected(1_000, 1_050, 1), expected(2_000, 2_060, 2)]);
  });

  test("nest, and have a way out", () => {
    const outer = new FakeWorld({ startMs: 1_000, seed: 1 });
    const inner = new FakeWorld({ startMs: 2_000, seed: 1 });
    const seen = inUserWorld(outer, () => [
      inUserWorld(inner, () => Date.now()),
      Date.now(),
      outsideUserWorld(() => Date.now()) > YEAR_2020_MS,
    ]);
    expect(seen).toEqual([2_000, 1_000, true]);
  });

  test("what an event started goes on in its world, while somebody keeps the stand-ins", async () => {
    const user = world();
    const seen: number[] = [];
    const later = async (): Promise<void> => {
      await Promise.resolve();
      seen.push(Date.now());
    };
    const release = kept();
    inUserWorld(user, () => {
      void later();
    });
    await settled();
    release();
    release();
    expect(seen).toEqual([START_MS]);
  });
});

describe("everybody else", () => {
  /** What is patched, as it stands there now. */
  const originals = (): unknown[] => {
    const builtin = (name: string): object => process.getBuiltinModule(name) ?? {};
    return [
      [globalThis, "Date", "setTimeout", "clearTimeout", "setImmediate", "fetch", "MessageChannel"],
      [Date, "now"],
      [Date.prototype, "constructor"],
      [Math, "random"],
      [performance, "now", "timeOrigin"],
      [process, "hrtime", "exit"],
      [builtin("fs"), "readFile", "readFileSync", "ReadStream"],
      [builtin("fs/promises"), "readFile"],
      [builtin("timers/promises"), "setTimeout"],
      [builtin("crypto"), "randomBytes", "randomUUID"],
      [builtin("net"), "connect"],
    ].flatMap(([target, ...keys]) => keys.map((key) => Object.getOwnPropertyDescriptor(target, key as string)));
  };
  const before = originals();

  test("gets the originals back, after returns, throws and promises", async () => {
    inUserWorld(world(), () => undefined);
    expect(originals()).toEqual(before);
    expect(() =>
      inUserWorld(world(), () => {
        throw new Error("of the user");
      }),
    ).toThrow("of the user");
    expect(originals()).toEqual(before);
    await expect(inUserWorld(world(), async () => Promise.reject(new Error("of the user")))).rejects.toThrow("of the");
    expect(originals()).toEqual(before);
    expect(await inUserWorld(world(), async () => Promise.resolve(Date.now()))).toBe(START_MS);
    expect(originals()).toEqual(before);
    expect(namedTimeout).toBe(globalThis.setTimeout);
  });

  test("sees real time, real chance and real timers meanwhile", async () => {
    const release = kept();
    expect(originals()).not.toEqual(before);
    expect(Date.now()).toBeGreaterThan(YEAR_2020_MS);
    expect(Math.random()).not.toBe(Math.random());
    expect(randomUUID()).not.toBe(randomUUID());
    expect(await new Promise((resolve) => setTimeout(resolve, 1, "real"))).toBe("real");
    expect(await sleep(1, "real")).toBe("real");
    expect(clearTimeout(setTimeout(() => undefined, 1))).toBeUndefined();
    expect(process.getBuiltinModule("fs").existsSync(".")).toBe(true);
    release();
    expect(originals()).toEqual(before);
  });

  test("keeps what somebody else put there meanwhile", () => {
    const release = kept();
    const { random } = Math;
    const other = (): number => 0.5;
    Math.random = other;
    release();
    expect(Math.random).toBe(other);
    Math.random = realRandom;
    expect(random).not.toBe(realRandom);
    expect(originals()).toEqual(before);
  });
});
