/**
 * The library, loaded when the first call needs it: the one place that knows where its insides lie.
 *
 * What we need is not public, so it may change with any release: the version is pinned, and each inside is checked before it is used. Everything else here
 * sees it through the types below. State: none; Node keeps the loaded modules.
 */
import { createRequire } from "node:module";
import { asError } from "../../../../core/util/errors.ts";
import { clientUnusable } from "../errors.ts";

export const KAFKAJS_VERSION = "2.2.4";
const INSTALL = `npm install kafkajs@${KAFKAJS_VERSION}`;

/** What a request becomes; kafkajs copies it behind the header that it writes. */
export interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

/** A request and how to read the answer to it, as the library's connections take it. */
export interface Exchange<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<Encoded>;
    /** Left out: the broker answers. */
    readonly expectResponse?: () => boolean;
  };
  readonly response: {
    readonly decode: (payload: Buffer) => Promise<unknown>;
    readonly parse: (decoded: unknown) => Promise<T>;
  };
  /** If longer than that of the connection. */
  readonly requestTimeout?: number;
}

/** What we touch of the socket: less than a `net.Socket` has. */
export interface KafkajsSocket {
  setNoDelay(noDelay: boolean): unknown;
  once(event: "close", listener: () => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
  destroy(): unknown;
}

export type SocketFactory = (options: Readonly<Record<string, unknown>>) => KafkajsSocket;

export interface KafkajsLogger {
  readonly info: () => void;
  readonly error: () => void;
  readonly warn: () => void;
  readonly debug: () => void;
  readonly namespace: () => KafkajsLogger;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly logger: KafkajsLogger;
  readonly socketFactory: SocketFactory;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly ssl: unknown;
  readonly sasl: unknown;
}

export type Versions = Readonly<Record<string, { readonly minVersion: number; readonly maxVersion: number }>>;

export interface KafkajsConnection {
  readonly requestQueue: { readonly pending: readonly unknown[]; scheduleCheckPendingRequests: () => void };
  connect(): Promise<unknown>;
  setVersions(versions: Versions): void;
  setSupportAuthenticationProtocol(supported: boolean): void;
  authenticate(): Promise<void>;
  isConnected(): boolean;
  send<T>(exchange: Exchange<T>): Promise<T>;
  rejectRequests(error: Error): void;
  disconnect(): Promise<unknown>;
}

/** Requests of the library itself, by name; the options differ by request. */
export type KafkajsRequests = Readonly<Record<RequestName, RequestDefinition>>;

export interface RequestDefinition {
  protocol(at: { readonly version: number }): ((options: object) => Exchange<unknown>) | undefined;
}

/** The versions that we ask for: brokers from Kafka 2.5 on speak them all. */
export const REQUEST_VERSIONS = {
  ApiVersions: 2,
  Metadata: 6,
  GroupCoordinator: 2,
  ListOffsets: 3,
  OffsetCommit: 5,
  DescribeConfigs: 2,
  AddPartitionsToTxn: 1,
  AddOffsetsToTxn: 1,
  TxnOffsetCommit: 1,
  EndTxn: 1,
} as const;

export type RequestName = keyof typeof REQUEST_VERSIONS;

export interface Kafkajs {
  readonly Connection: new (options: ConnectionOptions) => KafkajsConnection;
  readonly socketFactory: SocketFactory;
  readonly requests: KafkajsRequests;
}

const CONNECTION_METHODS = [
  "connect",
  "setVersions",
  "setSupportAuthenticationProtocol",
  "authenticate",
  "isConnected",
  "send",
  "rejectRequests",
  "disconnect",
];

/** `require`: another one in tests. Fails with `MR6401`. */
export function loadKafkajs(require: (path: string) => unknown = createRequire(import.meta.url)): Kafkajs {
  const { version } = load(require, "kafkajs/package.json") as { readonly version?: unknown }; // every package.json is an object
  if (version !== KAFKAJS_VERSION) {
    throw clientUnusable(
      `the Kafka connectors need kafkajs ${KAFKAJS_VERSION} exactly, and ${String(version)} is installed: ${INSTALL}`,
    );
  }
  const Connection = load(require, "kafkajs/src/network/connection");
  const makeSocketFactory = load(require, "kafkajs/src/network/socketFactory");
  const { requests } = load(require, "kafkajs/src/protocol/requests") as { readonly requests?: unknown }; // read below
  if (!isConnectionClass(Connection)) throw changed("its connection");
  if (typeof makeSocketFactory !== "function") throw changed("its socket factory");
  if (!hasRequests(requests)) throw changed("its requests");
  const socketFactory: unknown = makeSocketFactory();
  if (typeof socketFactory !== "function") throw changed("its socket factory");
  return { Connection, socketFactory: socketFactory as SocketFactory, requests }; // a function, of the pinned version
}

function load(require: (path: string) => unknown, path: string): unknown {
  try {
    return require(path) ?? {};
  } catch (error) {
    const { code } = asError(error) as { readonly code?: unknown }; // Node's errors have one
    if (code !== "MODULE_NOT_FOUND") throw clientUnusable(`kafkajs cannot be loaded: ${INSTALL}`, error);
    if (path !== "kafkajs/package.json") throw changed(path, error);
    throw clientUnusable(`the Kafka connectors need the package kafkajs, which is not installed: ${INSTALL}`, error);
  }
}

function changed(inside: string, cause?: unknown): Error {
  const sentence = `kafkajs ${KAFKAJS_VERSION} is installed, but ${inside} is not what it was when it was published: ${INSTALL}`;
  return clientUnusable(sentence, cause);
}

function isConnectionClass(found: unknown): found is Kafkajs["Connection"] {
  if (typeof found !== "function") return false;
  const methods = found.prototype as Readonly<Record<string, unknown>> | undefined; // undefined for arrow functions
  return methods !== undefined && CONNECTION_METHODS.every((name) => typeof methods[name] === "function");
}

function hasRequests(found: unknown): found is KafkajsRequests {
  const byName = (found ?? {}) as Readonly<Record<string, Partial<RequestDefinition> | undefined>>; // each is checked here
  return Object.entries(REQUEST_VERSIONS).every(
    ([name, version]) =>
      typeof byName[name]?.protocol === "function" && typeof byName[name].protocol({ version }) === "function",
  );
}
