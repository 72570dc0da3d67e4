/** Functions behind HTTP on the engine: reply modes against checkpoints, keys across failures, reads, quarantine, stops. Requests are real. */
// covers: statefun/app/http-dataflow.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { fixedDelay, StreamExecutionEnvironment, WatermarkStrategy } from "../../../core/index.ts";
import type { JobClient } from "../../../core/index.ts";
import { buffer, fn, httpIngress, ingress, module, router, statefunJob, type, value } from "../../../statefun/index.ts";
import type { Bindable, HttpIngressOptions, StatefulFn } from "../../../statefun/index.ts";
import { neverEnding } from "./never-ending.ts";

const running: JobClient[] = [];
afterEach(async () => {
  for (const job of running.splice(0)) await job.cancel();
});

interface Web {
  readonly job: JobClient;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  get(path: string): Promise<Response>;
  /** How often the server has begun to listen. */
  readonly opened: () => number;
  /** The next time that it does. */
  readonly reopened: () => Promise<void>;
}

interface Options extends Partial<HttpIngressOptions> {
  readonly others?: readonly Bindable[];
  readonly config?: Readonly<Record<string, string | number>>;
}

/** Checkpoints come when a test asks for them. */
async function serve(
  functions: readonly StatefulFn<unknown>[],
  { config = {}, others = [], ...options }: Options = {},
): Promise<Web> {
  let port = 0;
  let opened = 0;
  let tell = (): void => undefined;
  const next = (): Promise<void> => new Promise((resolve) => (tell = resolve));
  const onListening = (at: { readonly port: number }): void => {
    port = at.port;
    opened += 1;
    tell();
  };
  const http = httpIngress({ port: 0, onListening, replyTimeout: "2h", ...options });
  const definition = statefunJob(
    "web",
    module(() => [...functions, http, ...others]),
    {
      configure: (environment) =>
        environment.enableCheckpointing("1h").setRestartStrategy(fixedDelay({ attempts: 2, delay: 0 })),
    },
  );
  const env = StreamExecutionEnvironment.create(config);
  await definition.build(env, []);
  const listening = next();
  const job = await env.executeAsync("web");
  running.push(job);
  await Promise.race([listening, job.result()]);
  return {
    job,
    opened: () => opened,
    reopened: next,
    post: (path, body, headers = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    get: (path) => fetch(`http://127.0.0.1:${port}${path}`),
  };
}

/** As many as it takes: what is asked for may come behind a barrier. */
async function checkpointsUntil<T>(job: JobClient, awaited: Promise<T>): Promise<T> {
  let isSettled = false;
  void awaited.finally(() => {
    isSettled = true;
  });
  while (!isSettled) await job.triggerCheckpoint();
  return awaited;
}

/** Requests may come in any order, and time passes meanwhile. */
async function readUntil(web: Web, path: string, expected: Readonly<Record<string, unknown>>): Promise<void> {
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const state = (await (await web.get(path)).json()) as Readonly<Record<string, unknown>>;
    if (Object.entries(expected).every(([name, wanted]) => state[name] === wanted)) return;
  }
  throw new Error(`${path} does not become ${JSON.stringify(expected)}`);
}

const READS_MAX = 3_000;
const EARLY = { "millrace-reply": "early" };
const COMMITTED = { "millrace-reply": "committed" };

/** Adds up and replies with the sum. */
const counter = fn("test/counter", {
  accepts: { add: type<number>() },
  state: { sum: value({ default: 0 }), log: buffer<number>() },
  handle: {
    add(ctx, amount) {
      if (amount < 0) throw new RangeError("less than nothing");
      ctx.state.sum += amount;
      ctx.state.log.push(amount);
      ctx.reply(ctx.state.sum);
    },
  },
});

describe.each([1, 3])("with %i subtasks", (parallelism) => {
  const config = { "parallelism.default": parallelism };

  test("an early reply comes at once, a committed one with its checkpoint", async () => {
    const web = await serve([counter], { config });
    const answered: string[] = [];
    const committed = web.post("/test/counter/a", 1).then(async (response) => {
      answered.push("committed");
      return [response.status, response.headers.get("millrace-reply"), await response.json()];
    });
    await readUntil(web, "/test/counter/a", { sum: 1 }); // the reply to the read came behind that of the turn
    const early = await web.post("/test/counter/a", 2, EARLY);
    expect([early.status, early.headers.get("millrace-reply"), await early.json()]).toEqual([200, "early", 3]);
    expect(answered).toEqual([]);
    await web.job.triggerCheckpoint();
    expect(await committed).toEqual([200, "committed", 1]);
  });

  test("functions reply for each other, and reads come behind what came before", async () => {
    const asker = fn("test/asker", {
      accepts: { ask: type<string>(), answer: type<string>() },
      state: { asked: value({ default: 0 }) },
      handle: {
        ask(ctx, id) {
          ctx.state.asked += 1;
          ctx.send({ type: "test/answerer", id }, "ask", ctx.caller);
        },
        answer: () => undefined,
      },
    });
    const answerer = fn("test/answerer", {
      accepts: { ask: type<{ readonly type: `${string}/${string}`; readonly id: string }>() },
      handle: { ask: (ctx, to) => ctx.send(to, "answer", `from ${ctx.self.id}`) },
    });
    const web = await serve([asker, answerer], { config, reply: "early" });
    const response = await web.post("/test/asker/a", "b", { "millrace-kind": "ask" });
    expect([response.headers.get("millrace-kind"), await response.text()]).toEqual(["answer", "from b"]);
    const read = await web.get("/test/asker/a");
    expect([read.headers.get("millrace-reply"), await read.json()]).toEqual(["early", { asked: 1 }]);
  });

  test("a key has one application and one reply, however often it is asked", async () => {
    const web = await serve([counter], { config, reply: "early" });
    const key = { "idempotency-key": "k" };
    const replies = await Promise.all(Array.from({ length: 8 }, () => web.post("/test/counter/a", 5, key)));
    expect(await Promise.all(replies.map((response) => response.json()))).toEqual(replies.map(() => 5));
    const other = await web.post("/test/counter/a", 6, key);
    expect([other.status, ((await other.json()) as { readonly code: string }).code]).toEqual([409, "MR9061"]);
    const late = web.post("/test/counter/a", 5, { ...key, ...COMMITTED });
    const read = await (await web.get("/test/counter/a")).json();
    expect(read).toEqual({ sum: 5, log: [5] });
    expect(await (await checkpointsUntil(web.job, late)).json()).toBe(5);
  });
});

test.each([1, 3])("no body of a request is too much for a checkpoint, with %i subtasks", async (parallelism) => {
  const keeper = fn("test/keeper", {
    accepts: { keep: type<Readonly<Record<string, unknown>>>() },
    state: { kept: value<unknown>() },
    handle: {
      keep(ctx, given) {
        ctx.state.kept = given;
        ctx.reply(given);
      },
    },
  });
  const web = await serve([keeper], { reply: "early", config: { "parallelism.default": parallelism } });
  const nested = (levels: number): string => `{"in":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  const statusOf = async (text: string, headers = {}): Promise<number> =>
    (await web.post("/test/keeper/a", JSON.parse(text), headers)).status;
  expect(await statusOf(nested(484), { "idempotency-key": "deep" })).toBe(200);
  expect((await web.get("/test/keeper/a")).status).toBe(200);
  await web.job.triggerCheckpoint();
  for (const levels of [489, 495, 500, 501])
    expect([await statusOf(nested(levels), { "idempotency-key": `deeper ${levels}` })]).toEqual([400]);
  const strange = '{"__proto__":{"trusted":true},"n":1}';
  expect(await statusOf(strange)).toBe(200);
  await web.job.triggerCheckpoint();
  expect(await (await web.get("/test/keeper/a")).text()).toBe(`{"kept":${strange}}`);
  expect(web.opened()).toBe(1);
});

test("nobody waits for the event time of requests", async () => {
  const ticks = ingress("test/ticks", type<number>());
  const clock = fn("test/clock", {
    accepts: { tick: type<number>(), due: type<null>() },
    state: { due: value({ default: 0 }) },
    handle: {
      tick(ctx, timeMs) {
        if (timeMs < 1_000) ctx.sendAt(timeMs + 1, ctx.self, "due", null);
      },
      due(ctx) {
        ctx.state.due += 1;
      },
    },
  });
  const others = [
    ticks.from(neverEnding([1, 1_000]), { watermarks: WatermarkStrategy.forMonotonousTimestamps() }),
    router(ticks, (timeMs, downstream) => downstream.forward(clock.at("a"), "tick", timeMs)),
  ];
  const web = await serve([clock], { reply: "early", others, config: { "pipeline.auto-watermark-interval": 1 } });
  await readUntil(web, "/test/clock/a", { due: 1 });
});

test("a quarantined address says so, with the name of its error", async () => {
  const web = await serve([counter], { reply: "early" });
  for (const body of [-1, 1]) {
    const response = await web.post("/test/counter/a", body);
    expect([response.status, await response.json()]).toMatchObject([
      424,
      { code: "MR9060", error: { name: "RangeError" } },
    ]);
  }
  expect((await web.get("/test/counter/a")).status).toBe(424);
  expect((await web.post("/test/counter/b", 1)).status).toBe(200);
});

describe("a failure of the job", () => {
  /** Fails the job once, in the turn of what is told to. */
  function fragile(): StatefulFn<{ readonly add: number; readonly fail: null }> {
    let isBroken = true;
    return fn("test/counter", {
      accepts: { add: type<number>(), fail: type<null>() },
      state: { sum: value({ default: 0 }) },
      onError: "fail-job",
      handle: {
        add(ctx, amount) {
          ctx.state.sum += amount;
          ctx.reply(ctx.state.sum);
        },
        fail() {
          if (!isBroken) return;
          isBroken = false;
          throw new Error("planted");
        },
      },
    });
  }
  const add = { "millrace-kind": "add" };
  const key = { ...add, "idempotency-key": "k" };

  async function breakDown(web: Web): Promise<void> {
    const reopened = web.reopened();
    await web.post("/test/counter/other", null, { "millrace-kind": "fail", "millrace-reply": "accepted" });
    await reopened;
  }

  test("takes early replies back, and tells who waits; the same key brings it about after all, once", async () => {
    const web = await serve([fragile()]);
    await web.job.triggerCheckpoint();
    expect(await (await web.post("/test/counter/a", 5, { ...key, ...EARLY })).json()).toBe(5);
    const waiting = web.post("/test/counter/a", 5, key);
    await web.post("/test/counter/b", 1, { ...add, ...EARLY });
    await breakDown(web);
    const lost = await waiting;
    expect([lost.status, lost.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await (await web.get("/test/counter/a")).json()).toEqual({ sum: 0 });
    const replies = await Promise.all([1, 2, 3].map(() => web.post("/test/counter/a", 5, { ...key, ...EARLY })));
    expect(await Promise.all(replies.map((response) => response.json()))).toEqual([5, 5, 5]);
    expect(web.opened()).toBe(2);
  });

  test("takes no committed reply back: the key has it, and nothing is applied again", async () => {
    const web = await serve([fragile()]);
    const first = web.post("/test/counter/a", 5, key);
    await readUntil(web, "/test/counter/a", { sum: 5 });
    expect(await (await checkpointsUntil(web.job, first)).json()).toBe(5);
    await breakDown(web);
    expect(await (await web.post("/test/counter/a", 5, { ...key, ...EARLY })).json()).toBe(5);
    expect(await (await web.get("/test/counter/a")).json()).toEqual({ sum: 5 });
  });
});

describe("a stop", () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  async function folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), "millrace-http-"));
    folders.push(made);
    return made;
  }

  test.each([true, false])("with drain: %s answers what it contains, and then nobody", async (drain) => {
    const web = await serve([counter]);
    const open = web.post("/test/counter/a", 5);
    await readUntil(web, "/test/counter/a", { sum: 5 });
    await web.job.stopWithSavepoint({ directory: await folder(), drain });
    expect(await (await open).json()).toBe(5);
    await expect(web.get("/test/counter/a")).rejects.toThrow(/fetch failed/);
  });

  test("keys go on from its savepoint", async () => {
    const key = { "idempotency-key": "k", ...EARLY };
    const before = await serve([counter]);
    expect(await (await before.post("/test/counter/a", 5, key)).json()).toBe(5);
    const path = await before.job.stopWithSavepoint({ directory: await folder() });
    const after = await serve([counter], {
      config: { "execution.state-recovery.path": path, "parallelism.default": 2 },
    });
    expect(await (await after.post("/test/counter/a", 5, key)).json()).toBe(5);
    expect(await (await after.get("/test/counter/a")).json()).toMatchObject({ sum: 5 });
  });
});
