/** Development mode: whoever changes a value that it emitted or received is found, whatever kind the value is. */
import { describe, expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import { DevelopmentGuard } from "../../../core/runtime/development-guard.ts";

interface Reading {
  values: number[];
  at: Date;
}

function development(): StreamExecutionEnvironment {
  return StreamExecutionEnvironment.create({ "pipeline.development-mode": true });
}

describe("development mode", () => {
  test("a receiver that changes a plain value fails where it does", async () => {
    const env = development();
    const changed = env
      .fromData<Reading>({ values: [1], at: new Date(0) })
      .map((reading) => {
        reading.values.push(2);
        return reading;
      })
      .executeAndCollect();
    await expect(changed).rejects.toThrow(/"Map".*not extensible/);
  });

  test("a receiver that changes what cannot be frozen is named with its sender", async () => {
    const env = development();
    const changed = env
      .fromData<Reading>({ values: [1], at: new Date(0) })
      .map((reading) => {
        reading.at.setTime(5);
        return reading;
      })
      .executeAndCollect();
    await expect(changed).rejects.toThrow(/MR3007/);
  });

  test("well-behaved jobs give the same results as without", async () => {
    const run = (env: StreamExecutionEnvironment): Promise<number[]> =>
      env
        .fromSequence(1, 50)
        .map((n) => ({ n, inner: { list: [n] } }))
        .flatMap((value) => [value, { ...value, n: -value.n }])
        .map(({ n, inner }) => n + inner.list.length)
        .executeAndCollect();
    expect(await run(development())).toEqual(await run(StreamExecutionEnvironment.create()));
  });

  test("values that are no objects pass untouched", () => {
    const seen: unknown[] = [];
    const output = new DevelopmentGuard().wrap(
      {
        processRecord: (value) => void seen.push(value),
        processWatermark: (ms) => void seen.push(ms),
        processIdle: (idle) => void seen.push(idle),
      },
      "somebody",
    );
    output.processRecord("text", 1);
    output.processRecord(null, 1);
    output.processWatermark(3);
    output.processIdle(true);
    expect(seen).toEqual(["text", null, 3, true]);
  });
});
