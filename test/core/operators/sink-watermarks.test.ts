/** Writers that write when time goes on: what they write then is flushed before a barrier passes, as what they write for records is. */
import { expect, test } from "vitest";
import type { Sink } from "../../../core/operators/contracts/sink.ts";
import { createOperator } from "../../../core/operators/sink.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";

test("a watermark that came during a flush asks for another one: the writer may have written for it", async () => {
  const log: string[] = [];
  let settle = (): void => undefined;
  const sink: Sink<string> = {
    createWriter: () => ({
      write: (text) => void log.push(text),
      writeWatermark: (watermarkMs) => void log.push(`row of ${watermarkMs}`),
      flush: () => {
        log.push("flush");
        return new Promise((resolve) => (settle = resolve));
      },
    }),
  };
  const harness = new OperatorHarness({
    create: (services) => createOperator<string, never, never>(services, { sink }),
  });
  harness.processRecord("a");
  expect(harness.trySnapshot(1)).toBeUndefined();
  harness.processWatermark(5);
  settle();
  await harness.settle();
  expect(harness.trySnapshot(1)).toBeUndefined();
  settle();
  await harness.settle();
  expect(harness.trySnapshot(1)).toBeDefined();
  expect(log).toEqual(["a", "flush", "row of 5", "flush"]);
});
