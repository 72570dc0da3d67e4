/** A listening socket: the port that it gets, and what happens while somebody else has it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
}: { port?: number; portBefore?: number; host?: string } = {}): Opened {
  const ports: number[] = [];
  const failures: MillraceError[] = [];
  const scheduled: (() => void)[] = [];
  let tell = (): void => undefined;
  const server = new HttpServer({
    host,
    port,
    portBefore,
    onRequest: (_request, response) => void response.end("fine"),
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
