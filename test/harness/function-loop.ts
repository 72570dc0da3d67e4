/**
 * One attempt of the operator that runs stateful functions, with its loop: what functions send each other comes back to them, in order.
 *
 * In:    envelopes from outside and from functions. Out: what leaves, in `FunctionRecordings`, which outlive the attempt.
 * State: the operator's, in its `OperatorHarness`; what is on its way in the loop.
 */
import { HeapKeyedState } from "../../core/state/heap/backend.ts";
import type { SavedKeyedState } from "../../core/state/keyed-state.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { decodeValue, encodeValue } from "../../core/types/value-codec.ts";
import { assert } from "../../core/util/errors.ts";
import type { Address } from "../../statefun/address.ts";
import { checkedOptions } from "../../statefun/app/group-options.ts";
import type { GroupOptions } from "../../statefun/app/group-options.ts";
import type { Envelope } from "../../statefun/envelope.ts";
import { createFunctionGroup } from "../../statefun/group/function-group.ts";
import { GROUP_OPERATOR } from "../../statefun/group/saved-names.ts";
import type { BoundFunctions } from "./bound-functions.ts";
import type { FunctionRecordings, RecordingsMark, SentMessage } from "./function-recordings.ts";
import type { HarnessSnapshot } from "./harness-state.ts";
import type { ManualClock } from "./manual-clock.ts";
import { OperatorHarness } from "./operator-harness.ts";

/** All that a checkpoint would have of the functions under test, and how much had left by then. */
export interface FunctionsSnapshot {
  readonly task: HarnessSnapshot;
  readonly loop: readonly (readonly [Envelope, TimeMs])[];
  readonly left: RecordingsMark;
}

export interface FunctionLoopOptions {
  readonly functions: BoundFunctions;
  readonly group: GroupOptions;
  readonly clock: ManualClock;
  readonly recorded: FunctionRecordings;
  readonly restored: FunctionsSnapshot | undefined;
}

/** More in a row are no conversation that comes to an end. */
const MESSAGES_MAX = 100_000;

export class FunctionLoop {
  readonly task: OperatorHarness;
  readonly #options: FunctionLoopOptions;
  #waiting: (readonly [Envelope, TimeMs])[];
  #snapshots = 0;

  constructor(options: FunctionLoopOptions) {
    const { functions, group, clock, restored } = options;
    this.#options = options;
    this.#waiting = [...(restored?.loop ?? [])];
    this.task = new OperatorHarness({
      create: createFunctionGroup({
        ...checkedOptions(group, undefined),
        functions: functions.functions,
        namespaces: functions.namespaces,
        egresses: new Set(),
        anyEgress: true,
        quarantineWarningsMax: Infinity,
      }),
      keyed: true,
      clock,
      ...(restored !== undefined && { restored: [restored.task] }),
    });
  }

  /** Async turns and operations whose promises have not settled. */
  get underWay(): number {
    const { metrics } = this.task;
    return Number(metrics.read("inflightAsyncTurns")) + Number(metrics.read("inflightAsyncOps"));
  }

  /** Input 0 is from outside, 1 from functions. */
  deliver(envelope: Envelope, input: 0 | 1): void {
    try {
      this.task.processRecord(envelope, undefined, input);
    } finally {
      this.#collect();
    }
  }

  /** Whatever can happen without time going by, until nothing is left. */
  run(): void {
    try {
      this.task.run();
    } finally {
      this.#collect();
    }
    for (let messages = 0; this.#waiting.length > 0; messages += 1) {
      if (messages === MESSAGES_MAX) throw new Error(endless(this.#waiting[0]?.[0]));
      const [envelope, timestampMs] = this.#waiting.shift() ?? [];
      assert(envelope !== undefined, "a loop that is not empty has a first message");
      try {
        this.task.processRecord(envelope, timestampMs, 1);
      } finally {
        this.#collect();
      }
    }
  }

  /** After the end of the ingress. False: something waits for its promise or for the clock. */
  runToTheEnd(): boolean {
    const { operator } = this.task;
    for (let goesOn = true; goesOn;) {
      this.run();
      if (operator.quiet === false) return false;
      goesOn = operator.onLoopQuiet?.() === true;
      this.run();
    }
    return operator.quiet !== false;
  }

  snapshot(): FunctionsSnapshot {
    this.#snapshots += 1;
    const task = this.task.trySnapshot(this.#snapshots);
    assert(task !== undefined, "functions are ready for a snapshot at any time");
    this.task.keyed?.checkpointAborted(this.#snapshots); // nobody builds on it
    // What mailboxes have put off to disk is saved with the loop, as older than what is in it.
    const loop = decodeValue(encodeValue([...this.task.putOff, ...this.#waiting])) as FunctionsSnapshot["loop"]; // equal to what was encoded
    return { task, loop, left: this.#options.recorded.mark() };
  }

  /** The state as it is now, through bytes: looking at it changes nothing. */
  saved(): SavedKeyedState {
    const { keyed } = this.snapshot().task;
    assert(keyed !== undefined, "functions have keyed state");
    const state = new HeapKeyedState({
      keyGroups: keyed.handle.keyGroups,
      maxParallelism: this.task.info.maxParallelism,
      clock: this.#options.clock,
      operatorName: GROUP_OPERATOR,
    });
    state.restore([keyed], { owned: false });
    return state;
  }

  /** The attempt is over: what its promises still bring is nobody's business. */
  close(): void {
    void this.task.operator.close?.();
  }

  #collect(): void {
    const { functions, recorded } = this.#options;
    for (const entry of this.task.log) {
      if (entry.kind === "side") recorded.egress.push([entry.tag, entry.value]);
      if (entry.kind !== "record") continue;
      const envelope = entry.value as Envelope; // the main output leads back to the functions
      if (functions.find(envelope.to) === undefined) recorded.sent.push(sentMessage(envelope));
      else this.#waiting.push([envelope, entry.timestampMs]);
    }
    this.task.clear();
  }
}

function sentMessage({ to, id, from, fromId, kind, value }: Envelope): SentMessage {
  return { from: { type: from as Address["type"], id: fromId }, to: { type: to, id }, kind, value }; // functions say who they are
}

function endless(next: Envelope | undefined): string {
  const such = next === undefined ? "" : `, such as "${next.kind}" to ${next.to} "${next.id}"`;
  return `after ${MESSAGES_MAX} messages the functions still send each other more${such}: let them come to an end, or wait for the clock with sendAfter`;
}
