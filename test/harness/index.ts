/**
 * `millrace/testing`: what users need to test their own functions and operators, without a job around them.
 *
 * Start with `OperatorHarness`; the rest is what it hands out or takes.
 */
export { HarnessMetrics } from "./harness-metrics.ts";
export type { HarnessList, HarnessSnapshot } from "./harness-state.ts";
export { ManualClock } from "./manual-clock.ts";
export { OperatorHarness } from "./operator-harness.ts";
export type { HarnessOptions } from "./operator-harness.ts";
export { HarnessAvailability, RecordingOutput } from "./recording-output.ts";
export type { Recorded } from "./recording-output.ts";
