/** What the client repeats, whom it asks then, and what it tells its caller: against a broker that says what the test wants. */
// covers: connectors/kafka/client/errors.ts, connectors/kafka/client/kafkajs/cluster.ts, connectors/kafka/client/kafkajs/link.ts, connectors/kafka/client/kafkajs/groups.ts, connectors/kafka/client/kafkajs/transactions.ts, connectors/kafka/client/kafkajs/fetching.ts, connectors/kafka/client/kafkajs/topics.ts, connectors/kafka/client/kafkajs/our-requests.ts, connectors/kafka/client/kafkajs/their-requests.ts
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { kafkajsClient } from "../../../../../connectors/kafka/client/kafkajs/kafkajs-client.ts";
import type {
  KafkaClient,
  KafkaClientOptions,
  ProducerIdentity,
} from "../../../../../connectors/kafka/client/kafka-client.ts";
import { answerOf, codeOf, valueOf } from "../../../../conformance/seam.ts";
import { API, StubBroker } from "./stub-broker.ts";
import type { Reaction } from "./stub-broker.ts";

const transaction = { transactionalId: "id", producerId: 7, epoch: 3 };
let broker: StubBroker;
let clients: KafkaClient[] = [];

beforeEach(async () => {
  broker = await StubBroker.start();
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
  await broker.stop();
});

function newClient(options: Partial<KafkaClientOptions> = {}): KafkaClient {
  const client = kafkajsClient({
    bootstrapServers: [broker.address],
    clientId: "test",
    requestTimeoutMs: 5_000,
    retryForMs: 5_000,
    ...options,
  });
  clients.push(client);
  return client;
}

const ends =
  (code: number): Reaction =>
  (to) =>
    void to.int32(0).int16(code);
const commit = (client: KafkaClient): Promise<string> =>
  codeOf<void>((done) => client.endTransaction({ transaction, result: "commit" }, done));

describe("errors of the end of a transaction", () => {
  test.each([
    [0, "ok"],
    [47, "MR6405"],
    [90, "MR6405"],
    [48, "MR6406"],
    [49, "MR6406"],
    [59, "MR6406"],
    [53, "MR6404"],
    [35, "MR6410"],
    [42, "MR6408"],
    [999, "MR6408"],
  ])("%d is %s, at once", async (code, expected) => {
    broker.on(API.endTransaction, ends(code));
    expect(await commit(newClient())).toBe(expected);
    expect(broker.count(API.endTransaction)).toBe(1);
  });

  test.each([[14], [51], [7], [-1], [16], [15]])("%d is repeated, until it is over", async (code) => {
    broker.inTurn(API.endTransaction, ends(code), ends(code), ends(0));
    expect(await commit(newClient())).toBe("ok");
    expect(broker.count(API.endTransaction)).toBe(3);
    // Only a coordinator that is not one is looked for anew.
    expect(broker.count(API.findCoordinator)).toBe(code === 15 || code === 16 ? 3 : 1);
  });

  test("that do not pass are MR6402, with the last of them and the servers", async () => {
    broker.on(API.endTransaction, ends(51));
    const outcome = await answerOf<void>((done) =>
      newClient({ retryForMs: 100 }).endTransaction({ transaction, result: "commit" }, done),
    );
    const message = outcome.ok ? "ok" : outcome.error.message;
    expect(message).toMatch(
      /^MR6402: could not commit the transaction of "id" within 100 ms: .*CONCURRENT_TRANSACTIONS/,
    );
    expect(message).toContain(broker.address);
  });
});

describe("connections", () => {
  test("that break before the answer are made anew, and the same is sent again", async () => {
    broker.inTurn(API.endTransaction, () => "hang up", ends(0));
    expect(await commit(newClient())).toBe("ok");
    const [first, second] = broker.asked.filter(({ api }) => api === API.endTransaction);
    expect(second?.body).toEqual(first?.body);
    expect(broker.connections).toBe(2);
  });

  test("on which an answer is missing are given up", async () => {
    broker.inTurn(API.endTransaction, () => "silence", ends(0));
    expect(await commit(newClient({ requestTimeoutMs: 100 }))).toBe("ok");
    expect(broker.connections).toBe(2);
  });

  test("are shared by calls that overlap, and gone after close", async () => {
    broker.on(API.endTransaction, ends(0));
    const client = newClient();
    expect(await Promise.all([commit(client), commit(client), commit(client)])).toEqual(["ok", "ok", "ok"]);
    expect(broker.connections).toBe(1);
    broker.on(API.endTransaction, () => "silence");
    client.endTransaction({ transaction, result: "commit" }, () => expect.fail("answered after close"));
    await client.close();
    for (let wait = 0; broker.open > 0 && wait < 200; wait += 1) {
      await sleep(5);
    }
    expect(broker.open).toBe(0);
  });

  test("abort what is abandoned before they are closed, once, whatever comes of it", async () => {
    broker.inTurn(API.endTransaction, ends(0), ends(51));
    const client = newClient();
    await commit(client);
    await client.close({ transactionalId: "id", producerId: 7, epoch: 4 });
    const bodies = broker.asked.filter(({ api }) => api === API.endTransaction).map(({ body }) => body);
    expect(bodies.map((body) => [body.readInt16BE(4 + 8), body.at(-1)])).toEqual([
      [3, 1],
      [4, 0],
    ]);
  });
});

describe("brokers that are too old", () => {
  test("are MR6410, with the Kafka that is needed", async () => {
    broker.versions = { 3: 2, 18: 1 };
    const outcome = await answerOf((done) => newClient().describeTopics(undefined, done));
    expect(outcome.ok ? "ok" : outcome.error.message).toMatch(
      /^MR6410: Metadata of version 6 .* speaks versions 0 to 2: use Kafka 2\.5 or newer$/,
    );
  });

  test("cannot list transactions", async () => {
    const { 66: _, ...others } = broker.versions;
    broker.versions = others;
    expect(await valueOf((done) => newClient().listTransactions("", done))).toBeUndefined();
  });
});

describe("transactional ids are listed", () => {
  const led =
    (leader: number): Reaction =>
    (to) =>
      broker.metadata(to, [{ name: "__transaction_state", leader }]);
  const listing =
    (...ids: readonly string[]): Reaction =>
    (to) =>
      void to
        .noTags()
        .int32(0)
        .int16(0)
        .compactArray([], () => undefined)
        .compactArray(ids, (id) => to.compactText(id).int64(7).compactText("Ongoing").noTags())
        .noTags();
  const list = (): Promise<unknown> => valueOf((done) => newClient().listTransactions("a", done));

  test("those with the prefix", async () => {
    broker.on(API.listTransactions, listing("a-1", "b-1"));
    expect(await list()).toEqual([{ transactionalId: "a-1", isOpen: true }]);
  });

  test("again if nobody answers for some of them", async () => {
    broker.on(API.listTransactions, listing("a-1"));
    broker.inTurn(API.metadata, led(-1), led(9), led(1));
    expect(await list()).toEqual([{ transactionalId: "a-1", isOpen: true }]);
    expect(broker.count(API.listTransactions)).toBe(1);
  });

  test("again if others answer for them meanwhile", async () => {
    const alone: Reaction = (to) => broker.metadata(to, []);
    broker.inTurn(API.listTransactions, listing(), listing("a-1"));
    broker.inTurn(API.metadata, alone, led(1));
    expect(await list()).toEqual([{ transactionalId: "a-1", isOpen: true }]);
    expect(broker.count(API.listTransactions)).toBe(2);
  });
});

describe("topics", () => {
  test("that a broker does not know yet are asked for again", async () => {
    const unknown: Reaction = (to) => broker.metadata(to, [{ name: "t", error: 3 }]);
    broker.inTurn(API.metadata, unknown, unknown, (to) => broker.metadata(to, [{ name: "t" }]));
    expect(await valueOf((done) => newClient().locate([{ topic: "t", partition: 1 }], done))).toEqual([
      { topic: "t", partition: 1, node: 1 },
    ]);
  });

  test("that one may not see are MR6404 at once", async () => {
    broker.on(API.metadata, (to) => broker.metadata(to, [{ name: "t", error: 29 }]));
    expect(await codeOf((done) => newClient().describeTopics(["t"], done))).toBe("MR6404");
    expect(broker.count(API.metadata)).toBe(1);
  });
});

describe("produce", () => {
  const batches = [0, 1].map((partition) => ({ topic: "t", partition, bytes: Uint8Array.of(partition, 255) }));
  const produced =
    (...errors: readonly (readonly [number, number])[]): Reaction =>
    (to) => {
      to.array(["t"], (topic) => {
        to.text(topic).array(errors, ([partition, error]) =>
          to.int32(partition).int16(error).int64(5).int64(-1).int64(0),
        );
      });
      to.int32(0);
    };

  beforeEach(() => broker.on(API.metadata, (to) => broker.metadata(to, [{ name: "t" }])));

  test("sends again what was not written, and only that, to whoever leads it now", async () => {
    broker.inTurn(API.produce, produced([0, 0], [1, 6]), produced([1, 0]));
    expect(
      await codeOf<void>((done) => newClient().produce({ transaction: undefined, acks: "all", batches }, done)),
    ).toBe("ok");
    const [first, second] = broker.asked
      .filter(({ api }) => api === API.produce)
      .map(({ body }) => body.toString("hex"));
    expect(first).toContain("0000000200ff");
    expect(second).not.toContain("0000000200ff");
    expect(second).toContain("0000000201ff");
    expect(broker.count(API.metadata)).toBe(2);
  });

  test("takes what the broker has already for written, and tells the gravest error", async () => {
    broker.inTurn(API.produce, produced([0, 46], [1, 0]), produced([0, 19], [1, 10]));
    const client = newClient();
    const produce = (): Promise<string> =>
      codeOf<void>((done) => client.produce({ transaction, acks: "all", batches }, done));
    expect(await produce()).toBe("ok");
    expect(await produce()).toBe("MR6408");
  });

  test.each([
    [45, "MR6412", "MR6412"],
    [59, "MR6412", "MR6406"],
    [47, "MR6412", "MR6405"],
  ])("of error %d: %s without a transaction, %s in one", async (code, without, within) => {
    broker.on(API.produce, produced([0, code], [1, 0]));
    const client = newClient();
    expect(await codeOf<void>((done) => client.produce({ transaction: undefined, acks: "all", batches }, done))).toBe(
      without,
    );
    expect(await codeOf<void>((done) => client.produce({ transaction, acks: "all", batches }, done))).toBe(within);
  });

  test("keeps calls for one partition apart, also while one is repeated", async () => {
    broker.inTurn(API.produce, produced([0, 5]), () => "hang up", produced([0, 0]));
    const client = newClient();
    const send = (value: number): Promise<string> => {
      const bytes = Uint8Array.of(value, value, value);
      return codeOf<void>((done) =>
        client.produce({ transaction, acks: "all", batches: [{ topic: "t", partition: 0, bytes }] }, done),
      );
    };
    expect(await Promise.all([send(1), send(2), send(3)])).toEqual(["ok", "ok", "ok"]);
    const values = broker.asked.filter(({ api }) => api === API.produce).map(({ body }) => body.at(-1));
    expect(values).toEqual([1, 1, 1, 2, 3]);
  });
});

test("what waits for its turn when the client is closed is not sent, also while a transaction is abandoned", async () => {
  broker.on(API.metadata, (to) => broker.metadata(to, [{ name: "t" }]));
  broker.inTurn(API.endTransaction, ends(0));
  const isProducing = new Promise<void>((resolve) => {
    broker.on(API.produce, () => {
      resolve();
      return "silence";
    });
  });
  const client = newClient();
  for (const value of [1, 2]) {
    const batches = [{ topic: "t", partition: 0, bytes: Uint8Array.of(value) }];
    client.produce({ transaction, acks: "all", batches }, () => expect.fail("answered after close"));
  }
  await isProducing;
  await client.close(transaction);
  expect([broker.count(API.produce), broker.count(API.endTransaction)]).toEqual([1, 1]);
});

test("a producer that is known is named in the request", async () => {
  broker.on(API.initProducerId, (to) => void to.noTags().int32(0).int16(0).int64(7).int16(4).noTags());
  const transactional = { transactionalId: "id", timeoutMs: 1_000, known: { producerId: 7, epoch: 3 } };
  expect(await valueOf<ProducerIdentity>((done) => newClient().initProducer({ transactional }, done))).toEqual({
    producerId: 7,
    epoch: 4,
  });
  const asked = broker.asked.find(({ api }) => api === API.initProducerId);
  // Tags of the header; "id"; 1,000 ms; producer 7; epoch 3; tags.
  expect(asked?.body.toString("hex")).toBe("0003696" + "4000003e80000000000000007000300");
});
