/**
 * The reader's side of watermark alignment: no split is read that is too far ahead of the slowest reader of its group.
 *
 * In:    the lowest watermark of the group, from the master (`core/cluster/watermark-alignment.ts`); the watermarks of this subtask's splits.
 * Out:   what this subtask has reached, every `updateIntervalMs`; which splits the reader has to pause or resume; `held`.
 * State: in memory only. A restored reader tells the master where it stands before it is polled.
 *
 * If all that is active is too far ahead, the reader is not polled, whatever it can do. If only a part is, the reader has to pause that part, or the job fails.
 * An idle split is never too far ahead: its next record may be one that the others wait for.
 */
import type { TimeMs } from "../time/clock.ts";
import type { CombinedPart, WatermarkCombiner } from "../time/watermark-combiner.ts";
import type { AlignmentParams } from "../time/watermark-strategy.ts";
import { WATERMARK_MAX } from "../time/watermark.ts";
import { OPTIONS } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";
import type { ReaderToCoordinator } from "./contracts/source-events.ts";
import type { OperatorServices } from "./operator.ts";

/** One split, or all records of no split. */
export interface AlignedOutput {
  /** Undefined: of no split, so the reader cannot pause it. */
  readonly splitId: string | undefined;
  readonly part: Pick<CombinedPart<string>, "status" | "watermarkMs">;
  /** Whether it is read; true if that changed. */
  setPaused(paused: boolean): boolean;
}

interface Pausing {
  pauseOrResumeSplits?(pause: readonly string[], resume: readonly string[]): void;
}

export interface AlignedSource {
  readonly combiner: WatermarkCombiner<string>;
  readonly reader: Pausing;
  outputs(): Iterable<AlignedOutput>;
}

export class SourceAlignment {
  /** Nothing may be read: the reader is not polled. */
  held = false;
  readonly #params: AlignmentParams;
  readonly #services: OperatorServices<never>;
  readonly #source: AlignedSource;
  readonly #allowUnaligned: boolean;
  /** Of the group. Infinity: nobody holds it back, or the master has not spoken yet. */
  #lowestMs: TimeMs = WATERMARK_MAX;
  /** Some output is paused. */
  #pausing = false;

  constructor(params: AlignmentParams, services: OperatorServices<never>, source: AlignedSource) {
    this.#params = params;
    this.#services = services;
    this.#source = source;
    this.#allowUnaligned = services.config.get(OPTIONS.allowUnalignedSourceSplits);
    services.metrics.gauge("watermarkAlignmentDrift", () => this.#driftMs());
  }

  /** Registered with the master, with everything restored. Reports for as long as `isReading`. */
  start(isReading: () => boolean): void {
    this.report();
    this.#reportLater(isReading);
  }

  /** A subtask without splits holds back nobody, and neither does an idle one. */
  report(): void {
    const { combiner } = this.#source;
    const holds = combiner.size > 0 && !combiner.idle;
    this.#send(holds ? combiner.watermarkMs : WATERMARK_MAX);
  }

  /** The reader has ended: nobody waits for it any more. */
  end(): void {
    this.#send(WATERMARK_MAX);
  }

  /** What the master says. True if something may be read that was paused. */
  heard(lowestMs: TimeMs): boolean {
    this.#lowestMs = lowestMs;
    return this.check();
  }

  /** After whatever may have changed a watermark or an idleness. True if something may be read that was paused. */
  check(): boolean {
    if (this.#lowestMs === WATERMARK_MAX && !this.#pausing) return false;
    const wasHeld = this.held;
    const boundMs = this.#lowestMs + this.#params.maxDriftMs;
    let beyond = 0;
    let within = 0;
    let canPause = this.#source.reader.pauseOrResumeSplits !== undefined;
    for (const output of this.#source.outputs()) {
      if (!isBeyond(output, boundMs)) within += 1;
      else {
        beyond += 1;
        canPause &&= output.splitId !== undefined;
      }
    }
    this.held = beyond > 0 && within === 0;
    if (beyond > 0 && !this.held && !canPause && !this.#allowUnaligned) throw cannotPause();
    const resumed = this.#pause(this.held || canPause ? boundMs : WATERMARK_MAX);
    return resumed || (wasHeld && !this.held);
  }

  /** True if something was resumed. */
  #pause(boundMs: TimeMs): boolean {
    const pause: string[] = [];
    const resume: string[] = [];
    this.#pausing = false;
    for (const output of this.#source.outputs()) {
      const paused = isBeyond(output, boundMs);
      this.#pausing ||= paused;
      if (output.setPaused(paused) && output.splitId !== undefined) (paused ? pause : resume).push(output.splitId);
    }
    if (pause.length + resume.length > 0) this.#source.reader.pauseOrResumeSplits?.(pause, resume);
    return resume.length > 0;
  }

  #reportLater(isReading: () => boolean): void {
    this.#services.schedule(this.#params.updateIntervalMs, () => {
      if (!isReading()) return;
      this.report();
      this.#reportLater(isReading);
    });
  }

  #send(watermarkMs: TimeMs): void {
    const report: ReaderToCoordinator = { type: "report-watermark", watermarkMs };
    this.#services.sendEvent(report);
  }

  /** 0 while there is nothing to compare. */
  #driftMs(): number {
    const driftMs = this.#source.combiner.watermarkMs - this.#lowestMs;
    return Number.isFinite(driftMs) ? driftMs : 0;
  }
}

function isBeyond({ part }: AlignedOutput, boundMs: TimeMs): boolean {
  return part.status === "active" && part.watermarkMs > boundMs;
}

function cannotPause(): MillraceError {
  return new MillraceError(
    "MR3027",
    "some splits of this reader are too far ahead of its watermark alignment group and others are not, but the source cannot pause splits one by one: " +
      `give its reader pauseOrResumeSplits(), or let them drift apart with ${OPTIONS.allowUnalignedSourceSplits.key}`,
    { retryable: false },
  );
}
