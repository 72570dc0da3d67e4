/**
 * States that expire, looked at whenever a message comes: each is there if and only if its time is not over, by the clock or the watermark that the function sees.
 *
 * When one was touched is known as a range, since it is not always seen: before the first watermark nothing has a time yet, and the last one is none.
 */
import { TTL_EVENT_MS, TTL_MS, complain } from "./vocabulary.ts";
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

type Range = readonly [fromMs: number, toMs: number];

const NEVER: Range = [-Infinity, -Infinity];

/** The same by the watermark. */
export function lookAtFading(ctx: Context, touches: string | undefined): void {
  const { state, currentWatermarkMs } = ctx;
  const { reachedMs } = state;
  if (currentWatermarkMs < reachedMs) complain(ctx, `time went from ${reachedMs} back to ${currentWatermarkMs}`);
  const hasEnded = currentWatermarkMs === Infinity;
  const nowMs = hasEnded ? reachedMs : currentWatermarkMs;
  state.reachedMs = nowMs;
  for (const name of ["faded", "kept"] as const) {
    const range = state.touchedAt.get(name) ?? NEVER;
    const isThere = state[name] !== undefined;
    if (isThere ? isOver(range, nowMs) : !hasEnded && !mayBeOver(range, nowMs))
      complain(ctx, `${name} is ${isThere ? "there" : "gone"}, touched at ${range.join(" to ")}, at ${nowMs}`);
    const touched: Range = [nowMs, hasEnded || nowMs === -Infinity ? Infinity : nowMs];
    if (touches !== undefined) state[name] = touches;
    if (touches !== undefined || (isThere && name === "kept")) state.touchedAt.set(name, touched);
    else if (!isThere) state.touchedAt.delete(name);
    // What had no time yet got one when it was met first, be it by the sweep.
    else if (range[1] === Infinity && !hasEnded) state.touchedAt.set(name, [range[0], touched[1]]);
  }
}

function isOver([, toMs]: Range, nowMs: number): boolean {
  return nowMs >= toMs + TTL_EVENT_MS || toMs === -Infinity;
}

function mayBeOver([fromMs, toMs]: Range, nowMs: number): boolean {
  if (nowMs === -Infinity) return toMs === -Infinity;
  return nowMs >= fromMs + TTL_EVENT_MS;
}
