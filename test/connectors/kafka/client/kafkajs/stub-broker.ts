/**
 * A broker of one test: a TCP server that answers each request as the test says, byte by byte, and keeps what it was asked.
 *
 * It knows just enough of the protocol for a client to get as far as the request under test: which versions it speaks, who it is, who coordinates.
 */
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { WireReader, WireWriter } from "../../../../../connectors/kafka/client/kafkajs/wire.ts";

export const API = {
  produce: 0,
  metadata: 3,
  offsetFetch: 9,
  findCoordinator: 10,
  apiVersions: 18,
  initProducerId: 22,
  addPartitions: 24,
  endTransaction: 26,
  listTransactions: 66,
} as const;

export interface Asked {
  readonly api: number;
  /** Behind the header. */
  readonly body: Buffer;
}

/** Writes the answer, or says what happens instead. */
export type Reaction = (to: WireWriter, asked: Asked) => void | "silence" | "hang up";

export class StubBroker {
  readonly asked: Asked[] = [];
  readonly #reactions = new Map<number, Reaction>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  connections = 0;
  /** Per API, the highest version; what is not here is not spoken. */
  versions: Readonly<Record<number, number>> = {
    0: 9,
    1: 12,
    2: 6,
    3: 9,
    8: 8,
    9: 7,
    10: 3,
    18: 3,
    22: 4,
    24: 1,
    25: 1,
    26: 1,
    28: 1,
    32: 2,
    66: 0,
  };

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => this.#serve(socket));
    this.on(API.apiVersions, (to) => {
      to.int16(0).array(Object.entries(this.versions), ([api, max]) => to.int16(Number(api)).int16(0).int16(max));
      to.int32(0);
    });
    this.on(API.metadata, (to) => this.metadata(to, []));
    this.on(API.findCoordinator, (to) => {
      to.int32(0).int16(0).text(null).int32(1).text("127.0.0.1").int32(this.#port);
    });
  }

  static async start(): Promise<StubBroker> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    return new StubBroker(server);
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get open(): number {
    return this.#sockets.size;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port; // a TCP server has one
  }

  on(api: number, reaction: Reaction): void {
    this.#reactions.set(api, reaction);
  }

  /** One after the other; the last one for good. */
  inTurn(api: number, ...reactions: readonly Reaction[]): void {
    let turn = 0;
    this.on(api, (to, asked) => {
      const reaction = reactions[Math.min(turn, reactions.length - 1)];
      turn += 1;
      return reaction?.(to, asked);
    });
  }

  count(api: number): number {
    return this.asked.filter((asked) => asked.api === api).length;
  }

  /** Topics with an error each, and two partitions that this broker leads, which is the first, or another. */
  metadata(
    to: WireWriter,
    topics: readonly { readonly name: string; readonly error?: number; readonly leader?: number }[],
  ): void {
    to.int32(0).array([1], () => to.int32(1).text("127.0.0.1").int32(this.#port).text(null));
    to.text("cluster").int32(1);
    to.array(topics, ({ name, error = 0, leader = 1 }) => {
      to.int16(error).text(name).int8(0);
      to.array(error === 0 ? [0, 1] : [], (partition) => {
        to.int16(0)
          .int32(partition)
          .int32(leader)
          .array([1], () => to.int32(1))
          .array([1], () => to.int32(1))
          .array([], () => undefined);
      });
    });
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    let waiting = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE(0)) {
        const end = 4 + waiting.readInt32BE(0);
        this.#answer(socket, waiting.subarray(4, end));
        waiting = waiting.subarray(end);
      }
    });
  }

  #answer(socket: Socket, request: Buffer): void {
    const from = new WireReader(request);
    const api = from.int16();
    from.int16();
    const correlation = from.int32();
    const clientBytes = Buffer.byteLength(from.text() ?? "");
    const asked = { api, body: request.subarray(10 + clientBytes) };
    this.asked.push(asked);
    const to = new WireWriter().int32(correlation);
    const end = this.#reactions.get(api)?.(to, asked);
    if (end === "hang up") socket.destroy();
    else if (end !== "silence") socket.write(frame(to.done().buffer));
  }
}

function frame(answer: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(answer.length);
  return Buffer.concat([length, answer]);
}
