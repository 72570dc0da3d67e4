/**
 * A listening socket of `node:http`, for as long as an attempt of the job lasts.
 *
 * In:    requests. Out: calls of `onRequest`; whether it listens, or why it cannot.
 * State: the socket and its connections. The port may still belong to a server that is about to go, of an earlier attempt in another process or thread; so it is asked for again for a while.
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { MillraceError } from "../../core/util/errors.ts";
import type { Cancel } from "../../core/time/clock.ts";

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** Asked for instead of any port, if `port` is 0 and this one is free. */
  readonly portBefore: number | undefined;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onListening: (at: { readonly host: string; readonly port: number }) => void;
  /** It does not listen, and will not. */
  readonly onFailed: (error: MillraceError) => void;
  readonly schedule: (delayMs: number, work: () => void) => Cancel;
}

/** How often, and how long apart, a port that is taken is asked for. */
const TRIES_MAX = 20;
const RETRY_MS = 500;

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  /** With the number of their requests under way. `closeIdleConnections` leaves those that have not asked anything yet, such as a browser opens to be ready, and nobody would end them. */
  readonly #connections = new Map<Socket, number>();
  #port: number;
  #tries = 0;
  #cancelRetry: Cancel = () => undefined;
  #closed = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#port = options.port === 0 ? (options.portBefore ?? 0) : options.port;
    this.#server = createServer((request, response) => {
      this.#count(request.socket, 1);
      response.on("close", () => this.#count(request.socket, -1));
      options.onRequest(request, response);
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#connections.set(socket, 0);
      socket.on("close", () => this.#connections.delete(socket));
    });
    this.#server.on("error", (error: NodeJS.ErrnoException) => this.#failed(error));
    this.#server.on("listening", () => this.#listening());
    this.#listen();
  }

  /** No new connections, and those without a request end. Requests under way go on, and their connections end with them. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry();
    this.#server.close();
    for (const [socket, requests] of this.#connections) if (requests === 0) socket.destroy();
  }

  #count(socket: Socket, change: 1 | -1): void {
    const requests = (this.#connections.get(socket) ?? 0) + change;
    if (this.#connections.has(socket)) this.#connections.set(socket, requests);
    if (this.#closed && requests === 0) socket.destroySoon();
  }

  #listen(): void {
    this.#tries += 1;
    this.#server.listen({ host: this.#options.host, port: this.#port });
  }

  #listening(): void {
    const at = this.#server.address();
    if (at === null || typeof at === "string") return;
    if (this.#closed) this.#server.close(); // it was on its way when that was asked for
    else this.#options.onListening({ host: at.address, port: at.port });
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#closed || this.#server.listening) return;
    const { host, port, onFailed, schedule } = this.#options;
    if (error.code === "EADDRINUSE" && this.#port !== port) {
      this.#port = port; // somebody else has the one before; any other will do
      this.#listen();
    } else if (error.code === "EADDRINUSE" && this.#tries < TRIES_MAX) {
      this.#cancelRetry = schedule(RETRY_MS, () => this.#listen());
    } else {
      const isTaken = error.code === "EADDRINUSE";
      const cure = isTaken
        ? `it was still taken after ${(TRIES_MAX * RETRY_MS) / 1_000} s: end who has it, or choose another port`
        : "choose another host or port";
      const sentence = `the HTTP ingress cannot listen on ${host}:${port} (${error.code ?? error.message}): ${cure}`;
      onFailed(new MillraceError("MR9064", sentence, { cause: error, retryable: isTaken }));
    }
  }
}
