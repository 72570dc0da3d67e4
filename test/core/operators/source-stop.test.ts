/** A reader whose job is stopped: it is told, and with a drain may emit what it holds before the end of time. */
// covers: core/operators/source.ts
import { expect, test } from "vitest";
import type { Source, SourceSplit } from "../../../core/operators/contracts/source.ts";
import { createOperator } from "../../../core/operators/source.ts";
import { WatermarkStrategy } from "../../../core/time/watermark-strategy.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";

/** Holds two records, and does not part with them unless it is stopped for good. */
const holding: Source<string, SourceSplit> = {
  boundedness: "continuous-unbounded",
  createReader: () => ({
    pollNext: () => "nothing-available",
    addSplits: () => undefined,
    noMoreSplits: () => undefined,
    snapshot: () => [],
    stop: ({ drain }, output) => {
      for (const record of drain ? ["a", "b"] : []) output.collect(record, 7);
    },
  }),
  createEnumerator: () => ({
    handleSplitRequest: () => undefined,
    addSplitsBack: () => undefined,
    snapshot: () => undefined,
  }),
};

test.each([true, false])("with drain: %s", (drain) => {
  const strategy = WatermarkStrategy.noWatermarks<string>();
  const harness = new OperatorHarness({
    create: (services) => createOperator<string, SourceSplit>(services, { source: holding, strategy }),
  });
  expect(harness.poll(10)).toBe("waiting");
  harness.operator.stop?.({ drain });
  expect(harness.log.filter(({ kind }) => kind !== "idle")).toEqual(
    drain
      ? [
          { kind: "record", value: "a", timestampMs: 7 },
          { kind: "record", value: "b", timestampMs: 7 },
          { kind: "watermark", watermarkMs: Infinity },
        ]
      : [],
  );
  expect(harness.poll(10)).toBe("finished");
});
