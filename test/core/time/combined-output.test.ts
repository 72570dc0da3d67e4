/** What is told of a combined watermark, and in which order. */
import { expect, test } from "vitest";
import { CombinedOutput } from "../../../core/time/combined-output.ts";
import { WatermarkCombiner } from "../../../core/time/watermark-combiner.ts";

test("tells activity before a watermark and idleness after it, each once", () => {
  const told: (number | boolean)[] = [];
  const combiner = new WatermarkCombiner<string>();
  const output = new CombinedOutput(
    combiner,
    { onWatermark: (ms) => void told.push(ms), onIdle: (idle) => void told.push(idle) },
    -Infinity,
  );
  const [left, right] = [combiner.register("left"), combiner.register("right")];
  combiner.update(left, 5);
  combiner.setIdle(right, true);
  combiner.setIdle(left, true);
  output.tell();
  output.tell();
  expect(told).toEqual([5, true]);
  combiner.setIdle(left, false);
  combiner.update(left, 8);
  output.tell();
  expect(told).toEqual([5, true, false, 8]);
  combiner.setIdle(left, true);
  output.tell();
  output.end();
  expect(told).toEqual([5, true, false, 8, true, false, Infinity]);
});
