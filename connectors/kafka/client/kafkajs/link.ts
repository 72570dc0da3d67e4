/**
 * One connection to one broker, made when the first request needs it and made anew when it broke.
 *
 * In: requests. Out: answers, or `ConnectionLost` and what kafkajs throws: nothing is repeated here. TLS, SASL and what versions a broker speaks are kafkajs's.
 * State: the connection at hand. A connection that did not answer in time is given up, with all that waits for it: what comes behind would not be answered either.
 */
import { assert } from "../../../../core/util/errors.ts";
import { tooOld } from "../errors.ts";
import { ConnectionLost } from "./broker-errors.ts";
import { REQUEST_VERSIONS } from "./load-kafkajs.ts";
import type {
  Exchange,
  Kafkajs,
  KafkajsConnection,
  KafkajsLogger,
  KafkajsSocket,
  SocketFactory,
  Versions,
} from "./load-kafkajs.ts";
import { within } from "./timing.ts";
import type { End } from "./timing.ts";

export interface LinkOptions {
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly ssl: unknown;
  readonly sasl: unknown;
  /** Of the client. */
  readonly closed: End;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `host:port`, with an IPv6 address in brackets. */
export function parseAddress(text: string): Address {
  const { v6, host = v6, port } = /^(?:\[(?<v6>.+)\]|(?<host>[^:]+)):(?<port>\d+)$/.exec(text)?.groups ?? {};
  assert(host !== undefined, `"${text}" was taken for host:port`);
  return { host, port: Number(port) };
}

interface OpenConnection {
  readonly connection: KafkajsConnection;
  readonly versions: Versions;
  readonly drop: (reason: string) => void;
}

const SASL_AUTHENTICATE_KEY = "36";

/** kafkajs would tell the console what we repeat anyway. */
const SILENT: KafkajsLogger = {
  info: () => undefined,
  error: () => undefined,
  warn: () => undefined,
  debug: () => undefined,
  namespace: () => SILENT,
};

export class Link {
  readonly #kafkajs: Kafkajs;
  readonly #address: Address;
  readonly #options: LinkOptions;
  #open: Promise<OpenConnection> | undefined;
  #drop: ((reason: string) => void) | undefined;
  #waiting = 0;

  constructor(kafkajs: Kafkajs, address: Address, options: LinkOptions) {
    this.#kafkajs = kafkajs;
    this.#address = address;
    this.#options = options;
  }

  /** Whether nobody waits for an answer. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  async request<T>(exchange: Exchange<T>): Promise<T> {
    this.#waiting += 1;
    try {
      return await this.#request(exchange);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #request<T>(exchange: Exchange<T>): Promise<T> {
    const { connection, versions, drop } = await this.#connected();
    this.#checkVersion(exchange, versions);
    try {
      return await connection.send(exchange);
    } catch (error) {
      const { name } = (error ?? {}) as { readonly name?: unknown }; // any value may have been thrown
      if (name === "KafkaJSRequestTimeoutError") drop("it did not answer in time");
      else if (!connection.isConnected()) drop("the connection broke");
      throw error;
    }
  }

  async speaks(apiKey: number, version: number): Promise<boolean> {
    const range = (await this.#connected()).versions[apiKey];
    return range !== undefined && range.minVersion <= version && version <= range.maxVersion;
  }

  close(): void {
    this.#drop?.("the client was closed");
  }

  #connected(): Promise<OpenConnection> {
    if (this.#options.closed.hasCome) return Promise.reject(this.#lost("the client was closed"));
    if (this.#open !== undefined) return this.#open;
    const opening = this.#connect();
    this.#open = opening;
    opening.catch(() => {
      if (this.#open === opening) this.#open = undefined;
    });
    return opening;
  }

  async #connect(): Promise<OpenConnection> {
    const { connectTimeoutMs, requestTimeoutMs, closed } = this.#options;
    const sockets: KafkajsSocket[] = [];
    let lose: (error: Error) => void = () => undefined;
    const lost = new Promise<never>((_, reject) => (lose = reject));
    lost.catch(() => undefined); // heard only while the connection is being made
    let dropped = false;
    const drop = (reason: string, cause?: unknown): void => {
      if (dropped) return;
      dropped = true;
      if (this.#drop === drop) {
        this.#drop = undefined;
        this.#open = undefined;
      }
      lose(this.#lost(reason, cause));
      connection.rejectRequests(this.#lost(reason, cause));
      // Stops its timers. Its socket it would only end, not close.
      void connection.disconnect();
      for (const socket of sockets) socket.destroy();
    };
    const connection = this.#newConnection(sockets, drop);
    this.#drop = drop;
    try {
      const limitMs = connectTimeoutMs + requestTimeoutMs;
      const late = (): Error => this.#lost("no connection in time");
      const versions = await within(limitMs, closed, Promise.race([this.#introduce(connection), lost]), late);
      return { connection, versions, drop };
    } catch (error) {
      drop("the connection could not be made");
      throw error;
    }
  }

  #newConnection(sockets: KafkajsSocket[], drop: (reason: string, cause?: unknown) => void): KafkajsConnection {
    const { clientId, requestTimeoutMs, connectTimeoutMs, ssl, sasl } = this.#options;
    const socketFactory: SocketFactory = (options) => {
      const socket = this.#kafkajs.socketFactory(options);
      // Requests are small and wait for their answers: nothing is gained by holding them back.
      socket.setNoDelay(true);
      socket.once("error", (error) => drop(error.message, error));
      // The only sign of some ways in which connections end.
      socket.once("close", () => drop("the connection was closed"));
      sockets.push(socket);
      return socket;
    };
    const connection = new this.#kafkajs.Connection({
      ...this.#address,
      clientId,
      logger: SILENT,
      socketFactory,
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      ssl: ssl === false ? undefined : ssl,
      sasl,
    });
    const queue = connection.requestQueue;
    const schedule = queue.scheduleCheckPendingRequests.bind(queue);
    // It would set a timer for each answer, and one of negative time, of which newer Node.js warns.
    queue.scheduleCheckPendingRequests = (): void => {
      if (queue.pending.length > 0) schedule();
    };
    return connection;
  }

  /** What must happen before the first request, in the order in which brokers want it. */
  async #introduce(connection: KafkajsConnection): Promise<Versions> {
    await connection.connect();
    const versions = await this.#versions(connection);
    connection.setVersions(versions);
    connection.setSupportAuthenticationProtocol(versions[SASL_AUTHENTICATE_KEY] !== undefined);
    await connection.authenticate();
    return versions;
  }

  async #versions(connection: KafkajsConnection): Promise<Versions> {
    const make = this.#kafkajs.requests.ApiVersions.protocol({ version: REQUEST_VERSIONS.ApiVersions });
    if (make === undefined) return {};
    const { apiVersions } = (await connection.send(make({}))) as ApiVersionsAnswer; // of this version of kafkajs
    return Object.fromEntries(apiVersions.map(({ apiKey, ...range }) => [apiKey, range]));
  }

  #checkVersion({ request }: Exchange<unknown>, versions: Versions): void {
    const range = versions[request.apiKey];
    if (range !== undefined && range.minVersion <= request.apiVersion && request.apiVersion <= range.maxVersion) return;
    const offer =
      range === undefined ? "does not know it" : `speaks versions ${range.minVersion} to ${range.maxVersion}`;
    const need =
      range !== undefined && range.minVersion > request.apiVersion
        ? "an older Kafka (4.x is known to work)"
        : "Kafka 2.5 or newer";
    throw tooOld(
      `${request.apiName} of version ${request.apiVersion} is needed, and broker ${addressText(this.#address)} ${offer}: use ${need}`,
    );
  }

  #lost(reason: string, cause?: unknown): ConnectionLost {
    return new ConnectionLost(addressText(this.#address), reason, cause);
  }
}

interface ApiVersionsAnswer {
  readonly apiVersions: readonly {
    readonly apiKey: number;
    readonly minVersion: number;
    readonly maxVersion: number;
  }[];
}
