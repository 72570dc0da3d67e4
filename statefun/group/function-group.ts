/**
 * The operator behind all stateful functions: every function type, in one operator, keyed by the id of the address.
 *
 * In:    input 0: envelopes from outside, with the watermark; input 1: envelopes of functions, which come back through the loop.
 * Out:   the main output is the loop; side outputs are the egresses, by name.
 * State: all in keyed state: that of the functions, under `<type>.<state>`, and what waits: delayed sends, async operations, parked addresses. What waits in the loop is the engine's.
 *
 * A message becomes a turn (`turn-runner.ts`, `turn.ts`), unless its address is parked (`parked-addresses.ts`). Every send leaves through the main output, also one to the same address, so a
 * turn never runs inside another one.
 */
import type { MakeOperator } from "../../core/api/transform.ts";
import type { Counter } from "../../core/metrics/registry.ts";
import { EventTime } from "../../core/operators/event-time.ts";
import { NO_TIMESTAMP } from "../../core/operators/operator.ts";
import type { Input, Operator, OperatorServices, Output, Pending } from "../../core/operators/operator.ts";
import type { QuarantineReport } from "../../core/operators/quarantine-report.ts";
import type { KeyedState } from "../../core/state/keyed-state.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { OPTIONS } from "../../core/util/config.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { ErrorPolicy, FunctionDefinition, NamespaceDefinition } from "../define/function-definition.ts";
import type { Envelope } from "../envelope.ts";
import { HTTP_CALLER } from "../http-messages.ts";
import { AsyncOperations } from "./async-operations.ts";
import { copyValue } from "./copy-value.ts";
import { DeadLetters } from "./dead-letters.ts";
import { DelayedSends } from "./delayed-sends.ts";
import type { DelayedTarget } from "./delayed-sends.ts";
import { FunctionTable } from "./function-table.ts";
import { HttpRequests } from "./http-requests.ts";
import type { LiveFunction } from "./live-function.ts";
import { Mailboxes } from "./mailboxes.ts";
import { unknownFunction } from "./missing-function.ts";
import { ParkedAddresses, RETRY_KIND, SKIP_KIND } from "./parked-addresses.ts";
import { quarantineReport } from "./quarantined.ts";
import { TurnRunner } from "./turn-runner.ts";
import type { AsyncStart, TurnFunction, TurnWorld } from "./turn.ts";

/** What becomes of messages that wait for the clock when the input has ended and nothing else is under way: sent at once, in their order; waited for; forgotten. */
export type OnEndOfInput = "fire" | "wait" | "drop";

export interface FunctionGroupOptions {
  readonly functions: readonly FunctionDefinition[];
  readonly namespaces: readonly NamespaceDefinition[];
  /** The side outputs, by name. */
  readonly egresses: ReadonlySet<TypeName>;
  /** Any name is one: for tests of functions whose egresses nobody has bound. Default: false. */
  readonly anyEgress?: boolean;
  /** More addresses of a function in quarantine than that are counted and not told of: for tests, which want to hear of all. Default: 10. */
  readonly quarantineWarningsMax?: number;
  readonly onEndOfInput: OnEndOfInput;
  /** Messages to types that are no function. Default: `fail-job`. */
  readonly onUnknownFunction?: Extract<ErrorPolicy, { readonly kind: "fail-job" | "dead-letter" }>;
  /** Of messages that wait behind async turns and retries in memory; further ones wait on disk, and nothing new comes in from outside. Default: `statefun.feedback.memory.size`, 32 MiB. */
  readonly mailboxBytesMax?: number;
  /** There is an HTTP ingress: how long an address remembers idempotency keys. Default: there is none. */
  readonly keepHttpKeysMs?: number | undefined;
  /** Functions of namespaces that are there since a request has named them, at most. Default: no bound. */
  readonly httpFunctionsMax?: number | undefined;
  /**
   * Durable async operations that run at a time, per subtask. While there are as many, nothing new comes in from outside; those that messages among functions begin meanwhile wait in memory, and have no bound
   * of their own. Default: 1024.
   */
  readonly asyncOperationsMax?: number;
}

const ASYNC_OPERATIONS_MAX = 1_024;
const QUARANTINE_WARNINGS_MAX = 10;

export function createFunctionGroup(options: FunctionGroupOptions): MakeOperator<Envelope> {
  return (services) => new FunctionGroup(services, options);
}

class FunctionGroup implements Operator, TurnWorld, DelayedTarget {
  readonly inputs: readonly Input<never>[];
  readonly keyedState: KeyedState;
  readonly output: Output<Envelope>;
  readonly delayed: DelayedSends;
  readonly clock: { nowMs(): TimeMs };
  readonly #services: OperatorServices<Envelope>;
  readonly #options: FunctionGroupOptions;
  readonly #functions: FunctionTable;
  readonly #runner: TurnRunner;
  readonly #mailboxes: Mailboxes;
  readonly #parked: ParkedAddresses;
  readonly #operations: AsyncOperations;
  readonly #http: HttpRequests;
  readonly #eventTime: EventTime;
  readonly #deadLetters: DeadLetters;
  readonly #egresses: ReadonlyMap<TypeName, Output<unknown> | undefined>;
  readonly #dropped: Counter;
  readonly #mailboxBytesMax: number;
  #ingressEnded = false;

  constructor(services: OperatorServices<Envelope>, options: FunctionGroupOptions) {
    this.keyedState = services.keyedState;
    this.clock = services.clock;
    this.#services = services;
    this.#options = options;
    this.#mailboxBytesMax = options.mailboxBytesMax ?? services.config.get(OPTIONS.feedbackMemory);
    this.#egresses = new Map([...options.egresses].map((name) => [name, services.sideOutput(name)]));
    this.#dropped = services.metrics.counter("numDelayedSendsDropped");
    // First the functions: the first value state stands in the row itself, where it is found fastest.
    this.#functions = new FunctionTable(options, services);
    this.#runner = new TurnRunner(this);
    this.#mailboxes = new Mailboxes(services, this.#mailboxBytesMax);
    this.#http = new HttpRequests(services, this.#mailboxes, options.keepHttpKeysMs);
    this.output = this.#http.output;
    this.#deadLetters = new DeadLetters((name) => this.egress(name), { clock: services.clock, http: this.#http });
    const onLess = (): void => services.wake();
    this.#parked = new ParkedAddresses({
      services,
      mailboxes: this.#mailboxes,
      runner: this.#runner,
      deadLetters: this.#deadLetters,
      http: this.#http,
      functionOf: (type) => this.#functions.find(type),
      onLess,
      warningsMax: options.quarantineWarningsMax ?? QUARANTINE_WARNINGS_MAX,
    });
    this.#operations = new AsyncOperations({
      services,
      operationsMax: options.asyncOperationsMax ?? ASYNC_OPERATIONS_MAX,
      deliver: (envelope) => this.dispatch(envelope, NO_TIMESTAMP),
      onLess,
    });
    this.delayed = new DelayedSends(services, this);
    if (services.restored) {
      this.#parked.restore(this.delayed);
      this.#operations.restore((type) => this.#functions.find(type));
    }
    this.#eventTime = new EventTime(services, this.delayed.timers);
    this.inputs = [new IngressInput(this, this.#eventTime), new LoopInput(this)];
    services.metrics.gauge("numQuarantined", () => this.#mailboxes.quarantined);
    services.metrics.gauge("mailboxBytes", () => this.#mailboxes.waitingBytes);
  }

  get pending(): Pending {
    return this.#eventTime.pending;
  }

  get isRestored(): boolean {
    return this.#services.restored;
  }

  get watermarkMs(): TimeMs {
    return this.#eventTime.watermarkMs;
  }

  get quiet(): boolean {
    if (!this.#parked.quiet || this.#operations.underWay > 0) return false;
    return this.#options.onEndOfInput !== "wait" || this.delayed.processingCount === 0;
  }

  get congested(): boolean {
    return this.#mailboxes.waitingBytes > this.#mailboxBytesMax || this.#operations.full;
  }

  resume(): void {
    this.#eventTime.resume();
  }

  endInput(input: number): void {
    if (input === 0) this.#ingressEnded = true;
  }

  onLoopQuiet(): boolean {
    switch (this.#options.onEndOfInput) {
      case "fire":
        return this.delayed.fireEarliest();
      case "drop":
        this.#dropped.count += this.delayed.drop();
        return false;
      case "wait":
        return false; // what waits for the clock has kept the loop from being quiet
    }
  }

  quarantined(): QuarantineReport {
    return quarantineReport(this.keyedState, this.#mailboxes);
  }

  close(): void {
    this.#parked.close();
    this.#operations.close();
  }

  /** Hot. */
  dispatch(envelope: Envelope, timestampMs: TimeMs): void {
    const fn = this.#functions.find(envelope.to);
    if (fn === undefined) {
      this.#unknown(envelope, timestampMs);
      return;
    }
    fn.in.count += 1;
    // A key makes a row, which most turns without state never need; those that do select it themselves.
    if (fn.hasState || this.#mailboxes.parked > 0) this.keyedState.setCurrentKey(envelope.id);
    if (this.#mailboxes.parked > 0 && this.#parked.takes(fn, envelope, timestampMs)) return;
    const outcome = this.#runner.run(fn, envelope, timestampMs);
    if (outcome === "applied") return;
    this.keyedState.setCurrentKey(envelope.id);
    this.#parked.park(fn, envelope, timestampMs, outcome);
  }

  /** A message of the HTTP ingress. Whatever its client has made up, the job goes on. */
  request(envelope: Envelope, timestampMs: TimeMs): void {
    if (this.#functions.findForRequest(envelope.to) === undefined) {
      this.#http.missing(envelope, this.#functions.missing(envelope.to), timestampMs);
      return;
    }
    const message = this.#http.admit(envelope.to, envelope, timestampMs);
    if (message !== undefined) this.dispatch(message, timestampMs);
  }

  /** A message for the runtime, about an address. */
  control(envelope: Envelope): void {
    this.keyedState.setCurrentKey(envelope.id);
    const fn = this.#functions.find(envelope.to);
    if (fn !== undefined) this.#parked.control(fn, envelope);
  }

  egress(name: TypeName): Output<unknown> | undefined {
    const output = this.#egresses.get(name);
    if (output !== undefined || this.#egresses.has(name)) return output;
    if (this.#options.anyEgress === true) return this.#services.sideOutput(name);
    const known = [...this.#egresses.keys()].join(", ");
    const sentence = `there is no egress "${name}"${known === "" ? "" : `, but ${known}`}: bind it in a module`;
    throw new MillraceError("MR9024", sentence, { retryable: false });
  }

  startAsync(fn: TurnFunction, start: AsyncStart): void {
    this.#operations.start(fn, String(this.keyedState.getCurrentKey()), start);
  }

  /** A delayed send is due. */
  emit(envelope: Envelope, timestampMs: TimeMs): void {
    const fn: LiveFunction | undefined = this.#functions.find(envelope.from === "" ? envelope.to : envelope.from);
    if (fn !== undefined) fn.out.count += 1;
    this.output.processRecord(envelope, timestampMs);
    if (this.#ingressEnded && this.delayed.processingCount === 0) this.#services.wake(); // the last one: now the loop may fall quiet
  }

  hold(type: TypeName, token: string, namespace: string): boolean {
    return this.#parked.hold(type, String(this.keyedState.getCurrentKey()), token, namespace);
  }

  #unknown(envelope: Envelope, timestampMs: TimeMs): void {
    if (this.#http.takes(envelope, timestampMs)) return;
    const error = unknownFunction(envelope, this.#functions.missing(envelope.to));
    const policy = this.#options.onUnknownFunction ?? { kind: "fail-job" };
    if (policy.kind === "fail-job") throw error;
    this.#deadLetters.emit(policy.egress, envelope, error, timestampMs);
  }
}

/** From outside. Whoever made the message may still have it, and may have sent it to others. */
class IngressInput implements Input<Envelope> {
  readonly #group: FunctionGroup;
  readonly #eventTime: EventTime;

  constructor(group: FunctionGroup, eventTime: EventTime) {
    this.#group = group;
    this.#eventTime = eventTime;
  }

  /** Hot. */
  processRecord(envelope: Envelope, timestampMs: TimeMs): void {
    const { to, id, from, fromId, kind, value } = envelope;
    if (from === "" && (kind === RETRY_KIND || kind === SKIP_KIND)) this.#group.control(envelope);
    else if (from === HTTP_CALLER) this.#group.request({ ...envelope, value: copyValue(value) }, timestampMs);
    else if (typeof value !== "object" || value === null) this.#group.dispatch(envelope, timestampMs);
    else this.#group.dispatch({ to, id, from, fromId, kind, value: copyValue(value) }, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#eventTime.advance(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#eventTime.processIdle(idle);
  }
}

/** From functions. Time comes from outside only. */
class LoopInput implements Input<Envelope> {
  readonly #group: FunctionGroup;

  constructor(group: FunctionGroup) {
    this.#group = group;
  }

  /** Hot. */
  processRecord(envelope: Envelope, timestampMs: TimeMs): void {
    this.#group.dispatch(envelope, timestampMs);
  }

  processWatermark(): void {
    // see above
  }

  processIdle(): void {
    // see above
  }
}
