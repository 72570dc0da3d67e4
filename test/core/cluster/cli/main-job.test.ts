/**
 * Goal:   `millrace run` writes the same rows whatever happens on the way: more subtasks, a failure, Ctrl-C and a restore.
 * Method: the main job on its real input, in processes of its own; the rows of an undisturbed run are what all others must write.
 */
// covers: core/cluster/cli/run.ts, core/cluster/cli/interrupts.ts, core/cluster/local.ts, core/cluster/system-world.ts
import { copyFileSync, cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { millrace, rowsIn, start, until, visibleFiles, workshop } from "./command.ts";
import type { Ended } from "./command.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const JOB = "examples/flight-delays.ts";
const KEEP = ["--config", "execution.checkpointing.externalized-checkpoint-retention=RETAIN_ON_CANCELLATION"];
const AT_ONCE = ["restart-strategy.type=fixed-delay", "restart-strategy.fixed-delay.delay=0ms"].flatMap((pair) => [
  "--config",
  pair,
]);

let shop: ReturnType<typeof workshop>;
let reference: Ended;
let expected: readonly string[] = [];
const at = (name: string): string => join(shop.path, name);

beforeAll(async () => {
  shop = workshop();
  reference = await millrace(["run", JOB, "--", "--rate", "0", "--out", at("plain")]);
  expected = rowsIn(at("plain"));
});
afterAll(() => shop.remove());

describe("the main job", () => {
  test("writes its rows, shows the worst and says how it went", () => {
    expect(reference.code).toBe(0);
    expect(reference.stdout).toMatch(
      /^6901 rows; [^]*\nCLT {5}2001-03-21 {8}5 {6}112\.20 {8}205\n[^]*\nflight-delays: 20000 records in /,
    );
    expect(expected).toHaveLength(6_901);
  });

  test("writes the same rows with three subtasks", async () => {
    const { code } = await millrace(["run", JOB, "--parallelism", "3", "--", "--rate", "0", "--out", at("three")]);
    expect(code).toBe(0);
    expect(rowsIn(at("three"))).toEqual(expected);
  });

  test("writes the same rows although it failed after at least three checkpoints, and logs plain lines", async () => {
    const { code, stdout, stderr } = await millrace([
      "run",
      JOB,
      ...AT_ONCE,
      "--",
      "--rate",
      "10000",
      "--kill-after",
      "15000",
      "--out",
      at("killed"),
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/, 1 restart\n$/);
    const failure =
      /^millrace: job "flight-delays": MR3001: operator "fail once" \(1\/1\) failed: failing on purpose at record 15000; restarting in 0 ms, completed checkpoints: (\d+)$/m;
    expect(Number(failure.exec(stderr)?.[1])).toBeGreaterThanOrEqual(3);
    expect(stderr).toMatch(/^RUNNING {2}records \d+ {2}rate \d+\/s {2}watermark 2001-[-0-9T:.]+Z {2}checkpoints \d+/m);
    expect(stderr).not.toContain("\u001b");
    expect(rowsIn(at("killed"))).toEqual(expected);
  });

  test("stops at Ctrl-C without unfinished files, and goes on from its checkpoint", async () => {
    const out = at("stopped");
    const kept = at("kept");
    const running = start(["run", JOB, "--checkpoint-dir", kept, ...KEEP, "--", "--rate", "10000", "--out", out]);
    await until(() => directoryHas(out, 3));
    running.signal("SIGINT");
    const stopped = await running.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('millrace: job "flight-delays" was cancelled\n');
    expect(stopped.stderr).not.toMatch(/^\s+at /m);

    expect(readdirSync(out)).toEqual(visibleFiles(out));
    for (const name of visibleFiles(out)) expect(readFileSync(join(out, name), "utf8")).toMatch(/}\n$/);
    const before = rowsIn(out);
    expect(before.length).toBeLessThan(expected.length);

    const restore = /go on from it with --restore (\S+)\n/.exec(stopped.stderr)?.[1] ?? "";
    cpSync(restore, at("damaged"), { recursive: true });
    const args = ["--restore", restore, "--checkpoint-dir", kept, "--parallelism", "2"];
    const restored = await millrace(["run", JOB, ...args, "--", "--rate", "0", "--out", out]);
    expect(restored.code).toBe(0);
    expect(rowsIn(out)).toEqual(expected);
  });

  test("does not start from a checkpoint that is damaged, and says which file is", async () => {
    const files = readdirSync(at("damaged"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const paths = files.map((file) => join(file.parentPath, file.name));
    const metadata = paths.find((path) => path.endsWith("_metadata")) ?? "";
    copyFileSync(metadata, at("whole"));
    const bytes = readFileSync(metadata);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(metadata, bytes);
    const args = ["run", JOB, "--restore", at("damaged"), "--", "--rate", "0", "--out", at("never")];
    const first = await millrace(args);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(
      /^millrace: job "flight-delays" failed: MR5005: the checkpoint to start from cannot be read \(MR5002: [^\n]*checksum is wrong[^\n]*\n$/,
    );
    expect(first.stderr).toContain(metadata);

    copyFileSync(at("whole"), metadata);
    for (const path of paths) if (path !== metadata) truncateSync(path, 10);
    const second = await millrace(args);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      /^millrace: job "flight-delays" failed: MR5005: [^\n]*MR5004: state file [^\n]* is not usable: it has 10 bytes instead of \d+/,
    );
    expect(second.stderr).toContain(at("damaged"));
  });
});

describe("bad records", () => {
  const flight = { date: "2001/01/01 00:47", delay: 4, distance: 404, origin: "CLE", destination: "BWI" };
  const input = JSON.stringify([flight, { ...flight, delay: "soon" }, flight]);

  test("fail the job, which names file, element and byte", async () => {
    writeFileSync(at("bad.json"), input);
    const { code, stderr } = await millrace(["run", JOB, "--", "--input", at("bad.json"), "--out", at("bad")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /MR6103: operator "Source: flights" \(1\/1\): ".*bad\.json", element 1, byte 88, is malformed: delay should be minutes, but is "soon"/,
    );
  });

  test("or go to a file of their own", async () => {
    writeFileSync(at("bad.json"), input);
    const { code } = await millrace([
      "run",
      JOB,
      "--",
      "--input",
      at("bad.json"),
      "--malformed",
      "side",
      "--out",
      at("bad"),
    ]);
    expect(code).toBe(0);
    expect(rowsIn(at("bad"))).toHaveLength(1);
    expect(rowsIn(at("bad-malformed")).map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { index: 1, byteOffset: 88 },
    ]);
  });

  test("a file that is not there fails the job", async () => {
    const { code, stderr } = await millrace(["run", JOB, "--", "--input", at("nope.json"), "--out", at("bad")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^millrace: job "flight-delays" failed: MR6101: operator "Source: flights": there is nothing at ".*nope\.json": check the path.*\n$/,
    );
  });
});

function directoryHas(directory: string, files: number): boolean {
  try {
    return visibleFiles(directory).length >= files;
  } catch {
    return false;
  }
}
