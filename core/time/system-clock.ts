/** The real clock: Node's timers and the machine's time. */
import type { Cancel, Clock, TimeMs } from "./clock.ts";

export interface SystemClockOptions {
  /** What it has scheduled keeps no process alive that has nothing else to do. Default: false. */
  readonly isBackground?: boolean;
}

export class SystemClock implements Clock {
  readonly #isBackground: boolean;

  constructor({ isBackground = false }: SystemClockOptions = {}) {
    this.#isBackground = isBackground;
  }

  nowMs(): TimeMs {
    return Date.now();
  }

  elapsedMs(): number {
    return performance.now();
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), 2_147_483_647));
    if (this.#isBackground) timer.unref();
    return () => clearTimeout(timer);
  }

  yield(callback: () => void): void {
    setImmediate(callback);
  }
}
