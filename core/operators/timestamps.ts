/**
 * The operator behind `stream.assignTimestampsAndWatermarks(strategy)`: new timestamps, and watermarks made from them, one generator per subtask.
 *
 * In:    records of one input. Its watermarks and its idleness count no more, except for the last watermark, which ends the input.
 * Out:   the records with the timestamps of the strategy; watermarks after a record or every `pipeline.auto-watermark-interval`; idleness.
 * State: the generator and the watermark, in a union list. A subtask that ran before goes on from its own; after a change of the parallelism all
 *        start from the generator that was furthest behind.
 */
import type { OperatorListState } from "../state/handles.ts";
import type { TimeMs } from "../time/clock.ts";
import { IdleClock } from "../time/idle-clock.ts";
import { isTimestamp, notATimestamp } from "../time/watermark-strategy.ts";
import type { WatermarkGenerator, WatermarkOutput, WatermarkStrategy } from "../time/watermark-strategy.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "../time/watermark.ts";
import { OPTIONS } from "../util/config.ts";
import type { Availability, Input, Operator, OperatorServices, Output } from "./operator.ts";
import { takeOverGenerator } from "./saved-generator.ts";
import type { SavedGenerator } from "./saved-generator.ts";

export interface TimestampsOptions<T> {
  readonly strategy: WatermarkStrategy<T>;
}

class TimestampsOperator<T> implements Operator, Input<T>, WatermarkOutput {
  readonly inputs: readonly Input<never>[];
  watermarkMs: TimeMs;
  /** The highest but the last one. */
  #beforeEndMs: TimeMs;
  readonly #assign: (value: T, timestampMs: TimeMs) => TimeMs;
  readonly #generator: WatermarkGenerator<T>;
  readonly #output: Output<T>;
  readonly #availability: Availability;
  readonly #services: OperatorServices<T>;
  readonly #saved: OperatorListState<SavedGenerator>;
  readonly #idlenessMs: number | undefined;
  readonly #idleClock: IdleClock;
  #idle = false;
  /** A record came since the last tick; then, when that tick was. */
  #touched = false;
  #activeAtMs: number;

  constructor(services: OperatorServices<T>, options: TimestampsOptions<T>) {
    const { strategy } = options;
    this.inputs = [this];
    this.#services = services;
    this.#saved = services.operatorState.list<SavedGenerator>("generator", "union");
    const restored = takeOverGenerator(this.#saved.get(), services.task);
    this.watermarkMs = restored?.watermarkMs ?? services.restoredWatermarkMs;
    this.#beforeEndMs = this.watermarkMs;
    this.#assign = strategy.timestampAssigner ?? ((_value, timestampMs) => timestampMs);
    this.#generator = strategy.createGenerator(restored?.generator);
    this.#output = services.output;
    this.#availability = services.availability;
    this.#idlenessMs = strategy.idlenessMs;
    this.#idleClock = new IdleClock(services.clock);
    this.#activeAtMs = this.#idleClock.nowMs();
    services.metrics.gauge("currentOutputWatermark", () => this.watermarkMs);
    if (this.watermarkMs > WATERMARK_MIN) services.execute(() => this.#output.processWatermark(this.watermarkMs));
    this.#tickLater(services.config.get(OPTIONS.autoWatermarkInterval));
  }

  /** Hot. */
  processRecord(value: T, recordTimestampMs: TimeMs): void {
    const timestampMs = this.#assign(value, recordTimestampMs);
    if (!isTimestamp(timestampMs)) throw notATimestamp(timestampMs);
    this.#touched = true;
    if (this.#idle) this.markActive();
    this.#output.processRecord(value, timestampMs);
    this.#generator.onEvent(value, timestampMs, this);
  }

  processWatermark(watermarkMs: TimeMs): void {
    if (watermarkMs === WATERMARK_MAX) this.emitWatermark(watermarkMs);
  }

  processIdle(): void {
    // The strategy decides; its generator sees how long no record came.
  }

  emitWatermark(watermarkMs: TimeMs): void {
    if (!(watermarkMs > this.watermarkMs)) return;
    if (this.#idle) this.markActive();
    this.watermarkMs = watermarkMs;
    if (watermarkMs < WATERMARK_MAX) this.#beforeEndMs = watermarkMs;
    this.#output.processWatermark(watermarkMs);
  }

  markIdle(): void {
    if (this.#idle || this.watermarkMs === WATERMARK_MAX) return;
    this.#idle = true;
    this.#output.processIdle(true);
  }

  markActive(): void {
    if (!this.#idle) return;
    this.#idle = false;
    this.#output.processIdle(false);
  }

  /** The last watermark is not saved: it says that the input ended, and a task that goes on, as after a drain, must not begin at the end of time. */
  snapshot(): void {
    const { subtaskIndex, parallelism } = this.#services.task;
    this.#saved.update([
      { subtaskIndex, parallelism, watermarkMs: this.#beforeEndMs, generator: this.#generator.snapshot?.() },
    ]);
  }

  #tickLater(intervalMs: number): void {
    if (intervalMs === 0) return;
    this.#services.schedule(intervalMs, () => {
      this.#tick();
      this.#tickLater(intervalMs);
    });
  }

  /** The generator of an idle input is not asked: one that follows the clock would end the idleness with every tick. */
  #tick(): void {
    if (this.#availability.busy) this.#idleClock.pause();
    else this.#idleClock.resume();
    const nowMs = this.#idleClock.nowMs();
    if (this.#touched) {
      this.#touched = false;
      this.#activeAtMs = nowMs;
    }
    if (this.#idlenessMs !== undefined && nowMs - this.#activeAtMs >= this.#idlenessMs) this.markIdle();
    else this.#generator.onPeriodicEmit(this);
  }
}

export function createOperator<T>(services: OperatorServices<T>, options: TimestampsOptions<T>): Operator {
  return new TimestampsOperator(services, options);
}
