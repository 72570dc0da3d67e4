/** The parts of which a case is measured, what a process is told to measure, and what it says of each. */
import type { Figures } from "../case.ts";

/** The plain loop, or the job with that many slots. */
export type Part = "plain" | "1" | "2";

export interface PartResult {
  /** Of the case, in the list of all. */
  readonly index: number;
  readonly part: Part;
  readonly tookMs: number;
  /** Highest resident memory of the process so far. */
  readonly peakMb: number;
  readonly figures: Figures;
}

/** What one process is asked for, as JSON in its only argument. */
export interface Order {
  readonly cases: readonly { readonly index: number; readonly records: number }[];
  /** A case without a plain loop has no such part. */
  readonly parts: readonly Part[];
  /** Whether two other jobs run first, as in a process that has worked before. */
  readonly isWarm: boolean;
}
