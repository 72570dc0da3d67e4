/**
 * The way of requests to simulated brokers and back: it takes time, things get lost, and what may be repeated is repeated.
 *
 * In:    what to do at the brokers. Out: one answer, in the process that asked, if it is still there. State: per lane, what is on its way: requests of one lane arrive in their order.
 */
import type { KafkaClientOptions } from "../../../connectors/kafka/client/kafka-client.ts";
import { failed, succeeded } from "../../../core/util/outcome.ts";
import type { Done } from "../../../core/util/outcome.ts";
import type { Brokers } from "./brokers.ts";
import type { Later } from "./driver.ts";
import { BrokerRefusal, errorOf, isRepeated } from "./refusal.ts";

export interface Request<T> {
  /** For people: what it is about. */
  readonly what: string;
  readonly transactionalId?: string | undefined;
  /** A connection. Requests without one may overtake each other. */
  readonly lane?: string;
  /** At the brokers. Throws a `BrokerRefusal`, or answers later. */
  act(brokers: Brokers, answer: (value: T) => void): void;
  /** False: one attempt. Default: true. */
  readonly isRepeated?: boolean;
  /** Whether to repeat it though its refusal is none that is repeated as a rule. */
  repeatsAlso?(refusal: BrokerRefusal): boolean;
}

/** What the cluster is right now. */
export interface Cluster {
  brokers(): Brokers;
  /** Nobody answers. */
  isDown(): boolean;
}

const BACKOFF_FIRST_MS = 20;
const BACKOFF_LAST_MS = 500;
const SLOW_MS = 3_000;
const LATE_MS = 3_000;
/** Of lost requests, that are noticed only when their time is up. */
const SILENT = 0.2;

export class Requests {
  readonly #cluster: Cluster;
  readonly #options: KafkaClientOptions;
  readonly #lanes = new Map<string, (() => void)[]>();
  #isClosed = false;

  constructor(cluster: Cluster, options: KafkaClientOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  close(): void {
    this.#isClosed = true;
  }

  send<T>(request: Request<T>, done: Done<T>): void {
    const brokers = this.#cluster.brokers();
    const { driver } = brokers;
    const caller = driver.caller();
    const endMs = driver.nowMs() + this.#options.retryForMs;
    const attempt = (backoffMs: number): void => {
      this.#attempt(request, brokers, caller, (answer) => {
        if (this.#isClosed) return;
        if (!(answer instanceof BrokerRefusal)) return done(succeeded(answer.value));
        const again = request.isRepeated !== false && (isRepeated(answer) || request.repeatsAlso?.(answer) === true);
        const isInTime = driver.nowMs() + backoffMs <= endMs;
        if (again && isInTime) return void caller(backoffMs, () => attempt(Math.min(backoffMs * 2, BACKOFF_LAST_MS)));
        return done(failed(errorOf(answer, request)));
      });
    };
    attempt(BACKOFF_FIRST_MS);
  }

  /** Done once it is under way, and whatever comes of it. */
  sendBlindly(request: Request<void>, done: Done<void>): void {
    const brokers = this.#cluster.brokers();
    const caller = brokers.driver.caller();
    this.#attempt(request, brokers, caller, () => undefined);
    caller(0, () => {
      if (!this.#isClosed) done(succeeded(undefined));
    });
  }

  /** Settles when it is done, or not. */
  tryOnce(request: Request<void>): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const brokers = this.#cluster.brokers();
    return new Promise((resolve) => {
      this.#attempt(request, brokers, brokers.driver.caller(), () => resolve());
    });
  }

  #attempt<T>(
    request: Request<T>,
    brokers: Brokers,
    caller: Later,
    settle: (answer: { readonly value: T } | BrokerRefusal) => void,
  ): void {
    if (this.#isClosed) return;
    const { driver, faults, options } = brokers;
    const { what, lane } = request;
    const latencyMs = (): number => driver.random.next() * options.latencyMs;
    const lost = new BrokerRefusal("NETWORK", what);
    if (this.#cluster.isDown() || faults.strike("request-lost", what)) {
      const noticedMs = driver.random.next() < SILENT ? this.#options.requestTimeoutMs : latencyMs();
      caller(noticedMs, () => settle(lost));
      return;
    }
    const isLate = faults.strike("request-late", what);
    const slowMs = faults.strike("slow", what) ? driver.random.next() * SLOW_MS : 0;
    const answer = (value: { readonly value: T } | BrokerRefusal): void => {
      if (isLate) return;
      const heard = this.#cluster.isDown() || faults.strike("answer-lost", what) ? lost : value;
      caller(latencyMs(), () => settle(heard));
    };
    const arrive = (): void => {
      try {
        request.act(brokers, (value) => answer({ value }));
      } catch (error) {
        if (!(error instanceof BrokerRefusal)) throw error;
        answer(error);
      }
    };
    if (isLate) {
      caller(latencyMs(), () => settle(lost));
      driver.later(driver.random.next() * LATE_MS, arrive);
    } else this.#deliver(driver.later, latencyMs() + slowMs, lane, arrive);
  }

  /** Whichever event of a lane comes first brings the request that was sent first. */
  #deliver(later: Later, delayMs: number, lane: string | undefined, arrive: () => void): void {
    if (lane === undefined) return void later(delayMs, arrive);
    const queue = this.#lanes.get(lane) ?? [];
    this.#lanes.set(lane, queue);
    queue.push(arrive);
    later(delayMs, () => queue.shift()?.());
    return undefined;
  }
}
