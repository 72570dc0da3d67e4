/** An application of HTTP with a watched directory as its second ingress, through which quarantined addresses are let go on. */
// covers: statefun/app/repairs.ts
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { fileSource, ndjson } from "../../../connectors/files/index.ts";
import { StreamExecutionEnvironment, WatermarkStrategy } from "../../../core/index.ts";
import type { JobClient } from "../../../core/index.ts";
import {
  addressOf,
  fn,
  httpIngress,
  ingress,
  module,
  retryAddress,
  router,
  skipAddress,
  statefunJob,
  type,
  value,
} from "../../../statefun/index.ts";
import { refusal } from "../define/refusal.ts";
import { neverEnding } from "./never-ending.ts";

/** The test runs a whole job, which takes its time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

const program = { isFixed: false };
const account = fn("bank/account", {
  accepts: { deposit: type<number>(), open: type<number>(), interest: type<number>() },
  state: { cents: value({ default: 0 }) },
  handle: {
    open: (ctx, timeMs) => void ctx.sendAt(timeMs, ctx.self, "interest", 1),
    interest(ctx, cents) {
      ctx.state.cents += cents;
    },
    deposit(ctx, cents) {
      if (cents < 0 && !program.isFixed) throw new RangeError("less than nothing");
      ctx.state.cents += cents;
      ctx.reply(ctx.state.cents);
    },
  },
});

const functionName = z.templateLiteral([z.string().min(1), "/", z.string().regex(/^[^/]+$/)]);
const repairs = ingress("docs/repairs", z.object({ type: functionName, id: z.string(), skip: z.boolean() }));
const repairing = router(repairs, ({ type: functionType, id, skip }, downstream) => {
  const address = addressOf(functionType, id);
  downstream.forward(skip ? skipAddress(address) : retryAddress(address));
});

const openings = ingress("docs/openings", type<number>());
const opening = router(openings, (timeMs, downstream) => {
  if (timeMs === 1) downstream.forward(account.at("eve"), "open", 500);
});
const opened = openings.from(neverEnding([1, 1_000]), { watermarks: WatermarkStrategy.forMonotonousTimestamps() });

let directory = "";
let job: JobClient | undefined;

beforeEach(async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true); // each quarantine is a warning
  program.isFixed = false;
  directory = await mkdtemp(join(tmpdir(), "millrace-repairs-"));
  await mkdir(join(directory, "repairs"));
});

afterEach(async () => {
  await job?.cancel();
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

/** Resolves with the address of the server. */
async function serve(): Promise<string> {
  const source = fileSource({
    path: join(directory, "repairs"),
    format: ndjson(),
    mode: { monitorEvery: "10ms" },
    onMalformed: "skip",
  });
  let tell: (port: number) => void = () => undefined;
  const listening = new Promise<number>((resolve) => (tell = resolve));
  const http = httpIngress({ port: 0, reply: "early", onListening: ({ port }) => tell(port) });
  const watermarks = WatermarkStrategy.noWatermarks<unknown>().withIdleness("10ms");
  const repairable = [repairs.from(source, { watermarks, onInvalid: "skip" }), repairing];
  const parts = [account, http, ...repairable, opening, opened];
  const env = StreamExecutionEnvironment.create({ "pipeline.auto-watermark-interval": 1 });
  await statefunJob(
    "bank",
    module(() => parts),
  ).build(env, []);
  job = await env.executeAsync("bank");
  return `http://127.0.0.1:${await listening}/bank/account`;
}

/** Appears whole, as it must. */
async function repair(name: string, ...lines: readonly string[]): Promise<void> {
  const written = join(directory, name);
  await writeFile(written, lines.map((line) => `${line}\n`).join(""));
  await rename(written, join(directory, "repairs", name));
}

async function deposit(url: string, cents: number, key: string): Promise<number> {
  const headers = { "content-type": "application/json", "millrace-kind": "deposit", "idempotency-key": key };
  return (await fetch(url, { method: "POST", headers, body: String(cents) })).status;
}

test("addresses are let go on by files, one line each; lines that say nothing such are left out", async () => {
  const url = await serve();
  for (const id of ["ann", "ben"]) {
    expect(await deposit(`${url}/${id}`, -5, "k1")).toBe(424);
    expect(await deposit(`${url}/${id}`, 7, "k2")).toBe(424);
  }
  program.isFixed = true;
  await repair(
    "first.ndjson",
    '{"type":"bank/account","id":"ann","skip":false}',
    "{oops",
    '{"type":"account","id":"ann","skip":true}',
    '{"type":"bank/account","id":7,"skip":true}',
    '{"id":"ann","skip":true}',
    '{"type":"bank/account","id":"ben","skip":true}',
  );
  for (const [id, cents] of [
    ["ann", 2],
    ["ben", 7],
  ] as const) {
    await vi.waitFor(async () => expect(await deposit(`${url}/${id}`, 7, "k2")).toBe(200), 20_000);
    expect(await (await fetch(`${url}/${id}`)).json()).toEqual({ cents });
  }
  expect(await deposit(`${url}/ann`, -5, "k1")).toBe(200);
  expect(await (await fetch(`${url}/ann`)).json()).toEqual({ cents: 2 });
});

test("a repair goes to an address", () => {
  expect(retryAddress(account.at("ann"))).toMatchObject({ to: "bank/account", id: "ann", kind: "$retry" });
  expect(refusal(() => retryAddress(undefined as never))).toMatch(/^MR9001: a repair goes to an address.*undefined/);
  expect(refusal(() => skipAddress({ id: "ann" } as never))).toMatch(/^MR9001: .*, not to \{"id":"ann"\}/);
  expect(refusal(() => skipAddress({ type: "account", id: "ann" } as never))).toMatch(/^MR9001: "account" is no name/);
  expect(refusal(() => skipAddress({ type: "bank/account", id: 7 } as never))).toMatch(/^MR9002/);
});

test("no event time waits for repairs", async () => {
  const url = await serve();
  await vi.waitFor(async () => expect(await (await fetch(`${url}/eve`)).json()).toEqual({ cents: 1 }), 20_000);
});
