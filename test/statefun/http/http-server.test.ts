/** A listening socket: the port that it gets, and what happens while somebody else has it. */
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { MillraceError } from "../../../core/util/errors.ts";
import { HttpServer } from "../../../statefun/http/http-server.ts";

interface Opened {
  readonly server: HttpServer;
  readonly ports: number[];
  readonly failures: MillraceError[];
  /** Work that waits for its time. */
  readonly scheduled: (() => void)[];
  /** The next of the three. */
  readonly next: () => Promise<void>;
}

function open({
  port = 0,
  portBefore,
  host = "127.0.0.1",
  onRequest = (response) => void response.end("fine"),
}: { port?: number; portBefore?: number; host?: string; onRequest?: (response: ServerResponse) => void } = {}): Opened {
  const ports: number[] = [];
  const failures: MillraceError[] = [];
  const scheduled: (() => void)[] = [];
  let tell = (): void => undefined;
  const server = new HttpServer({
    host,
    port,
    portBefore,
    onRequest: (_request, response) => onRequest(response),
    onListening: (at) => {
      ports.push(at.port);
      tell();
    },
    onFailed: (error) => {
      failures.push(error);
      tell();
    },
    schedule: (_delayMs, work) => {
      scheduled.push(work);
      tell();
      return () => void scheduled.splice(0);
    },
  });
  const next = (): Promise<void> => new Promise((resolve) => (tell = resolve));
  return { server, ports, failures, scheduled, next };
}

/** Somebody who has a port. */
async function occupy(): Promise<{ readonly port: number; leave(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, leave: () => new Promise((resolve) => void server.close(() => resolve())) };
}

test("any port, if it is 0, and the same again in this thread", async () => {
  const first = open();
  await first.next();
  const [port = 0] = first.ports;
  expect(port).toBeGreaterThan(0);
  expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text()).toBe("fine");
  first.server.close();
  const second = open({ portBefore: port });
  await second.next();
  expect(second.ports).toEqual([port]);
  second.server.close();
});

/** A client who has written that much, once the server has taken the connection; and all that it is told until the connection ends. */
async function connected(
  port: number,
  text: string,
): Promise<{ readonly socket: Socket; readonly told: Promise<string> }> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let heard = "";
  socket.on("data", (chunk) => (heard += String(chunk)));
  const told = new Promise<string>((resolve) => {
    socket.on("error", () => resolve(heard));
    socket.on("end", () => resolve(heard));
  });
  await new Promise<void>((resolve) => void socket.write(text === "" ? "\r\n" : text, () => resolve()));
  return { socket, told };
}

test("who is connected when it closes, and asks nothing, is not waited for; who waits gets an answer", async () => {
  let asked: (response: ServerResponse) => void = () => undefined;
  const request = new Promise<ServerResponse>((resolve) => (asked = resolve));
  const { server, ports, next } = open({ onRequest: (response) => asked(response) });
  await next();
  const [port = 0] = ports;
  const head = "GET / HTTP/1.1\r\nHost: x\r\n";
  const silent = await connected(port, "");
  const hesitant = await connected(port, head);
  const asking = await connected(port, `${head}\r\n`);
  const response = await request;
  server.close();
  expect(await Promise.all([silent.told, hesitant.told])).toEqual(["", ""]);
  response.end("fine");
  expect(await asking.told).toMatch(/fine/);
  for (const { socket } of [silent, hesitant, asking]) socket.destroy();
});

test("another one, if somebody has that by now", async () => {
  const other = await occupy();
  const { server, ports, next } = open({ portBefore: other.port });
  await next();
  expect(ports).toHaveLength(1);
  expect(ports).not.toContain(other.port);
  server.close();
  await other.leave();
});

describe("a port that is taken", () => {
  test("is asked for again until it is free", async () => {
    const other = await occupy();
    const { server, ports, failures, scheduled, next } = open({ port: other.port });
    await next();
    scheduled.shift()?.();
    await next();
    await other.leave();
    scheduled.shift()?.();
    await next();
    expect([ports, failures]).toEqual([[other.port], []]);
    server.close();
  });

  test("is given up after a while", async () => {
    const other = await occupy();
    const { server, failures, scheduled, next } = open({ port: other.port });
    for (let tries = 1; tries < 20; tries += 1) {
      await next();
      scheduled.shift()?.();
    }
    await next();
    expect(failures).toMatchObject([{ code: "MR9064", retryable: true }]);
    server.close();
    await other.leave();
  });

  test("is asked for no more once the server is closed", async () => {
    const other = await occupy();
    const { server, scheduled, next } = open({ port: other.port });
    await next();
    server.close();
    server.close();
    expect(scheduled).toEqual([]);
    await other.leave();
  });
});

test("a host that is none of ours is given up at once", async () => {
  const { server, failures, next } = open({ host: "203.0.113.1" });
  await next();
  expect(failures).toMatchObject([{ code: "MR9064", retryable: false }]);
  server.close();
});
