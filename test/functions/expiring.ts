/** States that expire, looked at whenever a message comes: each is there if and only if its time is not over, by the clock that the function sees. */
import { TTL_MS, complain } from "./vocabulary.ts";
import type { Context } from "./vocabulary.ts";

/** `touches`: the message at hand, which writes them. */
export function lookAtExpiring(ctx: Context, touches: string | undefined): void {
  const { state } = ctx;
  const nowMs = ctx.processingTimeMs();
  for (const name of ["fresh", "used"] as const) {
    const lastMs = state.touched.get(name);
    const isDue = lastMs !== undefined && nowMs < lastMs + TTL_MS;
    const isThere = state[name] !== undefined;
    if (isThere !== isDue) complain(ctx, `${name} is ${isThere ? "there" : "gone"}, touched at ${lastMs}, at ${nowMs}`);
    if (isThere && name === "used") state.touched.set(name, nowMs);
    if (touches === undefined) continue;
    state[name] = touches;
    state.touched.set(name, nowMs);
  }
}
