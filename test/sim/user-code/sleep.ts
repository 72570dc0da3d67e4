/** The promises of `node:timers/promises`, in simulated time; an `AbortSignal` ends them as always. */
import { scheduleIn } from "./current-world.ts";
import type { UserWorld } from "./current-world.ts";

interface Sleep {
  /** What the promise brings. */
  readonly value: unknown;
  /** As the caller gave them; only `signal` counts. */
  readonly options: unknown;
}

/** Settles when the time has passed, or is aborted. */
export function sleep(world: UserWorld, delayMs: number, { value, options }: Sleep): Promise<unknown> {
  const signal = signalOf(options);
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(aborted(signal));
      return;
    }
    const cancel = scheduleIn(world, delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve(value);
    });
    const onAbort = (): void => {
      cancel();
      reject(aborted(signal));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** A value every `delayMs`, for as long as somebody asks. */
export async function* ticks(world: UserWorld, delayMs: number, tick: Sleep): AsyncGenerator<unknown, void, undefined> {
  for (;;) yield await sleep(world, delayMs, tick);
}

function signalOf(options: unknown): AbortSignal | undefined {
  const signal: unknown =
    typeof options === "object" && options !== null && "signal" in options ? options.signal : null;
  return signal instanceof AbortSignal ? signal : undefined;
}

function aborted(signal: AbortSignal | undefined): Error {
  const error = new Error("The operation was aborted", { cause: signal?.reason });
  return Object.assign(error, { name: "AbortError", code: "ABORT_ERR" });
}
