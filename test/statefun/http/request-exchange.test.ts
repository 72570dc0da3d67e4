/** Where open requests and replies meet: early, committed, keys, failures; and the sink that brings the replies. */
// covers: statefun/http/reply-sink.ts
import { describe, expect, test } from "vitest";
import type { CommitRequest } from "../../../core/operators/contracts/sink.ts";
import type { Answer } from "../../../statefun/http/answer.ts";
import { replySink } from "../../../statefun/http/reply-sink.ts";
import type { ReplyBatch } from "../../../statefun/http/reply-sink.ts";
import { RequestExchange } from "../../../statefun/http/request-exchange.ts";
import type { OpenRequest } from "../../../statefun/http/request-exchange.ts";
import type { Reply } from "../../../statefun/http-messages.ts";

class Client implements OpenRequest {
  readonly id: string;
  readonly mode: "early" | "committed";
  readonly caller: string;
  readonly digest: string;
  readonly answers: Answer[] = [];

  constructor(id: string, mode: "early" | "committed", { caller = id, digest = "" } = {}) {
    this.id = id;
    this.mode = mode;
    this.caller = caller;
    this.digest = digest;
  }

  get statuses(): number[] {
    return this.answers.map(({ status }) => status);
  }

  answer(answer: Answer): void {
    this.answers.push(answer);
  }
}

function replyTo(to: string, digest = "", value: unknown = "fine"): Reply {
  return { to, digest, status: 200, kind: "", value };
}

function exchangeWith(...clients: readonly Client[]): RequestExchange {
  const exchange = new RequestExchange();
  exchange.attend({});
  for (const client of clients) exchange.open(client);
  return exchange;
}

/** As the sink does with what arrives between two checkpoints. */
function kept(exchange: RequestExchange, ...replies: readonly Reply[]): number {
  return exchange.keep(replies.flatMap((reply) => exchange.made(reply) ?? []));
}

test("an early request is answered when its reply is made, once", () => {
  const client = new Client("r1", "early");
  const exchange = exchangeWith(client);
  expect(exchange.made(replyTo("r2"))).toBeUndefined();
  expect(exchange.made(replyTo("r1"))).toBeUndefined();
  expect(exchange.made(replyTo("r1"))).toBeUndefined();
  expect([client.statuses, exchange.size]).toEqual([[200], 0]);
});

test("a committed one waits for its batch, and only for that", () => {
  const client = new Client("r1", "committed");
  const exchange = exchangeWith(client);
  const other = kept(exchange, replyTo("r2"));
  const batch = kept(exchange, replyTo("r1"));
  exchange.commit(other);
  exchange.commit(99);
  expect(client.answers).toEqual([]);
  exchange.commit(batch);
  exchange.commit(batch);
  expect(client.answers).toMatchObject([{ status: 200, headers: { "millrace-reply": "committed" }, body: "fine" }]);
});

test("the reply of a key is for all requests of that key and digest, each in its way", () => {
  const early = new Client("r1", "early", { caller: "[k]", digest: "d" });
  const committed = new Client("r2", "committed", { caller: "[k]", digest: "d" });
  const other = new Client("r3", "early", { caller: "[k]", digest: "e" });
  const exchange = exchangeWith(early, committed, other);
  const batch = kept(exchange, replyTo("[k]", "d"));
  expect([early.statuses, committed.statuses, other.statuses]).toEqual([[200], [], []]);
  exchange.made(replyTo("r3", "", "mine"));
  exchange.commit(batch);
  expect([committed.statuses, other.answers[0]?.body, exchange.size]).toEqual([[200], "mine", 0]);
});

test("whoever has left is answered no more", () => {
  const client = new Client("r1", "committed", { caller: "[k]", digest: "d" });
  const exchange = exchangeWith(client);
  const batch = kept(exchange, replyTo("[k]", "d"));
  expect([exchange.close(client), exchange.close(client)]).toEqual([true, false]);
  expect(exchange.made(replyTo("[k]", "d"))).toBeUndefined();
  exchange.commit(batch);
  expect([client.answers, exchange.size]).toEqual([[], 0]);
});

test("a reply answers those who waited when it was made, and nobody who asks with the key later", () => {
  const first = new Client("r1", "committed", { caller: "[k]", digest: "d" });
  const exchange = exchangeWith(first);
  const refused = kept(exchange, { ...replyTo("[k]", "d"), status: 424 });
  const second = new Client("r2", "committed", { caller: "[k]", digest: "d" });
  exchange.open(second); // its message has been let go on meanwhile
  const done = kept(exchange, replyTo("[k]", "d"));
  exchange.commit(refused);
  expect([first.statuses, second.statuses]).toEqual([[424], []]);
  exchange.commit(done);
  expect([first.statuses, second.statuses, exchange.size]).toEqual([[424], [200], 0]);
});

describe("when a server goes", () => {
  test("its requests are told, and what waited for a checkpoint answers nobody", () => {
    const client = new Client("r1", "committed", { caller: "[k]", digest: "d" });
    const exchange = new RequestExchange();
    const server = {};
    exchange.attend(server);
    exchange.open(client);
    const batch = kept(exchange, replyTo("[k]", "d"));
    exchange.leave(server);
    expect(client.answers).toMatchObject([{ status: 503, headers: { "retry-after": "1" } }]);
    const again = new Client("r2", "committed", { caller: "[k]", digest: "d" });
    exchange.open(again);
    exchange.commit(batch);
    expect([client.statuses, again.statuses]).toEqual([[503], []]);
  });

  test("and another has opened meanwhile, that one's requests are left alone", () => {
    const client = new Client("r1", "early");
    const exchange = new RequestExchange();
    const first = {};
    exchange.attend(first);
    exchange.attend({});
    exchange.open(client);
    exchange.leave(first);
    expect(client.answers).toEqual([]);
  });

  test("because the job is over, they are told as well", () => {
    const client = new Client("r1", "early");
    const exchange = exchangeWith(client);
    exchange.end();
    exchange.end();
    expect([client.statuses, exchange.size]).toEqual([[503], 0]);
  });
});

describe("the sink", () => {
  const context = undefined as never; // it needs none
  const request = (committable: ReplyBatch): CommitRequest<ReplyBatch> =>
    ({ committable }) as CommitRequest<ReplyBatch>;

  test("keeps for a checkpoint what somebody waits for, and nothing else", () => {
    const client = new Client("r1", "committed");
    const exchange = exchangeWith(client, new Client("r2", "early"));
    const sink = replySink(exchange);
    const [writer, committer] = [sink.createWriter(context, []), sink.createCommitter?.(context)];
    writer.write(replyTo("r2"), context);
    writer.write(replyTo("r3"), context);
    expect(writer.prepareCommit?.(1)).toEqual([]);
    writer.write(replyTo("r1"), context);
    const [batch, ...others] = writer.prepareCommit?.(2) ?? [];
    if (batch === undefined) throw new Error("no batch");
    expect([others, writer.prepareCommit?.(3)]).toEqual([[], []]);
    void committer?.commit([request({ ...batch, exchange: "of another process" })]);
    expect(client.answers).toEqual([]);
    void committer?.commit([request(batch)]);
    void committer?.commit([request(batch)]);
    expect(client.statuses).toEqual([200]);
  });
});
