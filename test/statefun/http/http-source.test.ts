/** The server in front of the job: every answer that needs no function, the queue, and the ways in which an attempt ends. Requests are real. */
// covers: statefun/http/http-front.ts
import { request as rawRequest } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { Config } from "../../../core/util/config.ts";
import { KeptForJob } from "../../../core/operators/kept-for-job.ts";
import type { Envelope } from "../../../statefun/envelope.ts";
import { FunctionCatalog } from "../../../statefun/http/function-catalog.ts";
import { httpIngress } from "../../../statefun/http/http-ingress.ts";
import type { HttpIngressOptions } from "../../../statefun/http/http-ingress.ts";
import { httpSource } from "../../../statefun/http/http-source.ts";
import type { QueuedMessages } from "../../../statefun/http/http-source.ts";
import { RequestExchange } from "../../../statefun/http/request-exchange.ts";
import { fn } from "../../../statefun/index.ts";
import { SourceHarness } from "../../harness/source-harness.ts";
import type { SourceSnapshot } from "../../harness/source-harness.ts";
import { text, wholeNumber } from "../define/tiny-schema.ts";

const counter = fn("test/counter", { accepts: { add: wholeNumber }, handle: { add: () => undefined } });
const pair = fn("test/pair", { accepts: { one: text, two: text }, otherwise: () => undefined });
const catalog = new FunctionCatalog({ functions: [counter.definition, pair.definition], namespaces: [] });

/** Of the event loop: requests take some hundreds. */
const TURNS_MAX = 1_000_000;

const stages: Stage[] = [];
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close();
});

/** A server, and a job that takes its messages when the test says so. */
class Stage {
  readonly exchange: RequestExchange;
  readonly harness: SourceHarness<Envelope, QueuedMessages, unknown>;
  readonly kept: KeptForJob;
  port = 0;

  private constructor(
    options: Partial<HttpIngressOptions>,
    { exchange = new RequestExchange(), kept = new KeptForJob() }: Partial<Pick<Stage, "exchange" | "kept">>,
    restored?: SourceSnapshot<QueuedMessages, unknown>,
  ) {
    this.exchange = exchange;
    this.kept = kept;
    const onListening = ({ port }: { readonly port: number }): void => {
      this.port = port;
    };
    const spec = httpIngress({ port: 0, reply: "early", onListening, ...options });
    this.harness = new SourceHarness({ source: httpSource({ spec, catalog, exchange }), kept, restored });
    stages.push(this);
  }

  static async open(
    options: Partial<HttpIngressOptions> = {},
    before: Partial<Pick<Stage, "exchange" | "kept">> = {},
    restored?: SourceSnapshot<QueuedMessages, unknown>,
  ): Promise<Stage> {
    const stage = new Stage(options, before, restored);
    await stage.until(() => stage.port > 0);
    return stage;
  }

  /** Messages that the job has taken. */
  get messages(): readonly Envelope[] {
    return this.harness.values;
  }

  /** The job takes messages until something holds. */
  async until(holds: () => boolean): Promise<void> {
    for (let turns = 0; !holds(); turns += 1) {
      if (turns > TURNS_MAX) throw new Error("what is waited for does not happen");
      this.harness.turn();
      if (this.harness.failure !== undefined) throw this.harness.failure;
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  /** A request, with JSON unless its headers say otherwise. */
  fetch(path: string, { body, headers, ...init }: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, {
      method: "POST",
      ...(body === undefined ? {} : { body }),
      headers: { "content-type": "application/json", ...(headers as Record<string, string> | undefined) },
      ...init,
    });
  }

  /** The same, until it is answered, while the job takes messages. */
  async ask(path: string, init?: RequestInit): Promise<Response> {
    let response: Response | undefined;
    let failure: unknown;
    this.fetch(path, init).then(
      (answered) => (response = answered),
      (error: unknown) => (failure = error),
    );
    await this.until(() => response !== undefined || failure !== undefined);
    if (response === undefined) throw failure;
    return response;
  }

  /** What a function would reply. */
  reply(message: Envelope | undefined, value: unknown): void {
    this.exchange.made({ to: message?.fromId ?? "", digest: "", status: 200, kind: "", value });
  }

  responses(status: number): unknown {
    return this.harness.metrics.group("http").group(String(status)).read("numResponses");
  }

  get openRequests(): unknown {
    return this.harness.metrics.group("http").read("numOpenRequests");
  }

  async close(): Promise<void> {
    await this.harness.close();
    this.kept.close();
  }
}

async function codeOf(response: Response): Promise<unknown> {
  const { code } = (await response.json()) as { readonly code: unknown };
  return code;
}

test("a request is a message, and is answered with a reply", async () => {
  const stage = await Stage.open();
  const open = stage.fetch("/test/counter/ann%20b", { body: "12" });
  await stage.until(() => stage.messages.length > 0);
  const [message] = stage.messages;
  expect(message).toEqual({
    to: "test/counter",
    id: "ann b",
    from: "millrace.http/request",
    fromId: expect.stringMatching(/^[\w-]+-1$/) as string,
    kind: "add",
    value: 12,
  });
  stage.reply(message, { sum: 12 });
  const response = await open;
  expect([response.status, response.headers.get("millrace-reply"), await response.json()]).toEqual([
    200,
    "early",
    { sum: 12 },
  ]);
  expect(stage.responses(200)).toBe(1);
  expect(stage.harness.metrics.group("http").read("port")).toBe(stage.port);
});

test("a request that is accepted is answered at once, and its message comes", async () => {
  const stage = await Stage.open({ reply: "accepted" });
  const response = await stage.fetch("/test/counter/a", { body: "1" });
  expect([response.status, response.headers.get("millrace-reply"), await response.text()]).toEqual([
    202,
    "accepted",
    "",
  ]);
  await stage.until(() => stage.messages.length === 1);
  expect(stage.exchange.size).toBe(0);
});

test("GET asks for the state", async () => {
  const stage = await Stage.open();
  const open = stage.fetch("/test/counter/a", { method: "GET" });
  await stage.until(() => stage.messages.length > 0);
  expect(stage.messages[0]).toMatchObject({ to: "test/counter", id: "a", kind: "$read", value: undefined });
  stage.reply(stage.messages[0], { total: 1 });
  expect(await (await open).json()).toEqual({ total: 1 });
});

test("a key goes along with a digest of the body, and the reply of the key answers", async () => {
  const stage = await Stage.open();
  const headers = { "idempotency-key": "k" };
  const open = ["1", "1", "2"].map((body) => stage.fetch("/test/counter/a", { body, headers }));
  await stage.until(() => stage.messages.length === 3);
  const keyed = stage.messages.map(({ value }) => value as { readonly value: number; readonly digest: string });
  expect(stage.messages[0]).toMatchObject({ kind: "$keyed", value: { key: "k", kind: "add" } });
  const digest = keyed.find(({ value }) => value === 1)?.digest ?? "";
  expect(keyed.filter((one) => one.digest === digest)).toHaveLength(2);
  stage.exchange.made({ to: '["test/counter","a","k"]', digest, status: 200, kind: "", value: "both" });
  const [first, second] = await Promise.all(open.slice(0, 2));
  expect([await first?.text(), await second?.text(), stage.exchange.size]).toEqual(["both", "both", 1]);
  stage.reply(
    stage.messages.find(({ value }) => (value as { value: number }).value === 2),
    "other",
  );
  expect(await (await open[2])?.text()).toBe("other");
});

describe("is refused without a message", () => {
  test.each([
    ["/test/counter", {}, 400, "MR9050"],
    ["/test/none/a", {}, 404, "MR9051"],
    ["/test/counter/a", { method: "PUT", body: "1" }, 405, "MR9052"],
    ["/test/counter/a", { body: "{" }, 400, "MR9053"],
    ["/test/counter/a", { body: "1", headers: { "content-type": "text/css" } }, 415, "MR9053"],
    ["/test/pair/a", { body: '"x"' }, 400, "MR9054"],
    ["/test/pair/a", { body: '"x"', headers: { "millrace-kind": "$retry" } }, 400, "MR9054"],
    ["/test/counter/a", { body: "1", headers: { "millrace-reply": "soon" } }, 400, "MR9055"],
    ["/test/counter/a", { body: "1", headers: { "millrace-reply": "committed" } }, 400, "MR9055"],
    ["/test/counter/a", { method: "GET", headers: { "millrace-reply": "accepted" } }, 400, "MR9055"],
    ["/test/counter/a", { body: "1.5" }, 400, "MR9010"],
    ["/test/counter/a", {}, 400, "MR9010"],
    ["/test/counter/a", { body: `"${"x".repeat(3_000)}"` }, 413, "MR9056"],
  ] as const)("%s %o", async (path, init, status, code) => {
    const stage = await Stage.open({ bodyBytesMax: 1_000 });
    const response = await stage.ask(path, init);
    expect([response.status, await codeOf(response)]).toEqual([status, code]);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(stage.responses(status)).toBe(1);
    expect([stage.messages, stage.exchange.size]).toEqual([[], 0]);
  });

  test("if too many are open", async () => {
    const stage = await Stage.open({ openRequestsMax: 2 });
    const open = [stage.fetch("/test/counter/a", { body: "1" }), stage.fetch("/test/counter/a", { body: "2" })];
    await stage.until(() => stage.exchange.size === 2);
    const response = await stage.ask("/test/counter/a", { body: "3" });
    expect([response.status, response.headers.get("retry-after"), await codeOf(response)]).toEqual([
      429,
      "1",
      "MR9057",
    ]);
    await stage.until(() => stage.messages.length === 2);
    for (const message of stage.messages) stage.reply(message, "fine");
    await Promise.all(open);
    await stage.until(() => stage.openRequests === 0);
    const next = stage.fetch("/test/counter/a", { body: "4" });
    await stage.until(() => stage.messages.length === 3);
    stage.reply(stage.messages[2], "fine");
    expect((await next).status).toBe(200);
  });

  test("if the job does not take what waits", async () => {
    const stage = await Stage.open({ queuedRequestsMax: 2, reply: "accepted" });
    const statuses: number[] = [];
    for (const body of ["1", "2", "3"]) statuses.push((await stage.fetch("/test/counter/a", { body })).status);
    expect(statuses).toEqual([202, 202, 429]);
    await stage.until(() => stage.messages.length === 2);
    expect((await stage.fetch("/test/counter/a", { body: "3" })).status).toBe(202);
  });
});

test("whoever gets no reply is told so after a while, and the turn is not undone", async () => {
  const stage = await Stage.open({ replyTimeout: "5s" });
  const open = stage.fetch("/test/counter/a", { body: "1" });
  await stage.until(() => stage.messages.length === 1);
  stage.harness.clock.advance(4_999);
  stage.harness.turn();
  expect(stage.exchange.size).toBe(1);
  stage.harness.clock.advance(1);
  stage.harness.turn();
  const response = await open;
  expect([response.status, await codeOf(response)]).toEqual([504, "MR9059"]);
  stage.reply(stage.messages[0], "too late");
});

test("a client that leaves is forgotten, and its message is not", async () => {
  const stage = await Stage.open();
  const leaving = new AbortController();
  const open = stage.fetch("/test/counter/a", { body: "1", signal: leaving.signal });
  await stage.until(() => stage.exchange.size === 1);
  leaving.abort();
  await expect(open).rejects.toThrow(/abort/);
  await stage.until(() => stage.exchange.size === 0 && stage.openRequests === 0);
  await stage.until(() => stage.messages.length === 1);
  stage.reply(stage.messages[0], "nobody");
});

test("a client that leaves in the middle of its body has sent nothing", async () => {
  const stage = await Stage.open();
  const client = rawRequest({
    port: stage.port,
    method: "POST",
    path: "/test/counter/a",
    headers: { "content-type": "application/json", "content-length": "10" },
  });
  client.on("error", () => undefined);
  client.write("12");
  await stage.until(() => stage.openRequests === 1);
  client.destroy();
  await stage.until(() => stage.openRequests === 0);
  expect([stage.messages, stage.exchange.size]).toEqual([[], 0]);
});

test("a body that never ends does not keep a server that closes", async () => {
  const stage = await Stage.open();
  const client = rawRequest({
    port: stage.port,
    method: "POST",
    path: "/test/counter/a",
    headers: { "content-type": "application/json", "content-length": "10" },
  });
  let isCut = false;
  client.on("error", () => {
    isCut = true;
  });
  client.write("12");
  await stage.until(() => stage.openRequests === 1);
  await stage.harness.close();
  await stage.until(() => isCut);
});

describe("the queue", () => {
  test("is part of a checkpoint, and comes first after a restore", async () => {
    const before = await Stage.open({ reply: "accepted" });
    await before.fetch("/test/counter/a", { body: "1" });
    await before.fetch("/test/counter/b", { body: "2" });
    const snapshot = before.harness.snapshot();
    const after = await Stage.open({ reply: "accepted" }, {}, snapshot);
    await after.fetch("/test/counter/c", { body: "3" });
    await after.until(() => after.messages.length === 3);
    expect(after.messages.map(({ id, value }) => [id, value])).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    expect(after.harness.snapshot().splits).toEqual([]);
  });

  test("is emitted to its end when the job is drained, and nothing comes in any more", async () => {
    const stage = await Stage.open({ reply: "accepted" });
    for (const body of ["1", "2", "3"]) await stage.fetch("/test/counter/a", { body });
    const open = stage.fetch("/test/counter/a", { body: "4", headers: { "millrace-reply": "early" } });
    while (stage.exchange.size === 0) await new Promise((resolve) => void setImmediate(resolve));
    stage.harness.stop({ drain: true });
    expect(stage.messages.map(({ value }) => value)).toEqual([1, 2, 3, 4]);
    const refused = await stage.fetch("/test/counter/a", { body: "5" });
    expect([refused.status, refused.headers.get("retry-after"), await codeOf(refused)]).toEqual([503, "1", "MR9058"]);
    await stage.harness.close();
    stage.reply(stage.messages[3], "still answered");
    expect(await (await open).text()).toBe("still answered");
  });

  test("stays in the savepoint when it is not", async () => {
    const stage = await Stage.open({ reply: "accepted" });
    await stage.fetch("/test/counter/a", { body: "1" });
    const { splits } = stage.harness.snapshot();
    stage.harness.stop({ drain: false });
    expect([splits[0]?.messages.length, stage.messages]).toEqual([1, []]);
  });
});

describe("the end of an attempt", () => {
  test("answers whoever waits, and the next one listens on the same port", async () => {
    const first = await Stage.open();
    const open = first.fetch("/test/counter/a", { body: "1" });
    await first.until(() => first.messages.length === 1);
    await first.harness.close();
    const response = await open;
    expect([response.status, response.headers.get("retry-after"), await codeOf(response)]).toEqual([
      503,
      "1",
      "MR9058",
    ]);
    const { exchange, kept, port } = first;
    const second = await Stage.open({}, { exchange, kept });
    expect(second.port).toBe(port);
    const again = second.fetch("/test/counter/a", { body: "1" });
    await second.until(() => second.messages.length === 1);
    expect(second.messages[0]?.fromId).not.toBe(first.messages[0]?.fromId);
    second.reply(first.messages[0], "of another time");
    second.reply(second.messages[0], "mine");
    expect(await (await again).text()).toBe("mine");
  });

  test("which is that of the job, leaves no connection", async () => {
    const stage = await Stage.open();
    const open = stage.fetch("/test/counter/a", { body: "1" });
    await stage.until(() => stage.messages.length === 1);
    stage.harness.stop({ drain: true });
    await stage.harness.close();
    expect(stage.exchange.size).toBe(1);
    stage.kept.close();
    expect((await open).status).toBe(503);
    await expect(stage.fetch("/test/counter/a", { body: "1" })).rejects.toThrow(/fetch failed/);
  });
});

describe("replies cannot be committed", () => {
  const openWith = (intervalMs: number): SourceHarness<Envelope, QueuedMessages, unknown> => {
    const source = httpSource({ spec: httpIngress({ port: 0 }), catalog, exchange: new RequestExchange() });
    return new SourceHarness({
      source: {
        ...source,
        createReader: (ctx) =>
          source.createReader({ ...ctx, config: new Config({ "execution.checkpointing.interval": intervalMs }) }),
      },
    });
  };

  test("by a job without checkpoints", () => {
    expect(() => openWith(0)).toThrow(/MR9063: .*takes none: set execution\.checkpointing\.interval/);
  });

  test("by one that takes them too rarely", () => {
    expect(() => openWith(30_000)).toThrow(/MR9063: .*every 30000 ms, but gives up after 30000 ms/);
    expect(openWith(10_000).failure).toBeUndefined();
  });
});
