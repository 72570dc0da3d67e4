/** The real clock: Node's timers and the machine's time. */
import type { Cancel, Clock, TimeMs } from "./clock.ts";

export class SystemClock implements Clock {
  nowMs(): TimeMs {
    return Date.now();
  }

  elapsedMs(): number {
    return performance.now();
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), 2_147_483_647));
    return () => clearTimeout(timer);
  }

  yield(callback: () => void): void {
    setImmediate(callback);
  }
}
