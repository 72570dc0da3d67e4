/** `executeAndCollect`, `collectAsync` and `print` at the client: each value once, the job's end and failure, bounds. */
// covers: core/api/result-stream.ts, core/api/stdout.ts
import { describe, expect, test, vi } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { DataStream } from "../../../core/index.ts";
import type { JobSubmission } from "../../../core/api/job-client.ts";
import { FakeJob } from "./fake-cluster.ts";
import { refusalOf } from "./graph-view.ts";

const jobs: FakeJob[] = [];

vi.mock("../../../core/cluster/local.ts", () => ({
  executeLocally(submission: JobSubmission): FakeJob {
    const job = new FakeJob(submission);
    jobs.push(job);
    return job;
  },
}));

const start = (): DataStream<number> => new StreamExecutionEnvironment().fromSequence(1, 9);

/** The job that the call starts. */
async function jobOf(call: () => unknown): Promise<FakeJob> {
  const before = jobs.length;
  call();
  await vi.waitFor(() => expect(jobs.length).toBe(before + 1));
  const job = jobs.at(-1);
  if (job === undefined) throw new Error("no job was started");
  return job;
}

const batch = (batchId: string, ...values: number[]): unknown => ({ batchId, attempt: 0, values });
const immediate = (attempt: number, ...values: number[]): unknown => ({ batchId: undefined, attempt, values });

describe("executeAndCollect", () => {
  test("returns what was committed, each batch once, when the job ends", async () => {
    let collected: Promise<number[]> | undefined;
    const job = await jobOf(() => (collected = start().executeAndCollect()));
    job.send("collect-sink", batch("0.0.0.1", 1, 2));
    job.send("collect-sink", batch("0.0.1.1", 3));
    job.send("collect-sink", batch("0.0.0.1", 1, 2));
    job.send("collect-sink", batch("0.1.0.1", 4));
    job.finish();
    await expect(collected).resolves.toEqual([1, 2, 3, 4]);
  });

  test("with a limit, cancels the job once it has enough", async () => {
    let collected: Promise<number[]> | undefined;
    const job = await jobOf(() => (collected = start().executeAndCollect(2)));
    job.send("collect-sink", immediate(0, 1, 2, 3));
    await expect(collected).resolves.toEqual([1, 2]);
    expect(job.cancelled).toBe(1);
  });

  test("rejects with the job's failure", async () => {
    let collected: Promise<number[]> | undefined;
    const job = await jobOf(() => (collected = start().executeAndCollect()));
    const cause = new Error("boom");
    job.send("collect-sink", batch("0.0.0.1", 1));
    job.fail(cause);
    await expect(collected).rejects.toBe(cause);
  });

  test("without checkpoints, refuses to repeat what it returned before a restart", async () => {
    let collected: Promise<number[]> | undefined;
    const job = await jobOf(() => (collected = start().executeAndCollect()));
    job.send("collect-sink", immediate(0, 1));
    job.send("collect-sink", immediate(1, 1));
    await expect(collected).rejects.toMatchObject({ code: "MR1060" });
  });

  test("a restart before the first value does no harm", async () => {
    let collected: Promise<number[]> | undefined;
    const job = await jobOf(() => (collected = start().executeAndCollect()));
    job.send("collect-sink", immediate(1, 1));
    job.finish();
    await expect(collected).resolves.toEqual([1]);
  });

  test.each([0, -1, 1.5, NaN])("refuses the limit %s", async (limit) => {
    await expect(start().executeAndCollect(limit)).rejects.toMatchObject({ code: "MR1062" });
  });
});

describe("collectAsync", () => {
  test("several streams of one job, read while it runs", async () => {
    const env = new StreamExecutionEnvironment();
    const numbers = env.fromSequence(1, 9);
    const first = numbers.collectAsync();
    const second = numbers.map((n) => n).collectAsync();
    const waiting = first.next();
    const job = await jobOf(() => void env.executeAsync());
    job.send("collect-sink", batch("a", 1, 2));
    await expect(waiting).resolves.toEqual({ done: false, value: 1 });
    await expect(first.next()).resolves.toEqual({ done: false, value: 2 });
    const end = first.next();
    job.finish();
    await expect(end).resolves.toEqual({ done: true, value: undefined });
    await expect(second.next()).resolves.toEqual({ done: false, value: 1 });
  });

  test("what arrived is read before the failure that came after it", async () => {
    const env = new StreamExecutionEnvironment();
    const results = env.fromSequence(1, 9).collectAsync();
    const job = await jobOf(() => void env.executeAsync());
    job.send("collect-sink", batch("a", 1));
    job.fail(new Error("boom"));
    await job.result().catch(() => undefined);
    await expect(results.next()).resolves.toEqual({ done: false, value: 1 });
    await expect(results.next()).rejects.toThrow("boom");
  });

  test("leaving the loop early drops the rest and lets the job go on", async () => {
    const env = new StreamExecutionEnvironment();
    const results = env.fromSequence(1, 9).collectAsync();
    const job = await jobOf(() => void env.executeAsync());
    job.send("collect-sink", batch("a", 1, 2, 3));
    for await (const value of results) if (value === 1) break;
    job.send("collect-sink", batch("b", 4));
    await expect(results.next()).resolves.toEqual({ done: true, value: undefined });
    expect(job.cancelled).toBe(0);
  });

  test("more results than fit end the iteration, after those that did", async () => {
    const env = new StreamExecutionEnvironment();
    const results = env.fromSequence(1, 9).collectAsync({ bufferMax: 2 });
    const job = await jobOf(() => void env.executeAsync());
    job.send("collect-sink", batch("a", 1, 2, 3));
    await expect(results.next()).resolves.toMatchObject({ value: 1 });
    await expect(results.next()).resolves.toMatchObject({ value: 2 });
    await expect(results.next()).rejects.toMatchObject({ code: "MR1061" });
    expect(refusalOf(() => start().collectAsync({ bufferMax: 0 }))).toBe("MR1062");
  });
});

test("print writes lines to the standard output of the client", async () => {
  const env = new StreamExecutionEnvironment();
  env.fromSequence(1, 9).print("n");
  const job = await jobOf(() => void env.executeAsync());
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  job.send("print-sink", "n> 1");
  const calls = write.mock.calls;
  write.mockRestore();
  expect(calls.map(([text]) => text)).toEqual(["n> 1\n"]);
});

test("two sinks of one job that would overwrite each other are refused", () => {
  const env = new StreamExecutionEnvironment();
  const sink = { exclusive: "out/part-*", createWriter: () => ({ write: () => undefined }) };
  env.fromData(1).sinkTo(sink);
  expect(() => env.fromData(2).sinkTo(sink)).toThrow("MR1067");
});
