/** Lines of `print()`: prefix and subtask as Flink writes them, values on one line. */
// covers: core/api/sinks/discard-sink.ts
import { expect, test } from "vitest";
import { DiscardSink } from "../../../../core/api/sinks/discard-sink.ts";
import { PrintSink } from "../../../../core/api/sinks/print-sink.ts";
import { SinkHarness } from "../../../harness/sink-harness.ts";

async function lines(prefix: string, parallelism: number, ...values: unknown[]): Promise<unknown[]> {
  const harness = new SinkHarness({ sink: new PrintSink(prefix), parallelism });
  for (const value of values) await harness.write(parallelism - 1, value);
  return harness.sent;
}

test.each([
  ["", 1, "x"],
  ["p", 1, "p> x"],
  ["", 3, "3> x"],
  ["p", 3, "p:3> x"],
])("prefix %o with %o subtasks", async (prefix, parallelism, line) => {
  expect(await lines(prefix, parallelism, "x")).toEqual([line]);
});

test("values of any kind take one line", async () => {
  const long = { text: "a".repeat(100), list: [1, 2, 3], nested: { deep: { deeper: { deepest: 1 } } } };
  const written = await lines("", 1, 1, 1n, null, undefined, new Date(0), long);
  expect(written.slice(0, 5)).toEqual(["1", "1n", "null", "undefined", "1970-01-01T00:00:00.000Z"]);
  expect(String(written[5])).not.toContain("\n");
  expect(String(written[5])).toContain("deepest: 1");
});

test("discard takes anything and sends nothing", async () => {
  const harness = new SinkHarness<unknown, never, never>({ sink: new DiscardSink() });
  await harness.write(0, "x");
  expect(harness.sent).toEqual([]);
});
