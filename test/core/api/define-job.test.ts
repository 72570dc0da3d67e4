/** Job definitions are plain, branded for every copy of the package, and checked when they are made. */
import { expect, test } from "vitest";
import { StreamExecutionEnvironment, defineJob, isJobDefinition } from "../../../core/index.ts";
import { nodeLines, refusalOf } from "./graph-view.ts";

test("a definition builds the same graph each time, from its arguments", async () => {
  const job = defineJob("numbers", (env, args) => void env.fromSequence(1, Number(args[0])).discard());
  const graphs = [new StreamExecutionEnvironment(), new StreamExecutionEnvironment()];
  for (const env of graphs) await job.build(env, ["3"]);
  expect(job.name).toBe("numbers");
  expect(graphs.map(nodeLines)[0]).toEqual(graphs.map(nodeLines)[1]);
});

test("it is recognised by its brand, whoever made it", () => {
  expect(isJobDefinition(defineJob("x", () => undefined))).toBe(true);
  expect(isJobDefinition({ [Symbol.for("millrace.job")]: true, name: "x", build: () => undefined })).toBe(true);
  for (const other of [undefined, null, "x", () => undefined, { name: "x", build: () => undefined }])
    expect(isJobDefinition(other)).toBe(false);
});

test("what is wrong with its options is said when it is made", () => {
  expect(defineJob("x", () => undefined, { usage: "--count N", report: () => undefined }).usage).toBe("--count N");
  expect(refusalOf(() => defineJob("x", () => undefined, { usage: 3 as never }))).toBe("MR1058");
  expect(refusalOf(() => defineJob("x", () => undefined, { report: "done" as never }))).toBe("MR1058");
  expect(refusalOf(() => defineJob("x", () => undefined, null as never))).toBe("MR1058");
});

test("without a name or a function it is refused", () => {
  expect(refusalOf(() => defineJob("", () => undefined))).toBe("MR1058");
  expect(refusalOf(() => defineJob("x", undefined as never))).toBe("MR1058");
});
