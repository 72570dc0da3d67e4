/**
 * A bench for stateful functions: several of them in their real operator, without a cluster, with a clock that the test moves.
 *
 * In:    messages, records of ingresses, time, crashes; all called by the test. Out: what left through egresses or to functions that are not here; state; what waits.
 * State: the functions' own, in `FunctionLoop`; what has left is kept here, over crashes too.
 */
import type { TimeMs } from "../../core/time/clock.ts";
import type { Address } from "../../statefun/address.ts";
import type { GroupOptions } from "../../statefun/app/group-options.ts";
import type { Routable } from "../../statefun/app/routable.ts";
import type { StatefulFn } from "../../statefun/define/fn.ts";
import type { Anything, KindOf, Messages, TypedAddress, TypedEgress } from "../../statefun/define/typed-address.ts";
import { ANY_KIND, fromOutside } from "../../statefun/envelope.ts";
import type { Envelope } from "../../statefun/envelope.ts";
import { copyValue } from "../../statefun/group/copy-value.ts";
import { shownAddress } from "../../statefun/group/quarantined.ts";
import type { IngressTarget } from "../../statefun/module/ingress.ts";
import { bindParts, emptyState, readParts } from "../../statefun/read/instance-state.ts";
import type { InstanceState } from "../../statefun/read/instance-state.ts";
import { quarantinedIn } from "../../statefun/read/quarantined-in.ts";
import type { QuarantinedAddress } from "../../statefun/read/quarantined-in.ts";
import { waitingSendsIn } from "../../statefun/read/waiting-sends.ts";
import type { WaitingSend } from "../../statefun/read/waiting-sends.ts";
import { BoundFunctions } from "./bound-functions.ts";
import type { GivenFunctions } from "./bound-functions.ts";
import { FunctionLoop } from "./function-loop.ts";
import type { FunctionsSnapshot } from "./function-loop.ts";
import { FunctionRecordings } from "./function-recordings.ts";
import type { SentMessage } from "./function-recordings.ts";
import { ManualClock } from "./manual-clock.ts";
import type { OperatorHarness } from "./operator-harness.ts";

/** What is under test, `functions`, `modules` or both, and how it runs. */
export interface StatefulFunctionHarnessOptions extends GivenFunctions, GroupOptions {
  /** Default: one that begins at 0. */
  readonly clock?: ManualClock;
  /** What an earlier harness had when it made this, perhaps with other code of the functions. Default: a fresh start. */
  readonly restored?: FunctionsSnapshot;
  /**
   * What the call does that has made a handler throw, so that its address is quarantined: it throws, since a test should hear of it, or goes on, and `quarantined` has
   * the address. Default: `"throw"`.
   */
  readonly onQuarantine?: "throw" | "keep";
}

/** How long `quiet` waits for promises, in ms of real time. */
const QUIET_MS = 4_000;

/**
 * Runs stateful functions under a test's control. A call returns when all its consequences are over, messages among the functions included; what awaits a promise
 * is over after `await quiet()`.
 *
 * Shape:  `egress(name)` has what left through an egress, `sent` what went to functions that are not here, `state(fn, id)` what an instance has, `delayed` what waits for
 *         its time, `quarantined` which addresses have stopped.
 * Time:   stands still; `advance` moves the clock, `processWatermark` event time, and what falls due on the way is delivered at its own time.
 * State:  `crashAndRestore` goes through a checkpoint: turns under way run again, operations under way come back as `unknown`. `snapshot` and `restore` go back further, and
 *         take back what has left since then, as an exactly-once egress does.
 * Errors: what a handler throws comes out of the call that led to it, once it is quarantined; with `onQuarantine: "keep"` it does not. What fails the job comes out, too (`MR9032`).
 * Source: own; Flink's Stateful Functions have a `FunctionTestHarness`.
 *
 * @example
 * import { strict as assert } from "node:assert";
 * import { egress, fn, type, value } from "../../statefun/index.ts";
 * const greetings = egress("docs/greetings", type<string>());
 * const greeter = fn("docs/greeter", {
 *   accepts: { greet: type<string>() },
 *   state: { seen: value({ default: 0 }) },
 *   handle: {
 *     greet(ctx, name) {
 *       ctx.state.seen += 1;
 *       ctx.send(greetings, `Hello ${name}, for the ${ctx.state.seen}. time`);
 *     },
 *   },
 * });
 * const harness = new StatefulFunctionHarness({ functions: [greeter] });
 * harness.send(greeter.at("ada"), "greet", "Ada");
 * harness.crashAndRestore();
 * harness.send(greeter.at("ada"), "greet", "Ada");
 * assert.deepEqual(harness.egress(greetings), ["Hello Ada, for the 1. time", "Hello Ada, for the 2. time"]);
 * assert.deepEqual(harness.state(greeter, "ada"), { seen: 2 });
 */
export class StatefulFunctionHarness {
  readonly clock: ManualClock;
  readonly #options: StatefulFunctionHarnessOptions;
  readonly #functions: BoundFunctions;
  readonly #recorded: FunctionRecordings;
  #loop: FunctionLoop;
  /** Warnings of the operator, of which each says that an address is quarantined. */
  #warningsSeen = 0;
  #hasEnded = false;

  constructor(options: StatefulFunctionHarnessOptions) {
    this.clock = options.clock ?? new ManualClock();
    this.#options = options;
    this.#functions = new BoundFunctions(options);
    this.#recorded = new FunctionRecordings();
    this.#loop = this.#begin(options.restored);
    this.#settle();
  }

  /** The bench below: `metrics`, `warnings` and more. Another one after each restore. */
  get task(): OperatorHarness {
    return this.#loop.task;
  }

  /** Async turns and operations whose promises have not settled. */
  get underWay(): number {
    return this.#loop.underWay;
  }

  /** Messages to functions that are not here, in order. */
  get sent(): readonly SentMessage[] {
    return this.#recorded.sent;
  }

  /** What `sendAfter` and `sendAt` have sent and is not due, the earliest first. */
  get delayed(): readonly WaitingSend[] {
    return waitingSendsIn(this.#loop.saved());
  }

  /** Addresses that a message has stopped, the oldest first. */
  get quarantined(): readonly QuarantinedAddress[] {
    return quarantinedIn(this.#loop.saved()).toSorted((left, right) => left.sinceMs - right.sinceMs);
  }

  /** What left through an egress, in order. */
  egress<T>(target: TypedEgress<T>): readonly T[] {
    const values = this.#recorded.egress.flatMap(([name, value]) => (name === target.egress ? [value] : []));
    return values as T[]; // as functions that send there are checked
  }

  /** What an instance has: values or their defaults, tables as maps, buffers as arrays. */
  state<S>(of: StatefulFn<unknown, unknown, S>, id: string): InstanceState<S>;
  state(address: Address): Readonly<Record<string, unknown>>;
  state(of: StatefulFn<unknown> | Address, given?: string): Readonly<Record<string, unknown>> {
    const id = given ?? (of as Address).id; // as the overloads say
    const saved = this.#loop.saved();
    const parts = bindParts(this.#functions.require(of.type), saved);
    saved.setCurrentKey(id);
    return readParts(parts) ?? emptyState(parts);
  }

  /** A message from outside, which the schema of its kind checks. Also what `retryAddress` and `skipAddress` make. */
  send<R = Messages, K extends KindOf<R> = KindOf<R>>(to: TypedAddress<unknown, R>, kind: K, message: R[K]): void;
  send(to: TypedAddress<unknown, Anything>, message: unknown): void;
  send(routable: Routable): void;
  send(to: Address | Routable, ...rest: readonly unknown[]): void {
    if ("to" in to) return this.#deliver(to, 0);
    const [kind, message] = rest.length < 2 ? [ANY_KIND, rest[0]] : [rest[0] as string, rest[1]]; // as the overloads say
    return this.#deliver(fromOutside(to, kind, message), 0);
  }

  /** A message from a function, which need not be here: replies to it are in `sent` then. */
  sendFrom<T = Messages, K extends KindOf<T> = KindOf<T>>(
    from: Address,
    to: TypedAddress<T, unknown>,
    kind: K,
    message: T[K],
  ): void {
    const value = copyValue(message);
    this.#deliver({ to: to.type, id: to.id, from: from.type, fromId: from.id, kind, value }, 1);
  }

  /** A record of an ingress, which goes the way that the routers of the modules give it. */
  receive<T>(ingress: IngressTarget<T>, record: NoInfer<T>): void {
    for (const envelope of this.#functions.routed(ingress, record, this.task.info)) this.#deliver(envelope, 0);
  }

  /** Moves the clock on by `ms`; what falls due on the way is delivered at its own time, with all that follows from it. */
  advance(ms: number): void {
    const { clock } = this;
    const endMs = clock.nowMs() + ms;
    for (let next = clock.nextAlarmMs; next !== undefined && next <= endMs; next = clock.nextAlarmMs) {
      clock.advance(Math.max(0, next - clock.nowMs()));
      this.#settle();
    }
    clock.advance(endMs - clock.nowMs());
    this.#settle();
  }

  /** Event time has come so far. Called with rising times. */
  processWatermark(watermarkMs: TimeMs): void {
    this.task.processWatermark(watermarkMs, 0);
    this.#settle();
  }

  /** Waits for async turns and operations, and for all that follows from them. Errors: after `timeoutMs` of real time (default: 4,000). */
  async quiet({ timeoutMs = QUIET_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    for (this.#settle(); this.underWay > 0; this.#settle()) {
      if (!(await isWithin(timeoutMs, this.task.mailed())))
        throw new Error(
          `${this.underWay} async turns or operations are still under way after ${timeoutMs} ms: settle their promises in the test, or give quiet() a longer timeoutMs`,
        );
    }
  }

  /**
   * The ingresses end: event time goes to its end, and once all is quiet, what waits for the clock is sent, or what else `onEndOfInput` says. True: all is done. False:
   * something waits for a promise or for the clock; call it again after `quiet` or `advance`.
   */
  endInput(): boolean {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.task.processWatermark(Infinity, 0);
      this.task.endInput(0);
    }
    const isDone = this.#loop.runToTheEnd();
    this.#settle();
    return isDone;
  }

  /** What a checkpoint would save at this moment. The harness goes on, and what it does then is not in it. */
  snapshot(): FunctionsSnapshot {
    return this.#loop.snapshot();
  }

  /** Goes on from a snapshot of this harness: what happened since then has not. */
  restore(snapshot: FunctionsSnapshot): void {
    this.#loop.close();
    this.#recorded.rewind(snapshot.left);
    this.#loop = this.#begin(snapshot);
    this.#settle();
  }

  /** The process dies, and another goes on from a checkpoint of this very moment. */
  crashAndRestore(): void {
    this.restore(this.snapshot());
  }

  /** Forgets what left so far. */
  clear(): void {
    this.#recorded.clear();
  }

  #begin(restored: FunctionsSnapshot | undefined): FunctionLoop {
    this.#warningsSeen = 0;
    this.#hasEnded = false;
    return new FunctionLoop({
      functions: this.#functions,
      group: this.#options,
      clock: this.clock,
      recorded: this.#recorded,
      restored,
    });
  }

  #deliver(envelope: Envelope, input: 0 | 1): void {
    this.#functions.require(envelope.to);
    this.#loop.deliver(envelope, input);
    this.#settle();
  }

  #settle(): void {
    this.#loop.run();
    const { warnings } = this.task;
    const warning = warnings[this.#warningsSeen];
    this.#warningsSeen = warnings.length;
    if (warning === undefined || this.#options.onQuarantine === "keep") return;
    const stopped = this.quarantined.find((address) => warning.startsWith(`${shownAddress(address)} is quarantined`));
    if (stopped !== undefined) throw quarantineError(stopped);
  }
}

function quarantineError({ type, id, message: { kind }, error }: QuarantinedAddress): Error {
  const cause = Object.assign(new Error(error.message), { name: error.name, stack: error.stack });
  const what = kind === ANY_KIND ? "a message" : `"${kind}"`;
  return new Error(`${type} "${id}" failed on ${what} and is quarantined: ${error.message}`, { cause });
}

function isWithin(ms: number, promise: Promise<void>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, false);
    promise.then(() => {
      clearTimeout(timer);
      resolve(true);
    }, reject);
  });
}
