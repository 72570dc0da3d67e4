/**
 * `millrace/testing`: what users need to test their own functions and operators, without a job around them.
 *
 * Start with `FunctionHarness` for a process function, and with `OperatorHarness` for an operator of your own; the rest is what they hand out or take.
 */
export { FunctionHarness } from "./function-harness.ts";
export type { FunctionHarnessOptions } from "./function-harness.ts";
export { HarnessMetrics } from "./harness-metrics.ts";
export type { HarnessList, HarnessSnapshot } from "./harness-state.ts";
export { ManualClock } from "./manual-clock.ts";
export { OperatorHarness } from "./operator-harness.ts";
export type { HarnessOptions } from "./operator-harness.ts";
export { HarnessAvailability, RecordingOutput } from "./recording-output.ts";
export type { Recorded } from "./recording-output.ts";
