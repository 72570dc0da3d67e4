/**
 * The heart: one subtask of one vertex as a coroutine of its thread. `step` runs mails first, then lets interrupted operators go on, then handles a
 * checkpoint that is due, then takes a bounded amount of input. It never blocks; it says whether it has more to do or waits for a wake-up.
 *
 * In:   elements of the input channels (or of a source), and messages from the master as mails.
 * Out:  records and control elements into the output channels; reports to the master.
 * State: in the operators of the chain, and in the gate (watermarks per channel).
 */
import { isLoopToTask } from "../graph/loop-events.ts";
import type { LoopToTask } from "../graph/loop-events.ts";
import type { ChannelStatus } from "../graph/messages.ts";
import type { ControlElement } from "../network/channel.ts";
import type { Input } from "../operators/operator.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "../time/watermark.ts";
import { assert } from "../util/errors.ts";
import type { AlignedCheckpoint } from "./barrier-alignment.ts";
import { Pace } from "./pace.ts";
import type { StepResult } from "./task-metrics.ts";
import type { TaskParts } from "./task-parts.ts";

/** Records of one channel before the next has its turn. */
const RUN_MAX = 256;

type Phase =
  | { readonly kind: "running" }
  /** All inputs have ended; the operators end one after the other. */
  | { readonly kind: "ending" }
  /** Nothing more will be emitted: waits until a checkpoint that contains this is complete. */
  | { readonly kind: "ended"; readonly checkpointId: number | undefined }
  /** That checkpoint is complete: waits for commits. */
  | { readonly kind: "committing" }
  | { readonly kind: "finished" };

export class Task {
  readonly #parts: TaskParts;
  readonly #inputs: readonly Input<unknown>[];
  /** Checkpoints asked for by the master directly, for tasks without running upstream. */
  readonly #triggers: AlignedCheckpoint[];
  /** Events of coordinators that came behind a trigger: they are not in its snapshot, as the coordinator's state in that checkpoint does not know of them. */
  #eventsBehind: { readonly checkpointId: number; readonly operatorId: string; readonly event: unknown }[];
  readonly #pace: Pace;
  #phase: Phase;
  #sourceReady: boolean;
  #alignmentStartedMs: number;
  #completedUpTo: number;
  /** Some operator is not yet ready for the barrier at hand. */
  #preparing: boolean;
  /** Another snapshot is to be taken in the next step. */
  #isMoreDue: boolean;
  /** What the master asks of the loop, one thing after the other; answered in a step in which no operator waits for a barrier, since it may emit. */
  #loopEvent: LoopToTask | undefined;
  /** Stopped by a savepoint: what is left to do is in it, and for whoever starts from it. */
  #suspended: boolean;

  constructor(parts: TaskParts) {
    const { chain, gate } = parts;
    assert(chain.head !== undefined, "a task has operators");
    this.#parts = parts;
    this.#inputs = gate.channels.map(({ input }) => {
      const target = chain.head?.inputs[input];
      assert(target !== undefined, "every channel leads to an input of the head operator");
      return target as Input<unknown>; // the graph connects equal types
    });
    this.#triggers = [];
    this.#eventsBehind = [];
    this.#pace = new Pace();
    this.#phase = { kind: "running" };
    this.#sourceReady = true;
    this.#alignmentStartedMs = 0;
    this.#completedUpTo = 0;
    this.#preparing = false;
    this.#isMoreDue = false;
    this.#loopEvent = undefined;
    this.#suspended = false;
    if (parts.restoredStopped) {
      this.#suspended = true;
      this.#phase = { kind: "committing" };
    } else if (parts.restoredEnded) {
      for (const writer of chain.writers) writer.processWatermark(WATERMARK_MAX);
      parts.loop?.restoredOver();
      this.#ended();
    } else if (gate.valve.watermarkMs > WATERMARK_MIN) {
      this.#watermark(); // fires what was due and unfired when the barrier passed, and tells downstream
    }
  }

  /** A source that waited has something again. */
  sourceReady(): void {
    this.#sourceReady = true;
  }

  /** Asked by the master; only tasks without running upstream. */
  trigger(checkpoint: AlignedCheckpoint): void {
    // The barrier of a neighbour in the loop may have been faster.
    if (this.#parts.gate.alignment.isLive(checkpoint.checkpointId)) this.#triggers.push(checkpoint);
  }

  /** From an operator's coordinator on the master; in order with triggers. */
  handleEvent(operatorId: string, event: unknown): void {
    if (isLoopToTask(event)) {
      this.#loopEvent = event;
      return;
    }
    const last = this.#triggers.at(-1);
    if (last === undefined) this.#parts.chain.handleEvent(operatorId, event);
    else this.#eventsBehind.push({ checkpointId: last.checkpointId, operatorId, event });
  }

  /** Told by the master, or by the barrier of a later checkpoint that is faster than the master. Older ids are implied. */
  completed(checkpointId: number): void {
    if (checkpointId <= this.#completedUpTo) return;
    this.#completedUpTo = checkpointId;
    this.#parts.chain.completed(checkpointId);
    if (
      this.#phase.kind === "ended" &&
      this.#phase.checkpointId !== undefined &&
      checkpointId >= this.#phase.checkpointId
    ) {
      this.#phase = { kind: "committing" };
    }
  }

  aborted(checkpointId: number): void {
    const waiting = this.#triggers.findIndex((trigger) => trigger.checkpointId === checkpointId);
    if (waiting >= 0) this.#triggers.splice(waiting, 1);
    this.#handleEventsBehind();
    this.#parts.gate.abort(checkpointId);
    this.#parts.checkpoints.abort(checkpointId);
    this.#parts.chain.aborted(checkpointId);
  }

  /** The coroutine. `recordsMax` bounds the input, so that the thread's other tasks have their turn. */
  step(recordsMax: number): StepResult {
    const { mailbox, availability, checkpoints, chain, gate, replay, timers } = this.#parts;
    mailbox.run();
    gate.overtaking.advance();
    checkpoints.advance();
    availability.refresh();
    // While operators get ready for a barrier nothing may be emitted: those that are ready would have to begin anew.
    const held = this.#preparing;
    this.#isMoreDue = false;
    if (this.#loopEvent !== undefined && !held) this.#answer(this.#loopEvent);
    const resumed =
      !held &&
      !this.#suspended &&
      chain.resume() &&
      this.#replayed(recordsMax) &&
      (this.#phase.kind !== "running" || timers.fire(availability));
    if (this.#phase.kind === "ending" && resumed && chain.end()) this.#ended();
    const mayRead = replay.done && this.#handleCheckpoints() && this.#phase.kind !== "finished";
    const again =
      (mayRead && this.#input(recordsMax, resumed)) ||
      checkpoints.serialising ||
      this.#isMoreDue ||
      (held && !this.#preparing) ||
      !(replay.done || availability.busy);
    if (this.#phase.kind === "committing" && chain.settled && this.#nobodyWaits()) {
      this.#phase = { kind: "finished" };
      for (const writer of chain.writers) writer.send({ kind: "close" });
      this.#parts.onFinished();
      return "waiting";
    }
    if (!mailbox.empty || again) return "again";
    if (availability.blocked) return "blocked";
    return !this.#suspended && (chain.pending || this.#phase.kind === "ending") ? "again" : "waiting";
  }

  /**
   * Another checkpoint may count on this task: it was asked for its part, or a producer that still lives will pass the barrier on. Only when neither can be,
   * the task may go; else that checkpoint fails, and if it is the savepoint that stops the job, the job with it.
   */
  #nobodyWaits(): boolean {
    const { gate, checkpoints } = this.#parts;
    return this.#suspended || (this.#triggers.length === 0 && !checkpoints.underWay && gate.alignment.allClosed);
  }

  /** True once what was in flight when the task was saved is processed. */
  #replayed(recordsMax: number): boolean {
    const { replay, pump: feed, availability, metrics } = this.#parts;
    if (replay.done) return true;
    const bound = this.#pace.bounded(recordsMax);
    const startedMs = metrics.nowMs();
    metrics.recordsIn.count += replay.advance(feed, availability, bound);
    this.#pace.took(metrics.nowMs() - startedMs, bound, !replay.done);
    return replay.done;
  }

  /** True if there may be more input right now. */
  #input(limit: number, resumed: boolean): boolean {
    const { metrics } = this.#parts;
    const recordsMax = this.#pace.bounded(limit);
    const startedMs = metrics.nowMs();
    const again = this.#inputs.length === 0 ? this.#poll(recordsMax, resumed) : this.#read(recordsMax, resumed);
    this.#pace.took(metrics.nowMs() - startedMs, recordsMax, again);
    return again;
  }

  #poll(recordsMax: number, resumed: boolean): boolean {
    const { chain, availability } = this.#parts;
    if (this.#phase.kind !== "running" || !resumed || availability.busy || !this.#sourceReady) return false;
    this.#sourceReady = false;
    const status = chain.head?.poll?.(recordsMax) ?? "finished";
    if (status === "waiting") return this.#sourceReady;
    this.#sourceReady = true;
    if (status === "finished") this.#phase = { kind: "ending" };
    return true;
  }

  #read(recordsMax: number, resumed: boolean): boolean {
    const { gate, availability, metrics, loop } = this.#parts;
    let budget = recordsMax;
    while (budget > 0) {
      const mayFeed = resumed && !availability.busy;
      // Whoever is asked for a checkpoint has no producers any more: what they have left stands before it, as before a barrier.
      const isCongested = loop?.isCongested === true && this.#triggers.length === 0;
      const index = loop === undefined ? gate.next(!mayFeed) : gate.nextWithLoop(!mayFeed, isCongested);
      const channel = gate.channels[index];
      const input = this.#inputs[index];
      if (channel === undefined || input === undefined) return false;
      gate.overtaking.advance();
      const control = channel.reader.peekControl();
      if (control === undefined) {
        const fed = this.#parts.pump(
          channel.reader,
          input,
          availability,
          Math.min(channel.reader.readable(), budget, RUN_MAX),
        );
        channel.reader.consumed(fed);
        metrics.recordsIn.count += fed;
        budget -= fed;
      } else {
        channel.reader.takeControl();
        // Barriers that come too late to matter are many where others overtake, and must not take the place of records.
        if (control.kind !== "barrier" || gate.alignment.isLive(control.checkpointId)) budget -= 1;
        this.#control(index, control);
        if (this.#due() !== undefined || this.#phase.kind === "ending") return true;
      }
    }
    return true;
  }

  #control(index: number, control: ControlElement): void {
    const { gate, chain, loop } = this.#parts;
    const { valve } = gate;
    switch (control.kind) {
      case "watermark":
        if (valve.advance(index, control.watermarkMs)) this.#watermark();
        return;
      case "idle": {
        const wasIdle = valve.idle;
        if (valve.setStatus(index, control.idle ? "idle" : "active")) this.#watermark();
        if (valve.idle !== wasIdle) for (const input of chain.head?.inputs ?? []) input.processIdle(valve.idle);
        return;
      }
      case "barrier": {
        if (gate.alignment.current === undefined) this.#alignmentStartedMs = this.#parts.metrics.nowMs();
        const superseded = gate.alignment.barrier(index, control);
        if (superseded !== undefined) this.#parts.onSuperseded(superseded);
        return;
      }
      case "end-of-data": {
        if (gate.channels[index]?.isFeedback === true) return;
        if (valve.setStatus(index, "finished")) this.#watermark();
        const input = gate.endOfData(index);
        if (input >= 0 && this.#phase.kind === "running") chain.head?.endInput?.(input);
        if (!gate.allEnded || this.#phase.kind !== "running") return;
        if (loop === undefined) this.#phase = { kind: "ending" };
        else loop.alone();
        return;
      }
      case "close":
        gate.alignment.close(index);
    }
  }

  /** Between two records, so that what is seen is whole. */
  #answer(event: LoopToTask): void {
    this.#loopEvent = undefined;
    const { loop, gate, chain, replay, availability } = this.#parts;
    if (loop === undefined || this.#suspended) return;
    const isIdle = this.#phase.kind !== "running" || (replay.done && !chain.pending && !availability.blocked);
    if (!loop.handle(event, isIdle) || this.#phase.kind !== "running") return;
    const input = gate.channels.find(({ isFeedback }) => isFeedback)?.input ?? 0;
    chain.head?.endInput?.(input);
    this.#phase = { kind: "ending" };
  }

  /** The same combined watermark on each logical input: what is combined per input too comes out the same. */
  #watermark(): void {
    const { chain, gate } = this.#parts;
    for (const input of chain.head?.inputs ?? []) input.processWatermark(gate.valve.watermarkMs);
  }

  /** The oldest checkpoint whose snapshot is to be taken now. */
  #due(): AlignedCheckpoint | undefined {
    const { alignment, overtaking } = this.#parts.gate;
    const [trigger] = this.#triggers;
    const aligned = alignment.complete();
    // Asked for directly: what the producers left behind belongs to it.
    if (trigger !== undefined && alignment.allClosed && !(aligned && aligned.checkpointId < trigger.checkpointId))
      return trigger;
    return aligned ?? overtaking.due(trigger);
  }

  /** False while a barrier waits for an operator; nothing may be read until then. One per step: where each has to wait, the input would never have its turn. */
  #handleCheckpoints(): boolean {
    this.#preparing = false;
    const due = this.#due();
    if (due === undefined || this.#phase.kind === "ending") return true;
    if (due === this.#triggers[0] && due.options.stop === "drain" && this.#phase.kind === "running") {
      // Not before its turn: checkpoints that were asked for earlier must not contain the end.
      this.#parts.chain.head?.stop?.({ drain: true });
      this.#phase = { kind: "ending" };
      return true;
    }
    // Whoever drains the job waits until nothing comes around any more.
    if (this.#parts.loop?.isAlone === true && due.options.stop === "drain") return true;
    if (!this.#parts.chain.interruptible) return false;
    if (due.options.completedId !== undefined) this.completed(due.options.completedId);
    const savepoint = due.options.kind === "savepoint";
    this.#preparing = !this.#parts.chain.prepareBarrier(due.checkpointId, { savepoint });
    if (this.#preparing) return false;
    this.#take(due);
    this.#isMoreDue = this.#due() !== undefined;
    return true;
  }

  #take(checkpoint: AlignedCheckpoint): void {
    const { chain, gate, checkpoints, vertex, metrics } = this.#parts;
    const { checkpointId, options } = checkpoint;
    if (this.#triggers[0]?.checkpointId === checkpointId) this.#triggers.shift();
    const recording = gate.overtaking.record(checkpointId);
    const forwarded = gate.overtaking.forwarded(checkpoint);
    for (const writer of chain.writers) writer.send({ kind: "barrier", checkpointId, options: forwarded });
    const alignmentMs = gate.alignment.current === undefined ? 0 : metrics.nowMs() - this.#alignmentStartedMs;
    gate.alignment.taken(checkpointId);
    const parts = chain.snapshot(checkpointId, { full: options.kind === "savepoint" });
    const ended = this.#phase.kind === "ended" || this.#phase.kind === "committing";
    const channels = this.#channelsByEdge(vertex.inputs.length);
    checkpoints.begin(checkpoint, parts, { channels, ended, alignmentMs, recording });
    metrics.alignmentMs = alignmentMs;
    if (this.#phase.kind === "ended" && this.#phase.checkpointId === undefined)
      this.#phase = { kind: "ended", checkpointId };
    if (options.stop === "suspend" && this.#phase.kind === "running") {
      chain.head?.stop?.({ drain: false });
      this.#suspended = true;
      this.#phase = { kind: "ended", checkpointId };
    }
    this.#handleEventsBehind();
  }

  /** Those whose trigger was taken or aborted. */
  #handleEventsBehind(): void {
    while (this.#eventsBehind.length > 0) {
      const [first] = this.#eventsBehind;
      if (first === undefined || this.#triggers.some(({ checkpointId }) => checkpointId <= first.checkpointId)) return;
      this.#eventsBehind.shift();
      this.#parts.chain.handleEvent(first.operatorId, first.event);
    }
  }

  #ended(): void {
    for (const writer of this.#parts.chain.writers) writer.send({ kind: "end-of-data" });
    this.#phase = { kind: "ended", checkpointId: undefined };
    this.#parts.onEnded();
  }

  #channelsByEdge(edges: number): ChannelStatus[][] {
    const byEdge: ChannelStatus[][] = Array.from({ length: edges }, () => []);
    const statuses = this.#parts.gate.valve.snapshot();
    for (const [index, channel] of this.#parts.gate.channels.entries()) {
      const status = statuses[index];
      if (status !== undefined) byEdge[channel.edge]?.push(status);
    }
    return byEdge;
  }
}
