/** Watermarks and their status, as they travel between operators. */
import type { TimeMs } from "./clock.ts";

/** Before any watermark. */
export const WATERMARK_MIN: TimeMs = -Infinity;
/** After the last record: fires every timer. */
export const WATERMARK_MAX: TimeMs = Infinity;

/** `idle`: sends nothing for now, so nobody waits for it. `finished`: sends nothing any more (`end of data` implies it). */
export type WatermarkStatus = "active" | "idle" | "finished";
