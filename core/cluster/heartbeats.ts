/**
 * Who is still there: sends a beat to each of those that are watched, and says who has not been heard for too long.
 *
 * In:   whom to watch, whom was heard. Out: beats; the loss of somebody, once. State: when each was last heard.
 * Silence proves nothing: who was lost may only be slow, and goes on. What it sends later must not count any more; that is for whoever uses this.
 */
import type { Cancel, Clock } from "../time/clock.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";

export interface HeartbeatTiming {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The time in which this side stood still itself counts as silence of nobody. Default: it counts. */
  readonly forgivesOwnStalls?: boolean;
}

/** Errors: `MR2003` nobody could be heard in time. */
export function heartbeatTiming(config: Config): Pick<HeartbeatTiming, "intervalMs" | "timeoutMs"> {
  const { heartbeatInterval, heartbeatTimeout } = OPTIONS;
  const [intervalMs, timeoutMs] = [config.get(heartbeatInterval), config.get(heartbeatTimeout)];
  if (timeoutMs > intervalMs) return { intervalMs, timeoutMs };
  const sentence = `${heartbeatTimeout.key} is ${timeoutMs} ms, and has to be longer than ${heartbeatInterval.key}, which is ${intervalMs} ms: make it several times as long`;
  throw new MillraceError("MR2003", sentence, { retryable: false });
}

export interface HeartbeatsOptions extends HeartbeatTiming {
  send(id: string): void;
  lost(id: string): void;
}

interface Watched {
  heardMs: number;
  cancel: Cancel;
}

export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  readonly #watched: Map<string, Watched>;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
    this.#watched = new Map();
  }

  /** From now on; that it is there now counts as heard. */
  watch(id: string): void {
    this.forget(id);
    const watched: Watched = { heardMs: this.#options.clock.elapsedMs(), cancel: () => undefined };
    this.#watched.set(id, watched);
    this.#next(id, watched);
  }

  heard(id: string): void {
    const watched = this.#watched.get(id);
    if (watched !== undefined) watched.heardMs = this.#options.clock.elapsedMs();
  }

  forget(id: string): void {
    this.#watched.get(id)?.cancel();
    this.#watched.delete(id);
  }

  stop(): void {
    for (const id of [...this.#watched.keys()]) this.forget(id);
  }

  #next(id: string, watched: Watched): void {
    const { clock, intervalMs, timeoutMs, forgivesOwnStalls = false } = this.#options;
    const dueMs = clock.elapsedMs() + intervalMs;
    watched.cancel = clock.schedule(intervalMs, () => {
      const nowMs = clock.elapsedMs();
      // What was said meanwhile waits behind this timer. Never beyond now: whoever was heard since gets nothing on top.
      if (forgivesOwnStalls) watched.heardMs = Math.min(nowMs, watched.heardMs + Math.max(0, nowMs - dueMs));
      if (nowMs - watched.heardMs > timeoutMs) {
        this.#watched.delete(id);
        this.#options.lost(id);
        return;
      }
      this.#next(id, watched); // first, since whoever sends may find out that it is gone, and forget it
      this.#options.send(id);
    });
  }
}
